"""The load: `troika bench`, or h2load to check it against another's client."""
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

import content
import machine
import peers

# Connections and requests in flight on each.
SHAPES = {("h1", "1k"): (16, 1), ("h1", "100k"): (8, 1), ("h1", "16m"): (2, 1),
          ("h2", "1k"): (4, 16), ("h2", "100k"): (4, 4), ("h2", "16m"): (2, 1),
          ("h3", "1k"): (4, 16), ("h3", "100k"): (4, 4), ("h3", "16m"): (2, 1)}
OPTION = {"h1": "--http1.1", "h2": "--http2", "h3": "--http3"}
# On loopback path MTU discovery would flatter: no larger datagrams than on Ethernet.
DATAGRAM = 1472
CURL = {"h1": ("--http1.1", "1.1"), "h2": ("--http2", "2"), "h3": ("--http3-only", "3")}


class Failed(Exception):
    pass


class TroikaBench:
    protocols = ("h1", "h2", "h3")

    @staticmethod
    def argv(url, protocol, connections, streams, requests):
        return [peers.TROIKA, "bench", url, OPTION[protocol], "-c", str(connections), "-m",
                str(streams), "-n", str(requests), "--insecure", "--json", "--datagram", str(DATAGRAM)]

    @staticmethod
    def parse(text):
        said = json.loads(text)
        errors = said["errors"]
        said["errors"] = sum(errors.values()) if isinstance(errors, dict) else errors
        return {name: said.get(name) for name in ("requests", "errors", "bytes", "seconds", "latency")}


class H2load:
    protocols = ("h1", "h2")

    @staticmethod
    def argv(url, protocol, connections, streams, requests):
        return ["h2load", "-t1", "-c", str(connections), "-m", str(streams), "-n", str(requests),
                *(["--h1"] if protocol == "h1" else []), url]

    @staticmethod
    def parse(text):
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text)
        seconds = re.search(r"^finished in ([\d.]+)(us|ms|s)", text, re.M)
        # The bytes that are reported are rounded no further than to a whole byte, in parentheses.
        data = re.search(r"\((\d+)\) data$", text, re.M)
        unit = {"us": 1e-6, "ms": 1e-3, "s": 1.0}[seconds[2]]
        return {"requests": int(done[1]), "errors": sum(map(int, done.groups()[1:])),
                "bytes": int(data[1]), "seconds": float(seconds[1]) * unit, "latency": None}


CLIENTS = {"troika": TroikaBench, "h2load": H2load}


def timed(argv, core, limit):
    """What a program printed, and its CPU seconds; it is ended after so many seconds."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                   preexec_fn=peers.pinned(core, signal.SIGKILL))
        ended = threading.Event()
        watch = threading.Timer(limit, lambda: ended.is_set() or process.kill())
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            ended.set()
            watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode == -signal.SIGKILL:
        raise Failed(f"it took more than {limit:.0f} s")
    if process.returncode != 0:
        raise Failed(f"the load ended with exit code {process.returncode}: "
                     + (text.strip().splitlines() or ["it said nothing"])[-1])
    return text, usage.ru_utime + usage.ru_stime


def run(client, server, protocol, size, requests, core, limit):
    """One measurement: what the load reports, and whose CPU time it took."""
    connections, streams = SHAPES[protocol, size]
    argv = client.argv(server.url(size), protocol, connections, streams, requests)
    began, busy, own = time.monotonic(), machine.busy(), time.process_time()
    used = machine.cpu_of_tree(server.process.pid)
    text, load = timed(argv, core, limit)
    server_cpu = machine.cpu_of_tree(server.process.pid) - used
    busy, own = machine.busy() - busy, time.process_time() - own
    wall = time.monotonic() - began
    try:
        result = client.parse(text)
    except (ValueError, TypeError, KeyError):
        raise Failed(f"the load printed something else: {text.strip()[-200:]}") from None
    if result["errors"]:
        raise Failed(f"{result['errors']} of {requests} requests failed")
    if result["requests"] < requests or result["bytes"] < requests * content.SIZES[size]:
        raise Failed(f"{result['requests']} responses with {result['bytes']} bytes are too few")
    result |= {"server_cpu": server_cpu, "load_cpu": load, "wall": wall,
               "foreign": max(0.0, busy - server_cpu - load - own) / wall}
    return result


def calibrate(client, server, protocol, size, core, seconds, limit):
    """Requests a second, roughly; caches are warm then."""
    requests = {"1k": 500, "100k": 100, "16m": 4}[size]
    while True:
        result = run(client, server, protocol, size, requests, core, limit)
        if result["seconds"] > min(0.3, seconds):
            return requests / result["seconds"]
        requests *= 4


def check(server, protocol, size, limit):
    """By curl: the right bytes over the right protocol. Returns what the handshake came to."""
    option, version = CURL[protocol]
    with tempfile.NamedTemporaryFile() as body:
        ran = subprocess.run(
            ["curl", "-sSv", option, "--cacert", content.CERT, "-m", str(limit), "-o", body.name,
             "-w", "%{response_code} %{http_version}", server.url(size)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        if ran.returncode != 0:
            errors = [line for line in ran.stderr.splitlines() if line.startswith("curl: ")]
            raise Failed((errors or [f"curl's exit code is {ran.returncode}"])[-1])
        if ran.stdout != f"200 {version}":
            raise Failed(f"status and version are {ran.stdout}, not 200 {version}")
        if content.digest(body.read()) != content.DIGESTS[size]:
            raise Failed("these are not the bytes of the file")
    found = re.search(r"SSL connection using (\S+) / (\S+) / (\S+)", ran.stderr)
    return found.groups() if found else ("?", "?", "?")
