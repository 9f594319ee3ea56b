"""HTTP/3 frames and QPACK for attackers: RFC 9114 and RFC 9204."""
import quic
from h2 import integer, string
from quic_wire import stream_frame, varint

DATA, HEADERS, SETTINGS = 0, 1, 4
NO_REFERENCES = b"\0\0"  # required insert count 0, base 0
ONE_INSERTED = b"\x02\0"  # of the 128 entries that 4096 bytes may be
CAPACITY_4096 = integer(4096, 5, 0x20)
CONTROL, ENCODER, DECODER = 2, 6, 10


def name_string(text, prefix, first):
    return integer(len(text), prefix, first) + text


def literal(name, value):
    return name_string(name, 3, 0x20) + string(value)


def insert(name, value):
    """For the encoder stream."""
    return name_string(name, 5, 0x40) + string(value)


def indexed(index):
    """Of the dynamic table, from the base down."""
    return integer(index, 6, 0x80)


def request(path=b"/small.txt", method=None, authority=b"localhost"):
    first = integer(17, 6, 0xC0) if method is None else integer(15, 4, 0x50) + string(method)
    return (first + integer(23, 6, 0xC0) + integer(1, 4, 0x50) + string(path)
            + integer(0, 4, 0x50) + string(authority))


def frame(kind, payload):
    return varint(kind) + varint(len(payload)) + payload


class Session(quic.Connection):
    def begin(self, control, encoder, alone):
        """The streams that every client opens, and what else is in them; twice, as nothing is resent.

        `alone`: only the control stream.
        """
        self.next, self.next_one_way = 0, 1 if alone else 3
        pieces = [stream_frame(CONTROL, 0, b"\0" + frame(SETTINGS, b"") + control),
                  stream_frame(ENCODER, 0, b"\x02" + encoder), stream_frame(DECODER, 0, b"\x03")]
        self.offsets = {CONTROL: 3 + len(control), ENCODER: 1 + len(encoder), DECODER: 1}
        for _ in range(2):
            self.send(pieces[:1] if alone else pieces)
            self.pump(0.002)

    def more(self, stream, data):
        """What goes on on one of those, in frames of a packet each."""
        out = []
        for at in range(0, len(data), 1000):
            part = data[at:at + 1000]
            out.append(stream_frame(stream, self.offsets[stream], part))
            self.offsets[stream] += len(part)
        return out

    def open_stream(self):
        """The next one for a request, or None without credit."""
        if self.next // 4 >= self.streams:
            return None
        self.next += 4
        return self.next - 4

    def ask(self, stream, data, fin=True):
        """A request's bytes as frames."""
        parts = range(0, len(data), 1000)
        return [stream_frame(stream, at, data[at:at + 1000], fin and at + 1000 >= len(data))
                for at in parts]


def connect(attacker, control=b"", encoder=b"", alone=False, **how):
    session = Session(attacker, **how)
    try:
        if not session.connect():
            return None
    except quic.tls13.Refused as refused:
        session.end(str(refused))
        return None
    session.begin(control, encoder, alone)
    return session
