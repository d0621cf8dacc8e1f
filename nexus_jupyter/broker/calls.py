"""One model call, from the caller's request to the settled ledger."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from nexus_jupyter.broker import prices
from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Provider, Text, ToolDelta, Usage
from nexus_jupyter.broker.routing import ModelRouter, Target
from nexus_jupyter.errors import (
    ModelError,
    NexusError,
    ProviderFailed,
    ProviderUnreachable,
    QuotaExceeded,
    StorageFailed,
    TokenRefused,
)
from nexus_jupyter.secrets import KeyRing, Redactor, StreamRedactor
from nexus_jupyter.store import Budgets, Completions, Ledger, Limit, TokenGrant

TRIES = 3
LONGEST_WAIT = 30.0
NOTE_SECONDS = 1.0
ANSWER_TOKENS = 4096  # reserved for an answer whose length nobody limited
#: Passed on to the provider; anything else a caller sends, an address or a key among it, is dropped.
OPTIONS = frozenset(
    [
        "frequency_penalty",
        "logit_bias",
        "max_completion_tokens",
        "max_tokens",
        "n",
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
    sleep, now
        For tests.
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
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._router = router
        self._keys = keys
        self._ledger = ledger
        self._budgets = budgets
        self._completions = completions
        self._providers = providers
        self._redactor = redactor
        self._sleep = sleep
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
        call_id = f"call-{uuid.uuid4().hex}"
        app_id = asked.grant.app_id if asked.grant else asked.app_id
        key = self._keys.get(target.connection.id, app_id)
        call = ModelCall(
            model=target.name,
            kind=target.connection.kind,
            messages=asked.messages,
            options={k: v for k, v in asked.options.items() if k in OPTIONS and v is not None},
            api_base=target.connection.api_base,
            key=key.reveal() if key else "",
        )
        cached = self._cached(asked, target, call)
        if cached is not None:
            self._ledger.add_cached(call_id, model=target.model, app_id=app_id)
            for event in cached:
                yield event
            return
        limits = self._limits(asked.grant, app_id)
        call, prompt, tokens = _bounded(call, limits)
        self._ledger.reserve(
            call_id,
            model=target.model,
            app_id=app_id,
            limits=limits,
            tokens=tokens,
            prompt=prompt,
            money=self._money(target, prompt, tokens - prompt) or 0.0,
        )
        self.running += 1
        record = _Record(call_id, target, call, prompt)
        try:
            async for event in self._made(record):
                yield event
        finally:
            self.running -= 1
            self._settle(record)
        if record.is_whole and asked.uses_cache:
            with contextlib.suppress(StorageFailed):  # the answer is there all the same
                self._completions.put(_key(target, call), json.dumps(record.as_stored()))

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
        price = self._money(target, guess, 0) or 0.0
        limits = self._limits(grant, app_id)
        self._ledger.reserve(
            call_id, model=target.model, app_id=app_id, limits=limits, tokens=guess * 2, prompt=guess, money=price * 2
        )
        self.running += 1
        started, used, status, error_name = time.monotonic(), 0, "stopped", ""
        try:
            vectors, used = await self.provider(call.kind).embed(call, texts)
            status = "done"
        except ModelError as error:
            status, error_name = "failed", type(error).__name__
            raise _clean_error(error, self._redactor()) from None
        finally:
            self.running -= 1
            self._ledger.settle(
                call_id,
                status=status,
                prompt=used,
                completion=0,
                money=self._money(target, used, 0),
                seconds=round(time.monotonic() - started, 4),
                error=error_name,
            )
        return vectors, used

    async def _made(self, record: _Record) -> AsyncIterator[Event]:
        """Yield the events of the provider, cleaned; try again what fails in passing before it has begun."""
        provider = self.provider(record.call.kind)
        redactor = self._redactor()
        for attempt in range(1, TRIES + 1):
            cleaner = _Cleaner(redactor)
            failed: ModelError | None = None
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
                            record.take(event)
                            self._note(record)
                            for cleaned in cleaner.feed(event):
                                yield cleaned
            wait = _wait(failed, attempt) if failed and not record.has_begun else None
            if wait is not None:
                await self._sleep(wait)
                continue
            record.error = failed
            for cleaned in cleaner.end():
                yield cleaned
            if record.has_begun or failed is None:
                yield self._priced(record)
            yield Failed(_clean_error(failed, redactor)) if failed else record.done or Done()
            return

    def _note(self, record: _Record) -> None:
        now = time.monotonic()
        if now - record.noted > NOTE_SECONDS:
            record.noted = now
            with contextlib.suppress(StorageFailed):  # a full disk must not end an answer; settling says so
                self._ledger.note_progress(record.id, record.guess)

    def _priced(self, record: _Record) -> Usage:
        usage = record.usage or Usage(record.prompt, record.guess, is_estimate=True)
        money = usage.money
        if money is None:
            money = self._money(record.target, usage.prompt_tokens, usage.completion_tokens)
        record.usage = Usage(usage.prompt_tokens, usage.completion_tokens, money=money, is_estimate=usage.is_estimate)
        return record.usage

    @staticmethod
    def _money(target: Target, prompt: int, completion: int) -> float | None:
        if target.is_local:
            return 0.0
        return prices.money(target.connection.kind, target.name, prompt, completion)

    def _settle(self, record: _Record) -> None:
        status = "failed" if record.error else "done" if record.is_whole else "stopped"
        # Who stops waiting has still sent the prompt; a provider that refuses bills nothing.
        billed = record.has_begun or record.error is None
        usage = self._priced(record) if billed else Usage(0, 0, money=0.0)
        self._ledger.settle(
            record.id,
            status=status,
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
            money=usage.money,
            seconds=round(time.monotonic() - record.started, 4),
            error=type(record.error).__name__ if record.error else "",
        )

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

    def _cached(self, asked: Asked, target: Target, call: ModelCall) -> list[Event] | None:
        stored = self._completions.get(_key(target, call)) if asked.uses_cache else None
        if stored is None:
            return None
        body = json.loads(stored)
        usage = Usage(body["prompt"], body["completion"], money=0.0, is_cached=True)
        said: list[Event] = [Text(body["text"])] if body["text"] else []
        said += [ToolDelta(**tool) for tool in body["tools"]]
        cleaner = _Cleaner(self._redactor())  # a key may have been entered since
        cleaned = [c for event in said for c in cleaner.feed(event)] + cleaner.end()
        return [*cleaned, usage, Done(body["reason"])]


class _Cleaner:
    """Takes the secrets out of an answer: its text is one stream, and each tool call's arguments are."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._text = redactor.stream()
        self._tools: dict[int, StreamRedactor] = {}

    def feed(self, event: Event) -> list[Event]:
        """Return what can be shown of all that came."""
        if isinstance(event, Text):
            text = self._text.feed(event.text)
            return [Text(text)] if text else []
        if isinstance(event, ToolDelta):
            stream = self._tools.setdefault(event.index, self._redactor.stream())
            arguments = stream.feed(event.arguments)
            is_said = arguments or event.id or event.name
            return [ToolDelta(event.index, event.id, event.name, arguments)] if is_said else []
        return [event]

    def end(self) -> list[Event]:
        """Return what was held back."""
        text = self._text.end()
        rests: list[Event] = [Text(text)] if text else []
        return rests + [ToolDelta(i, arguments=rest) for i, s in self._tools.items() if (rest := s.end())]


