"""What ./dev interop does: which cases run, the progress line, the time for all of it."""
import argparse
import fnmatch
import fcntl
import http.client
import os
import re
import signal
import ssl
import subprocess
import sys
import time

import content
import go
import matrix
import server
import versions
from outcome import FAILED, PASSED, Outcome, run_case

MODULES = ("curl", "nghttp", "load", "tls", "python_clients", "node", "go", "own", "browsers",
           "network")
TOTAL = 600  # seconds, unless --total says else; what has not run by then is red


class Context:
    """What all cases share."""

    def __init__(self, serving, site):
        self.server, self.site = serving, site
        self.tags = {}
        self.learn_tags()

    def shown(self, command):
        """A command as it has to be against `./dev interop --serve`."""
        command = re.sub(rf"\b{self.server.port}\b", str(server.SERVE_PORT), command)
        return re.sub(rf"\b{self.server.plain}\b", str(server.SERVE_PLAIN), command)

    def etag(self, path):
        return self.tags[path]

    def learn_tags(self):
        """As HTTP/1.1 says them: all protocols and clients are held to these."""
        connection = http.client.HTTPSConnection(
            "localhost", self.server.port, context=ssl.create_default_context(cafile=server.CA))
        for path in ("/hello.txt", "/1m.bin"):
            connection.request("HEAD", path)
            answer = connection.getresponse()
            answer.read()
            self.tags[path] = answer.getheader("etag")
        connection.close()


def parse(words):
    parser = argparse.ArgumentParser(
        prog="./dev interop", description="Real clients, browsers and a bad network against the "
        "real server; the matrix goes to the terminal and to interop/report.html.")
    parser.add_argument("--short", action="store_true",
                        help="curl and our own client over three protocols, Debian 13's own curl "
                        "over HTTP/3, five cases of the network")
    parser.add_argument("--only", metavar="PATTERN", action="append", default=[],
                        help="cases whose client/protocol/name has this in it, or matches it as a "
                        "glob: --only curl/h3, --only '*/HEAD' (repeatable)")
    parser.add_argument("--serve", action="store_true",
                        help=f"only serve the same site, on the ports {server.SERVE_PORT} and "
                        f"{server.SERVE_PLAIN}, where the commands of the report point")
    parser.add_argument("--list", action="store_true", help="name the cases, run none")
    parser.add_argument("--total", type=float, default=TOTAL, metavar="SECONDS",
                        help="for all of it; what has not begun by then is red (%(default)s)")
    parser.add_argument("--server-option", action="append", default=[], metavar="OPTION",
                        help="for the server: --server-option=--alt-svc --server-option=off")
    parser.add_argument("--expect-red", action="append", default=[], metavar="PATTERN",
                        help="with a fault on purpose: succeed when exactly these cells are red")
    parser.add_argument("--markdown", metavar="FILE", help="write the matrix there, too")
    return parser.parse_args(words)


def wanted(case, options):
    if options.short and not case.short:
        return False
    return not options.only or any(
        pattern in case.key or fnmatch.fnmatchcase(case.key, pattern) for pattern in options.only)


def all_cases(context):
    for name in MODULES:
        yield from __import__(name).cases(context)


