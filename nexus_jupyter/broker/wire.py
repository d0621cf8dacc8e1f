"""HTTP and server-sent events as bytes, without input or output; the standard library only.

Requests are HTTP/1.0, so that an answer is its bytes up to the end of the connection.
Source: RFC 1945; WHATWG HTML, 9.2 (event stream); OpenAI's chat completion chunks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nexus_jupyter import errors
from nexus_jupyter.broker.events import Done, Event, Failed, Text, ToolDelta, Usage
from nexus_jupyter.errors import AnswerCut, BadRequest, BrokerUnavailable, NexusError, ProviderFailed

MAX_HEAD = 65_536
LARGEST_REQUEST = 64_000_000  # bytes


def request_bytes(method: str, path: str, token: str, body: Any = None, host: str = "nexus") -> bytes:
    """Return a request with a JSON body.

    Raises
    ------
    BadRequest
        It is larger than what the broker takes.
    """
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    if len(content) > LARGEST_REQUEST:
        raise BadRequest(f"The request has {len(content) / 1e6:,.0f} MB; 64 MB are the most.", "Ask with less.")
    head = [
        f"{method} {path} HTTP/1.0",
        f"Host: {host}",
        f"Authorization: Bearer {token}",
        f"Content-Length: {len(content)}",
    ]
    if content:
        head.append("Content-Type: application/json")
    return "\r\n".join([*head, "", ""]).encode() + content


class Response:
    """An answer that comes in pieces: feed them, then read `status` and `body`."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.length: int | None = None
        self.received = 0
        self._head = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; return what of it belongs to the body.

        Raises
        ------
        BrokerUnavailable
            It is no HTTP.
        """
        if self.status is not None:
            self.received += len(piece)
            return piece
        self._head += piece
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > MAX_HEAD:
                raise BrokerUnavailable("The broker sent no answer that can be read.")
            return b""
        lines = self._head[:end].decode("latin-1").split("\r\n")
        rest = self._head[end + 4 :]
        try:
            self.status = int(lines[0].split(" ", 2)[1])
        except (IndexError, ValueError):
            raise BrokerUnavailable("The broker sent no answer that can be read.") from None
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-length" and value.strip().isdecimal():
                self.length = int(value)
        self.received = len(rest)
        return rest

    @property
    def is_whole(self) -> bool:
        """Whether all came that was announced; unknown, so False, where no length was."""
        return self.length is not None and self.received >= self.length

    def check_whole(self) -> None:
        """Look, once the connection has ended, whether all came.

        Raises
        ------
        BrokerUnavailable
            Something is missing.
        """
        if self.status is None or (self.length is not None and self.received < self.length):
            raise BrokerUnavailable("The broker ended in the middle of its answer.", "Try again.")


class EventStream:
    """Server-sent events out of bytes, however they are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._skips_feed = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """Yield the data of each event that is whole now."""
        if self._skips_feed and piece:
            piece = piece.removeprefix(b"\n")
            self._skips_feed = False
        buffer = self._rest + piece
        start = 0
        while True:
            ends = [i for i in (buffer.find(b"\n", start), buffer.find(b"\r", start)) if i >= 0]
            if not ends:
                break
            end = min(ends)
            line = buffer[start:end]
            if buffer[end : end + 2] == b"\r\n":
                start = end + 2
            else:
                start = end + 1
                # A CR at the very end may be half of a CRLF.
                self._skips_feed = buffer[end : end + 1] == b"\r" and start == len(buffer)
            if (data := self._line(line)) is not None:
                yield data
        self._rest = buffer[start:]

    def _line(self, line: bytes) -> str | None:
        if not line:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return None


def error_from(body: Any, status: int = 500) -> NexusError:
    """Return the error that a body `{"error": {...}}` tells of."""
    told = body.get("error") if isinstance(body, dict) else None
    told = told if isinstance(told, dict) else {}
    kind = getattr(errors, str(told.get("type")), None)
    if not (isinstance(kind, type) and issubclass(kind, NexusError)):
        kind = ProviderFailed
    message = str(told.get("message") or f"The broker answered with status {status}.")
    return kind(message, str(told.get("remedy") or ""))


def error_body(error: NexusError) -> dict[str, Any]:
    """Return an error in OpenAI's form, with our own fields."""
    return {
        "error": {
            "message": error.message,
            "type": type(error).__name__,
            "code": error.status,
            "param": None,
            "remedy": error.remedy,
        }
    }


def chunk(event: Event, *, call_id: str, model: str, created: int) -> dict[str, Any]:
    """Return an event as a chunk of OpenAI's stream."""
    body: dict[str, Any] = {"id": call_id, "object": "chat.completion.chunk", "created": created, "model": model}
    match event:
        case Text(text=text):
            body["choices"] = [_choice({"content": text})]
        case ToolDelta():
            function = {k: v for k, v in (("name", event.name), ("arguments", event.arguments)) if v}
            call: dict[str, Any] = {"index": event.index, "function": function}
            if event.id:
                call |= {"id": event.id, "type": "function"}
            body["choices"] = [_choice({"tool_calls": [call]})]
        case Done(reason=reason):
            body["choices"] = [_choice({}, reason)]
        case Usage():
            body["choices"] = []
            body["usage"] = {
                "prompt_tokens": event.prompt_tokens,
                "completion_tokens": event.completion_tokens,
                "total_tokens": event.prompt_tokens + event.completion_tokens,
            }
            body["nexus"] = {"money": event.money, "cached": event.is_cached, "estimate": event.is_estimate}
        case Failed(error=error):
            return error_body(error)
    return body


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


class Answer:
    """Events out of a stream's bytes; a stream that ends before its end is a failure."""

    def __init__(self) -> None:
        self._stream = EventStream()
        self._is_over = False
        self._done: Done | None = None

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that are whole now."""
        for data in self._stream.feed(piece):
            if self._is_over:
                return
            yield from self._events(data)

    def end(self) -> Iterator[Event]:
        """Yield what is left to say once the connection has ended."""
        if not self._is_over:
            self._is_over = True
            yield Failed(AnswerCut("The answer was cut: the broker ended in the middle of it.", "Ask again."))

    def _events(self, data: str) -> Iterator[Event]:
        if data == "[DONE]":
            self._is_over = True
            yield self._done or Failed(AnswerCut("The answer ended in the middle.", "Ask again."))
            return
        try:
            body = json.loads(data)
            if "error" in body:
                self._is_over = True
                yield Failed(error_from(body))
                return
            yield from self._said(body)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError):
            self._is_over = True
            yield Failed(ProviderFailed("A part of the answer cannot be read.", "Ask again."))

    def _said(self, body: dict[str, Any]) -> Iterator[Event]:
        for choice in body.get("choices", [])[:1]:
            delta = choice.get("delta") or {}
            if delta.get("content"):
                yield Text(str(delta["content"]))
            for call in delta.get("tool_calls") or []:
                function = call.get("function") or {}
                yield ToolDelta(
                    index=int(call["index"]),
                    id=str(call.get("id") or ""),
                    name=str(function.get("name") or ""),
                    arguments=str(function.get("arguments") or ""),
                )
            if choice.get("finish_reason"):
                self._done = Done(choice["finish_reason"])  # said last, after the usage
        if usage := body.get("usage"):
            ours = body.get("nexus") or {}
            yield Usage(
                prompt_tokens=int(usage["prompt_tokens"]),
                completion_tokens=int(usage["completion_tokens"]),
                money=ours.get("money"),
                is_cached=bool(ours.get("cached")),
                is_estimate=bool(ours.get("estimate")),
            )
