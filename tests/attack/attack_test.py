"""The parts of ./dev attack that can be wrong without anybody noticing."""
import json
import math
import pathlib
import socket
import sys
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "attack"))

import h2
import healthy
import report
import verdict
from attacker import Attacker, Channel

try:
    import catalogue
    import quic
    import quic_wire
    import tls13
    catalogue.everything()
except ImportError as missing:  # python3-cryptography, which ./dev attack installs
    quic = None
    reason = str(missing)
else:
    reason = ""

needs_cryptography = unittest.skipIf(quic is None, reason)
MIB = verdict.MIB
GOOD = {name: healthy.Seen(100, 0, 0.004) for name in healthy.NAMES}


def measured(**change):
    values = {"quiet": GOOD, "attacked": GOOD, "quiet_peak": 30 * MIB, "peak": 30 * MIB,
              "before": 20 * MIB, "after": 20 * MIB, "cpu": 1.0, "quiet_cpu": 0.5, "seconds": 10,
              "sent": 100 * MIB, "connections": 10, "ends": {}}
    return verdict.Measured(**{**values, **change})


def faults(silent=False, protocol="h1", **change):
    attack = types.SimpleNamespace(name="x", protocol=protocol, silent=silent)
    return verdict.faults(attack, measured(**change))


class Verdict(unittest.TestCase):
    def with_client(self, seen, quiet=0.004):
        return faults(attacked={**GOOD, "kept h3": seen},
                      quiet={**GOOD, "kept h3": healthy.Seen(100, 0, quiet)})

    def test_all_as_before_holds(self):
        self.assertEqual([], faults())

    def test_one_failure_in_many_does_not(self):
        self.assertEqual(1, len(self.with_client(healthy.Seen(10**6, 1, 0.004, "reset"))))

    def test_p99_at_the_bar_and_above(self):
        for quiet, bar in ((0.004, 0.020), (0.010, 0.030)):
            self.assertEqual([], self.with_client(healthy.Seen(100, 0, bar), quiet))
            self.assertEqual(1, len(self.with_client(healthy.Seen(100, 0, bar * 1.001), quiet)))

    def test_memory_that_a_connection_may_pin(self):
        allowed = 10 * (256 + 40) * verdict.KIB + verdict.SLACK
        self.assertEqual([], faults(peak=30 * MIB + allowed))
        self.assertEqual(1, len(faults(peak=30 * MIB + allowed + 1)))

    def test_memory_for_few_bytes(self):
        for sent, each in ((1000, 128 << 10), (100_000, 20 * 10_000)):  # of ten connections
            allowed = 10 * (each + 40 * verdict.KIB) + verdict.SLACK
            self.assertEqual([], faults(sent=sent, peak=30 * MIB + allowed))
            self.assertEqual(1, len(faults(sent=sent, peak=30 * MIB + allowed + 1)))

    def test_memory_that_stays(self):
        self.assertEqual([], faults(after=20 * MIB + verdict.SLACK))
        self.assertEqual(1, len(faults(after=20 * MIB + verdict.SLACK + 1)))
        self.assertEqual([], faults(after=200 * MIB, silent=True))

    def test_a_second_try_is_for_time_alone(self):
        slow = {**GOOD, "new h1": healthy.Seen(100, 0, 1.0)}
        attack = types.SimpleNamespace(name="x", protocol="h1", silent=False)
        for change, again in (({}, False), ({"attacked": slow}, True),
                              ({"attacked": slow, "after": 99 * MIB}, False),
                              ({"attacked": slow, "died": "ended"}, False),
                              ({"attacked": {**slow, "visit": healthy.Seen(9, 1, 0.1)}}, False)):
            self.assertEqual(again, verdict.only_late(attack, measured(**change)))

    def test_a_dead_server_is_all_that_counts(self):
        self.assertEqual(["the server ended with -6: abort"],
                         faults(died="ended with -6: abort", peak=0))


