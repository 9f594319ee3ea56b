"""Whether the server has held: the bars, and nothing else."""
import dataclasses

MS, KIB, MIB = 1e-3, 1 << 10, 1 << 20
TIMES_QUIET, LEAST_P99 = 3, 20 * MS
# What a connection that does nothing costs: as much is no fault of an attack.
IDLE = {"plain": 16 * KIB, "h1": 40 * KIB, "h2": 64 * KIB, "h3": 96 * KIB}
PINNED = 256 * KIB  # by one connection, above an idle one
AMPLIFIED = 20  # bytes held for each that came,
RESPONSE = 128 * KIB  # beyond what a response on its way takes, whatever the size of its request
# Resident memory is no exact measure: malloc and the pool keep some of what was freed.
SLACK = 4 * MIB


@dataclasses.dataclass(frozen=True)
class Measured:
    quiet: dict  # of healthy.Seen, by client
    attacked: dict
    quiet_peak: int  # resident bytes, with the healthy clients alone
    peak: int  # with the attacker beside them
    before: int  # with nobody, before the attack
    after: int  # with nobody, 5 s after the attacker has gone
    cpu: float  # seconds of the server, in the attack
    quiet_cpu: float  # for as long a time without one
    seconds: float
    sent: int  # bytes of the attacker
    connections: int  # of the attacker, at once
    ends: dict  # how they ended, counted
    died: str = ""  # the server's last words

    @property
    def rise(self):
        return self.peak - self.quiet_peak

    @property
    def left(self):
        return self.after - self.before


def p99_bar(quiet):
    return max(TIMES_QUIET * quiet, LEAST_P99)


def memory_bar(protocol, connections, sent):
    """How far resident memory may rise."""
    amplified = max(RESPONSE * connections, AMPLIFIED * sent)
    return IDLE[protocol] * connections + min(PINNED * connections, amplified) + SLACK


def late(seen):
    """Which clients got all their responses, but not in time."""
    found = []
    for name, client in seen.attacked.items():
        if not client.bad and client.p99 > p99_bar(seen.quiet[name].p99):
            found.append(f"{name}: p99 {client.p99 / MS:.0f} ms, "
                         f"{seen.quiet[name].p99 / MS:.1f} when quiet")
    return found


def lost_or_pinned(attack, seen):
    """What no busy machine explains: responses that failed, and memory."""
    found = [f"{name}: {client.bad} of {client.good + client.bad} failed ({client.why})"
             for name, client in seen.attacked.items() if client.bad]
    bar = memory_bar(attack.protocol, seen.connections, seen.sent)
    if seen.rise > bar:
        found.append(f"memory: {seen.rise / MIB:.1f} MiB, at most {bar / MIB:.1f}")
    if seen.left > SLACK and not attack.silent:
        found.append(f"memory: {seen.left / MIB:.1f} MiB still there, at most {SLACK / MIB:.0f}")
    return found


def faults(attack, seen):
    """What does not hold, in words; nothing when all does."""
    if seen.died:
        return [f"the server {seen.died}"]
    return lost_or_pinned(attack, seen) + late(seen)


def only_late(attack, seen):
    """Whether a busy machine alone could be what does not hold."""
    return not seen.died and bool(late(seen)) and not lost_or_pinned(attack, seen)
