"""nghttp and h2load: HTTP/2 by those who wrote nghttp2's tools, with the knobs of HTTP/2."""
import hashlib
import re

from outcome import Case, Failed, NotApplicable, expect

NO_H3 = "Debian builds the nghttp2 tools without HTTP/3"


def body(shell, path, *options, scheme="https"):
    ran = shell.run(["nghttp", "--no-dep", *options, shell.url(path, scheme)])
    expect("sha256", shell.site.sha256(path), hashlib.sha256(ran.out).hexdigest())
    shell.expect_logged(1, "HTTP/2")


def verbose(shell, path, *options, scheme="https"):
    ran = shell.run(["nghttp", "--no-dep", "-nv", *options, shell.url(path, scheme)])
    shell.expect_logged(1, "HTTP/2")
    return re.sub(r"\x1b\[[0-9;]*m", "", ran.text)


def expect_in(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text, re.M):
            raise Failed(f"nghttp did not say {pattern!r}")


def get(scheme):
    return lambda shell: body(shell, "/hello.txt", scheme=scheme)


def large(scheme, *options):
    return lambda shell: body(shell, "/3m.bin", *options, scheme=scheme)


def head(shell):
    text = verbose(shell, "/1m.bin", "-H", ":method: HEAD")
    expect_in(text, r":status: 200", rf"content-length: {1 << 20}$")
    if re.search(r"recv DATA frame <length=[1-9]", text):
        raise Failed("HEAD was answered with bytes")


def post(scheme):
    def run(shell):
        text = verbose(shell, "/hello.txt", "-d", "build/interop/site/1m.bin", scheme=scheme)
        expect_in(text, r":status: 405", r"allow: GET, HEAD, OPTIONS")
    return run


def not_modified(shell):
    tag = shell.context.etag("/hello.txt")
    expect_in(verbose(shell, "/hello.txt", "-H", f"if-none-match: {tag}"), r":status: 304")


def frames(shell):
    """What the connection says of itself."""
    expect_in(verbose(shell, "/hello.txt"), r"The negotiated protocol: h2", r"recv SETTINGS frame",
              r"SETTINGS_MAX_CONCURRENT_STREAMS\(0x03\):100", r"recv SETTINGS frame <length=0, flags=0x01")


def no_table(shell):
    expect_in(verbose(shell, "/hello.txt", "--header-table-size=0"), r":status: 200")


def many(shell):
    text = verbose(shell, "/1k.bin", "-m", "100")
    expect("answers of 200", 100, len(re.findall(r"recv .*:status: 200", text)))


def no_upgrade(shell):
    raise NotApplicable("Upgrade: h2c was removed by RFC 9113; curl's row shows what the server does")


def h2load_check(text, count, size, protocol):
    expect_in(text, rf"requests: {count} total, {count} started, {count} done, {count} succeeded, "
              r"0 failed, 0 errored, 0 timeout", rf"status codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx")
    data = int(re.search(r"traffic: .*\((\d+)\) data", text)[1])
    expect("bytes of data", count * size, data)
    if protocol:
        expect_in(text, rf"Application protocol: {re.escape(protocol)}$")


def load(scheme, protocol, logged, *options):
    def run(shell):
        ran = shell.run(["h2load", "-n", "3000", "-c", "10", "-m", "10", *options,
                         shell.url("/1k.bin", scheme)])
        h2load_check(ran.text, 3000, 1024, protocol)
        shell.expect_logged(3000, logged)
    return run


def load_large(scheme, protocol, *options):
    def run(shell):
        ran = shell.run(["h2load", "-n", "60", "-c", "6", "-m", "5", *options,
                         shell.url("/1m.bin", scheme)])
        h2load_check(ran.text, 60, 1 << 20, protocol)
    return run


def no_h3(shell):
    raise NotApplicable(NO_H3)


def cases(context):
    yield Case("nghttp", "h2", "get", get("https"))
    yield Case("nghttp", "h2c", "get", get("http"))
    yield Case("nghttp", "h2", "3 MiB", large("https"))
    yield Case("nghttp", "h2c", "3 MiB", large("http"))
    yield Case("nghttp", "h2", "windows of 1 KiB", large("https", "-w", "10", "-W", "10"))
    yield Case("nghttp", "h2c", "windows of 1 KiB", large("http", "-w", "10", "-W", "10"))
    yield Case("nghttp", "h2", "padding", large("https", "-b", "255"))
    yield Case("nghttp", "h2", "no HPACK table", no_table)
    yield Case("nghttp", "h2", "settings", frames)
    yield Case("nghttp", "h2", "HEAD", head)
    yield Case("nghttp", "h2", "If-None-Match", not_modified)
    yield Case("nghttp", "h2", "POST is 405", post("https"))
    yield Case("nghttp", "h2c", "POST is 405", post("http"))
    yield Case("nghttp", "h2", "100 requests", many)
    yield Case("nghttp", "h2c", "Upgrade", no_upgrade)
    yield Case("nghttp", "h3", "get", no_h3)
    for column, scheme, protocol, logged, options in (
            ("h1", "https", "http/1.1", "HTTP/1.1", ("--h1",)),
            ("h2", "https", "h2", "HTTP/2", ()),
            ("h2c", "http", "h2c", "HTTP/2", ())):
        yield Case("h2load", column, "3000 requests", load(scheme, protocol, logged, *options))
        yield Case("h2load", column, "60 MiB", load_large(scheme, protocol, *options))
    yield Case("h2load", "h3", "3000 requests", no_h3)
