"""The project's relay between a client and the server, and what its trace says."""
import contextlib
import re
import shlex
import signal
import subprocess
import time

import server
from outcome import Failed

SHOWN_PORT = 9443  # the relay's own default


class Entry:
    """One datagram of the trace."""

    def __init__(self, line):
        words = line.split()
        self.seconds, self.client, self.up = float(words[0]), int(words[1]), words[2] == "up"
        self.bytes, self.packet, self.fate = int(words[3]), words[4], words[5]
        self.notes = words[6:]

    @property
    def passed(self):
        return self.fate == "passed"


class Relay:
    def __init__(self, shell, options, family="127.0.0.1"):
        self.trace_file = server.WORK / "out" / "relay.trace"
        self.log = server.WORK / "out" / "relay.log"
        self.trace_file.unlink(missing_ok=True)
        argv = ["--to", f"{family}:{shell.server.port}", "--listen", f"{family}:0", *map(str, options)]
        shown = ["./dev", "relay", "--to", f"{family}:{shell.server.port}", "--listen",
                 f"{family}:{SHOWN_PORT}", *map(str, options)]
        shell.note(shlex.join(shown) + "   # in a terminal of its own")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [server.RELAY, *argv, "--trace", str(self.trace_file)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, preexec_fn=server.child_dies_with_parent)
        self.port = self._port()
        shell.hide_port(self.port, SHOWN_PORT)
        self.entries = None

    def _port(self):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            found = re.search(r"^relay: .*:(\d+) -> ", self.log.read_text(), re.M)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.process.kill()
        raise Failed(f"the relay did not start: {self.log.read_text()}")

    def stop(self):
        if self.process.poll() is None:
            time.sleep(0.05)  # a close that is under way arrives, or the server waits for its client
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        self.summary = self.log.read_text()
        with open(self.trace_file) as trace:
            self.entries = [Entry(line) for line in trace if not line.startswith("#")]

    def number(self, pattern):
        found = re.search(pattern, self.summary)
        return int(found[1]) if found else 0

    def count(self, packet=None, up=None, fate=None, note=None):
        return sum(1 for e in self.entries
                   if (packet is None or e.packet == packet) and (up is None or e.up == up)
                   and (fate is None or e.fate == fate)
                   and (note is None or any(n.startswith(note) for n in e.notes)))

    def need(self, what, least=1, **which):
        """The case means nothing unless its packets were really seen."""
        seen = self.count(**which)
        if seen < least:
            raise Failed(f"the relay saw only {seen} of at least {least} {what}")


@contextlib.contextmanager
def between(shell, *options, **more):
    """With it gone at the end, whatever comes; the trace is read by then."""
    relay = Relay(shell, options, **more)
    try:
        yield relay
    except BaseException:
        relay.process.kill()
        relay.process.wait()
        raise
    relay.stop()
