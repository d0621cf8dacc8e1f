"""What an owner asks for in a chat, and what an answer consists of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from nexus_jupyter.secrets.backend import Secret

CARD = "application/vnd.nexus.app-card+json"
CHOICES = "application/vnd.nexus.choices+json"
KEY_CARD = "application/vnd.nexus.key-card+json"

CellAction = Literal["", "explain", "fix", "document"]


@dataclass(frozen=True, kw_only=True)
class Text:
    """Words to add to the answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is being done now; shown while it lasts, kept nowhere."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A card or choices."""

    mime: str
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a model's answer used; `money` in US dollars, None where no price is known."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    money: float | None
    is_cached: bool = False
    is_estimate: bool = False


Event = Text | Progress | Part | Spent


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the owner looks at.

    Parameters
    ----------
    path
        The active document, relative to the root; empty for none.
    cell_id, cell_type, source
        Its active cell.
    output, error
        What that cell showed, as text; the error it ended with.
    selection
        The selected text.
    """

    path: str = ""
    cell_id: str = ""
    cell_type: str = ""
    source: str = ""
    output: str = ""
    error: str = ""
    selection: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the owner asked for.

    Parameters
    ----------
    text
        The sentence.
    data
        Paths of data files, relative to the root.
    recipe
        A recipe chosen by the owner; empty to choose by the sentence.
    name
        Name of the new app, if the owner gave one.
    action
        What to do with the cell of the context.
    is_again
        Whether an answer is wanted that was not given before.
    keys
        Keys that were typed into the sentence, with the provider they look like; in its text they are masked.
    """

    text: str
    data: tuple[str, ...] = ()
    recipe: str = ""
    name: str = ""
    action: CellAction = ""
    context: Context = Context()
    is_again: bool = False
    keys: tuple[tuple[str, Secret], ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One message of the chat so far."""

    sender: Literal["user", "nexus"]
    text: str


class Replies(Protocol):
    """Answers requests."""

    def reply(
        self, request: Request, *, last_data: tuple[str, ...] = (), history: tuple[Turn, ...] = ()
    ) -> AsyncIterator[Event]:
        """Yield the answer to a request.

        Parameters
        ----------
        last_data
            Data of the chat's previous app: used when the sentence names none.
        history
            The chat so far, without this request.
        """
