"""Prints what llvm-cov export found, summed up by folder: coverage_table.py CHECKOUT <summary.json"""
import collections
import json
import os
import sys

checkout = sys.argv[1]
sums = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in json.load(sys.stdin)["data"][0]["files"]:
    folder = os.path.dirname(os.path.relpath(file["filename"], checkout))
    if folder.startswith(".."):
        continue
    lines, branches = file["summary"]["lines"], file["summary"]["branches"]
    for name in (folder, "all"):
        for i, number in enumerate((lines["covered"], lines["count"], branches["covered"], branches["count"])):
            sums[name][i] += number
print(f"{'':24} {'lines':>16} {'branches':>16}")
for name in sorted(sums, key=lambda n: (n == "all", n)):
    lines, all_lines, branches, all_branches = sums[name]
    print(f"{name:24} {lines:6}/{all_lines:6} {100 * lines / max(all_lines, 1):4.1f}% "
          f"{branches:6}/{all_branches:6} {100 * branches / max(all_branches, 1):4.1f}%")
