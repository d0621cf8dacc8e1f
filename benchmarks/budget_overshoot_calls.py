"""By how many calls a budget is passed when many callers come at once."""

from __future__ import annotations

import concurrent.futures
from typing import Any

from benchmarks.brokers import Brokered, body, brokered
from benchmarks.figure import Figure
from nexus_jupyter.broker.events import Done
from nexus_jupyter.errors import BudgetSpent

GOAL = 1
CALLERS = 200
ROUNDS = 5
TOKENS = 12  # of one call
BUDGET = 40 * TOKENS


def burst(broker: Brokered, app: str) -> tuple[int, int]:
    """Let every caller ask twice; return how many calls were made, and by how many the budget was passed."""
    broker.client.ask("PUT", f"/nexus/budgets/app:{app}", {"tokens": BUDGET})

    def ask(number: int) -> int:
        made = 0
        for turn in range(2):
            more: dict[str, Any] = {"nexus_app": app, "max_tokens": 5, "nexus_cache": False}
            try:
                last = list(broker.client.stream(body("slow-2", f"{number}.{turn}", **more)))[-1]
            except BudgetSpent:
                continue
            made += isinstance(last, Done)
        return made

    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        made = sum(pool.map(ask, range(CALLERS)))
    return made, max(0, made - BUDGET // TOKENS)


def measure() -> Figure:
    """Count the calls that were made beyond what the budget pays."""
    with brokered() as broker:
        rounds = [burst(broker, f"app{number}") for number in range(ROUNDS)]
        usage = broker.client.ask("GET", "/nexus/usage")
    made = sum(count for count, _ in rounds)
    assert usage["tokens"] == (made + 1) * TOKENS  # one more to get warm
    return Figure(
        name="budget_overshoot_calls",
        value=max(over for _, over in rounds),
        unit="calls",
        baseline=BUDGET // TOKENS,
        n=ROUNDS * CALLERS * 2,
        notes=f"worst of {ROUNDS} rounds; {CALLERS} callers at once, twice each; {made} calls made, the others refused;"
        " baseline: calls that the budget pays",
    )


if __name__ == "__main__":
    measure().show()
