"""What an attack is given: connections from the attacker's address, its time, and its counts."""
import collections
import dataclasses
import socket
import ssl
import time


@dataclasses.dataclass(frozen=True)
class Target:
    address: str
    port: int  # TLS, and QUIC
    plain: int
    source: str  # the attacker's address


class Attacker:
    def __init__(self, target, seconds):
        self.target = target
        self.deadline = time.monotonic() + seconds
        self.bytes = 0  # that were sent: content of TCP and TLS, whole datagrams of UDP
        self.open = self.most_open = 0
        self.ends = collections.Counter()  # how connections ended, in the server's words if it had some
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def on(self):
        return time.monotonic() < self.deadline

    def left(self):
        return max(0.0, self.deadline - time.monotonic())

    def pause(self, seconds):
        time.sleep(min(seconds, self.left()))

    def opened(self):
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def closed(self, why):
        self.open -= 1
        self.ends[why] += 1

    def refused(self, why):
        self.ends[why] += 1

    def tcp(self, port=None, receive_buffer=None):
        """A Channel to the port without TLS, or to another; None when it is refused."""
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(min(3.0, self.left() + 0.1))
        try:
            plain.bind((self.target.source, 0))
            plain.connect((self.target.address, port or self.target.plain))
        except OSError as error:
            plain.close()
            self.refused(f"connect: {error.strerror or error}")
            return None
        return Channel(self, plain)

    def tls(self, alpn="http/1.1", receive_buffer=None):
        channel = self.tcp(self.target.port, receive_buffer)
        if channel is None:
            return None
        self.context.set_alpn_protocols([alpn])
        try:
            channel.socket = self.context.wrap_socket(channel.socket, server_hostname="localhost")
        except OSError as error:
            channel.close(f"handshake: {getattr(error, 'reason', None) or error}")
            return None
        return channel

    def many(self, count, connect):
        """So many connections, or as many as there is time and room for."""
        channels, failed = [], 0
        while len(channels) < count and failed < 20 and self.on():
            channel = connect()
            if channel is None:
                failed += 1
            else:
                channels.append(channel)
        return channels

    def hold(self, channels):
        """Keeps them open, and notices which the server closes, until the time is over."""
        while self.on():
            self.pause(0.5)
            for channel in channels:
                if not channel.over:
                    channel.take()

    def keep(self, channels):
        """Keeps them open without a byte read."""
        self.pause(self.left())
        return channels

    def drip(self, channels, piece, every=1.0):
        """`piece(n)` on each connection, again and again, until the time is over."""
        count = 0
        while self.on():
            began = time.monotonic()
            for channel in channels:
                if not channel.over and self.on():
                    channel.send(piece(count))
                    channel.take()
            count += 1
            self.pause(max(0.0, every - (time.monotonic() - began)))

    def flood(self, connect, batch, reads=True, connections=20):
        """`batch(n)` as often as the server takes it, on one connection, then on the next.

        Connections on which the server stops reading are kept, up to `connections` of them.
        """
        stalled = []
        while self.on():
            channel = connect()
            count = 0
            while channel is not None and self.on() and channel.send(batch(count)):
                if reads:
                    channel.take()
                count += 1
            if channel is not None and channel.stalled and len(stalled) < connections:
                stalled.append(channel)
            elif channel is not None:
                channel.take(0.05)
                channel.close("ended by the attacker")
            self.pause(0.05)


class Channel:
    """A TCP connection of the attacker, with or without TLS."""

    def __init__(self, attacker, plain):
        self.attacker, self.socket = attacker, plain
        self.over = self.stalled = False
        self.last_words = None  # turns what came last into a reason
        attacker.opened()

    def send(self, data, patience=2.0):
        """False once the server has closed, or does not read for so long."""
        if self.over or self.stalled:
            return False
        view = memoryview(data)
        end = time.monotonic() + patience
        self.socket.settimeout(0)
        while view:
            try:
                sent = self.socket.send(view)
                self.attacker.bytes += sent
                view = view[sent:]
                end = time.monotonic() + patience
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if time.monotonic() > end or not self.attacker.on():
                    self.stalled = True
                    self.attacker.ends["no longer read by the server"] += 1
                    return False
                time.sleep(0.001)
            except OSError as error:
                self.take(0.05)
                self.close(self.reason(error))
                return False
        return True

    def take(self, wait=0.0, most=1 << 20):
        """What has come meanwhile; notices the end."""
        taken = bytearray()
        while not self.over and len(taken) < most:
            self.socket.settimeout(wait)
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError as error:
                self.hear(taken)
                self.close(self.reason(error))
                break
            if not data:
                self.hear(taken)
                self.close(self.reason(None))
                break
            taken += data
        self.hear(taken)
        return bytes(taken)

    def take_once(self, most):
        """At most so many bytes, if any are there."""
        if not self.over:
            self.socket.settimeout(0)
            try:
                if not self.socket.recv(most):
                    self.close("closed by the server")
            except (BlockingIOError, ssl.SSLWantReadError):
                pass
            except OSError as error:
                self.close(self.reason(error))

    def hear(self, data):
        """For a protocol that wants to know what the server said last."""

    def reason(self, error):
        if self.last_words:
            return self.last_words
        return "closed by the server" if error is None else "reset by the server"

    def close(self, why="ended by the attacker"):
        if not self.over:
            self.over = True
            self.attacker.closed(why)
        try:
            self.socket.close()
        except OSError:
            pass
