"""Processor time that Nexus adds to a server's start."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure, spread
from benchmarks.starts import median_difference, modules_note, standby_note, starts

GOAL = 0.20


def measure() -> Figure:
    """Compare JupyterLab alone with JupyterLab and Nexus after its first status call."""
    plain, ours = ([s.cpu_s for s in one] for one in starts())
    added = [a - b for a, b in zip(ours, plain, strict=True)]
    return Figure(
        name="start_cost_cpu_s",
        value=median_difference(ours, plain),
        unit="s",
        baseline=statistics.median(plain),
        n=len(ours),
        notes=f"added to the baseline, {spread(added)}; least against least {min(ours) - min(plain):.3f}; {modules_note()}; {standby_note()}",
    )


if __name__ == "__main__":
    measure().show()
