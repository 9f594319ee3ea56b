"""What can come of a case, and the shell in which its commands run."""
import contextlib
import dataclasses
import datetime
import os
import shlex
import signal
import subprocess
import time

import server

PASSED, FAILED, NOT_APPLICABLE, LIMIT = "passed", "failed", "n/a", "limit"


class Failed(Exception):
    """The server, or the network case, did not do what is promised."""


class NotApplicable(Exception):
    """This client cannot ask for it."""


class ClientLimit(Exception):
    """The client itself fails at it; never counted as passed."""


def expect(name, wanted, got):
    if wanted != got:
        raise Failed(f"{name}: expected {wanted!r}, got {got!r}")


@dataclasses.dataclass
class Outcome:
    state: str
    reason: str = ""
    commands: tuple = ()
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Case:
    client: str
    protocol: str
    name: str
    run: object  # takes a Shell
    limit: float = 30
    short: bool = False  # in `./dev interop --short`, too

    @property
    def key(self):
        return f"{self.client}/{self.protocol}/{self.name}"


class Ran:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.seconds = code, out, seconds
        self.err = err.decode(errors="replace")
        self.text = out.decode(errors="replace")

    def last_line(self):
        lines = (self.err.strip() or self.text.strip()).splitlines()
        return lines[-1][:300] if lines else "nothing was said"


# The server's lines come to its log a moment late: those of the case before must be there already.
LOG_DELAY = 0.06


class Shell:
    """Runs what a case asks for, within its time, and remembers how to show it again."""

    def __init__(self, context, case):
        self.context, self.case = context, case
        self.server, self.site = context.server, context.site
        time.sleep(LOG_DELAY)
        self.began = time.monotonic()
        # The server's clock may stand still for a turn of its loop.
        self.began_wall = time.time() - 0.05
        self.commands = []
        self.hidden = {}  # ports that the commands do not show
        self.log_offset = self.server.log.stat().st_size

    def left(self):
        seconds = self.case.limit - (time.monotonic() - self.began)
        if seconds <= 0:
            raise Failed(f"took more than {self.case.limit:g} s")
        return seconds

    def url(self, path="/", scheme="https", host="localhost", port=None):
        port = port or (self.server.plain if scheme == "http" else self.server.port)
        return f"{scheme}://{host}:{port}{path}"

    def hide_port(self, port, shown):
        self.hidden[port] = shown

    def note(self, command):
        for port, shown in self.hidden.items():
            command = command.replace(f":{port}", f":{shown}")
        self.commands.append(self.context.shown(command))

    def run(self, argv, stdin=None, env=None, may_fail=False, show=None, forget=False):
        """`show` is what a person types instead; with `forget` nothing."""
        argv = [str(word) for word in argv]
        if not forget:
            prefix = "".join(f"{k}={shlex.quote(v)} " for k, v in (env or {}).items())
            if stdin is not None and show is None:
                prefix = f"printf {shlex.quote(printf_text(stdin))} | {prefix}"
            self.note(show or prefix + shlex.join(argv))
        began = time.monotonic()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=server.child_dies_with_parent, env={**os.environ, **(env or {})})
        try:
            out, err = process.communicate(stdin, timeout=self.left())
        except subprocess.TimeoutExpired:
            kill_group(process)
            raise Failed(f"took more than {self.case.limit:g} s") from None
        ran = Ran(process.returncode, out, err, time.monotonic() - began)
        if ran.code != 0 and not may_fail:
            raise Failed(f"{os.path.basename(argv[0])} ended with {ran.code}: {ran.last_line()}")
        return ran

    def start(self, argv):
        """For what runs beside the rest of the case; ends with finish()."""
        argv = [str(word) for word in argv]
        self.note(shlex.join(argv) + " &")
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, start_new_session=True,
                                preexec_fn=server.child_dies_with_parent)

    def finish(self, process):
        try:
            _, err = process.communicate(timeout=self.left())
        except subprocess.TimeoutExpired:
            raise Failed("what runs beside took too long") from None
        if process.returncode != 0:
            raise Failed(f"what runs beside ended with {process.returncode}: {err.decode().strip()}")

    def logged(self, count, part="", patience=3):
        """What the server logged of requests since the case began, at least `count` lines if it can.

        A client that vanished leaves lines that come late, so the time of the request tells.
        """
        deadline = time.monotonic() + patience
        while True:
            with open(self.server.log, "rb") as log:
                log.seek(self.log_offset)
                lines = [line for line in log.read().decode().splitlines()
                         if part in line and self.is_mine(line)]
            if len(lines) >= count or time.monotonic() > deadline:
                return lines
            time.sleep(0.02)

    def is_mine(self, line):
        began = datetime.datetime.fromisoformat(line.split(" ", 1)[0])
        return began.timestamp() >= self.began_wall

    def expect_logged(self, count, protocol, part="", vanishes=False):
        """The server's word for the protocol; a client's own is not enough. Of a client that may
        vanish, and is given up after 30 s only, lines may be missing."""
        lines = self.logged(count, part, 0.2 if vanishes else 3)
        expect("requests in the access log", True, len(lines) >= count or vanishes)
        for line in lines:
            expect("protocol in the access log", protocol, line.split()[6])


def kill_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def printf_text(data):
    return data.decode().replace("\\", "\\\\").replace("%", "%%").replace("\r", "\\r").replace(
        "\n", "\\n")


def run_case(context, case):
    shell = Shell(context, case)
    state, reason = PASSED, ""
    try:
        case.run(shell)
        if not context.server.alive():
            raise Failed("the server is gone")
    except Failed as why:
        state, reason = FAILED, str(why)
    except NotApplicable as why:
        state, reason = NOT_APPLICABLE, str(why)
    except ClientLimit as why:
        state, reason = LIMIT, str(why)
    except Exception as why:  # what a client prints may be anything
        state, reason = FAILED, f"{type(why).__name__}: {why}"
    return Outcome(state, reason, tuple(shell.commands), time.monotonic() - shell.began)
