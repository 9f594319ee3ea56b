"""A QUIC client for attackers (RFC 9000, 9001): any frame in any packet, at any rate.

It does what it must to get a connection and keep it: Retry, the handshake, acknowledgements. What it
sends is not resent when lost, and no congestion control holds it back.
"""
import os
import socket
import struct
import time

from cryptography.exceptions import InvalidTag

import quic_wire
import tls13
from quic_wire import (ACK, APPLICATION_CLOSE, CONNECTION_CLOSE, CRYPTO, HANDSHAKE_DONE,
                       MAX_STREAMS_BIDI, MAX_STREAMS_UNI, PADDING, Keys, Ranges, crypto_frame,
                       read_varint, varint)

VERSION = 1
SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
INITIAL, _, HANDSHAKE, RETRY = range(4)
SPACES = SPACE_INITIAL, SPACE_HANDSHAKE, SPACE_DATA = range(3)
DATAGRAM = 1200


class Space:
    def __init__(self):
        self.send = self.receive = None
        self.next = 0
        self.phase = False  # of the keys, once there are 1-RTT packets
        self.came = Ranges()
        self.owed = False  # an acknowledgement
        self.crypto = {}  # by offset
        self.read = 0
        self.messages = b""

    def in_order(self):
        while self.read in self.crypto:
            data = self.crypto.pop(self.read)
            self.read += len(data)
            self.messages += data


def parameters(source_id, windows, most_data):
    values = {0x01: varint(30000), 0x04: varint(most_data), 0x05: varint(windows),
              0x06: varint(windows), 0x07: varint(1 << 20), 0x08: varint(0), 0x09: varint(8),
              0x0F: source_id}
    return b"".join(varint(key) + varint(len(value)) + value for key, value in values.items())


