"""HTTP/2 frames and HPACK for attackers: RFC 9113 and RFC 7541, without a word of what is allowed."""
import struct

from attacker import Channel

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
PRIORITY_UPDATE = 0x10
END_STREAM = ACK = 1
END_HEADERS = 4
INITIAL_WINDOW_SIZE = 4
LARGEST_FRAME = 16384


def frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream)
            + payload)


def settings(values=()):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in values))


def integer(value, prefix, first=0):
    """RFC 7541 section 5.1; QPACK's are the same."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def string(text):
    return integer(len(text), 7) + text


def literal(name, value):
    return b"\0" + string(name) + string(value)


def inserted(name, value):
    """A literal that goes into the dynamic table, where it is field 62."""
    return b"\x40" + string(name) + string(value)


def indexed(index):
    return integer(index, 7, 0x80)


def request(path=b"/small.txt", method=None, authority=b"localhost"):
    return ((indexed(2) if method is None else b"\x02" + string(method)) + indexed(7)
            + b"\x04" + string(path) + b"\x01" + string(authority))


def headers(stream, block, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, block)


def pieces(stream, block, end_stream=True):
    """A field block of any length, as one HEADERS and as many CONTINUATION as it takes."""
    parts = [block[at:at + LARGEST_FRAME] for at in range(0, len(block), LARGEST_FRAME)] or [b""]
    out = b""
    for count, part in enumerate(parts):
        flags = END_HEADERS if count == len(parts) - 1 else 0
        if count == 0:
            out += frame(HEADERS, flags | (END_STREAM if end_stream else 0), stream, part)
        else:
            out += frame(CONTINUATION, flags, stream, part)
    return out


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


class Listener:
    """Finds the frames in what the server sends."""

    def __init__(self):
        self.buffer = bytearray()

    def frames(self, data):
        self.buffer += data
        while len(self.buffer) >= 9:
            end = 9 + int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < end:
                return
            kind, flags = self.buffer[3], self.buffer[4]
            stream = int.from_bytes(self.buffer[5:9], "big") & 0x7FFFFFFF
            payload = bytes(self.buffer[9:end])
            del self.buffer[:end]
            yield kind, flags, stream, payload


class Session(Channel):
    """A connection whose preface is sent; it remembers how the server says goodbye."""

    def hear(self, data):
        for kind, _flags, _stream, payload in self.listener.frames(data):
            self.heard[kind] = self.heard.get(kind, 0) + 1
            if kind == GOAWAY and len(payload) >= 8:
                self.last_words = f"GOAWAY {int.from_bytes(payload[4:8], 'big')}"


def connect(attacker, values=(), receive_buffer=None, window=0):
    """`window`: how much larger than 64 KiB that of the connection is."""
    channel = attacker.tls("h2", receive_buffer)
    if channel is None:
        return None
    channel.__class__ = Session
    channel.listener, channel.heard = Listener(), {}
    channel.send(PREFACE + settings(values) + frame(SETTINGS, ACK, 0)
                 + (window_update(0, window) if window else b""))
    return channel
