"""What model calls cost, and what they may still cost: reserved before a call, settled after it, each at once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nexus_jupyter.errors import BudgetSpent
from nexus_jupyter.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What may be spent in one scope.

    Parameters
    ----------
    scope
        `token:<id>`, `app:<id>` or `day:<yyyy-mm-dd>`.
    name
        What people call it, for the error.
    tokens, money
        The most tokens, the most money (US dollars); None for no limit.
    """

    scope: str
    name: str
    tokens: int | None = None
    money: float | None = None


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What was spent in one scope."""

    scope: str
    calls: int = 0
    tokens: int = 0
    money: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """One call as the ledger keeps it; `money` is None where no price is known."""

    id: str
    model: str
    app_id: str
    status: str
    started: float
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    money: float | None
    error: str


class Ledger:
    """The calls of one owner.

    A reservation is part of the stored row, so that two brokers, and one that
    was killed, count as one that went on.

    Parameters
    ----------
    broker
        Names the process that makes the calls: `<pid>:<random>`.
    """

    def __init__(self, database: Database, owner_id: str, broker: str) -> None:
        self._database = database
        self._owner = owner_id
        self._broker = broker

    def reserve(
        self, call_id: str, *, model: str, app_id: str, limits: Sequence[Limit], tokens: int, prompt: int, money: float
    ) -> None:
        """Open a call that may use up to `tokens` tokens and `money`.

        With other calls under way, the call must fit whole. Alone, it may
        begin while anything is left: so a budget is passed by one call at the most.

        Raises
        ------
        BudgetSpent
            A limit does not allow it; nothing is kept.
        """
        with self._database.transaction() as connection:
            for limit in limits:
                self._check(connection, limit, tokens, money)
            for limit in limits:
                connection.execute(
                    "INSERT INTO spend VALUES (?, ?, 0, 0, 0, 1, ?, ?) ON CONFLICT DO UPDATE SET "
                    "open_calls=open_calls+1, reserved_tokens=reserved_tokens+excluded.reserved_tokens, "
                    "reserved_money=reserved_money+excluded.reserved_money",
                    (self._owner, limit.scope, tokens, money),
                )
            scopes = json.dumps([limit.scope for limit in limits])
            connection.execute(
                "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, 'open', ?, 0, ?, 0, NULL, ?, ?, '')",
                (call_id, self._owner, self._broker, scopes, app_id, model, time.time(), prompt, tokens, money),
            )

    def _check(self, connection: sqlite3.Connection, limit: Limit, tokens: int, money: float) -> None:
        row = connection.execute(
            "SELECT tokens, money, open_calls, reserved_tokens, reserved_money FROM spend WHERE owner_id=? AND scope=?",
            (self._owner, limit.scope),
        ).fetchone()
        used_tokens, used_money, open_calls, held_tokens, held_money = row or (0, 0.0, 0, 0, 0.0)
        figures = (
            (limit.tokens, used_tokens, held_tokens, tokens, "{:,.0f} tokens"),
            (limit.money, used_money, held_money, money, "${:,.4f}"),
        )
        for most, used, held, wanted, form in figures:
            if most is None:
                continue
            if used >= most:
                raise BudgetSpent(
                    f"The budget of {limit.name} is spent: {form.format(used)} of {form.format(most)}.",
                    "Raise it in the model settings, or wait until it starts anew.",
                )
            if open_calls and used + held + wanted > most:
                raise BudgetSpent(
                    f"The budget of {limit.name} has {form.format(most - used)} left, which calls under way may need.",
                    "Try again when they have ended.",
                )

    def note_progress(self, call_id: str, completion_tokens: int) -> None:
        """Keep how far an open call has come, for the case that nobody ends it."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE calls SET completion_tokens=? WHERE id=? AND status='open'", (completion_tokens, call_id)
            )

    def settle(
        self,
        call_id: str,
        *,
        status: str,
        prompt: int,
        completion: int,
        money: float | None,
        seconds: float,
        error: str = "",
    ) -> None:
        """End an open call with what it really used; a second time does nothing."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT scopes, reserved_tokens, reserved_money FROM calls WHERE id=? AND status='open'", (call_id,)
            ).fetchone()
            if row is None:
                return
            for scope in json.loads(row[0]):
                connection.execute(
                    "UPDATE spend SET calls=calls+1, tokens=tokens+?, money=money+?, open_calls=open_calls-1, "
                    "reserved_tokens=reserved_tokens-?, reserved_money=max(0, reserved_money-?) "
                    "WHERE owner_id=? AND scope=?",
                    (prompt + completion, money or 0.0, row[1], row[2], self._owner, scope),
                )
            connection.execute(
                "UPDATE calls SET status=?, seconds=?, prompt_tokens=?, completion_tokens=?, money=?, error=? WHERE id=?",
                (status, seconds, prompt, completion, money, error, call_id),
            )

    def add_cached(self, call_id: str, *, model: str, app_id: str) -> None:
        """Keep a call that the cache answered: it cost nothing."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO calls VALUES (?, ?, ?, '[]', ?, ?, 'cached', ?, 0, 0, 0, 0, 0, 0, '')",
                (call_id, self._owner, self._broker, app_id, model, time.time()),
            )

    def recover(self, is_alive: Callable[[str], bool], price: Callable[[str, int, int], float | None]) -> int:
        """End the calls of brokers that are gone, at what is known of them; return how many."""
        rows = self._database.read(
            "SELECT id, broker, model, prompt_tokens, completion_tokens FROM calls WHERE owner_id=? AND status='open'",
            (self._owner,),
        )
        lost = [row for row in rows if row[1] != self._broker and not is_alive(str(row[1]))]
        for call_id, _, model, prompt, completion in lost:
            used = int(str(prompt)), int(str(completion))
            self.settle(
                str(call_id),
                status="interrupted",
                prompt=used[0],
                completion=used[1],
                money=price(str(model), *used),
                seconds=0,
                error="The broker ended during the call.",
            )
        return len(lost)

    def spend(self, scope: str) -> Spend:
        """Return what was spent in a scope."""
        rows = self._database.read(
            "SELECT calls, tokens, money FROM spend WHERE owner_id=? AND scope=?", (self._owner, scope)
        )
        if not rows:
            return Spend(scope=scope)
        calls, tokens, money = rows[0]
        return Spend(scope=scope, calls=int(str(calls)), tokens=int(str(tokens)), money=float(str(money)))

    def calls(self, *, since: float = 0, most: int = 100) -> list[CallRow]:
        """Return the newest calls, newest first."""
        rows = self._database.read(
            "SELECT id, model, app_id, status, started, seconds, prompt_tokens, completion_tokens, money, error "
            "FROM calls WHERE owner_id=? AND started>=? ORDER BY started DESC LIMIT ?",
            (self._owner, since, most),
        )
        names = (
            "id",
            "model",
            "app_id",
            "status",
            "started",
            "seconds",
            "prompt_tokens",
            "completion_tokens",
            "money",
            "error",
        )
        return [CallRow(**dict(zip(names, row, strict=True))) for row in rows]  # type: ignore[arg-type]


