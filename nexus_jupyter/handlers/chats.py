"""Chats over a websocket: the log and its deltas down, messages and stop up."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from nexus_jupyter.errors import BadRequest, NexusError

if TYPE_CHECKING:
    from nexus_jupyter.agents.chat import Chat
    from nexus_jupyter.services import Services

CHAT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_FRAME = 1_000_000


class ChatHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One panel that follows one chat."""

    services: Services
    chat: Chat | None = None
    _warming: asyncio.Future[None] | None = None

    def initialize(self, services: Services) -> None:
        """Take the services from the route."""
        self.services = services

    @property
    def max_message_size(self) -> int:
        """Bytes of the largest frame a panel may send."""
        return MAX_FRAME

    def set_default_headers(self) -> None:
        """Websockets need none of the HTTP headers."""

    @ws_authenticated
    @authorized(action="execute", resource="nexus:chats")
    async def get(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # the decorator is untyped
        """Open the socket."""
        if not CHAT_ID.fullmatch(self.path_args[0]):
            raise HTTPError(400, "A chat's name has letters, digits, dots and dashes.")
        await super().get(*args, **kwargs)

    def open(self, chat_id: str) -> None:
        """Send what the panel missed, then follow."""
        super().open()
        since = self.get_query_argument("since", "0")
        try:
            self.chat = self.services.chat(chat_id)
            missed = self.chat.follow(self._tell, int(since) if since.isdecimal() else 0)
        except NexusError as error:
            self._refuse(error)
            self.close(1011, "The chat cannot be read.")
            return
        for event in missed:
            self._tell(event)
        self.services.expect_an_app()
        self._warming = asyncio.ensure_future(self.services.expect_a_question())

    def _refuse(self, error: NexusError) -> None:
        self._tell({"kind": "refused", "message": error.message, "remedy": error.remedy})

    def _tell(self, event: dict[str, Any]) -> None:
        try:
            self.write_message(json.dumps(event, ensure_ascii=False))
        except WebSocketClosedError:
            self.on_close()

    async def on_message(self, message: str | bytes) -> None:
        """Obey `send`, `regenerate`, `stop` or `clear`."""
        if self.chat is None:
            return
        try:
            await self._obey(self.chat, message)
        except NexusError as error:
            self._refuse(error)
        except (ValueError, KeyError, TypeError, RecursionError):
            self._refuse(BadRequest("The panel sent something unreadable.", "Reload the page."))

    async def _obey(self, chat: Chat, message: str | bytes) -> None:
        from nexus_jupyter.agents.exchange import Context, Request
        from nexus_jupyter.models.requests import ChatSend
        from nexus_jupyter.secrets.detection import take_keys

        order = json.loads(message)
        match order["kind"]:
            case "send":
                said = ChatSend.model_validate({k: v for k, v in order.items() if k != "kind"})
                looked_at = said.context.model_dump()
                # A key that is pasted, known or new, is meant to be kept: it is taken out before the known ones go.
                masked, keys = take_keys(said.text)
                text, *values = await self.services.without_keys([masked, *looked_at.values()])
                request = Request(
                    text=text,
                    data=said.data,
                    recipe=said.recipe,
                    action=said.action,
                    context=Context(**dict(zip(looked_at, values, strict=True))),
                    keys=keys,
                )
                if said.instead_of:
                    chat.resend(said.instead_of, request)
                else:
                    chat.send(request)
            case "regenerate":
                chat.regenerate(str(order["message_id"]))
            case "stop":
                await chat.stop()
            case "clear":
                await chat.clear()
            case kind:
                raise ValueError(kind)

    def on_close(self) -> None:
        """Leave the chat; an answer under way goes on."""
        if self.chat is not None:
            self.chat.leave(self._tell)
            self.chat = None
        super().on_close()
