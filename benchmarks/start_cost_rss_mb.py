"""Memory that Nexus adds to a server."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure, spread
from benchmarks.starts import median_difference, modules_note, starts

GOAL = 20


def measure() -> Figure:
    """Compare JupyterLab alone with JupyterLab and Nexus after its first status call."""
    plain, ours = ([s.rss_mb for s in one] for one in starts())
    added = [a - b for a, b in zip(ours, plain, strict=True)]
    return Figure(
        name="start_cost_rss_mb",
        value=median_difference(ours, plain),
        unit="MB",
        baseline=statistics.median(plain),
        n=len(ours),
        notes=f"added to the baseline, {spread(added, 1)}; {modules_note()}",
    )


if __name__ == "__main__":
    measure().show()
