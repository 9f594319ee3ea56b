"""The project's own client as one among the others: many files, and what a second visit brings."""
import json

import content
import curl
import server
from generic import LOGGED
from outcome import Case, expect

ALPN = {"h1": "http/1.1", "h2": "h2", "h3": "h3"}


def command(port, host="127.0.0.1"):
    """The host is an address."""
    return [server.FETCH, "--connect", f"{host}:{port}", "--host", host.strip("[]"), "--cacert",
            server.CA, "--json"]


def visit(shell, asked, paths, repeat=1):
    """What `asked`, a command, says of the paths in its line of JSON, once all answers are right."""
    ran = shell.run([*asked, "--repeat", repeat, *paths])
    said = json.loads(ran.text)
    expect("answers", [path for path in paths for _ in range(repeat)],
           [answer["path"] for answer in said["answers"]])
    for answer in said["answers"]:
        expect("status", 200, answer["status"])
        expect(f"sha256 of {answer['path']}", shell.site.sha256(answer["path"]), answer["sha256"])
    return said


def directly(shell, protocol, paths, *options, repeat=1):
    said = visit(shell, [*command(shell.server.port), f"--{protocol}", *options], paths, repeat)
    expect("protocol", ALPN[protocol], said["security"]["alpn"])
    shell.expect_logged(len(said["answers"]), LOGGED[protocol])
    return said["security"]


def files(protocol):
    return lambda shell: directly(shell, protocol, ["/hello.txt", "/empty.txt", "/10m.bin", "/text.txt"])


def in_a_row(protocol):
    return lambda shell: directly(shell, protocol, ["/1k.bin"], repeat=30)


def at_once(protocol):
    paths = [f"/many/{i}.bin" for i in range(content.SMALL)]
    return lambda shell: directly(shell, protocol, paths, "--parallel", 100, repeat=10)


def resumed(protocol, path, *options):
    def run(shell):
        kept = curl.out("resumption")
        kept.unlink(missing_ok=True)
        first = directly(shell, protocol, [path], "--resume", kept)
        second = directly(shell, protocol, [path], "--resume", kept, *options)
        expect("resumed", [False, True], [first["resumed"], second["resumed"]])
        if options:
            expect("early data accepted", True, second["early_data"])
            expect("the server's word for each request", [False, True],
                   [line.endswith(" 0-rtt") for line in shell.logged(2, path)])
    return run


def cases(context):
    for protocol in ALPN:
        checks = {"get": files(protocol), "30 in a row": in_a_row(protocol)}
        if protocol != "h1":
            checks["300, 100 at once"] = at_once(protocol)
        checks["resumption"] = resumed(protocol, "/1k.bin")
        checks["early data"] = resumed(protocol, "/1m.bin", "--early")
        for name, run in checks.items():
            yield Case("own client", protocol, name, run, short=True)
