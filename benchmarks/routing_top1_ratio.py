"""Share of held-out sentences whose recipe our router puts first."""

from __future__ import annotations

from benchmarks.figure import Figure
from benchmarks.routing import by_words, milliseconds, ours, score

GOAL = 0.85
AT_LEAST = True


def measure() -> Figure:
    """Compare with shared words."""
    found, baseline = score(ours), score(by_words)
    return Figure(
        name="routing_top1_ratio",
        value=found.top1,
        unit="ratio",
        baseline=baseline.top1,
        n=found.inside,
        notes=f"out of scope refused {found.refused:.3f} of {found.outside} (baseline {baseline.refused:.3f}), in scope "
        f"refused {found.wrongly_refused:.3f} (baseline {baseline.wrongly_refused:.3f}); {milliseconds():.2f} ms a "
        "sentence; sentences by another hand, whose lines were never looked at; no language model; baseline: most words shared with an example",
    )


if __name__ == "__main__":
    measure().show()
