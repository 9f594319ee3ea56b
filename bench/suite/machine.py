"""What the kernel says of CPU time."""
import collections
import os

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Parent, and CPU seconds of this process, and of the children that it has waited for."""
    with open(f"/proc/{pid}/stat") as file:
        # The name of the program may have spaces and parentheses.
        fields = file.read().rpartition(")")[2].split()
    own, waited_for = (sum(map(int, fields[at:at + 2])) / TICK for at in (11, 13))
    return int(fields[1]), own, waited_for


def _of_threads(pid):
    """CPU seconds of the threads that there are, to the nanosecond; 0 where the kernel does not say."""
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
    except OSError:
        pass
    return total / 1e9


def cpu_of_tree(root):
    """CPU seconds of a process and all that descend from it."""
    used, children = {}, collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent, *used[int(name)] = _stat(name)
            except OSError:  # it has ended meanwhile
                continue
            children[parent].append(int(name))
    total, left = 0.0, [root]
    while left:
        pid = left.pop()
        own, waited_for = used.get(pid, (0.0, 0.0))
        # The first counts threads that have ended, too, but in steps of 10 ms.
        total += max(own, _of_threads(pid)) + waited_for
        left += children[pid]
    return total


def busy():
    """CPU seconds that this machine has spent on anything, and those that its host took away."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(
            int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.uname().machine
