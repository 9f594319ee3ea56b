"""What ./dev bench does: which servers, protocols and files, in turns, and the time for all of it."""
import argparse
import fcntl
import json
import os
import pathlib
import signal
import sys
import time

import content
import load
import peers
import report

PROTOCOLS = ("h1", "h2", "h3")
MOST_SECONDS = 4.0  # of load in a cell
LEAST_SECONDS = 0.5
BESIDES = 0.4  # seconds in a cell that are not load: starting the client, connecting
TO_START = 10.0  # seconds until a server has to serve
FIRST = 2.0  # seconds for the check of a cell and its first, uncounted load
TRIES = 3  # at a cell that turned out too short: what was known of its rate was of a slow moment
PATIENCE = 6  # a cell ends after so many times what it should take, and 5 s


def parse(words):
    def choice(values, what):
        def read(text):
            chosen = text.split(",")
            for one in chosen:
                if one not in values:
                    raise argparse.ArgumentTypeError(f"no such {what}: {one} ({', '.join(values)})")
            return chosen
        return read

    names = [peer.name for peer in peers.everyone("before")]
    parser = argparse.ArgumentParser(
        prog="./dev bench", description="The CPU time that a request, or a GiB, costs the server: "
        "ours and others, in turns, on one core, with the load on another. The table goes to "
        "standard output, in Markdown. bench/README.md says what is measured, and how.")
    parser.add_argument("--peers", type=choice(names, "peer"), metavar="NAME,...",
                        help=f"only these of {', '.join(n for n in names if n != 'before')}")
    parser.add_argument("--protocols", type=choice(PROTOCOLS, "protocol"), default=list(PROTOCOLS),
                        metavar="P,...", help="only these of h1, h2, h3")
    parser.add_argument("--sizes", type=choice(tuple(content.SIZES), "size"),
                        default=list(content.SIZES), metavar="SIZE,...",
                        help="only these of 1k, 100k, 16m")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="one round of short cells")
    parser.add_argument("--minutes", type=float, default=25, metavar="N",
                        help="for all of it (%(default)s); cells are made shorter to keep to it")
    parser.add_argument("--before", metavar="FILE", help="another build of Troika, as a peer of its own")
    parser.add_argument("--cores", default="0,1", metavar="A,B",
                        help="the servers' core and the load's (%(default)s)")
    parser.add_argument("--client", choices=tuple(load.CLIENTS),
                        default=os.environ.get("BENCH_CLIENT", "troika"),
                        help="what makes the load: `troika bench`, or h2load, which Debian builds "
                        "without HTTP/3 (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write every measurement there, too")
    options = parser.parse_args(words)
    if options.quick:
        options.rounds = 1
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    if options.client not in load.CLIENTS:
        parser.error(f"BENCH_CLIENT is {options.client}, but has to be one of "
                     + ", ".join(load.CLIENTS))
    try:
        options.cores = [int(core) for core in options.cores.split(",")]
    except ValueError:
        options.cores = []
    if len(set(options.cores)) != 2 or not set(options.cores) <= os.sched_getaffinity(0):
        parser.error("--cores takes two cores of this machine, such as 0,1: one for the servers, "
                     "one for the load")
    if options.before and not os.access(options.before, os.X_OK):
        parser.error(f"--before {options.before}: no such program")
    return options


