"""One model call, from the caller's request to the settled ledger."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import math
import random
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from nexus_jupyter.broker import prices
from nexus_jupyter.broker.cleaning import Cleaner, cleaned
from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Provider, Text, ToolDelta, Usage
from nexus_jupyter.broker.grants import check_grant, check_reach
from nexus_jupyter.broker.record import Record
from nexus_jupyter.broker.routing import ModelRouter, Target
from nexus_jupyter.errors import (
    AnswerCut,
    KeyRejected,
    ModelError,
    ModelUnknown,
    ProviderFailed,
    ProviderUnreachable,
    QuotaExceeded,
    StorageFailed,
)
from nexus_jupyter.secrets import KeyRing, Redactor
from nexus_jupyter.store import Budgets, Completions, Ledger, Limit, TokenGrant

log = logging.getLogger(__name__)
TRIES = 3
LONGEST_WAIT = 30.0  # seconds, before another try
RETRY_SECONDS = 45.0  # no try begins later than that: whoever asks does not wait for ever
NOTE_SECONDS = 1.0
ANSWER_TOKENS = 4096  # reserved for an answer whose length nobody limited
#: Passed on to the provider; anything else a caller sends, an address or a key among it, is dropped.
#: So is `n`: further answers would be paid and not shown.
OPTIONS = frozenset(
    [
        "frequency_penalty",
        "logit_bias",
        "max_completion_tokens",
        "max_tokens",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a caller asks for.

    Parameters
    ----------
    grant
        The scoped token's grant; None for the owner.
    uses_cache
        Whether an earlier answer to the same call will do.
    """

    model: str
    messages: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    grant: TokenGrant | None = None
    app_id: str = ""
    uses_cache: bool = True


