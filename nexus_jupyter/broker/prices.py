"""What is known of each provider's models: names, prices, sizes. Source: the table that litellm ships, read as a file."""

from __future__ import annotations

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = "model_prices_and_context_window_backup.json"
#: Names under which the table keeps a provider's models, where they differ from ours.
ALIASES = {"cohere": "cohere_chat"}
#: Old or special models are left out of the offer, not refused.
SPECIAL = ("audio", "realtime", "search", "image", "tts", "transcribe", "guard", "computer-use", "robotics", "-exp")


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """One model.

    Parameters
    ----------
    input_price, output_price
        US dollars per token; None where unknown.
    context, answer
        The most tokens it takes, and gives; None where unknown.
    """

    name: str
    input_price: float | None = None
    output_price: float | None = None
    context: int | None = None
    answer: int | None = None
    has_tools: bool = False


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    try:
        table: dict[str, dict[str, Any]] = json.loads((Path(spec.origin).parent / TABLE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table


@functools.cache
def providers() -> frozenset[str]:
    """Return the providers that have chat models in the table."""
    return frozenset(entry.get("litellm_provider", "") for entry in _table().values() if entry.get("mode") == "chat")


def facts(kind: str, name: str) -> ModelFacts:
    """Return what is known of a provider's model; nothing but its name where it is unknown."""
    table = _table()
    for key in (f"{kind}/{name}", name):
        entry = table.get(key)
        if entry is not None and _is_of(entry, kind):
            return ModelFacts(
                name=name,
                input_price=entry.get("input_cost_per_token"),
                output_price=entry.get("output_cost_per_token"),
                context=_whole(entry.get("max_input_tokens")),
                answer=_whole(entry.get("max_output_tokens")),
                has_tools=bool(entry.get("supports_function_calling")),
            )
    return ModelFacts(name=name)


def _is_of(entry: dict[str, Any], kind: str) -> bool:
    return str(entry.get("litellm_provider", "")).split("-")[0] in (kind, ALIASES.get(kind))


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


@functools.cache
def known_models(kind: str) -> tuple[str, ...]:
    """Return the names of a provider's chat models worth offering, newest names first."""
    names = {
        key.removeprefix(f"{kind}/")
        for key, entry in _table().items()
        if entry.get("mode") == "chat" and _is_of(entry, kind) and not any(word in key for word in SPECIAL)
    }
    # A dated name beside an undated one is the same model.
    plain = {n for n in names if not any(n != m and n.startswith(f"{m}-20") for m in names)}
    return tuple(sorted((n for n in plain if n != "container"), reverse=True))


def money(kind: str, name: str, prompt: int, completion: int, cached_prompt: int = 0) -> float | None:
    """Return a call's price in US dollars, or None where none is known."""
    known = facts(kind, name)
    if known.input_price is None or known.output_price is None:
        return None
    entry = _table().get(f"{kind}/{name}") or _table().get(name) or {}
    cached_price = float(entry.get("cache_read_input_token_cost") or known.input_price)
    fresh = max(0, prompt - cached_prompt)
    return fresh * known.input_price + cached_prompt * cached_price + completion * known.output_price


def guess_tokens(messages: object, options: object = None) -> int:
    """Return about how many tokens a call's text has: a token is about four bytes of English."""
    size = len(json.dumps(messages, ensure_ascii=False).encode())
    size += len(json.dumps(options, ensure_ascii=False, default=str).encode()) if options else 0
    return size // 4 + 1
