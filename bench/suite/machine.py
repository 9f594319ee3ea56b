"""What the kernel says of CPU time."""
import collections
import os

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Parent, and CPU seconds of this process and of the children that it has waited for."""
    with open(f"/proc/{pid}/stat") as file:
        # The name of the program may have spaces and parentheses.
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def cpu_of_tree(root):
    """CPU seconds of a process and all that descend from it."""
    used, children = {}, collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent, used[int(name)] = _stat(name)
            except OSError:  # it has ended meanwhile
                continue
            children[parent].append(int(name))
    total, left = 0.0, [root]
    while left:
        pid = left.pop()
        total += used.get(pid, 0.0)
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