class _Record:
    """What is known of a call under way."""

    def __init__(self, call_id: str, target: Target, call: ModelCall, prompt: int) -> None:
        self.id = call_id
        self.target = target
        self.call = call
        self.prompt = prompt
        self.started = self.noted = time.monotonic()
        self.usage: Usage | None = None
        self.done: Done | None = None
        self.error: ModelError | None = None
        self._text: list[str] = []
        self._tools: dict[int, dict[str, Any]] = {}
        self._size = 0

    @property
    def has_begun(self) -> bool:
        return self._size > 0 or bool(self._tools)

    @property
    def is_whole(self) -> bool:
        return self.done is not None and self.error is None

    @property
    def guess(self) -> int:
        """About how many tokens have come."""
        return self._size // 4 + 1

    def take(self, event: Event) -> None:
        if isinstance(event, Text):
            self._text.append(event.text)
            self._size += len(event.text)
        elif isinstance(event, ToolDelta):
            tool = self._tools.setdefault(event.index, {"index": event.index, "id": "", "name": "", "arguments": ""})
            tool["id"] = tool["id"] or event.id
            tool["name"] += event.name
            tool["arguments"] += event.arguments
            self._size += len(event.arguments)

    def as_stored(self) -> dict[str, Any]:
        assert self.usage is not None
        assert self.done is not None
        return {
            "text": "".join(self._text),
            "tools": list(self._tools.values()),
            "reason": self.done.reason,
            "prompt": self.usage.prompt_tokens,
            "completion": self.usage.completion_tokens,
        }


def today() -> str:
    """Return the local day, which a day's budget is for."""
    return time.strftime("%Y-%m-%d")


def check_grant(grant: TokenGrant | None, model: str) -> None:
    """Refuse a model that a scoped token is not for.

    Raises
    ------
    TokenRefused
        It is not.
    """
    if grant is not None and grant.models and model not in grant.models:
        listed = ", ".join(f"`{m}`" for m in grant.models[:5])
        raise TokenRefused(f"`{grant.label}` may not use `{model}`.", f"It may use {listed}.")


def _bounded(call: ModelCall, limits: list[Limit]) -> tuple[ModelCall, int, int]:
    """Return the call, its prompt's tokens, and the most it may use in all.

    Where a budget applies, a call whose answer nobody limited gets a limit:
    without one, calls at the same time could not be promised to fit.
    """
    prompt = prices.guess_tokens(call.messages, call.options.get("tools"))
    asked = call.options.get("max_completion_tokens") or call.options.get("max_tokens")
    answer = int(asked) if isinstance(asked, int | float) and asked > 0 else 0
    if not answer:
        answer = min(ANSWER_TOKENS, prices.facts(call.kind, call.model).answer or ANSWER_TOKENS)
        if any(limit.tokens is not None or limit.money is not None for limit in limits):
            options = {**call.options, "max_tokens": answer}
            call = ModelCall(
                model=call.model, kind=call.kind, messages=call.messages, options=options,
                api_base=call.api_base, key=call.key,
            )  # fmt: skip
    # A token is at least a byte: twice the guess covers what is not English.
    return call, prompt, prompt * 2 + answer * int(call.options.get("n") or 1)


def _key(target: Target, call: ModelCall) -> str:
    """Return what two calls share only if they are the same."""
    same = [target.model, call.api_base, call.messages, call.options]
    return hashlib.sha256(json.dumps(same, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _clean_error(error: ModelError, redactor: Redactor) -> NexusError:
    return type(error)(redactor.clean(error.message), redactor.clean(error.remedy))


def _wait(error: ModelError, attempt: int) -> float | None:
    """Return how long to wait before trying again; None where that would not help."""
    if attempt == TRIES or not isinstance(error, QuotaExceeded | ProviderUnreachable | ProviderFailed):
        return None
    if isinstance(error, QuotaExceeded) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    return float(0.5 * 2 ** (attempt - 1)) * random.uniform(0.8, 1.2)  # noqa: S311  only spreads the tries
