"""The table of all attacks: each is one function, which says here what it is."""
import dataclasses
import fnmatch
import typing

ROOMS = ("over_h1", "over_tls", "over_h2", "over_h3", "over_quic", "computing")


@dataclasses.dataclass(frozen=True)
class Attack:
    name: str
    protocol: str  # what an idle connection costs depends on it: see verdict.IDLE
    does: str
    source: str  # a row of the security catalogue, a finding of the audit, a CVE
    run: typing.Callable
    silent: bool = False  # the server cannot see that the attacker has gone


_table = []


def attack(name, protocol, source, does, silent=False):
    """For a function that takes an attacker.Attacker and attacks until its time is over."""
    def add(function):
        _table.append(Attack(name, protocol, does, source, function, silent))
        return function
    return add


def everything():
    if not _table:
        for room in ROOMS:
            __import__(room)
    return list(_table)


def chosen(patterns):
    """Those whose name matches one of the patterns; all without any."""
    found = everything()
    if not patterns:
        return found
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(one.name, pattern) for one in found):
            raise SystemExit(f"troika: no attack is named {pattern}; ./dev attack --list names them")
    return [one for one in found if any(fnmatch.fnmatchcase(one.name, p) for p in patterns)]
