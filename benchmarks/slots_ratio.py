"""Share of held-out sentences whose slots are all filled as a person would, their recipe being given."""

from __future__ import annotations

import statistics

from benchmarks.figure import Figure
from benchmarks.routing import lines, slots_are_right

GOAL = 0.85
AT_LEAST = True
NOTHING_SAID = "show it"


def measure() -> Figure:
    """Compare with what the table alone suggests, whatever the sentence says."""
    told = [line for line in lines() if line.slots]
    return Figure(
        name="slots_ratio",
        value=statistics.mean(slots_are_right(line, line.sentence) for line in told),
        unit="ratio",
        baseline=statistics.mean(slots_are_right(line, NOTHING_SAID) for line in told),
        n=len(told),
        notes="all slots that the sentence determines; sentences by another hand, whose lines were never looked at; no language model; "
        "baseline: the likeliest columns of the table",
    )


if __name__ == "__main__":
    measure().show()
