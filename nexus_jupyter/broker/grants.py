"""What a scoped token may not do: use other models, or reach the network through one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nexus_jupyter.errors import CallRefused, TokenRefused
from nexus_jupyter.store import TokenGrant


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


#: What a model's provider, or the broker for it, would fetch.
_ADDRESS = re.compile(r"\s*(?!data:)[A-Za-z][A-Za-z0-9+.-]*:", re.IGNORECASE)


def check_reach(messages: list[dict[str, Any]], options: dict[str, Any]) -> None:
    """Refuse what would reach the network for a caller who may not: addresses in messages, tools of the provider.

    Raises
    ------
    CallRefused
        There is such a thing in it.
    """
    parts = [p for m in messages if isinstance(m.get("content"), list) for p in m["content"]]
    told = [text for p in parts if not (isinstance(p, dict) and p.get("type") == "text") for text in _texts(p)]
    if any(_ADDRESS.match(text) for text in told):
        raise CallRefused("An app cannot have a model fetch an address.", "Send the content itself, as a `data:` URL.")
    tools = options.get("tools")
    if tools and not (
        isinstance(tools, list) and all(isinstance(t, dict) and t.get("type") == "function" for t in tools)
    ):
        raise CallRefused("An app cannot use a provider's own tools.", "Describe a function instead.")


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from _texts(one)
