"""How long the broker takes to give a known answer again."""

from __future__ import annotations

import time

from benchmarks.brokers import Brokered, body, brokered
from benchmarks.figure import Figure, percentile, spread
from nexus_jupyter.broker.events import Usage

GOAL = 20
N = 300
ANSWER = "Some words of an answer. " * 80  # 2 kB


def call(broker: Brokered, *, is_cached: bool) -> float:
    """Return the milliseconds of a call."""
    begun = time.perf_counter()
    events = list(broker.client.stream(body("echosplit-25", ANSWER, nexus_cache=is_cached)))
    elapsed = 1000 * (time.perf_counter() - begun)
    assert [e.is_cached for e in events if isinstance(e, Usage)] == [is_cached]
    return elapsed


def measure() -> Figure:
    """Compare with the same call asked of the provider."""
    ours: list[float] = []
    theirs: list[float] = []
    with brokered() as broker:
        list(broker.client.stream(body("echosplit-25", ANSWER)))
        for _ in range(N):
            theirs.append(call(broker, is_cached=False))
            ours.append(call(broker, is_cached=True))
    return Figure(
        name="cached_answer_ms_p95",
        value=percentile(ours, 0.95),
        unit="ms",
        baseline=percentile(theirs, 0.95),
        n=N,
        notes=f"{spread(ours, 2)}; 2 kB; baseline: the provider on this machine is asked",
    )


if __name__ == "__main__":
    measure().show()
