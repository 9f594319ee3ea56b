"""The measurements as tables in Markdown, and as JSON."""
import os
import statistics
import subprocess
import time

import content
import load
import machine

BASE = "nginx"  # its cost is 1
GIB = 1 << 30
WORTH_A_WORD = 0.1  # of a core: foreign load beyond this makes a cell doubtful


def cost(cell):
    """Microseconds a request of 1 KiB, seconds a GiB of the others."""
    if cell["size"] == "1k":
        return cell["server_cpu"] / cell["requests"] * 1e6
    return cell["server_cpu"] / (cell["requests"] * content.SIZES[cell["size"]]) * GIB


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def spread(values, show=number):
    if not values:
        return "–"
    middle = show(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({show(min(values))}–{show(max(values))})"


class Results:
    def __init__(self, bench):
        self.bench = bench
        self.names = [name for name in bench.servers
                      if any(cell["peer"] == name for cell in bench.measured)]
        self.columns = [(protocol, size) for protocol in bench.options.protocols
                        for size in bench.options.sizes
                        if self.of(protocol, size)]

    def of(self, protocol, size, name=None):
        return [cell for cell in self.bench.measured
                if (cell["protocol"], cell["size"]) == (protocol, size)
                and name in (None, cell["peer"])]

    def costs(self, protocol, size, name):
        return [cost(cell) for cell in self.of(protocol, size, name)]

    def ratios(self, protocol, size, name):
        """Each to the other server's in the same round."""
        base = {cell["round"]: cost(cell) for cell in self.of(protocol, size, BASE)}
        return [cost(cell) / base[cell["round"]] for cell in self.of(protocol, size, name)
                if base.get(cell["round"])]

    def table(self, of_cell, last=None):
        """A row for each server, a column for each protocol and file; `last` is a row of its own."""
        rows = [["", *(f"{protocol} {content.NAMES[size]}" for protocol, size in self.columns)],
                ["---", *["--:"] * len(self.columns)]]
        rows += [[name, *(of_cell(*column, name) for column in self.columns)] for name in self.names]
        if last:
            rows.append([last[0], *(last[1](*column) for column in self.columns)])
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def rate(cells):
    return spread([cell["requests"] / cell["seconds"] for cell in cells], lambda value: f"{value:.0f}")


def share(cells, key):
    return statistics.median(cell[key] / cell["wall"] for cell in cells)


def markdown(bench, words, seconds):
    results, parts = Results(bench), []
    command = " ".join(["./dev bench", *words])
    parts.append(f"`{command}`: {date()}, rounds: {bench.options.rounds}, {bench.seconds:.1f} s a cell, "
                 f"{seconds / 60:.1f} minutes.\n\n{system(bench)}")
    if BASE in results.names:
        parts.append(f"### Server CPU, {BASE} = 1\n\nThe median of the rounds (least–most); each ratio is "
                     f"to {BASE} in the same round.\n\n"
                     + results.table(lambda *at: "1" if at[-1] == BASE else spread(results.ratios(*at))))
    parts.append("### Server CPU\n\nMicroseconds a request (1 KiB), seconds a GiB (the others).\n\n"
                 + results.table(lambda *at: spread(results.costs(*at)), (
                     "foreign load, % of a core: median (most)",
                     lambda *at: foreign(results.of(*at)))))
    parts.append("### Requests a second\n\nIn brackets: how busy the server's core was, and the load's."
                 "\n\n" + results.table(lambda *at: throughput(results.of(*at))))
    parts.append(notes(bench, results))
    return "\n\n".join(part for part in parts if part) + "\n"


def throughput(cells):
    if not cells:
        return "–"
    return f"{rate(cells)} [{share(cells, 'server_cpu'):.0%}, {share(cells, 'load_cpu'):.0%}]"


def foreign(cells):
    values = [cell["foreign"] * 100 for cell in cells]
    return f"{statistics.median(values):.0f} ({max(values):.0f})"


def notes(bench, results):
    lines = [f"{name}: {bench.servers[name].peer.note}." for name in results.names
             if bench.servers[name].peer.note]
    usual = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
    for (name, protocol), (version, cipher, group) in bench.security.items():
        if (version, cipher) != usual:
            lines.append(f"{name}, {protocol}: the handshake came to {version}, {cipher}, {group}.")
    lines += [f"{text}." for text in bench.notes]
    doubtful = sum(cell["foreign"] > WORTH_A_WORD for cell in bench.measured)
    if doubtful:
        lines.append(f"In {doubtful} of {len(bench.measured)} cells other processes took more than "
                     f"{WORTH_A_WORD:.0%} of a core: run it again on a quiet machine.")
    lines.append("Connections × requests in flight on each: " + ", ".join(
        f"{protocol} {content.NAMES[size]} {load.SHAPES[protocol, size][0]} × "
        f"{load.SHAPES[protocol, size][1]}" for protocol, size in results.columns) + ".")
    return "\n".join("- " + line for line in lines)


def date():
    return os.environ.get("SOURCE_DATE", time.strftime("%Y-%m-%d %H:%M"))


def commit():
    return subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                          text=True).stdout.strip()


def versions(bench):
    return {name: server.peer.version() for name, server in bench.servers.items()}


def system(bench):
    found = versions(bench)
    if "troika" in found:
        found["troika"] += f" ({commit()})"
    lines = [f"{name} {version}" for name, version in found.items()]
    lines.append(f"load by {bench.options.client}, {machine.processor()}, {os.cpu_count()} cores, "
                 f"Linux {os.uname().release.split('-')[0]}")
    return "; ".join(lines) + "."


def everything(bench, words):
    return {"command": ["./dev", "bench", *words], "date": date(), "commit": commit(),
            "versions": versions(bench), "processor": machine.processor(),
            "seconds_a_cell": bench.seconds, "client": bench.options.client,
            "security": {" ".join(key): value for key, value in bench.security.items()},
            "notes": bench.notes, "cells": bench.measured}
