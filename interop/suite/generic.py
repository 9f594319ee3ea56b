"""What every HTTP client is asked to fetch, and what must come back, whatever the protocol.

A client is a function fetch(shell, path, **wishes) that returns a list of Answers; the wishes are
method, headers (a list of pairs), body (a number of bytes), count, parallel and compressed.
"""
import dataclasses

import content
from outcome import Case, Failed, expect

LOGGED = {"h1.0": "HTTP/1.0", "h1": "HTTP/1.1", "http": "HTTP/1.1", "h2": "HTTP/2",
          "h2c": "HTTP/2", "h3": "HTTP/3"}


@dataclasses.dataclass
class Answer:
    status: int
    protocol: str  # as the client says it, in the words of LOGGED
    headers: dict
    size: int
    sha256: str

    def header(self, name):
        return self.headers.get(name)


def whole(shell, answer, path):
    expect("status", 200, answer.status)
    expect("content-length", str(shell.site.size(path)), answer.header("content-length"))
    expect("size", shell.site.size(path), answer.size)
    expect("sha256", shell.site.sha256(path), answer.sha256)


def get(shell, fetch):
    answer, = fetch(shell, "/hello.txt")
    whole(shell, answer, "/hello.txt")
    expect("content-type", "text/plain; charset=utf-8", answer.header("content-type"))


def large(shell, fetch):
    answer, = fetch(shell, "/10m.bin")
    whole(shell, answer, "/10m.bin")


def empty(shell, fetch):
    answer, = fetch(shell, "/empty.txt")
    whole(shell, answer, "/empty.txt")


def head(shell, fetch):
    answer, = fetch(shell, "/1m.bin", method="HEAD")
    expect("status", 200, answer.status)
    expect("content-length", str(shell.site.size("/1m.bin")), answer.header("content-length"))
    expect("bytes of body", 0, answer.size)


def entity_tag(shell, fetch):
    answer, = fetch(shell, "/hello.txt")
    expect("etag", shell.context.etag("/hello.txt"), answer.header("etag"))
    expect("last-modified", content.LAST_MODIFIED, answer.header("last-modified"))


def not_modified(shell, fetch):
    tag = shell.context.etag("/1m.bin")
    answer, = fetch(shell, "/1m.bin", headers=[("If-None-Match", tag)])
    expect("status", 304, answer.status)
    expect("bytes of body", 0, answer.size)


def not_modified_since(shell, fetch):
    answer, = fetch(shell, "/1m.bin", headers=[("If-Modified-Since", content.LAST_MODIFIED)])
    expect("status", 304, answer.status)
    expect("bytes of body", 0, answer.size)


def byte_range(shell, fetch):
    answer, = fetch(shell, "/1m.bin", headers=[("Range", "bytes=1000-500999")])
    expect("status", 206, answer.status)
    expect("content-range", f"bytes 1000-500999/{1 << 20}", answer.header("content-range"))
    expect("sha256", shell.site.sha256("/1m.bin", 1000, 500999), answer.sha256)


def compressed(shell, fetch):
    answer, = fetch(shell, "/text.txt", compressed=True)
    expect("status", 200, answer.status)
    expect("sha256 once decoded", shell.site.sha256("/text.txt"), answer.sha256)
    coding = answer.header("content-encoding")
    if coding not in ("gzip", "br", "zstd"):
        raise Failed(f"content-encoding: {coding!r}")
    expect("vary", "accept-encoding", (answer.header("vary") or "").lower())


def not_found(shell, fetch):
    answer, = fetch(shell, "/not/there")
    expect("status", 404, answer.status)


def post(shell, fetch):
    """Files take no POST: the refusal must arrive whole while a body is on its way."""
    answer, = fetch(shell, "/hello.txt", method="POST", body=3_000_000)
    expect("status", 405, answer.status)
    expect("allow", "GET, HEAD, OPTIONS", answer.header("allow"))


def redirect(shell, fetch):
    answer, = fetch(shell, "/folder")
    expect("status", 308, answer.status)
    if not (answer.header("location") or "").endswith("/folder/"):
        raise Failed(f"location: {answer.header('location')!r}")


def one_after_another(shell, fetch):
    for answer in fetch(shell, "/1k.bin", count=30):
        whole(shell, answer, "/1k.bin")


def at_once(shell, fetch):
    for answer in fetch(shell, "/1m.bin", count=12, parallel=True):
        whole(shell, answer, "/1m.bin")


def alt_svc(shell, fetch):
    answer, = fetch(shell, "/hello.txt")
    expect("alt-svc", f'h3=":{shell.server.port}"; ma=3600', answer.header("alt-svc"))


CASES = {
    "get": (get, 1), "10 MiB": (large, 1), "empty": (empty, 1), "HEAD": (head, 1),
    "entity tag": (entity_tag, 1), "If-None-Match": (not_modified, 1),
    "If-Modified-Since": (not_modified_since, 1), "range": (byte_range, 1),
    "compressed": (compressed, 1), "404": (not_found, 1), "POST is 405": (post, 1),
    "redirect": (redirect, 1), "30 in a row": (one_after_another, 30),
    "12 at once": (at_once, 12), "Alt-Svc": (alt_svc, 1),
}
SHORT = ("get", "10 MiB", "HEAD", "entity tag", "If-None-Match", "range", "compressed", "404",
         "POST is 405", "12 at once", "Alt-Svc")


def cases_of(client, protocol, fetch, without=(), short=False, vanishes=False):
    """Alt-Svc is for those who could follow it: over TLS, and not over h3 already."""
    def wrap(check, count):
        def run(shell):
            def asked(shell, path, count=1, **wishes):
                answers = fetch(shell, path, count=count, **wishes)
                expect("answers", count, len(answers))
                for answer in answers:
                    expect("protocol", protocol_word(protocol), answer.protocol)
                return answers
            check(shell, asked)
            shell.expect_logged(count, LOGGED[protocol], vanishes=vanishes)
        return run
    for name, (check, count) in CASES.items():
        if name in without or name == "Alt-Svc" and protocol not in ("h1", "h2"):
            continue
        yield Case(client, protocol, name, wrap(check, count), limit=30,
                   short=short and name in SHORT)


def protocol_word(protocol):
    # The server answers a request of HTTP/1.0 as HTTP/1.1 (RFC 9110 §6.2).
    return {"h1.0": "HTTP/1.1"}.get(protocol, LOGGED[protocol])