class Healthy(unittest.TestCase):
    def bench(self, **change):
        return healthy.seen_by_bench({
            "requests": 400, "statuses": {"2xx": 400, "5xx": 0}, "unfinished": 0,
            "latency": {"p99": 0.002},
            "errors_by_kind": {"connect": 0, "timeout": 0, "status": 0}, **change})

    def test_all_good(self):
        self.assertEqual(healthy.Seen(400, 0, 0.002), self.bench())

    def test_a_status_is_counted_once(self):
        seen = self.bench(statuses={"2xx": 397, "5xx": 3}, errors_by_kind={"connect": 2, "status": 3})
        self.assertEqual((397, 5), (seen.good, seen.bad))

    def test_what_is_unanswered_is_lost_but_for_the_last(self):
        self.assertEqual(0, self.bench(unfinished=1).bad)
        self.assertEqual(1, self.bench(unfinished=2).bad)

    def test_nothing_good_has_no_latency(self):
        seen = self.bench(requests=0, statuses={"2xx": 0}, unfinished=50)
        self.assertEqual((0.0, math.inf), (seen.success, seen.p99))

    def test_quantile(self):
        self.assertEqual(99, healthy.quantile(range(1, 101), 0.99))
        self.assertEqual(7, healthy.quantile([7], 0.99))
        self.assertEqual(math.inf, healthy.quantile([], 0.99))


class Report(unittest.TestCase):
    attack = types.SimpleNamespace(name="slow-heads", protocol="h1", does="waits", source="H1-15")

    def test_not_quite_all_is_not_100(self):
        self.assertEqual("99.9 %", report.percent({"a": healthy.Seen(10**6, 1, 0.1)}))
        self.assertEqual("100 %", report.percent({"a": healthy.Seen(10, 0, 0.1)}))
        self.assertEqual("0.0 %", report.percent({"a": healthy.Seen(0, 0, 0.1)}))

    def test_markdown_has_every_column(self):
        lines = report.markdown([(self.attack, measured(), ["memory"])]).splitlines()
        self.assertEqual(4, len(lines))
        self.assertEqual({len(report.COLUMNS) + 1}, {line.count("|") for line in lines})
        self.assertTrue(lines[-1].endswith("| no |"))

    def test_json_has_no_infinity(self):
        seen = measured(attacked={**GOOD, "visit": healthy.Seen(0, 5, math.inf)})
        text = json.dumps(report.everything([(self.attack, seen, [])], {}), allow_nan=False)
        self.assertIsNone(json.loads(text)["attacks"][0]["attacked"]["visit"]["p99"])


class Channels(unittest.TestCase):
    def setUp(self):
        ours, self.peer = socket.socketpair()
        self.run_of = Attacker(None, 60)
        self.channel = Channel(self.run_of, ours)
        self.addCleanup(self.peer.close)
        self.addCleanup(self.channel.close)

    def test_counts_what_is_sent(self):
        self.assertTrue(self.channel.send(b"12345"))
        self.assertEqual((5, 1, 1), (self.run_of.bytes, self.run_of.open, self.run_of.most_open))

    def test_a_server_that_does_not_read(self):
        self.assertFalse(self.channel.send(bytes(1 << 24), patience=0))
        self.assertTrue(self.channel.stalled)
        self.assertFalse(self.channel.over)

    def test_a_server_that_closes(self):
        self.peer.sendall(b"bye")
        self.peer.close()
        self.assertEqual(b"bye", self.channel.take(1))
        self.assertTrue(self.channel.over)
        self.assertEqual((0, 1), (self.run_of.open, self.run_of.most_open))
        self.assertFalse(self.channel.send(b"x"))
        self.assertEqual({"closed by the server": 1}, dict(self.run_of.ends))


class Http2(unittest.TestCase):
    def test_integers_of_rfc_7541_c_1(self):
        self.assertEqual(b"\x0a", h2.integer(10, 5))
        self.assertEqual(b"\x1f\x9a\x0a", h2.integer(1337, 5))
        self.assertEqual(b"\x2a", h2.integer(42, 8))

    def test_a_section_in_pieces(self):
        self.assertEqual([(h2.HEADERS, 5)], self.kinds(h2.pieces(1, b"a" * h2.LARGEST_FRAME)))
        self.assertEqual([(h2.HEADERS, 1), (h2.CONTINUATION, 4)],
                         self.kinds(h2.pieces(1, b"a" * (h2.LARGEST_FRAME + 1))))

    def kinds(self, data):
        return [(kind, flags) for kind, flags, _, _ in h2.Listener().frames(data)]

    def test_frames_that_come_byte_by_byte(self):
        data = h2.frame(h2.GOAWAY, 0, 0, bytes(8)) + h2.frame(h2.PING, h2.ACK, 0, bytes(8))
        listener = h2.Listener()
        found = [one[0] for i in range(len(data)) for one in listener.frames(data[i:i + 1])]
        self.assertEqual([h2.GOAWAY, h2.PING], found)


