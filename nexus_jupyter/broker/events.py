"""What a model says, as typed events; the standard library only, so that a kernel can use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from nexus_jupyter.errors import NexusError

DoneReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class Text:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """More of a tool call: its id and name come first, its arguments in pieces of JSON."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the call used; `money` in US dollars, None where no price is known."""

    prompt_tokens: int
    completion_tokens: int
    money: float | None = None
    is_cached: bool = False
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The call failed; nothing follows."""

    error: NexusError


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole; nothing follows."""

    reason: DoneReason = "stop"


Event = Text | ToolDelta | Usage | Failed | Done


@dataclass(frozen=True, kw_only=True)
class ModelCall:
    """One call as a provider is asked for it.

    Parameters
    ----------
    model
        The provider's own name of the model.
    kind
        How the provider is spoken to.
    messages
        Chat messages in OpenAI's form.
    options
        Further fields of OpenAI's form: `temperature`, `max_tokens`, `tools`, `response_format`, ...
    api_base, key
        Where to, and with what; both from the owner, never from the caller.
    """

    model: str
    kind: str
    messages: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    api_base: str = ""
    key: str = field(default="", repr=False)


class Provider(Protocol):
    """Makes calls."""

    def stream(self, call: ModelCall) -> AsyncIterator[Event]:
        """Yield a call's events; the last is `Done` or `Failed`."""

    async def embed(self, call: ModelCall, texts: list[str]) -> tuple[list[list[float]], int]:
        """Return a vector for each text, and the tokens used; raises `ModelError`."""

    async def models(self, kind: str, api_base: str, key: str) -> list[str]:
        """Ask for the names of the models, at no cost; raises `ModelError`."""

    async def warm(self) -> None:
        """Get ready for the first call."""
