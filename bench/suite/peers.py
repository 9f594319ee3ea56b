"""The servers: where each comes from, what it can do, how it is started and stopped."""
import ctypes
import glob
import gzip
import os
import pathlib
import re
import signal
import socket
import subprocess

import content

ROOTS = content.WORK / "peers"
TROIKA = os.environ.get("TROIKA", "build/release/troika")
# What ours prefers. OpenSSL 3.0 and GnuTLS do not know the first.
GROUPS, OLD_GROUPS = "X25519MLKEM768:X25519", "X25519"


class Peer:
    protocols = ("h1", "h2", "h3")
    source = None  # "suite/package", for what is not ours
    program = None  # below the peer's root
    config = None  # in bench/config
    groups = GROUPS
    note = None

    def __init__(self, name):
        self.name = name

    def arguments(self, values):
        raise NotImplementedError

    def argv(self, values):
        """With the loader and the libraries of its own release, wherever its root is."""
        root = ROOTS / self.name
        loader, = glob.glob(f"{root}/lib/*-linux-gnu*/ld-linux*.so.*") or \
            glob.glob(f"{root}/usr/lib/*-linux-gnu*/ld-linux*.so.*")
        triplet = pathlib.Path(loader).parent.name
        libraries = ":".join(f"{root}{folder}/{triplet}" for folder in ("/lib", "/usr/lib"))
        return [loader, "--library-path", libraries, f"{root}/{self.program}",
                *self.arguments(values)]

    def available(self):
        return (ROOTS / self.name / self.program).exists()

    def version(self):
        package = self.source.split("/")[1]
        with gzip.open(ROOTS / self.name / f"usr/share/doc/{package}/changelog.Debian.gz", "rt") as file:
            version = re.match(r"\S+ \((.*?)\)", file.readline())[1]
        return f"{version}, Debian {self.source.split('/')[0]}"


class Nginx(Peer):
    source, program, config = "forky/nginx", "usr/sbin/nginx", "nginx.conf"

    def arguments(self, values):
        return ["-e", "stderr", "-p", values["RUN"], "-c", values["CONFIG"]]


class Haproxy(Peer):
    source, program, config = "forky/haproxy", "usr/sbin/haproxy", "haproxy.cfg"
    note = ("a proxy serves no files: 1 KiB is a response from memory (`http-request return`), "
            "the others come from its cache")

    def arguments(self, values):
        return ["-db", "-q", "-f", values["CONFIG"]]


class Caddy(Peer):
    source, program, config = "forky/caddy", "usr/bin/caddy", "Caddyfile"

    def arguments(self, values):
        return ["run", "--adapter", "caddyfile", "--config", values["CONFIG"]]


class H2o(Peer):
    source, program, config = "bookworm/h2o", "usr/bin/h2o", "h2o.yaml"
    protocols = ("h1", "h2")
    groups = OLD_GROUPS
    note = "this release has no HTTP/3"

    def arguments(self, values):
        return ["-m", "worker", "-c", values["CONFIG"]]


class Nghttpd(Peer):
    source, program = "forky/nghttp2-server", "usr/sbin/nghttpd"
    protocols = ("h2",)
    note = "the example server of the library that Troika uses: a floor rather than a rival"

    def arguments(self, values):
        return ["-n1", "-a", "127.0.0.1", "-d", values["SITE"], "--groups", values["GROUPS"],
                values["PORT"], values["KEY"], values["CERT"]]


class Ngtcp2(Peer):
    source, program = "trixie/ngtcp2-server", "usr/sbin/gtlsserver"
    protocols = ("h3",)
    groups = OLD_GROUPS
    note = ("the example server of the library that Troika uses, an older one with GnuTLS: "
            "a floor rather than a rival")

    def arguments(self, values):
        return ["-q", "-d", values["SITE"], "--groups", "-GROUP-ALL:+GROUP-X25519", "--ciphers",
                "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM", "127.0.0.1",
                values["PORT"], values["KEY"], values["CERT"]]


class Troika(Peer):
    """Ours; or another build of it, to compare with."""

    def __init__(self, name, binary):
        super().__init__(name)
        self.binary = binary

    def argv(self, values):
        return [self.binary, "serve", values["SITE"], "--listen", f"127.0.0.1:{values['PORT']}",
                "--cert", values["CERT"], "--key", values["KEY"], "--workers", "1",
                "--access-log", "off"]

    def available(self):
        return os.access(self.binary, os.X_OK)

    def version(self):
        ran = subprocess.run([self.binary, "--version"], capture_output=True, text=True)
        return (ran.stdout.splitlines() or ["?"])[0].removeprefix("troika ")


def everyone(before):
    found = [Troika("troika", TROIKA)]
    if before:
        found.append(Troika("before", before))
    return found + [Nginx("nginx"), Haproxy("haproxy"), Caddy("caddy"), H2o("h2o"),
                    Nghttpd("nghttpd"), Ngtcp2("ngtcp2")]


def unpack(peers):
    """Those that are not there yet, where they can be had."""
    wanted = [f"{peer.name}={peer.source}" for peer in peers if peer.source]
    if wanted:
        subprocess.run(["bench/peers.sh", *wanted], stdin=subprocess.DEVNULL, check=True)


def free_port():
    """For TCP and UDP alike."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


def pinned(core, ending):
    """For preexec_fn: on that core, and gone with us however we end."""
    def prepare():
        os.sched_setaffinity(0, {core})
        ctypes.CDLL(None).prctl(1, ending)  # PR_SET_PDEATHSIG
    return prepare


class Server:
    """A peer that runs."""

    def __init__(self, peer, core, origin):
        self.peer, self.port = peer, free_port()
        run = (content.WORK / "run" / peer.name).resolve()
        run.mkdir(parents=True, exist_ok=True)
        values = {"PORT": str(self.port), "SITE": str(content.SITE.resolve()), "RUN": str(run),
                  "CERT": str(content.CERT.resolve()), "KEY": str(content.KEY.resolve()),
                  "PAIR": str(content.PAIR.resolve()), "GROUPS": peer.groups,
                  "ORIGIN": str(origin.port)}
        if peer.config:
            values["CONFIG"] = str(run / peer.config)
            self._write(peer.config, run, values)
        self._write("openssl.cnf", run, values)
        self.log = run / "log"
        environment = {**os.environ, "HOME": str(run), "XDG_DATA_HOME": str(run),
                       "XDG_CONFIG_HOME": str(run), "TROIKA_STATE_DIR": str(run / "state")}
        if peer.source:
            environment["OPENSSL_CONF"] = str(run / "openssl.cnf")
        with open(self.log, "w") as log:
            # Not SIGKILL: nginx has to end its worker.
            self.process = subprocess.Popen(
                peer.argv(values), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True, preexec_fn=pinned(core, signal.SIGTERM))

    @staticmethod
    def _write(name, folder, values):
        text = pathlib.Path("bench/config", name).read_text()
        # As root they would become another user, who may not read below this folder.
        user = {"nginx.conf": "user root;", "h2o.yaml": "user: root"}.get(name, "")
        values = {**values, "USER": user if os.getuid() == 0 else ""}
        (folder / name).write_text(re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], text))

    def url(self, size):
        return f"https://127.0.0.1:{self.port}/{size}.bin"

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