class Connection:
    """`windows`: what each of our streams may receive; `most_data`: all of them together."""

    def __init__(self, attacker, windows=1 << 20, most_data=1 << 30, padding=0, acks=True):
        self.attacker, self.acks = attacker, acks
        self.over = self.done = self.retried = False
        self.token = b""
        self.source_id, self.destination_id = os.urandom(8), os.urandom(8)
        self.streams, self.one_way = 100, 3  # that may be opened; MAX_STREAMS raises it
        self.heard = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((attacker.target.source, 0))
        self.socket.connect((attacker.target.address, attacker.target.port))
        self.socket.setblocking(False)
        self.spaces = [Space() for _ in SPACES]
        more = tls13.extension(0x39, parameters(self.source_id, windows, most_data))
        self.tls = tls13.Handshake(b"h3", more, padding)
        self.initial_keys()
        attacker.opened()

    def initial_keys(self):
        secret = tls13.extract(SALT, self.destination_id)
        for side, label in (("send", b"client in"), ("receive", b"server in")):
            setattr(self.spaces[SPACE_INITIAL], side, Keys(tls13.expand_label(secret, label, b"", 32)))

    # --- sending ----------------------------------------------------------------------------------
    def packet(self, space, frames, whole=False):
        """One packet; `whole`: filled up to a full datagram."""
        state = self.spaces[space]
        number = struct.pack(">I", state.next)
        if space == SPACE_DATA:
            phase = 0x04 if state.phase else 0
            head = bytes([0x43 | phase]) + self.destination_id + number
        else:
            kind = INITIAL if space == SPACE_INITIAL else HANDSHAKE
            head = (bytes([0xC3 | kind << 4]) + struct.pack(">I", VERSION)
                    + tls13.vector(self.destination_id, 1) + tls13.vector(self.source_id, 1))
            if space == SPACE_INITIAL:
                head += varint(len(self.token)) + self.token
            if whole:
                frames += bytes(max(0, DATAGRAM - len(head) - 2 - 4 - 16 - len(frames)))
            head += struct.pack(">H", (len(frames) + 4 + 16) | 1 << 14) + number
        frames += bytes(max(0, 4 - len(frames)))
        state.next += 1
        return state.send.seal(head, state.next - 1, frames)

    def datagram(self, data, patience=0.5):
        end = time.monotonic() + patience
        while True:
            try:
                self.attacker.bytes += self.socket.send(data)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.0005)
            except OSError:  # refused: it comes with what was sent before
                return False

    def send(self, frames, pace=32):
        """Packs the frames into packets; after `pace` of them the server gets time to read."""
        room, payload, sent = DATAGRAM - 9 - 4 - 16, b"", 0
        for one in frames:
            if payload and len(payload) + len(one) > room:
                self.datagram(self.packet(SPACE_DATA, payload))
                payload, sent = b"", sent + 1
                if sent % pace == 0:
                    self.pump()
                    time.sleep(0.001)
                if self.over or not self.attacker.on():
                    return False
            payload += one
        if payload:
            self.datagram(self.packet(SPACE_DATA, payload))
        return not self.over

    def acknowledge(self):
        for space, state in enumerate(self.spaces):
            if state.owed and state.send and self.acks:
                state.owed = False
                self.datagram(self.packet(space, state.came.frame(), space == SPACE_INITIAL))

    # --- receiving --------------------------------------------------------------------------------
    def pump(self, wait=0.0):
        """Takes what has come, waiting so long for the first of it, and acknowledges it."""
        end, most = time.monotonic() + wait, 500
        while not self.over and most > 0:
            most -= 1
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                if time.monotonic() >= end:
                    break
                time.sleep(0.0002)
                continue
            except OSError:
                break
            end = 0
            self.take(data)
        if not self.over:
            self.acknowledge()

    def take(self, data):
        while len(data) > 20 and not self.over:
            try:
                data = self.take_packet(data)
            except (InvalidTag, ValueError, IndexError):  # of old keys, or broken
                return

    def take_packet(self, data):
        """What comes after it in the datagram."""
        if not data[0] & 0x80:
            self.take_frames(SPACE_DATA, data, 1 + len(self.source_id))
            return b""
        kind = data[0] >> 4 & 3
        at = 5
        at += 1 + data[at]
        peer = data[at + 1:at + 1 + data[at]]
        at += 1 + data[at]
        if data[1:5] == bytes(4):
            raise ValueError("a version negotiation")
        if kind == RETRY:
            if not self.retried:
                self.retried, self.token, self.destination_id = True, data[at:-16], peer
                self.initial_keys()
                self.send_hello()
            return b""
        if kind == INITIAL:
            length, at = read_varint(data, at)
            at += length
        length, at = read_varint(data, at)
        if not self.spaces[SPACE_INITIAL].came.ranges:
            self.destination_id = peer
        space = SPACE_INITIAL if kind == INITIAL else SPACE_HANDSHAKE
        self.take_frames(space, data[:at + length], at)
        return data[at + length:]

    def take_frames(self, space, packet, at):
        state = self.spaces[space]
        if state.receive is None:
            return
        try:
            number, frames = state.receive.open(packet, at, state.came.largest())
        except InvalidTag:
            if space != SPACE_DATA:
                raise
            updated = state.receive.updated()
            number, frames = updated.open(packet, at, state.came.largest())
            state.receive = updated
        if state.came.add(number):
            self.frames(space, frames)
            self.advance()

    def frames(self, space, data):
        state = self.spaces[space]
        for kind, values, body in quic_wire.frames(data):
            self.heard[kind] = self.heard.get(kind, 0) + 1
            if kind not in (PADDING, ACK, ACK + 1):
                state.owed = True
            if kind == CRYPTO:
                if values[0] >= state.read:
                    state.crypto[values[0]] = body
                state.in_order()
            elif kind == MAX_STREAMS_BIDI:
                self.streams = max(self.streams, values[0])
            elif kind == MAX_STREAMS_UNI:
                self.one_way = max(self.one_way, values[0])
            elif kind in (CONNECTION_CLOSE, APPLICATION_CLOSE):
                self.end(f"{'H3' if kind == APPLICATION_CLOSE else 'QUIC'} error {values[0]:#x}")
                return

    # --- the handshake ----------------------------------------------------------------------------
    def advance(self):
        initial, handshake = self.spaces[SPACE_INITIAL], self.spaces[SPACE_HANDSHAKE]
        if handshake.receive is None and len(initial.messages) >= 4:
            length = 4 + int.from_bytes(initial.messages[1:4], "big")
            if len(initial.messages) < length:
                return
            self.tls.server_hello(initial.messages[:length])
            handshake.send = Keys(self.tls.client_secret)
            handshake.receive = Keys(self.tls.server_secret)
        if self.done or handshake.receive is None:
            return
        end = tls13.flight_end(handshake.messages)
        if end is None:
            return
        self.finished = self.tls.finish(handshake.messages[:end])
        data = self.spaces[SPACE_DATA]
        data.send, data.receive = Keys(self.tls.client_traffic), Keys(self.tls.server_traffic)
        self.done = True

    def send_hello(self):
        room = DATAGRAM - 80 - len(self.token)
        hello = self.tls.hello
        for count, at in enumerate(range(0, len(hello), room)):
            self.datagram(self.packet(SPACE_INITIAL, crypto_frame(at, hello[at:at + room]), True))
            if count % 64 == 63:
                time.sleep(0.0003)

    def connect(self, seconds=3.0):
        """Whether there is a connection; it is over when not."""
        end = time.monotonic() + min(seconds, self.attacker.left())
        resend = 0.3
        self.send_hello()
        again = time.monotonic() + resend
        while not self.done and not self.over and time.monotonic() < end:
            self.pump(0.005)
            if time.monotonic() > again and not self.spaces[SPACE_INITIAL].came.ranges:
                self.send_hello()
                resend *= 2
                again = time.monotonic() + resend
        if not self.done:
            self.end("no handshake")
            return False
        finished = self.packet(SPACE_HANDSHAKE, self.spaces[SPACE_HANDSHAKE].came.frame()
                               + crypto_frame(0, self.finished))
        self.datagram(finished)
        confirmed = time.monotonic() + 1
        while HANDSHAKE_DONE not in self.heard and not self.over and time.monotonic() < confirmed:
            self.pump(0.005)
            if HANDSHAKE_DONE not in self.heard and time.monotonic() + 0.7 > confirmed:
                self.datagram(self.packet(SPACE_HANDSHAKE, crypto_frame(0, self.finished)))
                time.sleep(0.05)
        return not self.over

    def update_keys(self):
        """RFC 9001 section 6, from one phase to the next."""
        data = self.spaces[SPACE_DATA]
        data.send = data.send.updated()
        data.phase = not data.phase

    def end(self, why):
        if not self.over:
            self.over = True
            self.attacker.closed(why)
            self.socket.close()

    def close(self):
        """Says goodbye, so that the server need not wait; more than once, as one may be lost."""
        if not self.over and self.done:
            no_error = bytes([APPLICATION_CLOSE]) + varint(0x100) + varint(0)
            for _ in range(3):
                self.datagram(self.packet(SPACE_DATA, no_error))
                time.sleep(0.002)
        self.end("ended by the attacker")
