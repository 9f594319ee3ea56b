"""What ./dev attack does: one attack after the other, each at a server of its own."""
import argparse
import fcntl
import json
import multiprocessing
import os
import pathlib
import signal
import sys
import time

import catalogue
import ground
import healthy
import report
import verdict
import watch
from attacker import Attacker, Target

QUIET = 4.0  # seconds without an attack before each
SETTLED = 1.5  # seconds after the last client has gone until memory is what nobody holds
LEAD = 0.5  # seconds that the healthy clients are there before the attacker, and after it
AFTER = 5.0  # until what an attacker held has to be free
TRIES = 2  # at an attack that does not hold in time alone: a busy machine does that, too
PATIENCE = 5.0  # an attacker is ended so many seconds after its time is over
LONGEST = 120  # seconds of one attack


def parse(words):
    parser = argparse.ArgumentParser(
        prog="./dev attack", description="Attacks the server as bounded loopback clients, each beside "
        "healthy clients of another address on every protocol, and says what those saw and what it "
        "cost. Exit code 1 when one of the bars of docs/attack.md does not hold.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; globs match: 'h2-*'")
    parser.add_argument("--seconds", type=float, default=10, metavar="N",
                        help="of each attack, at most %d (%%(default)s)" % LONGEST)
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="of the server (%(default)s)")
    parser.add_argument("--server-option", action="append", default=[], metavar="OPTION",
                        help="for the server: --server-option=--memory --server-option=256M")
    parser.add_argument("--markdown", action="store_true", help="the table in Markdown")
    parser.add_argument("--json", metavar="FILE", help="write every measurement there, too")
    parser.add_argument("--list", action="store_true", help="name the attacks, run none")
    options = parser.parse_args(words)
    if not 1 <= options.seconds <= LONGEST:
        parser.error(f"--seconds is from 1 to {LONGEST}")
    if options.workers < 1:
        parser.error("--workers is at least 1")
    return options


def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def say(text):
    progress("")
    print(f"troika: {text}", file=sys.stderr, flush=True)


def attacking(attack, target, seconds, said):
    """In a process of its own, which says in the end what it has done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ground.dies_with_parent(ground.CLIENTS_NICE, 1 << 16)()
    run = Attacker(target, seconds)
    trouble = ""
    try:
        attack.run(run)
    except Exception as error:  # the numbers are worth having all the same
        trouble = f"{type(error).__name__}: {error}"
    said.send({"sent": run.bytes, "connections": run.most_open, "ends": dict(run.ends),
               "trouble": trouble})


class Round:
    """One attack, from the server's start to its end."""

    def __init__(self, addresses, options):
        self.addresses, self.options = addresses, options
        self.server = self.clients = self.process = None

    def healthy(self, seconds, first_page):
        self.clients = healthy.Clients(self.server, self.addresses.server, seconds, first_page)

    def measure(self, attack):
        self.server = ground.Server(self.addresses.server, self.options.workers,
                                    self.options.server_option)
        pid, seconds = self.server.process.pid, self.options.seconds
        self.healthy(0.5, 0)  # what a server does only once is not of interest
        self.clients.finish()
        began, used, peak = time.monotonic(), watch.cpu(pid), watch.Peak(pid)
        self.healthy(QUIET, 10)
        quiet = self.clients.finish()
        quiet_rate = (watch.cpu(pid) - used) / (time.monotonic() - began)
        quiet_peak = peak.stop()
        time.sleep(SETTLED)
        before, used, began = watch.memory(pid), watch.cpu(pid), time.monotonic()
        peak = watch.Peak(pid)
        self.healthy(seconds + 2 * LEAD, 200)
        time.sleep(LEAD)
        done = self.attack(attack)
        gone = time.monotonic()
        seen = self.clients.finish()
        cpu, took = watch.cpu(pid) - used, time.monotonic() - began
        most = peak.stop()
        time.sleep(max(0.0, gone + AFTER - time.monotonic()))
        after = watch.memory(pid)
        died = "" if self.server.alive() else self.server.last_words()
        if done["trouble"]:
            say(f"{attack.name}: the attacker failed: {done['trouble']}")
        return verdict.Measured(
            quiet=quiet, attacked=seen, quiet_peak=quiet_peak, peak=most, before=before, after=after,
            cpu=cpu,
            quiet_cpu=quiet_rate * took, seconds=seconds, sent=done["sent"],
            connections=done["connections"], ends=done["ends"], died=died)

    def attack(self, attack):
        target = Target(self.addresses.server, self.server.port, self.server.plain,
                        self.addresses.attacker)
        ours, theirs = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.get_context("fork").Process(
            target=attacking, args=(attack, target, self.options.seconds, theirs), daemon=True)
        self.process.start()
        theirs.close()
        try:
            done = ours.recv() if ours.poll(self.options.seconds + PATIENCE) else None
        except EOFError:
            done = None
        self.end_attacker()
        return done or {"sent": 0, "connections": 0, "ends": {}, "trouble": "it said nothing"}

    def end_attacker(self):
        if self.process is not None:
            self.process.join(0.5)
            if self.process.is_alive():
                self.process.kill()
                self.process.join()

    def end(self):
        self.end_attacker()
        if self.clients is not None:
            self.clients.kill()
        if self.server is not None:
            self.server.stop()


def lock_folder():
    ground.WORK.mkdir(parents=True, exist_ok=True)
    lock = open(ground.WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("troika: ./dev attack runs in this folder already") from None
    return lock


def run(attacks, addresses, options):
    results = []
    for count, attack in enumerate(attacks):
        progress(f"[{count + 1}/{len(attacks)}] {attack.name}: {attack.does}")
        for _ in range(TRIES):
            one = Round(addresses, options)
            try:
                seen = one.measure(attack)
            finally:
                one.end()
            found = verdict.faults(attack, seen)
            if not verdict.only_late(attack, seen):
                break
        results.append((attack, seen, found))
        if found:
            say(f"{attack.name}: " + "; ".join(found))
        elif not sys.stderr.isatty():
            say(f"{attack.name}: holds")
    progress("")
    return results


def main(words):
    options = parse(words)
    attacks = catalogue.chosen(options.names)
    if options.list:
        width = max(len(one.name) for one in attacks)
        for one in attacks:
            print(f"{one.name:{width}}  {one.protocol:5}  {one.does} ({one.source})")
        return 0
    if not os.access(ground.BINARY, os.X_OK):
        raise SystemExit(f"troika: there is no {ground.BINARY}: ./dev build makes it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lock = lock_folder()
    ground.make_site()
    addresses, lacking = ground.enter_network()
    if lacking:
        say(lacking)
    results, began = [], time.monotonic()
    try:
        results = run(attacks, addresses, options)
    except KeyboardInterrupt:
        say("it was ended by hand")
        return 130
    finally:
        lock.close()
    print(report.markdown(results) if options.markdown else report.terminal(results), end="")
    if failed := report.what_failed(results):
        print("\nWhat does not hold:\n\n" + failed, end="")
    if options.json:
        about = {"command": ["./dev", "attack", *words], "date": time.strftime("%Y-%m-%d %H:%M"),
                 "workers": options.workers, "load": os.getloadavg()[1], "cores": os.cpu_count(),
                 "seconds": round(time.monotonic() - began)}
        pathlib.Path(options.json).write_text(
            json.dumps(report.everything(results, about), indent=1) + "\n")
    return 1 if any(found for _, _, found in results) else 0