class Budgets:
    """The limits that the owner set: `day` for each day, `app:<id>` for an app."""

    def __init__(self, database: Database, owner_id: str) -> None:
        self._database = database
        self._owner = owner_id

    def get(self, scope: str) -> tuple[int | None, float | None]:
        """Return the most tokens and the most money of a scope; None for no limit."""
        rows = self._database.read(
            "SELECT max_tokens, max_money FROM budgets WHERE owner_id=? AND scope=?", (self._owner, scope)
        )
        return rows[0] if rows else (None, None)  # type: ignore[return-value]

    def set(self, scope: str, tokens: int | None, money: float | None) -> None:
        """Set, or with two Nones lift, the limit of a scope."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM budgets WHERE owner_id=? AND scope=?", (self._owner, scope))
            if tokens is not None or money is not None:
                connection.execute("INSERT INTO budgets VALUES (?, ?, ?, ?)", (self._owner, scope, tokens, money))

    def every(self) -> dict[str, tuple[int | None, float | None]]:
        """Return all limits by scope."""
        rows = self._database.read(
            "SELECT scope, max_tokens, max_money FROM budgets WHERE owner_id=? ORDER BY scope", (self._owner,)
        )
        return {str(scope): (tokens, money) for scope, tokens, money in rows}  # type: ignore[misc]
