#!/usr/bin/env python3
"""Makes the tables of docs/congestion.md: how long a page takes over links of many kinds, with each
congestion control, and what each leaves to a TCP flow beside it. Needs root, for ./dev link.

    ./dev build release troika link fetch && bench/congestion.py

It ends after 25 minutes, whatever is left. Every run has a link of its own, so two go on at a time.
A run of less than 12 s in which the link passed packets on more than half a millisecond late on average,
as the machine was busy, is made again, at most twice, and then left out.
"""
import argparse
import concurrent.futures
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build/release"
SERVER, PORT, OTHER_PORT = "10.77.0.1", 8443, 8444
RATE = 100  # Mbit/s
LONGEST = 20  # seconds of one run
LATE, TRIES = 0.5, 3  # ms on average: the run is made again
SLOW = 12  # seconds: a run like that is not repeated
QUEUES = {"shallow": 0.25, "deep": 1.5}  # in products of bandwidth and delay
KINDS = ["h3 cubic", "h3 bbr", "h3 reno", "h2 cubic", "h2 bbr"]
RTTS, LOSSES = [10, 50, 150], ["0", "0.1", "1", "3"]


@dataclass
class Cell:
    table: str
    kind: str  # protocol and congestion control
    rtt: int  # ms
    loss: str  # percent, each way
    queue: float  # bytes
    path: str = "/page"
    count: int = 100
    ack: int = 2
    results: list = field(default_factory=list)


def queue_bytes(name, rtt):
    return QUEUES[name] * RATE * 1e6 / 8 * rtt / 1e3


def cells():
    made = []
    for queue in QUEUES:
        for kind in KINDS:
            if queue == "shallow" and kind.startswith("h2"):
                continue
            made += [Cell(f"page {queue}", kind, rtt, loss, queue_bytes(queue, rtt))
                     for rtt in RTTS for loss in LOSSES]
    for kind in KINDS[:3]:
        made += [Cell("acks page", kind, rtt, loss, queue_bytes("deep", rtt), ack=ack)
                 for rtt in RTTS for loss in ("0", "1") for ack in (10, 25)]
        made += [Cell("acks file", kind, 50, loss, queue_bytes("shallow", 50), path="/file",
                      count=16, ack=ack)
                 for loss in ("0", "0.1") for ack in (2, 10, 25)]
    return made


class Lab:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.lags, self.left_out = [], 0
        site = self.folder / "site"
        site.mkdir()
        (site / "page").write_bytes(os.urandom(50 * 1024))
        (site / "file").write_bytes(os.urandom(1 << 20))
        (site / "long").write_bytes(os.urandom(80 << 20))
        # Made once, or two runs at a time would both make it.
        self.servers("true", "cubic", PORT, "prepared")

    def serve(self, congestion, port, banner):
        return (f"TROIKA_STATE_DIR={self.folder}/state exec {PROGRAMS}/troika serve {self.folder}/site"
                f" --workers 1 --access-log off --listen {SERVER}:{port} --congestion {congestion}"
                f" 2>{banner}")

    def servers(self, client, congestion, port, name):
        self.link(["--rate", "1Gbit"], self.serve(congestion, port, self.folder / name),
                  self.wait_for(self.folder / name) + client)

    @staticmethod
    def wait_for(*banners):
        return "".join(f"until grep -q '^Try it' {b} 2>/dev/null; do sleep 0.05; done; "
                       for b in banners)

    def link(self, options, server, client, limit=LONGEST):
        """What the client said; "" if it did not end well in time, None if the machine was too busy."""
        for _ in range(1, TRIES + 1):
            begun = time.monotonic()
            said, late = self.link_once(options, server, client, limit)
            if late <= LATE or time.monotonic() - begun > SLOW:
                self.lags.append(late)
                return said
        self.left_out += 1
        return None

    @staticmethod
    def link_once(options, server, client, limit):
        done = subprocess.run(
            [PROGRAMS / "link", *options, "--for", f"{limit}s", "--server", server, "--client",
             client], capture_output=True, text=True, timeout=limit + 30, stdin=subprocess.DEVNULL)
        late = re.search(r"passed on ([\d.e-]+)ms after", done.stderr)
        late = float(late[1]) if late else 0
        if done.returncode == 0:
            return done.stdout, late
        if "its time is over" not in done.stderr:
            print(done.stderr, done.stdout, file=sys.stderr)
        return "", late

    def fetch(self, protocol, port, rest):
        return f"{PROGRAMS}/fetch --{protocol} --connect {SERVER}:{port} {rest}"

    def page(self, cell, seed):
        """Seconds, with the handshake, as a list; None: too many; no element: not measured."""
        protocol, congestion = cell.kind.split()
        with tempfile.TemporaryDirectory(dir=self.folder) as own:
            banner = Path(own) / "banner"
            acks = f" --ack-every {cell.ack}" if cell.ack != 2 else ""
            said = self.link(
                ["--delay", f"{cell.rtt / 2}ms", "--rate", f"{RATE}Mbit", "--loss", f"{cell.loss}%",
                 "--queue", f"{cell.queue / 1024:.1f}k", "--seed", str(seed)],
                f"rm -f {banner}; " + self.serve(congestion, PORT, banner),
                f"sleep 0.1; {self.wait_for(banner)}" + self.fetch(
                    protocol, PORT,
                    f"--parallel {cell.count} --repeat {cell.count}{acks} --json {cell.path}"))
        if said is None:
            return []
        return [json.loads(said)["seconds"] if said else None]

    def share(self, kind, kib, seed):
        """Percent of the bytes that the TCP CUBIC flow has got of 20 seconds, after the first 5; and
        how much of the line the two have used."""
        protocol, congestion = kind.split()
        with tempfile.TemporaryDirectory(dir=self.folder) as own:
            banners = [Path(own) / "cubic", Path(own) / "other"]
            # A second try must not find the banners of the first.
            server = f"rm -rf {own}/*; " + " ".join(f"({self.serve(c, p, b)}) &" for c, p, b in zip(
                ("cubic", congestion), (PORT, OTHER_PORT), banners)) + " wait"
            sizes = f"stat -c %s {own}/a/0 {own}/b/0"
            flows = [self.fetch(protocol_, port, f"--timeout 60s --out {own}/{out} /long >/dev/null 2>&1 &")
                     for protocol_, port, out in (("h2", PORT, "a"), (protocol, OTHER_PORT, "b"))]
            said = self.link(
                ["--delay", "25ms", "--rate", "20Mbit", "--queue", f"{kib}k", "--seed", str(seed)],
                server, f"sleep 0.5; mkdir {own}/a {own}/b; {self.wait_for(*banners)}" + " ".join(flows) +
                f" sleep 5; {sizes}; sleep 20; {sizes}", 60)
        if not said:
            return []
        before_a, before_b, a, b = map(int, said.split())
        a, b = a - before_a, b - before_b
        return [(100 * a / (a + b), 100 * (a + b) * 8 / 20e6 / 20)]


