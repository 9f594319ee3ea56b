"""The client's half of a TLS 1.3 handshake, RFC 8446, for what libraries refuse to do.

One cipher, one group, and no look at the certificate: an attacker does not care who answers.
"""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_128_GCM_SHA256, X25519 = 0x1301, 29
CLIENT_HELLO, SERVER_HELLO, FINISHED, KEY_UPDATE = 1, 2, 20, 24
LARGEST_EXTENSION = 60000
EMPTY_HASH = hashlib.sha256(b"").digest()


class Refused(Exception):
    """The server did not go on with the handshake."""


def vector(data, width):
    return len(data).to_bytes(width, "big") + data


def message(kind, body):
    return bytes([kind]) + vector(body, 3)


def extension(kind, body):
    return struct.pack(">H", kind) + vector(body, 2)


def extract(salt, key):
    return hmac.digest(salt, key, "sha256")


def expand_label(secret, label, context, length):
    info = struct.pack(">H", length) + vector(b"tls13 " + label, 1) + vector(context, 1)
    out = block = b""
    while len(out) < length:
        block = hmac.digest(secret, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


class Aead:
    """Seals and opens with numbers that count up; `key` and `iv` are the labels."""

    def __init__(self, secret, key=b"key", iv=b"iv"):
        self.aead = AESGCM(expand_label(secret, key, b"", 16))
        self.iv = int.from_bytes(expand_label(secret, iv, b"", 12), "big")

    def seal(self, number, header, plain):
        return self.aead.encrypt((self.iv ^ number).to_bytes(12, "big"), plain, header)

    def open(self, number, header, sealed):
        return self.aead.decrypt((self.iv ^ number).to_bytes(12, "big"), sealed, header)


class Handshake:
    def __init__(self, alpn, more=b"", padding=0):
        """`more`: further extensions; `padding`: bytes more, which no server knows what to do with."""
        self.private = X25519PrivateKey.generate()
        public = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        extensions = (
            extension(0, vector(b"\0" + vector(b"localhost", 2), 2))
            + extension(10, vector(struct.pack(">H", X25519), 2))
            + extension(13, vector(bytes.fromhex("0403080408050806050306030807"), 2))
            + extension(16, vector(vector(alpn, 1), 2))
            + extension(43, vector(b"\x03\x04", 1))
            + extension(51, vector(struct.pack(">H", X25519) + vector(public, 2), 2)) + more)
        # All extensions together are 64 KiB at most, so the rest is ciphers: an unknown one, often.
        if padding > 0:
            extensions += extension(0xFF10, bytes(min(padding, LARGEST_EXTENSION)))
        ciphers = struct.pack(">H", AES_128_GCM_SHA256)
        ciphers += b"\x0a\x0a" * (max(0, padding - LARGEST_EXTENSION) // 2)
        self.hello = message(CLIENT_HELLO, b"\x03\x03" + os.urandom(32) + b"\0"
                             + vector(ciphers, 2) + b"\x01\0" + vector(extensions, 2))
        self.transcript = hashlib.sha256(self.hello)

    def derive(self, secret, label):
        return expand_label(secret, label, self.transcript.digest(), 32)

    def server_hello(self, hello):
        """Makes the secrets of the handshake."""
        at = 4 + 2 + 32
        at += 1 + hello[at]
        if hello[0] != SERVER_HELLO or struct.unpack_from(">H", hello, at)[0] != AES_128_GCM_SHA256:
            raise Refused("no ServerHello with AES-128-GCM")
        at += 2 + 1 + 2
        share = None
        while at + 4 <= len(hello):
            kind, length = struct.unpack_from(">HH", hello, at)
            if kind == 51 and length == 36:
                share = hello[at + 8:at + 40]
            at += 4 + length
        if share is None:
            raise Refused("no key share: a HelloRetryRequest?")
        self.transcript.update(hello)
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(share))
        early = extract(bytes(32), bytes(32))
        secret = extract(expand_label(early, b"derived", EMPTY_HASH, 32), shared)
        self.client_secret = self.derive(secret, b"c hs traffic")
        self.server_secret = self.derive(secret, b"s hs traffic")
        self.master = extract(expand_label(secret, b"derived", EMPTY_HASH, 32), bytes(32))

    def finish(self, flight):
        """All messages from EncryptedExtensions to Finished; gives the client's Finished."""
        self.transcript.update(flight)
        key = expand_label(self.client_secret, b"finished", b"", 32)
        self.client_traffic = self.derive(self.master, b"c ap traffic")
        self.server_traffic = self.derive(self.master, b"s ap traffic")
        return message(FINISHED, hmac.digest(key, self.transcript.digest(), "sha256"))


def flight_end(data):
    """Where the Finished in these handshake messages ends, or None."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 1:at + 4], "big")
        if end > len(data):
            return None
        if data[at] == FINISHED:
            return end
        at = end
    return None
