"""The real server: on ports of its own choice for the suite, on fixed ones for --serve."""
import os
import pathlib
import re
import signal
import subprocess
import time

WORK = pathlib.Path("build/interop")  # all paths are from the top of the repository
STATE = WORK / "state"
SITE = WORK / "site"
CA = STATE / "ca.pem"
LEAF = STATE / "localhost.pem"
LOG = WORK / "access.log"
BINARY = os.environ.get("TROIKA", "build/release/troika")
RELAY = os.environ.get("RELAY", "build/release/relay")
FETCH = os.environ.get("FETCH", "build/release/fetch")
FLOOD = os.environ.get("FLOOD", "build/release/flood")
# Where --serve listens, and the reproducing commands point.
SERVE_PORT, SERVE_PLAIN = 9543, 9580


def child_dies_with_parent():
    """For preexec_fn: nothing that the suite started outlives it, however it ends."""
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    def __init__(self, port=0, plain=0, options=(), site=SITE, log=LOG):
        self.log = log
        self.log.write_text("")
        self.banner_file = WORK / "banner"
        with open(self.banner_file, "w") as banner:
            self.process = subprocess.Popen(
                [BINARY, "serve", str(site), "--listen", str(port), "--http", f"127.0.0.1:{plain}",
                 "--access-log", str(log), *options],
                stderr=banner, stdin=subprocess.DEVNULL, preexec_fn=child_dies_with_parent,
                env={**os.environ, "TROIKA_STATE_DIR": str(STATE)})
        text = self._banner()
        self.port = int(re.search(r"^Troika .*:(\d+)/$", text, re.M)[1])
        self.plain = int(re.search(r"without TLS +127\.0\.0\.1:(\d+)$", text, re.M)[1])
        self.version = re.match(r"(Troika .*?) serves ", text)[1]

    def _banner(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            text = self.banner_file.read_text()
            if "\nTry it" in text:
                return text
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.process.kill()
        raise SystemExit(f"troika: the server did not start: {self.banner_file.read_text().strip()}")

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """Its exit code after a graceful end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
