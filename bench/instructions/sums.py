"""Sums what callgrind has counted by object file, for bench/instructions.sh:

    sums.py PROGRAM [--json] [--top] FOLDER/CASE...

where FOLDER/CASE.N is callgrind's output for N requests of the program of that name."""
import collections
import glob
import json
import os
import re
import sys

TOP = 30
RUNTIME = re.compile(r"lib(stdc\+\+|c|m|gcc_s)\.so|ld-linux|\[vdso\]")
COMPRESSED = re.compile(r"\((\d+)\)(?: (.*))?")


class Profile:
    """Instructions by (object, function), and those of each call from one to another."""

    def __init__(self, path):
        self.own = collections.Counter()
        self.calls = collections.Counter()  # (from, to): with all that is called from there
        self.files = {}
        self._names = {"ob": {}, "fl": {}, "fn": {}}
        self._read(path)

    def _name(self, kind, text):
        number, name = COMPRESSED.fullmatch(text).groups()
        if name is not None:
            self._names[kind][number] = name
        return self._names[kind][number]

    def _read(self, path):
        at_object = at_function = to_object = to_function = None
        called = False
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                line = line.rstrip("\n")
                key, _, value = line.partition("=")
                if line[:1] in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "-", "*"):
                    here, cost = (at_object, at_function), int(line.split()[1])
                    if called:
                        self.calls[here, (to_object or at_object, to_function)] += cost
                        called, to_object = False, None
                    else:
                        self.own[here] += cost
                elif key == "ob":
                    at_object = self._name("ob", value)
                elif key in ("fl", "fi", "fe"):
                    name = self._name("fl", value)
                    if key == "fl":
                        file = name
                elif key == "fn":
                    at_function = self._name("fn", value)
                    self.files.setdefault((at_object, at_function), file)
                elif key == "cob":
                    to_object = self._name("ob", value)
                elif key in ("cfi", "cfl"):
                    self._name("fl", value)
                elif key == "cfn":
                    to_function = self._name("fn", value)
                elif key == "calls":
                    called = True


def kind_of(path, program):
    name = os.path.basename(path or "???")
    if name == program:
        return "ours"
    if name.startswith("libstdc++"):
        return "libstdc++"
    return "libc" if RUNTIME.match(name) else "library"


def sums_of(profile, program):
    """Instructions by kind; those of libc are split by who called it."""
    sums = collections.Counter()
    libraries = collections.Counter()
    for (path, _), cost in profile.own.items():
        kind = kind_of(path, program)
        sums[kind] += cost
        if kind == "library":
            libraries[re.sub(r"\.so.*", "", os.path.basename(path or "???"))] += cost
    for ((caller, _), (called, _)), cost in profile.calls.items():
        if kind_of(called, program) == "libc" and kind_of(caller, program) == "library":
            sums["libc_for_libraries"] += cost
    return sums, libraries


def row_of(case, profile, requests, program):
    sums, libraries = sums_of(profile, program)
    each = lambda count: round(count / requests)
    libc = sums["libc"] - sums["libc_for_libraries"]
    return {
        "case": case,
        "requests": requests,
        "ours": each(sums["ours"]),
        "libstdc++": each(sums["libstdc++"]),
        "libc_for_us": each(libc),
        "for_us": each(sums["ours"] + sums["libstdc++"] + libc),
        "libc_for_libraries": each(sums["libc_for_libraries"]),
        "sum": each(sums["ours"] + sums["libstdc++"] + sums["libc"]),
        "libraries": {name: each(cost) for name, cost in libraries.most_common()},
    }


def top_of(profile, requests, program):
    """The dearest functions of ours: (with what the C and C++ libraries did for it, own, name, file)."""
    own = {f[1]: cost for f, cost in profile.own.items() if kind_of(f[0], program) == "ours"}
    files = {f[1]: file for f, file in profile.files.items()}
    whole = collections.Counter(own)
    for (caller, called), cost in profile.calls.items():
        # What runs before main() is on the stack while others are counted.
        if caller[1] in own and kind_of(caller[0], program) == "ours":
            if kind_of(called[0], program) in ("libc", "libstdc++"):
                whole[caller[1]] += cost
    for name, cost in whole.most_common(TOP):
        yield round(cost / requests), round(own.get(name, 0) / requests), name, files.get(name, "???")


def short(file):
    return re.sub(r"^.*/(?=(core|src|proto|tls|certs|bench|bits)/)", "", file)


def number(value):
    return f"{value:,}".replace(",", " ")


def print_table(rows):
    heads = ["case", "ours", "libstdc++", "libc for us", "**for us**", "libc for libraries",
             "**sum**", "libraries"]
    print("| " + " | ".join(heads) + " |\n|---|" + "--:|" * (len(heads) - 1))
    for row in rows:
        cells = [row["ours"], row["libstdc++"], row["libc_for_us"], row["for_us"],
                 row["libc_for_libraries"], row["sum"], sum(row["libraries"].values())]
        print(f"| {row['case']} | " + " | ".join(number(cell) for cell in cells) + " |")


def main(program, words):
    rows, profiles = [], {}
    for prefix in (word for word in words if not word.startswith("--")):
        (path,) = glob.glob(glob.escape(prefix) + ".*")
        requests = int(path.rpartition(".")[2])
        case = os.path.basename(prefix)
        profiles[case] = Profile(path)
        rows.append(row_of(case, profiles[case], requests, program))
        rows[-1]["top"] = list(top_of(profiles[case], requests, program)) if "--top" in words else []
    if "--json" in words:
        print(json.dumps(rows, indent=1))
        return
    print("Instructions a request:\n")
    print_table(rows)
    for row in rows:
        if row["top"]:
            print(f"\n{row['case']}: with libc and libstdc++ for it, own, function")
        for whole, own, name, file in row["top"]:
            print(f"{number(whole):>12} {number(own):>12}  {name[:110]}  {short(file)}")


main(sys.argv[1], sys.argv[2:])
