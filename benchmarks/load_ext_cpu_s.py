"""Processor time that `%load_ext nexus_jupyter` takes in a kernel."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure, spread
from benchmarks.load_ext import sample

GOAL = 0.05
N = 20


def measure() -> Figure:
    """Compare with `%load_ext autoreload`."""
    ours, baseline = sample(N)
    cpu = [cost["cpu"] for cost in ours]
    return Figure(
        name="load_ext_cpu_s",
        value=statistics.median(cpu),
        unit="s",
        baseline=statistics.median(cost["cpu"] for cost in baseline),
        n=N,
        notes=f"baseline: IPython's autoreload; {spread(cpu)}; {ours[0]['modules']:.0f} modules added",
    )


if __name__ == "__main__":
    measure().show()
