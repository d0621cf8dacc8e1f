"""How much later the first word of an answer comes because the broker is a process of its own."""

from __future__ import annotations

import statistics

from benchmarks.broker_overhead_ms import samples
from benchmarks.figure import Figure, percentile

GOAL = 5
N = 300


def measure() -> Figure:
    """Compare with the same call made by litellm in this process, in turn."""
    theirs, ours = ([first for first, _ in both] for both in samples(N))
    return Figure(
        name="first_token_overhead_ms",
        value=statistics.median(ours) - statistics.median(theirs),
        unit="ms",
        baseline=statistics.median(theirs),
        n=N,
        notes=f"median with the broker less median without; 95th {percentile(ours, 0.95):.1f} and"
        f" {percentile(theirs, 0.95):.1f} ms; baseline: litellm in the caller's process",
    )


if __name__ == "__main__":
    measure().show()
