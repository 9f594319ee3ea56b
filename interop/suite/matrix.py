"""The outcome as a table: on the terminal, as one HTML page, in Markdown."""
import collections
import html
import pathlib

from outcome import FAILED, LIMIT, NOT_APPLICABLE, PASSED

NETWORK = "network: "  # what the names of clients on the bad network begin with
WORD = {PASSED: "ok", FAILED: "FAILED", NOT_APPLICABLE: "n/a", LIMIT: "limit"}
COLOUR = {PASSED: "\033[32m", FAILED: "\033[1;31m", NOT_APPLICABLE: "\033[2m", LIMIT: "\033[33m"}
MEANING = {
    PASSED: "status, fields and bytes (SHA-256) are right, and the protocol was the one asked for",
    FAILED: "something of that is not",
    NOT_APPLICABLE: "this client cannot ask for it",
    LIMIT: "the client itself fails at it: its own limit, not counted as passed",
}
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1a2130;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2rem 0 .4rem}
table{border-collapse:collapse}td,th{border:1px solid #d5dae2;padding:.25rem .6rem;text-align:left;vertical-align:top}
th{background:#f2f4f8;font-weight:600}td.c{text-align:center;font-variant-numeric:tabular-nums}
.passed{background:#dff3e3}.failed{background:#f7c6c5;font-weight:700}.na{background:#eceef2;color:#5d6675}
.limit{background:#fdeec4}small{color:#5d6675}code,pre{font:13px/1.4 ui-monospace,monospace}
pre{background:#f2f4f8;padding:.6rem;overflow-x:auto;white-space:pre-wrap;word-break:break-all;margin:.3rem 0 0}
@media(prefers-color-scheme:dark){body{background:#12161d;color:#dfe4ec}td,th{border-color:#333c4a}
th,pre{background:#1c232e}.passed{background:#173f24}.failed{background:#6d1f1f}.na{background:#222832}.limit{background:#4d3d0d}}
"""


class Report:
    def __init__(self, results, versions, seconds, when):
        self.results, self.versions, self.seconds, self.when = results, versions, seconds, when
        self.notes = []
        self.groups = collections.OrderedDict()  # client -> (protocols, names, cells)
        for case, outcome in results:
            protocols, names, cells = self.groups.setdefault(case.client, ([], [], {}))
            if case.protocol not in protocols:
                protocols.append(case.protocol)
            if case.name not in names:
                names.append(case.name)
            cells[case.name, case.protocol] = outcome

    def counts(self):
        counted = collections.Counter(outcome.state for _, outcome in self.results)
        return ", ".join(f"{counted[state]} {word}" for state, word in (
            (PASSED, "passed"), (FAILED, "failed"), (LIMIT, "a client's own limit"),
            (NOT_APPLICABLE, "not applicable")))

    def of_state(self, *states):
        return [(c, o) for c, o in self.results if o.state in states]

    # --- the terminal ---------------------------------------------------------------------------
    def print_to(self, out):
        colour = out.isatty()
        for client, (protocols, names, cells) in self.groups.items():
            width = max(28, *map(len, names)) + 4
            title = f"{client} {self.versions.get(client, '')}".strip()
            out.write("\n" + title[:width - 1].ljust(width) + "".join(p.ljust(9) for p in protocols) + "\n")
            for name in names:
                row = ["  " + name.ljust(width - 2)]
                for protocol in protocols:
                    outcome = cells.get((name, protocol))
                    word = WORD[outcome.state] if outcome else "-"
                    row.append(COLOUR[outcome.state] + word.ljust(9) + "\033[0m"
                               if colour and outcome else word.ljust(9))
                out.write("".join(row).rstrip() + "\n")
        self._print_reasons(out)
        for name in ("server", "system"):
            out.write(f"{name}: {self.versions[name]}\n")
        for note in self.notes:
            out.write(note + "\n")
        out.write(f"{self.counts()}; {self.seconds:.0f} s; the page: interop/report.html\n")

    def _print_reasons(self, out):
        out.write("\n")
        by_reason = collections.defaultdict(list)
        for case, outcome in self.of_state(NOT_APPLICABLE, LIMIT):
            by_reason[outcome.state, outcome.reason].append(case.key)
        for (state, reason), keys in by_reason.items():
            out.write(f"{WORD[state]}: {', '.join(keys)}\n    {reason}\n")
        for case, outcome in self.of_state(FAILED):
            out.write(f"FAILED {case.key}: {outcome.reason}\n")
            for command in outcome.commands:
                out.write(f"    {command}\n")
        if self.of_state(FAILED):
            out.write("The commands are for a second terminal: ./dev interop --serve runs the server.\n")

    # --- the page -------------------------------------------------------------------------------
    def write_html(self, file):
        text = ["<!doctype html><html lang=en><meta charset=utf-8>"
                "<meta name=viewport content='width=device-width'>"
                f"<title>Troika: interop</title><style>{STYLE}</style>",
                f"<h1>Troika: interop</h1><p>{html.escape(self.when)} · {self.counts()} · "
                f"{self.seconds:.0f} s</p>"]
        text += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        text.append("<p>" + " ".join(
            f"<span class={css(state)}>&nbsp;{WORD[state]}&nbsp;</span> {meaning}." for state, meaning
            in MEANING.items()) + " Numbers are seconds.</p>")
        text += self._html_failures()
        for client, group in self.groups.items():
            text += self._html_table(client, *group)
        text += self._html_reasons()
        text.append("<h2>Versions</h2><table>" + "".join(
            f"<tr><th>{html.escape(name)}<td>{html.escape(version)}" for name, version
            in self.versions.items()) + "</table></html>\n")
        pathlib.Path(file).write_text("\n".join(text))

    def _html_failures(self):
        failed = self.of_state(FAILED)
        if not failed:
            return []
        text = ["<h2>Failures</h2><p>Each command shows it again while <code>./dev interop --serve"
                "</code> runs in another terminal, from the top of the repository.</p>"]
        for case, outcome in failed:
            text.append(f"<p id='{html.escape(anchor(case.key))}'><b>{html.escape(case.key)}</b>: "
                        f"{html.escape(outcome.reason)}<pre>"
                        f"{html.escape(chr(10).join(outcome.commands))}</pre>")
        return text

    def _html_table(self, client, protocols, names, cells):
        text = [f"<h2>{html.escape(client)} <small>{html.escape(self.versions.get(client, ''))}"
                "</small></h2><table><tr><th>"
                + "".join(f"<th>{html.escape(p)}" for p in protocols)]
        for name in names:
            row = f"<tr><th>{html.escape(name)}"
            for protocol in protocols:
                outcome = cells.get((name, protocol))
                if outcome is None:
                    row += "<td>"
                    continue
                hint = outcome.reason or "; ".join(outcome.commands)
                word = WORD[outcome.state]
                if outcome.state == FAILED:
                    word = f"<a href='#{html.escape(anchor(f'{client}/{protocol}/{name}'))}'>{word}</a>"
                time = f" <small>{outcome.seconds:.1f}</small>" if outcome.seconds >= .05 else ""
                row += f"<td class='c {css(outcome.state)}' title=\"{html.escape(hint)}\">{word}{time}"
            text.append(row)
        text.append("</table>")
        return text

    def _html_reasons(self):
        rows = [f"<tr><td class={css(o.state)}>{WORD[o.state]}<td>{html.escape(c.key)}<td>"
                f"{html.escape(o.reason)}" for c, o in self.of_state(LIMIT, NOT_APPLICABLE)]
        return ["<h2>Limits of clients, and what does not apply</h2><table>", *rows, "</table>"] if rows else []

    # --- docs/interop.md --------------------------------------------------------------------------
    def write_markdown(self, file):
        networks = {client: group for client, group in self.groups.items() if client.startswith(NETWORK)}
        clients = {client: group for client, group in self.groups.items() if client not in networks}
        text = ["# The last full run", "",
                "Written by `./dev interop --markdown docs/interop.md`;",
                "[interop/README.md](../interop/README.md) describes the cases.", "",
                f"{self.when}, {self.versions['server']}, {self.versions['system']}:",
                f"{self.counts()}; {self.seconds:.0f} s.", ""]
        if clients:
            text += ["## Clients", "", "Cases that passed, of those that the client can run.", "",
                     *self._markdown_clients(clients), ""]
        if networks:
            text += ["## Network cases", "", *self._markdown_networks(networks), ""]
        rest = [f"| {WORD[o.state]} | {c.key} | {' '.join(o.reason.split()).replace('|', chr(92) + '|')} |"
                for c, o in self.of_state(FAILED, LIMIT, NOT_APPLICABLE)]
        if rest:
            text += ["## Cases that did not pass, and why", "",
                     "n/a: the client cannot ask for it. limit: the client itself fails at it.", "",
                     "| | case | reason |", "|---|---|---|", *rest, ""]
        pathlib.Path(file).write_text("\n".join(text))

    def _markdown_clients(self, clients):
        """One row a client: how many cases of each protocol passed, of those that it can run."""
        protocols = list(dict.fromkeys(p for own, _, _ in clients.values() for p in own))
        yield "| client | version | " + " | ".join(protocols) + " |"
        yield "|---|---|" + "---|" * len(protocols)
        for client, (_, _, cells) in clients.items():
            row = [client, self.versions.get(client, "")]
            for protocol in protocols:
                states = collections.Counter(o.state for (_, p), o in cells.items() if p == protocol)
                able = states[PASSED] + states[FAILED]
                row.append(f"{states[PASSED]}/{able}" if able else "")
            yield "| " + " | ".join(row) + " |"

    def _markdown_networks(self, networks):
        yield "| case | " + " | ".join(name.removeprefix(NETWORK) for name in networks) + " |"
        yield "|---|" + "---|" * len(networks)
        for name in dict.fromkeys(n for _, names, _ in networks.values() for n in names):
            cells = (cells.get((name, "h3")) for _, _, cells in networks.values())
            yield f"| {name} | " + " | ".join(WORD[o.state] if o else "" for o in cells) + " |"


def css(state):
    return "na" if state == NOT_APPLICABLE else state


def anchor(key):
    return "".join(c if c.isalnum() else "-" for c in key)