def prepare():
    for folder in ("out", "bin", "shots"):
        (server.WORK / folder).mkdir(parents=True, exist_ok=True)
    lock = open(server.WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("troika: ./dev interop runs in this folder already") from None
    return lock


def install_undici():
    ran = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd="interop/clients", text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ran.returncode != 0:
        said = [line for line in ran.stdout.splitlines() if "reason:" in line] or [ran.stdout.strip()]
        raise SystemExit("troika: npm could not install undici: " + said[-1] + "; try `npm ci` in "
                         "interop/clients, or go on without it: ./dev interop --only CLIENT ...")


class Progress:
    """One line that is overwritten; on a pipe a line for each client."""

    def __init__(self, total):
        self.total, self.done, self.bad, self.client = total, 0, 0, ""
        self.live = sys.stderr.isatty()

    def begin(self, case):
        self.done += 1
        if self.live:
            bad = f", {self.bad} failed" if self.bad else ""
            sys.stderr.write(f"\r\033[K[{self.done}/{self.total}{bad}] {case.key}")
            sys.stderr.flush()
        elif case.client != self.client:
            print(f"[{self.done}/{self.total}] {case.client}", file=sys.stderr, flush=True)
        self.client = case.client

    def end(self, case, outcome):
        if outcome.state == FAILED:
            self.bad += 1
            lead = "\r\033[K" if self.live else ""
            print(f"{lead}FAILED {case.key}: {outcome.reason}", file=sys.stderr, flush=True)

    def close(self):
        if self.live:
            sys.stderr.write("\r\033[K")


def run(context, cases, total):
    progress, results, began = Progress(len(cases)), [], time.monotonic()
    for case in cases:
        progress.begin(case)
        if time.monotonic() - began > total:
            outcome = Outcome(FAILED, f"not run: all of it took more than {total:g} s")
        else:
            outcome = run_case(context, case)
        progress.end(case, outcome)
        results.append((case, outcome))
    progress.close()
    return results, time.monotonic() - began


def serve(site_server):
    print(f"serving {server.SITE} on https://localhost:{site_server.port}/ and "
          f"http://127.0.0.1:{site_server.plain}/, CA {server.CA}; end with Ctrl-C", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        site_server.stop()


def main(words):
    options = parse(words)
    server.WORK.mkdir(parents=True, exist_ok=True)
    site = content.Site(server.SITE)
    if options.serve:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        (server.WORK / "out").mkdir(exist_ok=True)
        serve(server.Server(server.SERVE_PORT, server.SERVE_PLAIN, options.server_option,
                            log=server.WORK / "serve.log"))
        return 0
    lock = prepare()
    serving = server.Server(options=options.server_option)
    context = Context(serving, site)
    cases = [case for case in all_cases(context) if wanted(case, options)]
    if options.list:
        print("\n".join(case.key for case in cases))
        serving.stop()
        return 0
    if any(case.client in ("go net/http", "quic-go", "network: quic-go") for case in cases):
        go.build()
    if any(case.client == "undici" for case in cases):
        install_undici()
    if not cases:
        serving.stop()
        raise SystemExit("troika: no case matches; ./dev interop --list names them")
    results, seconds = run(context, cases, options.total)
    code = serving.stop()
    lock.close()
    report = matrix.Report(results, versions.of(cases, serving), seconds,
                           os.environ.get("SOURCE_DATE", time.strftime("%Y-%m-%d %H:%M")))
    load, cores = os.getloadavg()[1], os.cpu_count()
    if load > 2 * cores:
        report.notes.append(f"the machine was busy: a load of {load:.0f} on {cores} cores; all takes longer")
    if code != 0:
        report.notes.append(f"the server ended with exit code {code} when it was told to stop")
    report.print_to(sys.stdout)
    report.write_html("interop/report.html")
    if options.markdown:
        report.write_markdown(options.markdown)
    if options.expect_red:
        return judge_red(results, options.expect_red)
    failed = any(outcome.state == FAILED for _, outcome in results)
    return 1 if failed or code != 0 else 0


def judge_red(results, patterns):
    """Whether exactly the cells that match are red; what is not applicable stays that."""
    def match(case, pattern):
        return fnmatch.fnmatchcase(case.key, pattern)
    wrong = []
    for case, outcome in results:
        expected = any(match(case, pattern) for pattern in patterns)
        if outcome.state == FAILED and not expected:
            wrong.append(f"{case.key} is red, and should not be")
        if outcome.state == PASSED and expected:
            wrong.append(f"{case.key} passed, and should be red")
    red = sum(outcome.state == FAILED for _, outcome in results)
    print("\n".join(wrong) or f"exactly as expected: {red} red cells")
    return 1 if wrong or red == 0 else 0
