"""The honest clients: on each protocol one that stays and one that comes anew, and a first visitor.

The first two are `troika bench` at a fixed rate, where a request that begins late counts from when it
was due. The visitor asks each time for a page that nobody has asked for, so that it has to be coded.
"""
import dataclasses
import http.client
import json
import math
import ssl
import subprocess
import sys
import time

import ground

PROTOCOLS = {"h1": "--http1.1", "h2": "--http2", "h3": "--http3"}
KEPT_RATE, NEW_RATE, VISIT_RATE = 40, 8, 5  # requests a second
IN_FLIGHT = 1  # of each client at the end: due just then, so not counted as lost
NAMES = [f"{kind} {protocol}" for kind in ("kept", "new") for protocol in PROTOCOLS] + ["visit"]


@dataclasses.dataclass(frozen=True)
class Seen:
    good: int
    bad: int
    p99: float  # seconds
    why: str = ""

    @property
    def success(self):
        return self.good / (self.good + self.bad) if self.good + self.bad else 0.0


def quantile(values, part):
    """As by nearest rank; infinite without values."""
    if not values:
        return math.inf
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def seen_by_bench(report):
    """From the JSON of `troika bench`."""
    good = report["statuses"]["2xx"]
    other = report["requests"] - good
    failed = sum(count for kind, count in report["errors_by_kind"].items() if kind != "status")
    lost = max(0, report["unfinished"] - IN_FLIGHT)
    why = "; ".join([*report.get("reasons", {}).values(), *([f"{lost} not answered"] if lost else []),
                     *([f"{other} not 2xx"] if other else [])])
    return Seen(good, other + failed + lost, report["latency"]["p99"] if good else math.inf, why)


class Clients:
    def __init__(self, server, address, seconds, first_page):
        self.processes = {}
        self.deadline = time.monotonic() + seconds + 5
        url = f"https://{address}:{server.port}/small.txt"
        for protocol, option in PROTOCOLS.items():
            bench = [ground.BINARY, "bench", url, option, "--insecure", "--i-own-this", "--json",
                     "--datagram", "1472", "-c", "4", "-d", f"{seconds:g}s"]
            self.start(f"kept {protocol}", [*bench, "-r", str(KEPT_RATE)])
            self.start(f"new {protocol}", [*bench, "-r", str(NEW_RATE), "--new-connection"])
        self.start("visit", [sys.executable, "-B", __file__, address, str(server.port), f"{seconds:g}",
                             str(first_page)])

    def start(self, name, argv):
        self.processes[name] = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=ground.dies_with_parent(ground.CLIENTS_NICE))

    def finish(self):
        """What each has seen, by its name."""
        seen = {}
        for name, process in self.processes.items():
            try:
                said, error = process.communicate(timeout=max(0.1, self.deadline - time.monotonic()))
                report = json.loads(said)
                seen[name] = (Seen(**report) if name == "visit" else seen_by_bench(report))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                seen[name] = Seen(0, 1, math.inf, "the client did not end")
            except ValueError:
                seen[name] = Seen(0, 1, math.inf, error.strip() or "the client said nothing")
        return seen

    def kill(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()


def visit(address, port, seconds, page):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(address, port, context=context, timeout=10)
    began, times, bad, why = time.monotonic(), [], 0, ""
    for count in range(int(seconds * VISIT_RATE)):
        due = began + count / VISIT_RATE
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            connection.request("GET", f"/pages/{(page + count) % ground.PAGES}.html",
                               headers={"Accept-Encoding": "br"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            times.append(time.monotonic() - due)
        except (OSError, http.client.HTTPException) as error:
            bad, why = bad + 1, str(error)
            connection.close()
        if time.monotonic() > began + seconds:
            bad += int(seconds * VISIT_RATE) - count - 1
            break
    print(json.dumps({"good": len(times), "bad": bad, "p99": quantile(times, 0.99), "why": why}))


if __name__ == "__main__":
    visit(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
