"""The bytes of QUIC for attackers: integers, frames, acknowledged ranges, protected packets."""
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import tls13

(PADDING, PING, ACK, RESET_STREAM, STOP_SENDING, CRYPTO, NEW_TOKEN, STREAM) = (
    0, 1, 2, 4, 5, 6, 7, 8)
MAX_STREAMS_BIDI, MAX_STREAMS_UNI, NEW_CONNECTION_ID, PATH_CHALLENGE = 0x12, 0x13, 0x18, 0x1A
CONNECTION_CLOSE, APPLICATION_CLOSE, HANDSHAKE_DONE = 0x1C, 0x1D, 0x1E
# How many integers follow the type, where there is nothing else.
INTEGERS = {RESET_STREAM: 3, STOP_SENDING: 2, 0x10: 1, 0x11: 2, MAX_STREAMS_BIDI: 1, MAX_STREAMS_UNI: 1,
            0x14: 1, 0x15: 2, 0x16: 1, 0x17: 1, 0x19: 1}


def varint(value):
    if value < 1 << 6:
        return bytes([value])
    if value < 1 << 14:
        return struct.pack(">H", value | 1 << 14)
    if value < 1 << 30:
        return struct.pack(">I", value | 2 << 30)
    return struct.pack(">Q", value | 3 << 62)


def read_varint(data, at):
    """The value, and where the next begins."""
    length = 1 << (data[at] >> 6)
    if at + length > len(data):
        raise ValueError("a cut integer")
    return int.from_bytes(data[at:at + length], "big") & ((1 << (8 * length - 2)) - 1), at + length


def full_number(truncated, length, largest):
    """RFC 9000 A.3."""
    expected, window = largest + 1, 1 << (8 * length)
    candidate = (expected & ~(window - 1)) | truncated
    if candidate <= expected - window // 2 and candidate < (1 << 62) - window:
        return candidate + window
    if candidate > expected + window // 2 and candidate >= window:
        return candidate - window
    return candidate


def read_varints(data, at, count):
    values = []
    for _ in range(count):
        value, at = read_varint(data, at)
        values.append(value)
    return values, at


def frames(data):
    """The type of each, its integers, and its bytes where it has some."""
    at = 0
    while at < len(data):
        kind, at = read_varint(data, at)
        values, body = [], b""
        if kind in (ACK, ACK + 1):
            values, at = read_varints(data, at, 4)
            _, at = read_varints(data, at, 2 * values[2] + (3 if kind == ACK + 1 else 0))
        elif kind in (CRYPTO, NEW_TOKEN):
            values, at = read_varints(data, at, 2 if kind == CRYPTO else 1)
            body, at = data[at:at + values[-1]], at + values[-1]
        elif STREAM <= kind < STREAM + 8:
            values, at = read_varints(data, at, 1 + (1 if kind & 4 else 0) + (1 if kind & 2 else 0))
            length = values[-1] if kind & 2 else len(data) - at
            body, at = data[at:at + length], at + length
        elif kind == NEW_CONNECTION_ID:
            values, at = read_varints(data, at, 2)
            at += 1 + data[at] + 16
        elif kind in (PATH_CHALLENGE, PATH_CHALLENGE + 1):
            body, at = data[at:at + 8], at + 8
        elif kind in (CONNECTION_CLOSE, APPLICATION_CLOSE):
            values, at = read_varints(data, at, 3 if kind == CONNECTION_CLOSE else 2)
            body, at = data[at:at + values[-1]], at + values[-1]
        else:
            values, at = read_varints(data, at, INTEGERS.get(kind, 0))
        yield kind, values, body


def stream_frame(stream, offset, data, fin=False):
    return (bytes([STREAM | 0x06 | (1 if fin else 0)]) + varint(stream) + varint(offset)
            + varint(len(data)) + data)


def crypto_frame(offset, data):
    return b"\x06" + varint(offset) + varint(len(data)) + data


class Ranges:
    """Packet numbers that came, as they are acknowledged."""

    def __init__(self):
        self.ranges = []  # [first, last], in the order of coming; the newest last

    def add(self, number):
        for one in reversed(self.ranges):
            if one[0] <= number <= one[1]:
                return False
            if number == one[1] + 1:
                one[1] = number
                return True
        self.ranges.append([number, number])
        return True

    def largest(self):
        return max((last for _, last in self.ranges), default=-1)

    def frame(self, most=16):
        ordered = sorted(self.ranges, reverse=True)
        merged = [list(ordered[0])]
        for first, last in ordered[1:]:
            if last + 1 >= merged[-1][0]:
                merged[-1][0] = min(first, merged[-1][0])
            else:
                merged.append([first, last])
        self.ranges = merged[::-1]
        merged = merged[:most]
        out = (bytes([ACK]) + varint(merged[0][1]) + varint(0) + varint(len(merged) - 1)
               + varint(merged[0][1] - merged[0][0]))
        for above, one in zip(merged, merged[1:]):
            out += varint(above[0] - one[1] - 2) + varint(one[1] - one[0])
        return out


class Keys:
    def __init__(self, secret):
        self.secret = secret
        self.aead = tls13.Aead(secret, b"quic key", b"quic iv")
        self.protect_with(tls13.expand_label(secret, b"quic hp", b"", 16))

    def protect_with(self, key):
        self.mask = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update

    def updated(self):
        """The next ones, RFC 9001 section 6.1; the header's key stays."""
        new = Keys(tls13.expand_label(self.secret, b"quic ku", b"", 32))
        new.mask = self.mask
        return new

    def seal(self, header, number, plain):
        """`header` ends with the number in four bytes."""
        sealed = self.aead.seal(number, header, plain)
        mask = self.mask(sealed[:16])
        out = bytearray(header)
        out[0] ^= mask[0] & (0x0F if out[0] & 0x80 else 0x1F)
        for i in range(4):
            out[len(header) - 4 + i] ^= mask[1 + i]
        return bytes(out) + sealed

    def open(self, packet, at, largest):
        """The number and the frames; `at`: where the number begins."""
        mask = self.mask(packet[at + 4:at + 20])
        first = packet[0] ^ (mask[0] & (0x0F if packet[0] & 0x80 else 0x1F))
        length = (first & 3) + 1
        number = bytes(a ^ b for a, b in zip(packet[at:at + length], mask[1:]))
        header = bytes([first]) + packet[1:at] + number
        number = full_number(int.from_bytes(number, "big"), length, largest)
        return number, self.aead.open(number, header, packet[at + length:])
