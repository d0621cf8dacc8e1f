"""Share of held-out sentences whose recipe is among our router's first three."""

from __future__ import annotations

from benchmarks.figure import Figure
from benchmarks.routing import by_words, ours, score

GOAL = 0.95
AT_LEAST = True


def measure() -> Figure:
    """Compare with shared words."""
    found, baseline = score(ours), score(by_words)
    return Figure(
        name="routing_top3_ratio",
        value=found.top3,
        unit="ratio",
        baseline=baseline.top3,
        n=found.inside,
        notes="sentences by another hand, whose lines were never looked at; no language model; baseline: most words shared with an example",
    )


if __name__ == "__main__":
    measure().show()
