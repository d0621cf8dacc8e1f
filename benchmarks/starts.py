"""Server starts with and without Nexus, shared by the figures about them."""

from __future__ import annotations

import functools
import os
import statistics
from dataclasses import dataclass

from benchmarks.lab import Lab
from benchmarks.processes import descendants, pss_mb, rss_mb, tree_cpu_s

N = int(os.environ.get("NEXUS_BENCH_STARTS", "10"))


@dataclass(frozen=True)
class Start:
    """What one server cost until it answered its first status call."""

    cpu_s: float
    rss_mb: float
    modules: frozenset[str]


def start(*, nexus: bool) -> Start:
    """Start a server, ask for its status, and look."""
    with Lab(nexus=nexus, keep_warm=False) as lab:
        if nexus:
            lab.get("nexus/api/status")
        lab.wait_until_idle()  # what JupyterLab starts in the background belongs to either kind
        return Start(lab.cpu_s(), rss_mb(lab.pid), frozenset(lab.modules()))


@functools.cache
def starts(n: int = N) -> tuple[list[Start], list[Start]]:
    """Return `n` starts without and `n` with Nexus, interleaved; one of each before is thrown away."""
    start(nexus=False), start(nexus=True)
    plain: list[Start] = []
    ours: list[Start] = []
    for _ in range(n):
        plain.append(start(nexus=False))
        ours.append(start(nexus=True))
    return plain, ours


@functools.cache
def standby_note() -> str:
    """Return what the warm sandbox costs beside the server: it is a process of its own."""
    with Lab(keep_warm=True) as lab:
        lab.wait_until_idle()
        below = descendants(lab.pid)
        cpu = tree_cpu_s(lab.pid) - lab.cpu_s()
        return f"the warm sandbox, a process of its own, costs {cpu:.2f} s and {sum(map(pss_mb, below)):.0f} MB more"


def median_difference(ours: list[float], plain: list[float]) -> float:
    """Return the median of the pairwise differences: neighbours in time share the machine's mood."""
    return statistics.median(a - b for a, b in zip(ours, plain, strict=True))


def modules_note() -> str:
    """Return how many modules the two kinds of server have imported."""
    plain, ours = starts()
    return f"{len(plain[-1].modules)} modules without, {len(ours[-1].modules)} with Nexus"
