"""What all servers serve, and the certificate that they all have: made anew for each run."""
import hashlib
import http.server
import pathlib
import random
import subprocess
import threading

WORK = pathlib.Path("build/bench")  # all paths are from the top of the repository
SITE = WORK / "site"
KEY, CERT, PAIR = WORK / "key.pem", WORK / "cert.pem", WORK / "pair.pem"
SIZES = {"1k": 1 << 10, "100k": 100 << 10, "16m": 16 << 20}
NAMES = {"1k": "1 KiB", "100k": "100 KiB", "16m": "16 MiB"}
DIGESTS = {}


def digest(content):
    return hashlib.sha256(content).hexdigest()


def make():
    SITE.mkdir(parents=True, exist_ok=True)
    source = random.Random(1)
    for size, count in SIZES.items():
        content = source.randbytes(count)
        (SITE / f"{size}.bin").write_bytes(content)
        DIGESTS[size] = digest(content)
    ran = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", KEY, "-out", CERT],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"troika: no certificate could be made: {ran.stderr.strip()}")
    PAIR.touch(0o600)
    PAIR.write_text(CERT.read_text() + KEY.read_text())


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=str(SITE))

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=86400")
        super().end_headers()

    def do_GET(self):
        self.server.asked += 1
        super().do_GET()

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a proxy that ends resets its connections


class Origin:
    """What a proxy fills its cache from."""

    def __init__(self):
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.asked = 0
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def asked(self):
        return self._server.asked
