"""The server's memory and CPU time while something goes on."""
import os
import threading

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(pid):
    """Resident bytes, 0 when the process has ended."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def cpu(pid):
    """Seconds, of user and system, of all its threads."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            # The name of the program may have spaces and parentheses.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / TICK


class Peak:
    """The most memory between two points in time."""

    def __init__(self, pid):
        self.pid, self.most = pid, memory(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._end.wait(0.05):
            self.most = max(self.most, memory(self.pid))

    def stop(self):
        self._end.set()
        self._thread.join()
        return self.most
