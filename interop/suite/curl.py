"""curl: every protocol, and what only curl can be asked for. There are two: the one of backports, and
Debian 13's own, whose HTTP/3 is another one."""
import glob
import hashlib
import json

import content
import generic
import server
from outcome import Case, Failed, NotApplicable, expect

OPTION = {"h1.0": "--http1.0", "h1": "--http1.1", "h2": "--http2", "h2c": "--http2-prior-knowledge",
          "h3": "--http3-only", "http": "--http1.1"}
SCHEME = {"h2c": "http", "http": "http"}
VERSION = {"1": "HTTP/1.0", "1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def out(name="body"):
    return server.WORK / "out" / name


class Curl:
    def __init__(self, name, argv):
        self.name, self.argv = name, argv

    def base(self, *options):
        return [*self.argv, "-sS", "--cacert", server.CA, *options]

    def command(self, shell, protocol, path, *options):
        return self.base(OPTION[protocol], *options,
                         shell.url(path, SCHEME.get(protocol, "https")))

    def vanishes(self, protocol):
        """OpenSSL's QUIC ends without a word when we have not acknowledged yet all that it sent."""
        return self is DEBIAN13 and protocol == "h3"


FOLDER = "build/debian13-curl"  # of interop/debian13_curl.sh
BACKPORTS = Curl("curl", ["curl"])
DEBIAN13 = Curl("curl (Debian 13)", [
    "env", "LD_LIBRARY_PATH=" + ":".join(glob.glob(f"{FOLDER}/usr/lib/*/")),
    f"{FOLDER}/usr/bin/curl"])
base = BACKPORTS.base


def sha256(file):
    with open(file, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def answers(text, files):
    """From what -w '%{json}%{header_json}' has written, once for each transfer."""
    found, decoder = [], json.JSONDecoder()
    text = text.strip()
    while text:
        about, end = decoder.raw_decode(text)
        fields, after = decoder.raw_decode(text[end:].lstrip())
        text = text[end:].lstrip()[after:].lstrip()
        file = files[about["urlnum"]]
        found.append((about, generic.Answer(
            about["response_code"], VERSION.get(about["http_version"], "?"),
            {name: values[-1] for name, values in fields.items()},
            file.stat().st_size, sha256(file))))
    return found


def transfer(shell, argv, files):
    for file in files:
        file.write_bytes(b"")
    ran = shell.run(argv)
    return answers(ran.text, files)


WRITE = ("-w", "%{json}%{header_json}")


def fetcher(curl, protocol):
    def fetch(shell, path, method="GET", headers=(), body=0, count=1, parallel=False,
              compressed=False):
        options = [*WRITE]
        for name, value in headers:
            options += ["-H", f"{name}: {value}"]
        if method == "HEAD":
            options.append("--head")
        if compressed:
            options.append("--compressed")
        if body:
            upload = out("upload")
            upload.write_bytes(b"u" * body)
            options += ["--data-binary", f"@{upload}"]
        if parallel:
            options += ["--parallel", "--parallel-max", "50"]
        files = [out(f"body{i}") for i in range(count)]
        url = shell.url(path, SCHEME.get(protocol, "https"))
        targets = [word for file in files for word in ("-o", file, url)]
        found = transfer(shell, curl.base(OPTION[protocol], *options, *targets), files)
        if count > 1 and protocol in ("h2", "h2c", "h3") and not parallel:
            expect("connections", 1, sum(about["num_connects"] for about, _ in found))
        if method == "HEAD":  # -o has the fields then
            for about, answer in found:
                answer.size = about["size_download"]
        return [answer for _, answer in found]
    return fetch


def one(shell, curl, protocol, path, *options):
    """A single transfer: what curl says of it, and the answer."""
    file = out()
    (about, answer), = transfer(
        shell, curl.command(shell, protocol, path, *WRITE, "-o", file, *options), [file])
    expect("protocol", generic.protocol_word(protocol), answer.protocol)
    return about, answer


def special(curl, protocol):
    """By name: what is asked of curl alone, over this protocol."""
    def resume(shell):
        part = out("part")
        part.write_bytes(shell.site.files["1m.bin"][:400_000])
        ran = shell.run(curl.command(shell, protocol, "/1m.bin", "-C", "-", "-o", part,
                                "-w", "%{response_code} %{http_version} %{size_download}"),
                        show=None)
        shell.commands.insert(0, f"head -c 400000 {server.SITE}/1m.bin >{part}")
        expect("status", "206", ran.text.split()[0])
        expect("bytes sent", str((1 << 20) - 400_000), ran.text.split()[2])
        expect("sha256", shell.site.sha256("/1m.bin"), sha256(part))

    def several_ranges(shell):
        _, answer = one(shell, curl, protocol, "/1m.bin", "-r", "0-9,100-199")
        expect("status", 206, answer.status)
        if not answer.header("content-type").startswith("multipart/byteranges; boundary="):
            raise Failed(f"content-type: {answer.header('content-type')}")
        parts = out().read_bytes()
        for first, last in ((0, 9), (100, 199)):
            if b"\r\n\r\n" + shell.site.files["1m.bin"][first:last + 1] + b"\r\n--" not in parts:
                raise Failed(f"the bytes {first}-{last} are not a part")

    def beyond(shell):
        _, answer = one(shell, curl, protocol, "/1k.bin", "-r", "5000-6000")
        expect("status", 416, answer.status)
        expect("content-range", "bytes */1024", answer.header("content-range"))

    def slow_reader(shell):
        about, answer = one(shell, curl, protocol, "/3m.bin", "--limit-rate", "1500k")
        generic.whole(shell, answer, "/3m.bin")
        expect("it was slow", True, about["time_total"] > 1)

    def expect_100(shell):
        upload = out("upload")
        upload.write_bytes(b"u" * 100_000)
        about, answer = one(shell, curl, protocol, "/hello.txt", "-H", "Expect: 100-continue",
                            "--data-binary", f"@{upload}")
        expect("status", 405, answer.status)
        if about["size_upload"] != 0:
            raise Failed(f"{about['size_upload']} bytes were sent although 405 came first")

    def put_from_pipe(shell):
        file = out()
        ran = shell.run(curl.command(shell, protocol, "/hello.txt", "-T", "-", "-o", file, *WRITE),
                        stdin=b"streamed\n")
        (_, answer), = answers(ran.text, [file])
        expect("status", 405, answer.status)

    def etag_files(shell):
        tag = out("etag")
        tag.write_bytes(b"")
        _, first = one(shell, curl, protocol, "/hello.txt", "--etag-save", tag)
        expect("status", 200, first.status)
        _, second = one(shell, curl, protocol, "/hello.txt", "--etag-compare", tag)
        expect("status", 304, second.status)

    def newer_than(shell):
        _, answer = one(shell, curl, protocol, "/hello.txt", "-z", content.LAST_MODIFIED)
        expect("status", 304, answer.status)

    def coding(name):
        def check(shell):
            _, answer = one(shell, curl, protocol, "/text.txt", "--compressed", "-H",
                            f"Accept-Encoding: {name}")
            expect("content-encoding", name, answer.header("content-encoding"))
            expect("sha256 once decoded", shell.site.sha256("/text.txt"), answer.sha256)
        return check

    def followed(shell):
        about, answer = one(shell, curl, protocol, "/folder", "-L")
        expect("redirects", 1, about["num_redirects"])
        generic.whole(shell, answer, "/folder/index.html")

    def many_small(shell):
        files = [out(f"many{i}") for i in range(content.SMALL)]
        targets = [w for i, file in enumerate(files)
                   for w in ("-o", file, shell.url(f"/many/{i}.bin", SCHEME.get(protocol, "https")))]
        found = transfer(shell, curl.base(OPTION[protocol], "--parallel", *WRITE, *targets), files)
        for about, answer in found:
            expect("protocol", generic.protocol_word(protocol), answer.protocol)
            generic.whole(shell, answer, f"/many/{about['urlnum']}.bin")
        expect("answers", content.SMALL, len(found))
        if protocol in ("h2", "h2c", "h3"):
            connects = sum(about["num_connects"] for about, _ in found)
            if connects > content.SMALL // 2:
                raise Failed(f"{connects} connections for {content.SMALL} requests")

    def addresses(shell):
        for host in ("127.0.0.1", "[::1]"):
            file = out()
            (_, answer), = transfer(shell, curl.base(OPTION[protocol], *WRITE, "-o", file,
                                                     shell.url("/hello.txt", host=host)), [file])
            expect("protocol", generic.protocol_word(protocol), answer.protocol)
            generic.whole(shell, answer, "/hello.txt")

    cases = {
        "resume -C -": resume, "two ranges": several_ranges, "416": beyond,
        "--limit-rate": slow_reader, "Expect: 100": expect_100, "PUT from a pipe": put_from_pipe,
        "--etag-save/-compare": etag_files, "-z (newer than)": newer_than, "br": coding("br"),
        "zstd": coding("zstd"), "redirect followed": followed, "30 files at once": many_small,
        "127.0.0.1 and ::1": addresses,
    }
    if protocol in SCHEME:
        del cases["127.0.0.1 and ::1"]
    if protocol == "h1.0":
        # RFC 9110 §10.1.1: 1xx and chunks are not for HTTP/1.0.
        del cases["Expect: 100"], cases["PUT from a pipe"]
    counts = {"--etag-save/-compare": 2, "127.0.0.1 and ::1": 2, "30 files at once": content.SMALL}
    return {name: logged(check, curl, protocol, counts.get(name, 1)) for name, check in cases.items()}


def logged(check, curl, protocol, count):
    def run(shell):
        check(shell)
        shell.expect_logged(count, generic.LOGGED[protocol], vanishes=curl.vanishes(protocol))
    return run


def alt_svc_cache(shell, curl):
    """The first visit learns of h3, the second one uses it."""
    cache = out("alt-svc")
    cache.unlink(missing_ok=True)
    file = out()
    versions = []
    for _ in range(2):
        (_, answer), = transfer(shell, curl.base("--alt-svc", cache, *WRITE, "-o", file,
                                                 shell.url("/hello.txt")), [file])
        generic.whole(shell, answer, "/hello.txt")
        versions.append(answer.protocol)
    expect("protocols of two visits", ["HTTP/2", "HTTP/3"], versions)
    if not curl.vanishes("h3"):
        expect("protocols in the access log", ["HTTP/2", "HTTP/3"],
               [line.split()[6] for line in shell.logged(2)])


def http3_with_fallback(shell, curl):
    file = out()
    (_, answer), = transfer(shell, curl.base("--http3", *WRITE, "-o", file,
                                             shell.url("/1m.bin")), [file])
    generic.whole(shell, answer, "/1m.bin")
    expect("protocol", "HTTP/3", answer.protocol)
    shell.expect_logged(1, "HTTP/3", vanishes=curl.vanishes("h3"))


def no_alt_svc_without_tls(shell, curl):
    _, answer = one(shell, curl, "http", "/hello.txt")
    generic.whole(shell, answer, "/hello.txt")
    expect("alt-svc", None, answer.header("alt-svc"))


def h2c_upgrade(shell, curl):
    """RFC 9113 §3.1 has done away with Upgrade: h2c; HTTP/1.1 goes on."""
    file = out()
    (_, answer), = transfer(shell, curl.base("--http2", *WRITE, "-o", file,
                                             shell.url("/hello.txt", "http")), [file])
    generic.whole(shell, answer, "/hello.txt")
    expect("protocol", "HTTP/1.1", answer.protocol)


def early_data(shell, curl):
    raise NotApplicable("neither 8.14 nor 8.21 sends early data over h3, and Debian's builds have no "
                        "--ssl-sessions")


def cases(context):
    yield from cases_of(BACKPORTS, ("h1", "h2", "h3"))
    yield from cases_of(DEBIAN13, ("h3",))  # else it is much the same program


def cases_of(curl, in_short):
    """All that a curl is asked; `in_short`: the protocols of --short."""
    def case(protocol, name, check, short=False):
        return Case(curl.name, protocol, name, lambda shell: check(shell, curl),
                    short=short and protocol in in_short)
    for protocol in ("h1.0", "h1", "h2", "h3", "http", "h2c"):
        short = protocol in in_short
        without = ("12 at once",) if protocol == "h1.0" else ()
        yield from generic.cases_of(curl.name, protocol, fetcher(curl, protocol), without, short,
                                    curl.vanishes(protocol))
        for name, check in special(curl, protocol).items():
            yield Case(curl.name, protocol, name, check, short=short and name == "resume -C -")
    yield case("h3", "Alt-Svc cache: h2, then h3", alt_svc_cache, short=True)
    yield case("h3", "--http3", http3_with_fallback)
    yield case("h3", "early data", early_data)
    yield case("http", "no Alt-Svc without TLS", no_alt_svc_without_tls)
    yield case("http", "Upgrade: h2c is not taken", h2c_upgrade)
