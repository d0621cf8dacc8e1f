"""A chat: an append-only log, the panels that follow it, and at most one answer under way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from typing import Any

from nexus_jupyter.agents.replies import CARD, Part, Progress, RecipeReplies, Request, Text
from nexus_jupyter.errors import Conflict, NexusError, StorageFailed
from nexus_jupyter.store import ChatLog

Listener = Callable[[dict[str, Any]], None]
log = logging.getLogger(__name__)


class Chat:
    """One chat of one owner."""

    def __init__(self, chat_log: ChatLog, replies: RecipeReplies) -> None:
        self._log = chat_log
        self._replies = replies
        self._listeners: set[Listener] = set()
        self._answer: asyncio.Task[None] | None = None
        self._progress = ""
        self._told = chat_log.last
        self._is_cut = False
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
        if self.is_busy:
            raise Conflict("Nexus is still answering.", "Wait for it, or stop it.")
        if self._is_cut:
            self._end_open_messages("failed")
        asked = uuid.uuid4().hex
        self._append("start", asked, {"sender": "user", "data": list(request.data)})
        self._append("delta", asked, {"text": request.text})
        self._append("end", asked, {"status": "done"})
        self._answer = asyncio.ensure_future(self._reply(request))

    async def stop(self) -> None:
        """End the answer under way; what it said stays."""
        if self._answer is not None and not self._answer.done():
            await asyncio.sleep(0)  # let an answer that was just asked for begin, so that it also ends
            self._answer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._answer

    async def _reply(self, request: Request) -> None:
        message_id = uuid.uuid4().hex
        try:
            self._append("start", message_id, {"sender": "nexus"})
            self._set_progress("Thinking")
            status = await self._answer_into(message_id, request)
            self._set_progress("")
            self._append("end", message_id, {"status": status})
        except StorageFailed as error:  # the log cannot hold it, so the panels are told without
            self._set_progress("")
            self._tell({"kind": "refused", "message": error.message, "remedy": error.remedy})

    async def _answer_into(self, message_id: str, request: Request) -> str:
        """Append the answer to the message; return the status that it ends with."""
        try:
            async for event in self._replies.reply(request, last_data=self._last_data()):
                match event:
                    case Text(text=text):
                        self._append("delta", message_id, {"text": text})
                    case Part(mime=mime, data=data):
                        self._append("part", message_id, {"mime": mime, "data": data})
                    case Progress(text=text):
                        self._set_progress(text)
        except asyncio.CancelledError:
            return "stopped"
        except NexusError as error:
            self._append("delta", message_id, {"text": str(error)})
            return "failed"
        except Exception:
            log.exception("An answer failed")
            self._append("delta", message_id, {"text": "Nexus failed inside; the server's log says where."})
            return "failed"
        return "done"

    def _set_progress(self, text: str) -> None:
        self._progress = text
        self._tell({"kind": "progress", "text": text})

    def _last_data(self) -> tuple[str, ...]:
        """Return the data files of the newest app of this chat."""
        for entry in reversed(self._log.since(0)):
            if entry.kind == "part" and entry.body.get("mime") == CARD:
                return tuple(entry.body["data"].get("data", ()))
        return ()

    async def clear(self) -> None:
        """Stop the answer and forget the log."""
        await self.stop()
        self._log.clear()
        self._told = self._log.last
        self._tell({"kind": "hello", "reset": True, "last": self._told, "busy": False})
