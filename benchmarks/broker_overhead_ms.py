"""What a broker in a process of its own adds to a model call."""

from __future__ import annotations

import asyncio
import statistics
import time

from benchmarks.brokers import Brokered, body, brokered
from benchmarks.figure import Figure, percentile
from nexus_jupyter.broker.events import Done, Event, ModelCall
from nexus_jupyter.broker.providers.litellm import LitellmProvider

GOAL = 3
N = 300


async def directly(provider: LitellmProvider, base: str) -> tuple[float, float]:
    """Return the milliseconds to the first and to the last event of a call that litellm makes in this process."""
    call = ModelCall(model="ok", kind="openai", messages=[{"role": "user", "content": "hello"}], api_base=base)
    begun, first = time.perf_counter(), 0.0
    last: Event | None = None
    async for event in provider.stream(call):
        first, last = first or time.perf_counter(), event
    assert isinstance(last, Done)
    return 1000 * (first - begun), 1000 * (time.perf_counter() - begun)


def through(broker: Brokered) -> tuple[float, float]:
    """Return the same of a call through the broker."""
    begun, first = time.perf_counter(), 0.0
    last: Event | None = None
    for event in broker.client.stream(body(nexus_cache=False)):
        first, last = first or time.perf_counter(), event
    assert isinstance(last, Done)
    return 1000 * (first - begun), 1000 * (time.perf_counter() - begun)


def samples(count: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return first and last event of `count` calls each way, in turn."""
    theirs: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    with brokered() as broker, asyncio.Runner() as runner:
        provider = LitellmProvider()
        runner.run(provider.warm())
        for number in range(count + 10):
            pair = runner.run(directly(provider, broker.base)), through(broker)
            if number >= 10:
                theirs.append(pair[0])
                ours.append(pair[1])
    return theirs, ours


def measure() -> Figure:
    """Compare with the same call made by litellm in this process, in turn."""
    theirs, ours = ([last for _, last in both] for both in samples(N))
    return Figure(
        name="broker_overhead_ms",
        value=statistics.median(ours) - statistics.median(theirs),
        unit="ms",
        baseline=statistics.median(theirs),
        n=N,
        notes=f"median with the broker less median without; 95th {percentile(ours, 0.95):.1f} and"
        f" {percentile(theirs, 0.95):.1f} ms; five pieces of text; baseline: litellm in the caller's process",
    )


if __name__ == "__main__":
    measure().show()
