"""What is spent is counted once, whatever ends the call, and a budget is passed by one call at the most."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_jupyter.errors import BudgetSpent, StorageFailed
from nexus_jupyter.store import Budgets, Database, Ledger, Limit, Spend

CALLS = 200
DAY = "day:2026-01-01"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "nexus.db")
    yield made
    made.close()


def reserve(ledger: Ledger, call_id: str, *limits: Limit, tokens: int = 100, money: float = 0.0) -> None:
    ledger.reserve(call_id, model="openai/m", app_id="", limits=limits, tokens=tokens, prompt=10, money=money)


def settle(ledger: Ledger, call_id: str, tokens: int, money: float | None = 0.0, status: str = "done") -> None:
    ledger.settle(call_id, status=status, prompt=10, completion=tokens - 10, money=money, seconds=1.5)


def open_sums(database: Database) -> list[tuple[object, ...]]:
    return database.read(
        "SELECT scope, open_calls, reserved_tokens, round(reserved_money, 9) FROM spend ORDER BY scope"
    )


def test_a_call_is_counted_once_in_each_of_its_scopes(database: Database) -> None:
    ledger = Ledger(database, "me", "1:a")
    scopes = [Limit(scope=s, name=s) for s in (DAY, "app:a", "token:t")]
    reserve(ledger, "c", *scopes, tokens=500, money=0.5)
    assert open_sums(database) == [("app:a", 1, 500, 0.5), (DAY, 1, 500, 0.5), ("token:t", 1, 500, 0.5)]
    for _ in range(2):  # the second time does nothing
        settle(ledger, "c", 30, 0.02)
    assert [ledger.spend(limit.scope) for limit in scopes] == [
        Spend(scope=limit.scope, calls=1, tokens=30, money=0.02) for limit in scopes
    ]
    assert {row[1:] for row in open_sums(database)} == {(0, 0, 0.0)}
    (call,) = ledger.calls()
    assert (call.status, call.prompt_tokens, call.completion_tokens, call.money) == ("done", 10, 20, 0.02)
    assert Ledger(database, "you", "1:a").calls() == []
    assert Ledger(database, "you", "1:a").spend(DAY) == Spend(scope=DAY)


def test_alone_a_call_may_begin_while_anything_is_left_and_beside_others_it_must_fit(database: Database) -> None:
    ledger = Ledger(database, "me", "1:a")
    limit = Limit(scope=DAY, name="today", tokens=250)
    reserve(ledger, "first", limit)
    reserve(ledger, "second", limit)
    with pytest.raises(BudgetSpent, match="has 250 tokens left, which calls under way may need"):
        reserve(ledger, "third", limit)
    settle(ledger, "first", 100)
    settle(ledger, "second", 100)
    reserve(ledger, "third", limit, tokens=100_000)
    settle(ledger, "third", 90)
    with pytest.raises(BudgetSpent, match="The budget of today is spent: 290 tokens of 250 tokens") as raised:
        reserve(ledger, "fourth", limit, tokens=1)
    assert "Raise it" in raised.value.remedy
    assert [c.id for c in ledger.calls()] == ["third", "second", "first"]  # a refused one is not kept


def test_money_is_limited_like_tokens_and_a_refusal_in_one_scope_holds_nothing_in_another(database: Database) -> None:
    ledger = Ledger(database, "me", "1:a")
    day, app = Limit(scope=DAY, name="today", money=1.0), Limit(scope="app:a", name="the app `a`", money=0.1)
    reserve(ledger, "first", day, app, money=0.08)
    with pytest.raises(BudgetSpent, match=r"the app `a` has \$0\.1000 left"):
        reserve(ledger, "second", day, app, money=0.05)
    assert open_sums(database) == [("app:a", 1, 100, 0.08), (DAY, 1, 100, 0.08)]
    settle(ledger, "first", 20, None)  # no price is known: tokens are
    assert ledger.spend("app:a") == Spend(scope="app:a", calls=1, tokens=20, money=0.0)


def test_a_budget_of_nothing_allows_nothing(database: Database) -> None:
    for limit in (Limit(scope=DAY, name="today", tokens=0), Limit(scope=DAY, name="today", money=0.0)):
        with pytest.raises(BudgetSpent):
            reserve(Ledger(database, "me", "1:a"), "c", limit)


@pytest.mark.parametrize("seed", range(3))
def test_many_callers_of_two_brokers_pass_a_budget_by_one_call_at_the_most(tmp_path: Path, seed: int) -> None:
    most, largest = 5_000, 100
    databases = [Database(tmp_path / "nexus.db") for _ in range(2)]
    ledgers = [Ledger(d, "me", f"{i}:x") for i, d in enumerate(databases)]
    limit = Limit(scope=DAY, name="today", tokens=most)
    refused, gate = [], threading.Barrier(CALLS)

    def call(number: int) -> None:
        random_ = random.Random(seed * CALLS + number)
        ledger = ledgers[number % 2]
        gate.wait()
        try:
            reserve(ledger, f"c{number}", limit, tokens=largest)
        except BudgetSpent:
            refused.append(number)
            return
        settle(ledger, f"c{number}", random_.randint(10, largest))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(CALLS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = ledgers[0].spend(DAY)
    assert spent.calls == CALLS - len(refused)
    assert spent.tokens <= most + largest
    assert spent.tokens == sum(c.prompt_tokens + c.completion_tokens for c in ledgers[1].calls(most=CALLS))
    assert open_sums(databases[0]) == [(DAY, 0, 0, 0.0)]
    for database in databases:
        database.close()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    most=st.integers(1, 300),
    steps=st.lists(st.tuples(st.integers(0, 7), st.integers(1, 120), st.integers(0, 120)), max_size=40),
)
def test_in_any_order_of_calls_the_sums_are_right_and_the_budget_holds(
    most: int, steps: list[tuple[int, int, int]]
) -> None:
    database = Database()
    ledger = Ledger(database, "me", "1:a")
    limit = Limit(scope=DAY, name="today", tokens=most)
    running: dict[int, tuple[str, int]] = {}
    spent, largest, count = 0, 0, 0
    for slot, wanted, really in steps:
        if slot in running:
            call_id, held = running.pop(slot)
            used = min(held, really)
            ledger.settle(call_id, status="done", prompt=used, completion=0, money=0, seconds=0)
            spent, largest = spent + used, max(largest, used)
        else:
            count += 1
            try:
                reserve(ledger, f"c{count}", limit, tokens=wanted)
            except BudgetSpent:
                continue
            running[slot] = (f"c{count}", wanted)
        assert ledger.spend(DAY).tokens == spent
        assert spent <= most or spent - largest < most
    held = sum(tokens for _, tokens in running.values())
    assert open_sums(database) in ([], [(DAY, len(running), held, 0.0)])
    database.close()


def test_calls_of_a_broker_that_was_killed_are_ended_at_what_is_known_of_them(tmp_path: Path) -> None:
    first = Database(tmp_path / "nexus.db")
    killed, alive = Ledger(first, "me", "7:killed"), Ledger(first, "me", "8:alive")
    limit = Limit(scope=DAY, name="today", tokens=1_000)
    for ledger in (killed, alive):
        reserve(ledger, f"of-{ledger._broker}", limit, money=1.0)
    killed.note_progress("of-7:killed", 32)
    second = Database(tmp_path / "nexus.db")
    new = Ledger(second, "me", "9:new")
    prices: list[Any] = []

    def price(*facts: Any) -> float:
        prices.append(facts)
        return 0.25

    assert new.recover(lambda broker: broker == "8:alive", price) == 1
    assert new.recover(lambda broker: broker == "8:alive", price) == 0
    assert prices == [("openai/m", 10, 32)]
    assert new.spend(DAY) == Spend(scope=DAY, calls=1, tokens=42, money=0.25)
    assert open_sums(second) == [(DAY, 1, 100, 1.0)]
    settle(killed, "of-7:killed", 99)  # it was alive after all: what was settled stays
    settle(alive, "of-8:alive", 20)
    assert new.spend(DAY).tokens == 62
    assert {c.id: c.status for c in new.calls()} == {"of-7:killed": "interrupted", "of-8:alive": "done"}
    first.close()
    second.close()


def test_on_a_full_disk_no_call_begins_and_the_ledger_stays_right(database: Database) -> None:
    ledger = Ledger(database, "me", "1:a")
    limit = Limit(scope=DAY, name="today")
    reserve(ledger, "before", limit)
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count={pages}")
    begun = []
    with pytest.raises(StorageFailed, match="disk is full"):
        for number in range(10_000):
            reserve(ledger, f"c{number}", limit)
            begun.append(number)
    assert open_sums(database) == [(DAY, len(begun) + 1, 100 * (len(begun) + 1), 0.0)]
    database.read("PRAGMA max_page_count=1000000")
    settle(ledger, "before", 20)
    assert ledger.spend(DAY).tokens == 20


def test_budgets_are_set_and_lifted_by_scope(database: Database) -> None:
    budgets = Budgets(database, "me")
    budgets.set("day", 1_000, None)
    budgets.set("app:a", None, 0.5)
    budgets.set("day", 2_000, 1.0)
    assert budgets.every() == {"app:a": (None, 0.5), "day": (2_000, 1.0)}
    budgets.set("day", None, None)
    assert (budgets.get("day"), budgets.get("app:a")) == ((None, None), (None, 0.5))
    assert Budgets(database, "you").every() == {}