def lock_folder():
    content.WORK.mkdir(parents=True, exist_ok=True)
    lock = open(content.WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("troika: ./dev bench runs in this folder already") from None
    return lock


def say(text):
    """A line of its own, in place of the one that is overwritten."""
    lead = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{lead}troika: {text}", file=sys.stderr, flush=True)


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


class Bench:
    def __init__(self, options, chosen):
        self.options, self.chosen = options, chosen
        self.client = load.CLIENTS[options.client]
        self.server_core, self.load_core = options.cores
        self.origin = content.Origin()
        self.servers, self.rates, self.security = {}, {}, {}
        self.notes, self.measured = [], []
        self.deadline = time.monotonic() + options.minutes * 60

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            say(text)

    def start(self):
        for peer in self.chosen:
            if peer.available():
                self.servers[peer.name] = peers.Server(peer, self.server_core, self.origin)
            else:
                self.note(f"{peer.name} is left out: it could not be had")

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def judge_origin(self):
        asked = self.origin.asked()
        if asked > len(self.rates):
            self.note(f"haproxy asked its origin {asked} times: its costs are not those of a cache")

    def cells(self):
        """In turns: all peers with the same protocol and file, one after the other."""
        for protocol in self.options.protocols:
            for size in self.options.sizes:
                for name, server in self.servers.items():
                    if protocol in server.peer.protocols and protocol in self.client.protocols:
                        yield name, protocol, size

    def prepare(self, cell):
        """Checks what a cell serves, and finds how many requests make it as long as it should be."""
        name, protocol, size = cell
        server = self.servers[name]
        began = time.monotonic()
        try:
            while True:
                try:
                    self.security[name, protocol] = load.check(server, protocol, size, 10)
                    break
                except load.Failed:
                    if not server.alive() or time.monotonic() - began > TO_START:
                        raise
                    time.sleep(0.1)
            self.rates[cell] = load.calibrate(self.client, server, protocol, size, self.load_core,
                                              self.seconds, self.limit(10))
        except load.Failed as failed:
            words = "" if server.alive() else f"; the server ended: {server.last_words()}"
            self.note(f"{' '.join(cell)} is left out: {failed}{words}")

    def limit(self, seconds):
        """The time that a cell may take, which is also what is left of all of it."""
        return max(1.0, min(seconds, self.deadline - time.monotonic()))

    def measure(self, turn, cell):
        name, protocol, size = cell
        connections, streams = load.SHAPES[protocol, size]
        try:
            for _ in range(TRIES):
                requests = max(int(self.rates[cell] * self.seconds), 2 * connections * streams)
                result = load.run(self.client, self.servers[name], protocol, size, requests,
                                  self.load_core, self.limit(PATIENCE * self.seconds + 5))
                self.rates[cell] = requests / result["seconds"]
                if result["seconds"] > self.seconds / 2:
                    break
        except load.Failed as failed:
            self.note(f"{' '.join(cell)}, round {turn + 1}: {failed}")
            return
        self.measured.append({"round": turn + 1, "peer": name, "protocol": protocol, "size": size,
                              **result})

    def run(self):
        for protocol in self.options.protocols:
            if protocol not in self.client.protocols:
                self.note(f"{protocol} is left out: {self.options.client} does not speak it")
        cells, rounds = list(self.cells()), self.options.rounds
        left = self.deadline - time.monotonic() - FIRST * len(cells)
        longest = 1.0 if self.options.quick else MOST_SECONDS
        self.seconds = min(longest, max(LEAST_SECONDS,
                                        left / (max(1, len(cells)) * rounds) - BESIDES))
        for count, cell in enumerate(cells):
            progress(f"[check {count + 1}/{len(cells)}] {' '.join(cell)}")
            self.prepare(cell)
        cells = [cell for cell in cells if cell in self.rates]
        for turn in range(rounds):
            for count, cell in enumerate(cells):
                if time.monotonic() + self.seconds + BESIDES > self.deadline:
                    self.note(f"the time was over in round {turn + 1} of {rounds}, at "
                              f"{' '.join(cell)}: --minutes {self.options.minutes:g}")
                    return
                progress(f"[round {turn + 1}/{rounds}, {count + 1}/{len(cells)}] {' '.join(cell)}")
                self.measure(turn, cell)


def main(words):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse(words)
    lock = lock_folder()
    content.make()
    chosen = [peer for peer in peers.everyone(options.before)
              if not options.peers or peer.name in [*options.peers, "before"]]
    peers.unpack(chosen)
    began = time.monotonic()
    bench = Bench(options, chosen)
    try:
        bench.start()
        bench.run()
        bench.judge_origin()
    except KeyboardInterrupt:
        bench.note("it was ended by hand")
    finally:
        bench.stop()
        progress("")
    lock.close()
    if not bench.measured:
        raise SystemExit("troika: nothing was measured")
    text = report.markdown(bench, words, time.monotonic() - began)
    print(text, end="")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.everything(bench, words), indent=1) + "\n")
    return 0
