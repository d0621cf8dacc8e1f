"""Takes keys out of an answer that comes in pieces, and out of errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from nexus_jupyter.broker.events import Event, Text, ToolDelta
from nexus_jupyter.errors import NexusError, QuotaExceeded
from nexus_jupyter.secrets import Redactor

AnError = TypeVar("AnError", bound=NexusError)
LONGEST_MESSAGE = 400  # characters of an error


class _Characters:
    """A text that comes in pieces, some of which end in half a character."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        text, self._half = self._half + piece, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return mended(text)

    def end(self) -> str:
        return mended(self._half)


def mended(text: str) -> str:
    """Return a text that can be encoded: halves of a character are joined, a lone one is replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class _CleanText:
    """One text in pieces, without secrets."""

    def __init__(self, redactor: Redactor) -> None:
        self._characters = _Characters()
        self._stream = redactor.stream()

    def feed(self, piece: str) -> str:
        return self._stream.feed(self._characters.feed(piece))

    def end(self) -> str:
        return self._stream.feed(self._characters.end()) + self._stream.end()


class _CleanTool:
    """One tool call: its name is held until its arguments begin, so that it is whole when it is cleaned."""

    def __init__(self, index: int, redactor: Redactor) -> None:
        self._index = index
        self._redactor = redactor
        self._id = self._name = ""
        self._is_named = False
        self._arguments = _CleanText(redactor)

    def feed(self, event: ToolDelta) -> Iterator[ToolDelta]:
        if not self._is_named:
            self._id = self._id or event.id
            self._name += event.name
        if event.arguments:
            yield from self.name()
        if arguments := self._arguments.feed(event.arguments):
            yield ToolDelta(self._index, arguments=arguments)

    def name(self) -> Iterator[ToolDelta]:
        if not self._is_named:
            self._is_named = True
            clean = self._redactor.clean
            yield ToolDelta(self._index, clean(mended(self._id)), clean(mended(self._name)))

    def end(self) -> Iterator[ToolDelta]:
        yield from self.name()
        if rest := self._arguments.end():
            yield ToolDelta(self._index, arguments=rest)


class Cleaner:
    """Takes the secrets out of an answer: its text is one stream, and each tool call's arguments are."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._text = _CleanText(redactor)
        self._tools: dict[int, _CleanTool] = {}

    def feed(self, event: Event) -> list[Event]:
        """Return what can be shown of all that came."""
        if isinstance(event, Text):
            text = self._text.feed(event.text)
            return [Text(text)] if text else []
        if isinstance(event, ToolDelta):
            if event.index in self._tools:
                return [*self._tools[event.index].feed(event)]
            named = [name for tool in self._tools.values() for name in tool.name()]
            self._tools[event.index] = _CleanTool(event.index, self._redactor)
            return [*named, *self._tools[event.index].feed(event)]
        return [event]

    def end(self) -> list[Event]:
        """Return what was held back."""
        text = self._text.end()
        rests: list[Event] = [Text(text)] if text else []
        return rests + [rest for tool in self._tools.values() for rest in tool.end()]


def cleaned(error: AnError, redactor: Redactor) -> AnError:
    """Return an error without secrets; what a provider said is shortened only after that."""
    message = redactor.clean(mended(error.message))
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    made = type(error)(message, redactor.clean(error.remedy))
    made.status = error.status
    if isinstance(error, QuotaExceeded) and isinstance(made, QuotaExceeded):
        made.retry_after = error.retry_after
    return made