class Calls:
    """Makes model calls.

    Parameters
    ----------
    providers
        By kind of connection; `""` is for all others.
    redactor
        Gives the redactor for the keys that are live now.
    sleep
        Waits between tries.
    """

    def __init__(
        self,
        router: ModelRouter,
        keys: KeyRing,
        ledger: Ledger,
        budgets: Budgets,
        completions: Completions,
        providers: dict[str, Provider],
        redactor: Callable[[], Redactor],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._router = router
        self._keys = keys
        self._ledger = ledger
        self._budgets = budgets
        self._completions = completions
        self._providers = providers
        self._redactor = redactor
        self._sleep = sleep
        self._owed: dict[str, dict[str, Any]] = {}
        self.running = 0

    def provider(self, kind: str) -> Provider:
        """Return who speaks to this kind of connection."""
        return self._providers.get(kind) or self._providers[""]

    async def stream(self, asked: Asked) -> AsyncIterator[Event]:
        """Yield an answer's events: `Usage` before the end, then `Done` or `Failed`.

        Raises
        ------
        NexusError
            Nothing was asked of a provider: the model, the token or a budget does not allow it.
        """
        target = await self._router.resolve(asked.model)
        check_grant(asked.grant, target.model)
        if asked.grant is not None:
            check_reach(asked.messages, asked.options)
        call_id = f"call-{uuid.uuid4().hex}"
        app_id = asked.grant.app_id if asked.grant else self._redactor().clean(asked.app_id)
        key = self._keys.get(target.connection.id, app_id)
        call = ModelCall(
            model=target.name,
            kind=target.connection.kind,
            messages=asked.messages,
            options={k: v for k, v in asked.options.items() if k in OPTIONS and v is not None},
            api_base=target.connection.api_base,
            key=key.reveal() if key else "",
        )
        kept_as = _key(target, call)
        cached = self._cached(kept_as) if asked.uses_cache else None
        if cached is not None:
            with contextlib.suppress(StorageFailed):  # it cost nothing: a full disk need not keep it back
                self._ledger.add_cached(call_id, model=self._shown(target), app_id=app_id)
            for event in cached:
                yield event
            return
        self.settle_late()
        limits = self._limits(asked.grant, app_id)
        if target.is_local:  # what costs nothing is not held up by a budget of money
            limits = [replace(limit, money=None) for limit in limits]
        call, prompt, tokens = _bounded(call, limits)
        self._ledger.reserve(
            call_id,
            model=self._shown(target),
            app_id=app_id,
            limits=limits,
            tokens=tokens,
            prompt=prompt,
            money=self.money(target, prompt, tokens - prompt) or 0.0,
        )
        self.running += 1
        record = Record(call_id, target, call, prompt)
        try:
            async with contextlib.aclosing(self._made(record)) as events:
                async for event in events:
                    if isinstance(event, Done):
                        self._keep(record, kept_as, asked)
                    yield event
        finally:
            self.running -= 1
            self._settle_record(record)

    def _keep(self, record: Record, kept_as: str, asked: Asked) -> None:
        """Settle a whole answer and keep it for the next time, before whoever asks hears of its end."""
        self._settle_record(record)
        if asked.uses_cache:
            with contextlib.suppress(StorageFailed):  # the answer is there all the same
                self._completions.put(kept_as, json.dumps(record.as_stored()))

    async def embed(
        self, call: ModelCall, texts: list[str], target: Target, grant: TokenGrant | None
    ) -> tuple[list[list[float]], int]:
        """Return a vector for each text, and the tokens used; counted like any call.

        Raises
        ------
        NexusError
            A budget, or the provider, does not allow it.
        """
        call_id = f"call-{uuid.uuid4().hex}"
        app_id = grant.app_id if grant else ""
        guess = prices.guess_tokens(texts)
        price = self.money(target, guess, 0) or 0.0
        limits = self._limits(grant, app_id)
        redactor = self._redactor()
        self.settle_late()
        self._ledger.reserve(
            call_id,
            model=self._shown(target),
            app_id=app_id,
            limits=limits,
            tokens=guess * 2,
            prompt=guess,
            money=price * 2,
        )
        self.running += 1
        started, used, status, error_name = time.monotonic(), guess, "stopped", ""
        try:
            vectors, told = await self.provider(call.kind).embed(call, texts)
            used, status = told or guess, "done"
        except ModelError as error:
            used, status, error_name = 0, "failed", type(error).__name__
            raise cleaned(error, redactor) from None
        finally:
            self.running -= 1
            self._settle(
                call_id,
                status=status,
                prompt=used,
                completion=0,
                money=self.money(target, used, 0),
                seconds=round(time.monotonic() - started, 4),
                error=error_name,
            )
        return vectors, used

    async def _made(self, record: Record) -> AsyncGenerator[Event, None]:
        """Yield the events of the provider, cleaned; try again what fails in passing before it has begun."""
        provider = self.provider(record.call.kind)
        redactor = self._redactor()
        for attempt in range(1, TRIES + 1):
            cleaner = Cleaner(redactor)
            failed: ModelError | None = None
            record.error = None
            async with contextlib.aclosing(provider.stream(record.call)) as events:  # type: ignore[type-var]
                async for event in events:
                    match event:
                        case Failed(error=error):
                            failed = error if isinstance(error, ModelError) else ModelError(str(error))
                        case Usage():
                            record.usage = event
                        case Done():
                            record.done = event
                        case _:
                            record.count(event)
                            self._note(record)
                            for shown in cleaner.feed(event):
                                record.keep(shown)
                                yield shown
            if failed is None and record.done is None:
                failed = AnswerCut("The answer was cut: the provider ended in the middle of it.", "Ask again.")
            failed = record.error = self._with_remedy(failed, record.target)
            elapsed = time.monotonic() - record.started
            wait = _wait(failed, attempt, elapsed) if failed and not record.has_begun else None
            if wait is not None:
                await self._sleep(wait)
                continue
            for shown in cleaner.end():
                record.keep(shown)
                yield shown
            if record.has_begun or failed is None:
                yield self._priced(record)
            yield Failed(cleaned(failed, redactor)) if failed else record.done or Done()
            return

    def _with_remedy(self, error: ModelError | None, target: Target) -> ModelError | None:
        """Return an error with what only we know: the key's name here, and which models there are."""
        if isinstance(error, ModelUnknown):
            return ModelUnknown(error.message, self._router.nearest(target.model))
        if isinstance(error, KeyRejected):
            name = target.connection.id
            return KeyRejected(f"The key for `{name}` was rejected.", f"Enter it again: nexus keys set {name}")
        return error

    def _note(self, record: Record) -> None:
        now = time.monotonic()
        if now - record.noted > NOTE_SECONDS:
            record.noted = now
            with contextlib.suppress(StorageFailed):  # a full disk must not end an answer; settling says so
                self._ledger.note_progress(record.id, record.guess)

    def _priced(self, record: Record) -> Usage:
        usage = record.usage or Usage(record.prompt, record.guess, is_estimate=True)
        money = usage.money
        if money is None:
            money = self.money(record.target, usage.prompt_tokens, usage.completion_tokens)
        record.usage = Usage(usage.prompt_tokens, usage.completion_tokens, money=money, is_estimate=usage.is_estimate)
        return record.usage

    @staticmethod
    def money(target: Target, prompt: int, completion: int) -> float | None:
        """Return what a call costs in US dollars; None where no price is known."""
        if target.is_local:
            return 0.0
        return prices.money(target.connection.kind, target.name, prompt, completion)

    def _settle_record(self, record: Record) -> None:
        if record.is_settled:
            return
        record.is_settled = True
        status = "failed" if record.error else "done" if record.is_whole else "stopped"
        # Who stops waiting has still sent the prompt; a provider that refuses bills nothing.
        billed = record.has_begun or record.error is None
        usage = self._priced(record) if billed else Usage(0, 0, money=0.0)
        self._settle(
            record.id,
            status=status,
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
            money=usage.money,
            seconds=round(time.monotonic() - record.started, 4),
            error=type(record.error).__name__ if record.error else "",
        )

    def _settle(self, call_id: str, **facts: Any) -> None:
        self._owed[call_id] = facts
        self.settle_late()

    def settle_late(self) -> None:
        """Settle what is owed: what has just ended, and what a full disk kept from being settled."""
        try:
            for call_id in tuple(self._owed):
                self._ledger.settle(call_id, **self._owed[call_id])
                del self._owed[call_id]
        except StorageFailed as error:
            log.warning("%d calls are to be settled later: %s", len(self._owed), error)

    def _shown(self, target: Target) -> str:
        """Return a model's name for the ledger: a caller may have pasted anything into it."""
        return self._redactor().clean(target.model)

    def _limits(self, grant: TokenGrant | None, app_id: str) -> list[Limit]:
        tokens, money = self._budgets.get("day")
        limits = [Limit(scope=f"day:{today()}", name="today", tokens=tokens, money=money)]
        if app_id:
            tokens, money = self._budgets.get(f"app:{app_id}")
            limits.append(Limit(scope=f"app:{app_id}", name=f"the app `{app_id}`", tokens=tokens, money=money))
        if grant is not None:
            limits.append(
                Limit(
                    scope=f"token:{grant.id}", name=f"`{grant.label}`", tokens=grant.max_tokens, money=grant.max_money
                )
            )
        return limits

    def _cached(self, kept_as: str) -> list[Event] | None:
        stored = self._completions.get(kept_as)
        if stored is None:
            return None
        body = json.loads(stored)
        usage = Usage(body["prompt"], body["completion"], money=0.0, is_cached=True)
        said: list[Event] = [Text(body["text"])] if body["text"] else []
        said += [ToolDelta(**tool) for tool in body["tools"]]
        cleaner = Cleaner(self._redactor())  # a key may have been entered since
        shown = [c for event in said for c in cleaner.feed(event)] + cleaner.end()
        return [*shown, usage, Done(body["reason"])]


def today() -> str:
    """Return the local day, which a day's budget is for."""
    return time.strftime("%Y-%m-%d")


def _bounded(call: ModelCall, limits: list[Limit]) -> tuple[ModelCall, int, int]:
    """Return the call, its prompt's tokens, and the most it may use in all.

    Where a budget applies, a call whose answer nobody limited gets a limit:
    without one, calls at the same time could not be promised to fit.
    """
    prompt = prices.guess_tokens(call.messages, call.options.get("tools"))
    asked = [call.options.get(name) for name in ("max_completion_tokens", "max_tokens")]
    answer = max((int(a) for a in asked if isinstance(a, int | float) and math.isfinite(a) and a > 0), default=0)
    if not answer:
        answer = min(ANSWER_TOKENS, prices.facts(call.kind, call.model).answer or ANSWER_TOKENS)
        if any(limit.tokens is not None or limit.money is not None for limit in limits):
            options = {k: v for k, v in call.options.items() if k != "max_completion_tokens"}
            call = replace(call, options={**options, "max_tokens": answer})
    # A token is at least a byte: twice the guess covers what is not English.
    return call, prompt, prompt * 2 + answer


def _key(target: Target, call: ModelCall) -> str:
    """Return what two calls share only if they are the same."""
    same = [target.model, call.api_base, call.messages, call.options]
    return hashlib.sha256(json.dumps(same, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _wait(error: ModelError, attempt: int, elapsed: float) -> float | None:
    """Return how long to wait before trying again; None where that would not help."""
    if attempt == TRIES or not isinstance(error, QuotaExceeded | ProviderUnreachable | ProviderFailed):
        return None
    wait = float(0.5 * 2 ** (attempt - 1)) * random.uniform(0.8, 1.2)  # noqa: S311  only spreads the tries
    if isinstance(error, QuotaExceeded) and error.retry_after is not None:
        wait = error.retry_after
    return wait if wait <= LONGEST_WAIT and elapsed + wait <= RETRY_SECONDS else None
