"""./dev fuzz --all: runs every fuzz target for some seconds of CPU time, two at once.

Each first replays its corpora: the one in tests/fuzz/corpus, and what earlier runs have found, in
build/fuzz/corpus. A line for each target says how many inputs it ran, how many were new, and what it
found. The exit status is 1 if there was a finding; its input is kept at the path that is printed.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AT_ONCE = 2
# An input that takes so long is a finding: the slowest of the corpora takes a few hundredths.
SECONDS_AN_INPUT = 20
# How soon long inputs are tried, 0 to 100: lists of operations are worth more when they are long.
LENGTH_CONTROL = 10


class Target:
    def __init__(self, name, seconds, build):
        self.name, self.seconds = name, seconds
        self.findings = os.path.join(build, "findings", name)
        self.log = os.path.join(build, "findings", name + ".log")
        found = os.path.join(build, "corpus", name)
        own = os.path.join(ROOT, "tests/fuzz/corpus", name)
        for folder in self.findings, found:
            os.makedirs(folder, exist_ok=True)
        self.before = set(os.listdir(self.findings))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(build, "tests", "fuzz_" + name), "-print_final_stats=1",
                 f"-timeout={SECONDS_AN_INPUT}", f"-len_control={LENGTH_CONTROL}",
                 f"-artifact_prefix={self.findings}/", found, own],
                stdout=log, stderr=log, start_new_session=True)
        self.told_to_stop = False

    def cpu_seconds(self):
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ended(self):
        """Looks after the process; libFuzzer ends at SIGUSR1 after the input that it is at."""
        if self.process.poll() is not None:
            return True
        if not self.told_to_stop and self.cpu_seconds() >= self.seconds:
            self.process.send_signal(signal.SIGUSR1)
            self.told_to_stop = True
        return False

    def report(self):
        """One line; whether all is well."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            text = log.read()
        runs, new = (last_number(text, f"stat::{what}:\\s*")
                     for what in ("number_of_executed_units", "new_units_added"))
        kept = sorted(set(os.listdir(self.findings)) - self.before)
        # With -timeout, slow inputs that do end are kept as well, as slow-unit-*.
        kept = [each for each in kept if not each.startswith("slow-unit")]
        well = self.process.returncode == 0 and not kept
        line = f"{self.name:18} {runs:>9} runs {new:>6} new units"
        if well:
            print(f"{line}  no finding", flush=True)
            return True
        where = ", ".join(os.path.join(self.findings, each) for each in kept) or self.log
        print(f"{line}  FOUND {what_failed(text)}: {where}", flush=True)
        return False


def last_number(text, before):
    found = re.findall(before + r"(\d+)", text)
    return int(found[-1]) if found else 0


def what_failed(text):
    for pattern in (r"^does not hold: (.*)", r"^SUMMARY: (.*)", r"^==\d+== ?ERROR: (.*)"):
        if found := re.search(pattern, text, re.MULTILINE):
            return found[1]
    return "an end without a reason"


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz --all", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0,
                        help="of CPU time for each target (default: 60)")
    parser.add_argument("--only", metavar="PATTERN", help="a regular expression of names")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/fuzz"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = sorted(os.listdir(os.path.join(ROOT, "tests/fuzz/corpus")))
    if options.only:
        names = [each for each in names if re.fullmatch(options.only, each)]
    running, well = [], True
    try:
        while names or running:
            while names and len(running) < AT_ONCE:
                running.append(Target(names.pop(0), options.seconds, options.build))
            time.sleep(0.1)
            for each in [each for each in running if each.ended()]:
                running.remove(each)
                well = each.report() and well
    finally:
        for each in running:
            each.process.kill()
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
