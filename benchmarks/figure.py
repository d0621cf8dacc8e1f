"""What a benchmark reports."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure and what it was measured against."""

    name: str
    value: float
    unit: str
    baseline: float
    n: int
    notes: str

    def as_json(self) -> dict[str, object]:
        """Return the figure as it is printed, with the ratio to its baseline."""
        ratio = round(self.value / self.baseline, 3) if self.baseline else None
        body = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        body |= {"value": round(self.value, 4), "baseline": round(self.baseline, 4)}
        return {k: body[k] for k in ("name", "value", "unit", "baseline")} | {
            "ratio": ratio,
            "n": self.n,
            "notes": self.notes,
        }

    def show(self) -> None:
        """Print the figure as one JSON line."""
        print(json.dumps(self.as_json(), ensure_ascii=False), flush=True)


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that `share` of all do not exceed (nearest rank, so the 95th of ten is the worst)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(samples: Sequence[float], digits: int = 3) -> str:
    """Return median, least and greatest of samples, for the notes."""
    low, middle, high = min(samples), statistics.median(samples), max(samples)
    return f"median {middle:.{digits}f}, {low:.{digits}f} to {high:.{digits}f}"