def text_of(results, timed_out=f"> {LONGEST}"):
    if not results:
        return "–"
    if None in results:
        return timed_out
    middle = statistics.median(results)
    digits = 2 if middle < 10 else 1
    return f"{middle:.{digits}f}"


def print_table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" + "--:|" * (len(heads) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def report(made, shares, lab):
    def find(**wanted):
        return [c for c in made if all(getattr(c, k) == v for k, v in wanted.items())]

    for queue in QUEUES:
        table = f"page {queue}"
        kinds = [k for k in KINDS if find(table=table, kind=k)]
        print(f"### 100 × 50 KiB at {RATE} Mbit/s, a queue of {QUEUES[queue]} × bandwidth × delay, seconds\n")
        print_table(["round trip, loss"] + kinds,
                    [[f"{rtt} ms, {loss} %"] + [text_of(c.results) for k in kinds for c in find(
                        table=table, kind=k, rtt=rtt, loss=loss)] for rtt in RTTS for loss in LOSSES])
    print("### The same page with the deep queue, acknowledgements every 2, 10, 25 packets, seconds\n")
    heads = [f"{k[3:]}, every {a}" for k in KINDS[:3] for a in (2, 10, 25)]
    rows = []
    for rtt in RTTS:
        for loss in ("0", "1"):
            row = [f"{rtt} ms, {loss} %"]
            for kind in KINDS[:3]:
                row += [text_of(c.results) for c in find(table="page deep", kind=kind, rtt=rtt, loss=loss)]
                row += [text_of(c.results) for c in find(table="acks page", kind=kind, rtt=rtt, loss=loss)]
            rows.append(row)
    print_table(["round trip, loss"] + heads, rows)
    print("### 16 files of 1 MiB at 50 ms with the shallow queue, seconds\n")
    print_table(["loss"] + heads, [[f"{loss} %"] + [text_of(c.results) for k in KINDS[:3] for c in find(
        table="acks file", kind=k, loss=loss)] for loss in ("0", "0.1")])
    print("### What a TCP CUBIC flow gets beside another one, percent, at 20 Mbit/s and 50 ms "
          "(in brackets how much of the line both use)\n")
    queues = sorted({q for _, q in shares})
    print_table(["beside"] + [f"queue of {q} KiB" for q in queues],
                [[k] + [share_text(shares[k, q]) for q in queues] for k in dict.fromkeys(k for k, _ in shares)])
    if lab.lags:
        print(f"{len(lab.lags)} runs, and {lab.left_out} that were left out; the links passed packets on "
              f"{statistics.median(lab.lags):.2f} ms after their time (median of the runs' averages).")


def share_text(results):
    if not results:
        return "–"
    return f"{statistics.median(r[0] for r in results):.0f} ({statistics.median(r[1] for r in results):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of each cell; the median counts (3)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    parser.add_argument("--minutes", type=float, default=25, help="then it ends (25)")
    parser.add_argument("--only", default="", help="only the tables that begin so: page, acks, share")
    parser.add_argument("--raw", help="a file for every single result")
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60 - 60
    made = [c for c in cells() if c.table.startswith(options.only)]
    shares = {}
    if "share".startswith(options.only):
        shares = {(k, q): [] for k in KINDS for q in (32, 128, 512)}
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(folder)
        jobs = [("page", c) for c in made] + [("share", k) for k in shares]
        total, done = len(jobs) * options.runs, 0

        def run(what, key, seed):
            if time.monotonic() > end:
                return
            if what == "share":
                shares[key] += lab.share(*key, seed)
            elif not any(r is None or r > SLOW for r in key.results):
                key.results += lab.page(key, seed)

        # Round by round, so that what disturbs one round does not disturb all runs of a cell.
        for seed in range(1, options.runs + 1):
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                tasks = {pool.submit(run, *job, seed): job for job in jobs}
                for task in concurrent.futures.as_completed(tasks):
                    task.result()
                    done += 1
                    what, key = tasks[task]
                    said = f"{key.table} {key.kind} {key.rtt} ms {key.loss} %: {key.results}" if what == "page" \
                        else f"share {key}: {shares[key]}"
                    print(f"[{done}/{total}] {said}", file=sys.stderr)
        if options.raw:
            Path(options.raw).write_text(json.dumps({
                "cells": [vars(c) for c in made], "shares": [[*k, v] for k, v in shares.items()],
                "lags": lab.lags}))
        report(made, shares, lab)


if __name__ == "__main__":
    main()
