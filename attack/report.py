"""What was measured, as a table for a terminal, as Markdown, and as JSON."""
import dataclasses
import math

from healthy import NAMES, PROTOCOLS
from verdict import MIB, MS

COLUMNS = ("attack", "protocol", "success", "p99 kept h1 h2 h3", "p99 new h1 h2 h3", "p99 visit",
           "memory", "5 s after", "CPU", "sent", "connections", "holds")


def milliseconds(seconds):
    if math.isinf(seconds):
        return "-"
    return f"{seconds / MS:.1f}" if seconds < 10 * MS else f"{seconds / MS:.0f}"


def percent(clients):
    good = sum(one.good for one in clients.values())
    bad = sum(one.bad for one in clients.values())
    share = 100 * good / (good + bad) if good + bad else 0.0
    return "100 %" if bad == 0 and good else f"{min(share, 99.9):.1f} %"


def size(number):
    for unit, at in (("MB", 1e6), ("kB", 1e3)):
        if number >= at:
            return f"{number / at:.1f} {unit}"
    return f"{number} B"


def latencies(clients, kind):
    return " ".join(milliseconds(clients[f"{kind} {protocol}"].p99) for protocol in PROTOCOLS)


def cells(attack, seen, faults):
    return (attack.name, attack.protocol, percent(seen.attacked), latencies(seen.attacked, "kept"),
            latencies(seen.attacked, "new"), milliseconds(seen.attacked["visit"].p99),
            f"{seen.rise / MIB:+.1f} MiB", f"{seen.left / MIB:+.1f} MiB",
            f"{max(0.0, seen.cpu - seen.quiet_cpu):.2f} s", size(seen.sent), str(seen.connections),
            "no" if faults else "yes")


def quiet_row(results):
    """The median of what the clients saw when there was no attack."""
    row = {}
    for name in NAMES:
        values = sorted(seen.quiet[name].p99 for _, seen, _ in results)
        row[name] = values[len(values) // 2]
    kinds = [" ".join(milliseconds(row[f"{kind} {protocol}"]) for protocol in PROTOCOLS)
             for kind in ("kept", "new")]
    return ("(quiet, median)", "", "", *kinds, milliseconds(row["visit"]), "", "", "", "", "", "")


def rows(results):
    return [quiet_row(results)] + [cells(*result) for result in results]


def terminal(results):
    table = [COLUMNS, *rows(results)]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in table) + "\n"


def markdown(results):
    table = [COLUMNS, ["---"] * len(COLUMNS), *rows(results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in table) + "\n"


def what_failed(results):
    return "".join(f"- {attack.name}: {'; '.join(faults)}\n" for attack, _, faults in results if faults)


def everything(results, about):
    def plain(value):  # JSON has no infinity
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return None if isinstance(value, float) and math.isinf(value) else value
    return {**about, "attacks": [
        {"name": attack.name, "protocol": attack.protocol, "does": attack.does, "source": attack.source,
         "faults": faults, **plain(dataclasses.asdict(seen))} for attack, seen, faults in results]}