@needs_cryptography
class Quic(unittest.TestCase):
    def test_integers_of_rfc_9000_a_1(self):
        for value, text in ((37, "25"), (15293, "7bbd"), (494878333, "9d7f3e7d"),
                            (151288809941952652, "c2197c5eff14e88c")):
            self.assertEqual(bytes.fromhex(text), quic_wire.varint(value))
            self.assertEqual((value, len(text) // 2), quic_wire.read_varint(bytes.fromhex(text), 0))

    def test_numbers_of_rfc_9000_a_3(self):
        self.assertEqual(0xA82F9B32, quic_wire.full_number(0x9B32, 2, 0xA82F30EA))
        self.assertEqual(0x100, quic_wire.full_number(0, 1, 0xFF))

    def test_keys_of_rfc_9001_a_1(self):
        initial = tls13.extract(quic.SALT, bytes.fromhex("8394c8f03e515708"))
        secret = tls13.expand_label(initial, b"client in", b"", 32)
        for label, text in ((b"quic key", "1f369613dd76d5467730efcbe3b1a22d"),
                            (b"quic iv", "fa044b2f42a3fd3b46fb255c"),
                            (b"quic hp", "9f50449e04a0e810283a1e9933adedd2")):
            self.assertEqual(text, tls13.expand_label(secret, label, b"", len(text) // 2).hex())

    def test_what_is_sealed_opens(self):
        keys = quic_wire.Keys(bytes(32))
        packet = keys.seal(b"\x43" + bytes(8) + (7).to_bytes(4, "big"), 7, b"\x01" * 30)
        self.assertEqual((7, b"\x01" * 30), keys.open(packet, 9, 5))

    def test_acknowledged_ranges(self):
        ranges = quic_wire.Ranges()
        self.assertEqual([True] * 5, [ranges.add(number) for number in (0, 1, 5, 3, 2)])
        self.assertFalse(ranges.add(3))
        # Largest 5, no delay, one range more; 5 to 5, and after a gap of one 3 to 0.
        self.assertEqual(bytes([2, 5, 0, 1, 0, 0, 3]), ranges.frame())

    def test_frames_of_every_shape(self):
        pieces = [bytes([2, 5, 0, 1, 0, 0, 3]), quic_wire.crypto_frame(300, b"abc"), b"\x07\x01t",
                  quic_wire.stream_frame(4, 70, b"x", True), b"\x18\x01\x00\x02id" + bytes(16),
                  b"\x1a" + bytes(8), b"\x1c\x0a\x06\x02no", b"\x1d\x41\x00\x00", b"\x12\x40\x65",
                  b"\x1e", b"\0"]
        found = [kind for kind, _, _ in quic_wire.frames(b"".join(pieces))]
        self.assertEqual([piece[0] for piece in pieces], found)
        self.assertEqual([(0x1D, [256, 0], b"")], list(quic_wire.frames(pieces[7])))
        self.assertEqual([(0x0F, [4, 70, 1], b"x")], list(quic_wire.frames(pieces[3])))

    def test_the_end_of_a_flight(self):
        flight = tls13.message(8, b"abc") + tls13.message(tls13.FINISHED, bytes(32))
        self.assertEqual(len(flight), tls13.flight_end(flight + b"more"))
        self.assertIsNone(tls13.flight_end(flight[:-1]))

    def test_padding_of_a_hello(self):
        plain = len(tls13.Handshake(b"h3").hello)
        for size in (1, 60000, 100 << 10):
            self.assertEqual(size + 4, len(tls13.Handshake(b"h3", padding=size).hello) - plain)


@needs_cryptography
class Catalogue(unittest.TestCase):
    def test_every_name_once_and_every_protocol_known(self):
        names = [one.name for one in catalogue.everything()]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({one.protocol for one in catalogue.everything()}, set(verdict.IDLE))

    def test_choosing(self):
        self.assertEqual(["idle"], [one.name for one in catalogue.chosen(["idle"])])
        self.assertTrue(all(one.name.startswith("h2-") for one in catalogue.chosen(["h2-*"])))
        with self.assertRaises(SystemExit):
            catalogue.chosen(["idle", "no-such"])


if __name__ == "__main__":
    unittest.main()
