"""A chat: an append-only log, the panels that follow it, and at most one answer under way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from nexus_jupyter.agents.exchange import CARD, Context, Part, Progress, Replies, Request, Spent, Text, Turn
from nexus_jupyter.errors import Conflict, NexusError, NotFound, StorageFailed
from nexus_jupyter.secrets.detection import take_keys
from nexus_jupyter.store import ChatLog, LogEntry, visible

Listener = Callable[[dict[str, Any]], None]
log = logging.getLogger(__name__)


class Chat:
    """One chat of one owner."""

    def __init__(self, chat_log: ChatLog, replies: Replies) -> None:
        self._log = chat_log
        self._replies = replies
        self._listeners: set[Listener] = set()
        self._answer: asyncio.Task[None] | None = None
        self._progress = ""
        self._told = chat_log.last
        self._is_cut = False
        self._ending = "stopped"
        # Begun by a server that is gone: say so, rather than let it spin for ever.
        self._end_open_messages("interrupted")

    def _end_open_messages(self, status: str) -> None:
        for message_id in self._log.open_messages():
            self._append("end", message_id, {"status": status})
        self._is_cut = False

    @property
    def is_busy(self) -> bool:
        """Whether an answer is under way."""
        return self._answer is not None and not self._answer.done()

    def follow(self, listener: Listener, since: int) -> list[dict[str, Any]]:
        """Add a panel; return what it missed after number `since` (0 = everything)."""
        self._tell_new()
        reset = not self._log.can_resume(since)
        entries = self._log.history() if reset else self._log.since(since)
        missed: list[dict[str, Any]] = [{"kind": "hello", "reset": reset, "last": self._log.last, "busy": self.is_busy}]
        missed += [entry.as_json() for entry in entries]
        if self.is_busy:
            missed.append({"kind": "progress", "text": self._progress})
        self._listeners.add(listener)
        return missed

    def leave(self, listener: Listener) -> None:
        """Remove a panel; the answer goes on."""
        self._listeners.discard(listener)

    def _tell(self, event: dict[str, Any]) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _tell_new(self) -> None:
        """Tell the panels what is new in the log, by whichever server."""
        for entry in self._log.since(self._told):
            self._told = entry.seq
            self._tell(entry.as_json())

    def _append(self, kind: Any, message_id: str, body: dict[str, Any]) -> None:
        try:
            self._log.append(kind, message_id, body)
        except StorageFailed:
            self._is_cut = True
            raise
        self._tell_new()

    def send(self, request: Request) -> None:
        """Add the owner's message and begin the answer.

        Raises
        ------
        Conflict
            An answer is under way.
        """
        self._begin()
        # A key must not get into the log: from here on only this request holds it.
        text, keys = take_keys(request.text)
        request = replace(request, text=text, keys=(*request.keys, *keys))
        asked = uuid.uuid4().hex
        history = self._turns()
        looked_at = {name: value for name, value in asdict(request.context).items() if value}
        more = {"recipe": request.recipe, "action": request.action, "context": looked_at}
        body: dict[str, Any] = {"sender": "user", "data": list(request.data), **{k: v for k, v in more.items() if v}}
        self._append("start", asked, body)
        self._append("delta", asked, {"text": request.text})
        self._append("end", asked, {"status": "done"})
        self._answer = asyncio.ensure_future(self._reply(request, history))

    def _begin(self) -> None:
        if self.is_busy:
            raise Conflict("Nexus is still answering.", "Wait for it, or stop it.")
        if self._is_cut:
            self._end_open_messages("failed")

    def regenerate(self, message_id: str) -> None:
        """Answer anew what the owner said before a message, which goes out of sight with all that follows.

        Raises
        ------
        Conflict
            An answer is under way.
        NotFound
            No message of the owner comes before it.
        """
        self._begin()
        entries = self._in_sight()
        start = next((i for i, e in enumerate(entries) if e.message_id == message_id), 0)
        asked = next((e for e in reversed(entries[:start]) if _is_owners(e)), None)
        if asked is None:
            raise NotFound("There is nothing to answer again.", "Ask anew.")
        text = "".join(e.body["text"] for e in entries if e.message_id == asked.message_id and e.kind == "delta")
        request = Request(
            text=text,
            data=tuple(asked.body.get("data", ())),
            recipe=asked.body.get("recipe", ""),
            action=asked.body.get("action", ""),
            context=Context(**asked.body.get("context", {})),
            is_again=True,
        )
        self._append("retract", message_id, {})
        self._answer = asyncio.ensure_future(self._reply(request, self._turns(before=asked.message_id)))

    def resend(self, message_id: str, request: Request) -> None:
        """Say something else in the place of an earlier message; that and all that follows go out of sight.

        Raises
        ------
        Conflict
            An answer is under way.
        NotFound
            The message is not the owner's, or not there.
        """
        self._begin()
        if not any(e.message_id == message_id and _is_owners(e) for e in self._in_sight()):
            raise NotFound("There is no such message to change.", "Write a new one.")
        self._append("retract", message_id, {})
        self.send(request)

    def _in_sight(self) -> list[LogEntry]:
        return visible(self._log.since(0))

    def _turns(self, before: str = "") -> tuple[Turn, ...]:
        """Return the chat so far as a model is told of it: questions with a model's answer, and apps that were made.

        What Nexus says by itself (an error, a notice about a key) is no part of a conversation.
        """
        told: list[Turn] = []
        asked = answer = Turn(sender="user", text="")
        for entry in self._in_sight():
            if entry.message_id == before:
                break
            if entry.kind == "start":
                answer = Turn(sender=entry.body["sender"], text="")
            elif entry.kind == "delta":
                answer = replace(answer, text=answer.text + entry.body["text"])
            elif entry.kind == "part" and entry.body.get("mime") == CARD:
                text = f"{answer.text}\n(The app is `{entry.body['data'].get('path', '')}`.)"
                told += [asked, replace(answer, text=text)]
            elif entry.kind == "end" and answer.sender == "user":
                asked = answer
            elif entry.kind == "end" and "spent" in entry.body:
                told += [asked, answer]
        return tuple(told)

    async def stop(self, status: str = "stopped") -> None:
        """End the answer under way; what it said stays, and how it ended."""
        self._ending = status
        if self._answer is not None and not self._answer.done():
            await asyncio.sleep(0)  # let an answer that was just asked for begin, so that it also ends
            self._answer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._answer

    async def _reply(self, request: Request, history: tuple[Turn, ...]) -> None:
        message_id = uuid.uuid4().hex
        try:
            self._append("start", message_id, {"sender": "nexus"})
            self._set_progress("Thinking")
            end = await self._answer_into(message_id, request, history)
            self._set_progress("")
            self._append("end", message_id, end)
        except StorageFailed as error:  # the log cannot hold it, so the panels are told without
            self._set_progress("")
            self._tell({"kind": "refused", "message": error.message, "remedy": error.remedy})

    async def _answer_into(self, message_id: str, request: Request, history: tuple[Turn, ...]) -> dict[str, Any]:
        """Append the answer to the message; return the body that it ends with."""
        end: dict[str, Any] = {"status": "done"}
        answer = self._replies.reply(request, last_data=self._last_data(), history=history)
        try:
            async with contextlib.aclosing(answer) as events:  # type: ignore[type-var]
                async for event in events:
                    match event:
                        case Text(text=text):
                            self._append("delta", message_id, {"text": text})
                        case Part(mime=mime, data=data):
                            self._append("part", message_id, {"mime": mime, "data": data})
                        case Progress(text=text):
                            self._set_progress(text)
                        case Spent():
                            end["spent"] = asdict(event)
        except asyncio.CancelledError:
            end["status"] = self._ending
        except NexusError as error:
            self._append("delta", message_id, {"text": str(error).replace("$", "\\$")})
            end["status"] = "failed"
        except Exception:
            log.exception("An answer failed")
            self._append("delta", message_id, {"text": "Nexus failed inside; the server's log says where."})
            end["status"] = "failed"
        return end

    def _set_progress(self, text: str) -> None:
        self._progress = text
        self._tell({"kind": "progress", "text": text})

    def _last_data(self) -> tuple[str, ...]:
        """Return the data files of the newest app of this chat."""
        for entry in reversed(self._in_sight()):
            if entry.kind == "part" and entry.body.get("mime") == CARD:
                return tuple(entry.body["data"].get("data", ()))
        return ()

    async def clear(self) -> None:
        """Stop the answer and forget the log."""
        await self.stop()
        self._log.clear()
        self._told = self._log.last
        self._tell({"kind": "hello", "reset": True, "last": self._told, "busy": False})


def _is_owners(entry: LogEntry) -> bool:
    return entry.kind == "start" and entry.body.get("sender") == "user"
