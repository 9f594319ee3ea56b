"""Where it happens: a network of its own with three addresses, the site, and the real server in it."""
import ctypes
import os
import pathlib
import random
import re
import resource
import signal
import subprocess
import time

WORK = pathlib.Path("build/attack")  # all paths are from the top of the repository
SITE, STATE = WORK / "site", WORK / "state"
BINARY = os.environ.get("TROIKA", "build/release/troika")
DESCRIPTORS = 4096  # the server's: some 2,700 places, which full-house fills
TEXTS, PAGES, ENTRIES = 100, 1000, 10000
CLIENTS_NICE = 10
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


class Addresses:
    def __init__(self, server, attacker, healthy):
        self.server, self.attacker, self.healthy = server, attacker, healthy


LOOPBACK = Addresses("127.0.0.1", "127.0.0.2", "127.0.0.1")


def _unshare():
    """A network that ends with this process and its children; without root, as its own root."""
    if os.geteuid() == 0:
        return _libc.unshare(CLONE_NEWNET) == 0
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    pathlib.Path("/proc/self/setgroups").write_text("deny")
    pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    return True


def _ip(*words):
    try:
        subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise SystemExit(f"troika: ip {' '.join(words)}: {said.strip()}") from None


def enter_network():
    """The addresses to use, and a sentence when they are only those of loopback."""
    here = Addresses("10.78.0.1", "10.78.0.2", "10.78.0.9")
    try:
        made = _unshare()
    except OSError:
        made = False
    if not made:
        return LOOPBACK, ("no network namespace can be made, so all have addresses of loopback, which the "
                          "server may treat differently: run it as root")
    _ip("link", "set", "lo", "up")
    _ip("address", "add", f"{here.server}/24", "dev", "lo")
    # Who does not choose an address, as the healthy clients, has this one.
    _ip("route", "replace", "local", here.server, "dev", "lo", "src", here.healthy, "table", "local")
    return here, None


def dies_with_parent(nice=0, descriptors=None):
    """For preexec_fn: nothing that was started here outlives it, however it ends."""
    def prepare():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(nice)
        if descriptors:
            # Both limits: the server raises the first to the second.
            most = min(descriptors, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return prepare


def _write(path, data):
    file = SITE / path
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def make_site():
    rng = random.Random(15)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(2, 9)))
             for _ in range(4000)]

    def text(seed, size):
        own = random.Random(seed)
        return " ".join(own.choices(words, k=size // 5)).encode()[:size]

    _write("small.txt", text(0, 1024))
    for i in range(TEXTS):
        if not (SITE / f"texts/{i}.txt").exists():
            _write(f"texts/{i}.txt", text(i, 1_000_000))
    for i in range(PAGES):
        if not (SITE / f"pages/{i}.html").exists():
            _write(f"pages/{i}.html", text(10_000 + i, 3000))
    for name, size in (("big.bin", 16 << 20), ("digest.bin", 64 << 20)):
        file = SITE / name
        if not file.exists():
            with open(file, "wb") as out:
                out.truncate(size)
    many = SITE / "many"
    if not (many / f"{ENTRIES - 1}").exists():
        many.mkdir(exist_ok=True)
        for i in range(ENTRIES):
            (many / f"{i}").touch()
    if not (SITE / "loop").is_symlink():
        (SITE / "loop").symlink_to(".")


class Server:
    def __init__(self, address, workers, options=()):
        banner = WORK / "banner"
        with open(banner, "w") as out:
            self.process = subprocess.Popen(
                [BINARY, "serve", str(SITE), "--listen", f"{address}:0", "--http", f"{address}:0",
                 "--listing", "--access-log", "off", "--workers", str(workers), *options],
                stderr=out, stdin=subprocess.DEVNULL, preexec_fn=dies_with_parent(0, DESCRIPTORS),
                env={**os.environ, "TROIKA_STATE_DIR": str(STATE)})
        self.banner = banner
        deadline = time.monotonic() + 10
        while "\nTry it" not in (text := banner.read_text()):
            if not self.alive() or time.monotonic() > deadline:
                self.kill()
                raise SystemExit(f"troika: the server did not start: {text.strip()}")
            time.sleep(0.02)
        self.version = re.match(r"(Troika .*?) serves ", text)[1]
        self.port = int(re.search(r"^Troika .*:(\d+)/$", text, re.M)[1])
        self.plain = int(re.search(r"without TLS +.*:(\d+)$", text, re.M)[1])

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        lines = self.banner.read_text().strip().splitlines()
        return f"ended with {self.process.returncode}: {lines[-1] if lines else 'it said nothing'}"

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()

    def stop(self):
        """Not waiting for what an attack has left open."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(0.5)
            except subprocess.TimeoutExpired:
                self.kill()
