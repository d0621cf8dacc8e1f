"""Would a question be answered? Each step looked at, at no cost, with what to do about one that fails."""

from __future__ import annotations

from typing import Any

from nexus_jupyter.broker.client import AsyncBrokerClient
from nexus_jupyter.errors import NexusError
from nexus_jupyter.models.run import Finding


async def examine(broker: AsyncBrokerClient) -> list[Finding]:
    """Return a finding for each step up to the first that fails: broker, model, provider, budget."""
    try:
        found: dict[str, Any] = await broker.ask("GET", "/nexus/models")
    except NexusError as error:
        return [Finding(name="Broker", ok=False, detail=error.message, remedy=error.remedy)]
    findings = [Finding(name="Broker", ok=True, detail="runs")]
    current = found["current"]
    if not current:
        remedy = (
            "Choose a model." if found["models"] else "Enter a provider's key, or start a local server such as Ollama."
        )
        return [*findings, Finding(name="Model", ok=False, detail="none is chosen", remedy=remedy)]
    connection = current.partition("/")[0]
    try:
        checked: dict[str, Any] = await broker.ask("POST", f"/nexus/connections/{connection}", {})
    except NexusError as error:
        checked = {"ok": False, "detail": error.message, "remedy": error.remedy, "models": []}
    provider = Finding(name="Provider", ok=checked["ok"], detail=checked["detail"], remedy=checked["remedy"])
    if not provider.ok:
        return [*findings, provider]
    name = current.partition("/")[2]
    is_offered = not checked["models"] or name in checked["models"]
    detail = f"{current} is offered" if is_offered else f"{current} is not in the provider's list"
    remedy = "" if is_offered else "Choose another model."
    findings += [provider, Finding(name="Model", ok=is_offered, detail=detail, remedy=remedy)]
    return [*findings, _budget(await broker.ask("GET", "/nexus/usage"))]


def _budget(usage: dict[str, Any]) -> Finding:
    tokens, money = usage["budget"]["tokens"], usage["budget"]["money"]
    is_spent = (tokens is not None and usage["tokens"] >= tokens) or (money is not None and usage["money"] >= money)
    detail = f"{usage['tokens']:,} tokens and ${usage['money']:,.4f} spent today"
    return Finding(name="Budget", ok=not is_spent, detail=detail, remedy="Raise today's budget." if is_spent else "")
