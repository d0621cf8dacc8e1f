"""Processor time and memory of processes, to the nanosecond and the page."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_MB = 1 << 20


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and of its children that ended.

    A process's own clock is exact; `/proc/<pid>/stat` counts in hundredths of a second.
    """
    clock = (~pid) << 3 | 2  # clock_getcpuclockid(3)
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.clock_gettime(clock) + (int(fields[13]) + int(fields[14])) / _TICK


def rss_mb(pid: int) -> float:
    """Return the resident memory of one process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def pss_mb(pid: int) -> float:
    """Return the memory of one process, with pages that it shares counted in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def descendants(pid: int) -> list[int]:
    """Return the processes below a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def tree_cpu_s(pid: int) -> float:
    """Return the processor time of everything below a process, and of itself."""
    total = 0.0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):
            total += cpu_s(one)
    return total
