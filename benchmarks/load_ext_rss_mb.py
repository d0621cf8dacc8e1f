"""Memory that `%load_ext nexus_jupyter` adds to a kernel."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure, spread
from benchmarks.load_ext import sample

GOAL = 5
N = 20


def measure() -> Figure:
    """Compare with `%load_ext autoreload`."""
    ours, baseline = sample(N)
    memory = [cost["rss"] for cost in ours]
    return Figure(
        name="load_ext_rss_mb",
        value=statistics.median(memory),
        unit="MB",
        baseline=statistics.median(cost["rss"] for cost in baseline),
        n=N,
        notes=f"baseline: IPython's autoreload; {spread(memory, 1)}; {ours[0]['modules']:.0f} modules added",
    )


if __name__ == "__main__":
    measure().show()
