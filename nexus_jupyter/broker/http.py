"""The broker over HTTP: OpenAI's routes for whoever has a token, the others for the owner."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler

from nexus_jupyter import __version__
from nexus_jupyter.broker.cleaning import cleaned
from nexus_jupyter.broker.core import Broker
from nexus_jupyter.broker.events import Done, Event, Failed, Text, ToolDelta, Usage
from nexus_jupyter.broker.wire import chunk, error_body
from nexus_jupyter.errors import BadRequest, NexusError, QuotaExceeded, TokenRefused
from nexus_jupyter.models.llm import (
    Budget,
    CompletionRequest,
    ConnectionSpec,
    EmbeddingRequest,
    KeyValue,
    ModelChoice,
    TokenRequest,
)
from nexus_jupyter.store import CHOSEN_MODEL, TokenGrant

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger(__name__)


class Desk:
    """What the handlers share.

    Parameters
    ----------
    token
        The owner's.
    retire
        Ends the process once the calls under way have ended.
    """

    def __init__(self, broker: Broker, token: str, retire: Callable[[], None]) -> None:
        self.broker = broker
        self.token = token
        self.retire = retire
        self.open_requests = 0
        self.last_used = time.monotonic()


class BrokerHandler(RequestHandler):
    """A handler that knows who asks."""

    desk: Desk
    #: None for the owner.
    grant: TokenGrant | None = None
    owner_only = True

    def initialize(self, desk: Desk) -> None:
        """Take what is shared."""
        self.desk = desk
        self.broker = desk.broker

    def prepare(self) -> None:
        """Refuse who shows no token that is good for this."""
        self.desk.open_requests += 1
        shown = self.request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if hmac.compare_digest(shown.encode(), self.desk.token.encode()):
            return
        self.grant = self.broker.tokens.find(shown)
        if self.grant is None:
            raise TokenRefused("The broker does not know this token, or it has ended.", "Ask the app's owner.")
        if self.owner_only:
            raise TokenRefused("Only the owner may do this.")

    def on_finish(self) -> None:
        """Note that somebody was here."""
        self.desk.open_requests -= 1
        self.desk.last_used = time.monotonic()

    def body(self, record: type[T]) -> T:
        """Return the request's body as a record.

        Raises
        ------
        BadRequest
            It does not fit.
        """
        try:
            return record.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the body"
            raise BadRequest(f"`{where}`: {first['msg']}.") from None  # the input may hold a key

    def reply(self, answer: Any) -> None:
        """Send a record, a list of them, or plain JSON types."""
        plain = [a.model_dump(mode="json") for a in answer] if isinstance(answer, list) else answer
        dump = getattr(plain, "model_dump", None)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(dump(mode="json") if dump else plain))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send an error in OpenAI's form."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if not isinstance(error, NexusError):
            message = (
                f"{self._reason}." if isinstance(error, HTTPError) else "The broker failed inside; its log says where."
            )
            error = NexusError(message)
            error.status = status_code
        error = cleaned(error, self.broker.redactor())  # a caller's own words may hold one too
        self.set_status(error.status)
        if isinstance(error, QuotaExceeded) and error.retry_after is not None:
            self.set_header("Retry-After", f"{error.retry_after:.0f}")
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(error_body(error), ensure_ascii=False))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Keep refusals out of the log."""
        if not isinstance(value, NexusError | HTTPError):
            log.error("A request failed", exc_info=(typ, value, tb))

    async def unless_gone(self, work: Awaitable[None]) -> None:
        """Await work that ends with its caller."""
        self._work = asyncio.ensure_future(work)
        with contextlib.suppress(asyncio.CancelledError, StreamClosedError):
            await self._work

    _work: asyncio.Future[None] | None = None

    def on_connection_close(self) -> None:
        """Stop what nobody waits for."""
        if self._work is not None:
            self._work.cancel()


class HealthHandler(BrokerHandler):
    """Whether the broker runs."""

    def get(self) -> None:
        """Tell the version."""
        self.reply({"version": __version__, "running": self.broker.calls.running})


class ShutdownHandler(BrokerHandler):
    """The broker's end."""

    def post(self) -> None:
        """End once the calls under way have ended."""
        self.reply({"ok": True})
        self.desk.retire()


class WarmHandler(BrokerHandler):
    """A first call that is expected."""

    async def post(self) -> None:
        """Get ready for it."""
        await self.broker.calls.provider("").warm()
        self.reply({"ok": True})


class CompletionsHandler(BrokerHandler):
    """Chat completions."""

    owner_only = False

    async def post(self) -> None:
        """Answer, in one piece or as it comes."""
        request = self.body(CompletionRequest)
        raw = json.loads(self.request.body)
        asked = self.broker.asked(request, raw, self.grant)
        model = self.broker.redactor().clean(asked.model)
        await self.unless_gone(self._answer(self.broker.calls.stream(asked), model, bool(request.stream)))

    async def _answer(self, events: AsyncIterator[Event], model: str, is_streamed: bool) -> None:
        created = int(time.time())
        call_id = f"chatcmpl-{created}-{id(self):x}"
        async with contextlib.aclosing(events):  # type: ignore[type-var]
            if not is_streamed:
                self.reply(await _whole(events, call_id, model, created))
                return
            is_begun = False
            async for event in events:
                if not is_begun:
                    if isinstance(event, Failed):
                        raise event.error
                    is_begun = True
                    self.set_header("Content-Type", "text/event-stream")
                    self.set_header("Cache-Control", "no-store")
                body = chunk(event, call_id=call_id, model=model, created=created)
                self.write(f"data: {json.dumps(body, ensure_ascii=False)}\n\n")
                if isinstance(event, Done):
                    self.write("data: [DONE]\n\n")
                await self.flush()
            await self.finish()


async def _whole(events: AsyncIterator[Event], call_id: str, model: str, created: int) -> dict[str, Any]:
    text: list[str] = []
    tools: dict[int, dict[str, str]] = {}
    body: dict[str, Any] = {"id": call_id, "object": "chat.completion", "created": created, "model": model}
    async for event in events:
        match event:
            case Failed(error=error):
                raise error
            case Text(text=piece):
                text.append(piece)
            case ToolDelta():
                tool = tools.setdefault(event.index, {"id": "", "name": "", "arguments": ""})
                tool["id"] = tool["id"] or event.id
                tool["name"] += event.name
                tool["arguments"] += event.arguments
            case Usage():
                told = chunk(event, call_id=call_id, model=model, created=created)
                body |= {"usage": told["usage"], "nexus": told["nexus"]}
            case Done(reason=reason):
                message: dict[str, Any] = {"role": "assistant", "content": "".join(text) or None}
                if tools:
                    message["tool_calls"] = [
                        {
                            "id": t["id"],
                            "type": "function",
                            "function": {"name": t["name"], "arguments": t["arguments"]},
                        }
                        for t in tools.values()
                    ]
                body["choices"] = [{"index": 0, "message": message, "finish_reason": reason}]
    return body


class EmbeddingsHandler(BrokerHandler):
    """Embeddings."""

    owner_only = False

    async def post(self) -> None:
        """Return a vector for each text."""
        request = self.body(EmbeddingRequest)
        texts = [request.input] if isinstance(request.input, str) else request.input
        await self.unless_gone(self._answer(request.model, texts))

    async def _answer(self, model: str, texts: list[str]) -> None:
        target, vectors, tokens = await self.broker.embed(model, texts, self.grant)
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        self.reply(
            {"object": "list", "data": data, "model": self.broker.redactor().clean(target.model), "usage": usage}
        )


class OpenAIModelsHandler(BrokerHandler):
    """The models, in OpenAI's form."""

    owner_only = False

    async def get(self) -> None:
        """List what the caller may use."""
        found = await self.broker.models()
        only = set(self.grant.models) if self.grant else set()
        data = [
            {"id": m.id, "object": "model", "created": 0, "owned_by": m.connection}
            for m in found.models
            if not only or m.id in only
        ]
        self.reply({"object": "list", "data": data})


class ModelsHandler(BrokerHandler):
    """The models, with prices, and the chosen one."""

    async def get(self) -> None:
        """List everything that can be chosen."""
        self.reply(await self.broker.models())

    async def put(self) -> None:
        """Choose one."""
        self.reply({"model": await self.broker.choose(self.body(ModelChoice).model)})


class ChosenHandler(BrokerHandler):
    """The chosen model alone: nobody is asked."""

    def get(self) -> None:
        """Name it; empty for none."""
        self.reply({"model": self.broker.settings.get(CHOSEN_MODEL)})


class KeysHandler(BrokerHandler):
    """All keys: names and last characters."""

    def get(self) -> None:
        """List them."""
        self.reply(self.broker.stored_keys())


class KeyHandler(BrokerHandler):
    """One key: it can be written, never read."""

    def put(self, name: str) -> None:
        """Keep it."""
        self.reply(self.broker.set_key(name, self.body(KeyValue).value))

    def delete(self, name: str) -> None:
        """Forget it."""
        self.broker.remove_key(name)
        self.reply({"ok": True})


class ConnectionHandler(BrokerHandler):
    """One server of models."""

    def put(self, name: str) -> None:
        """Add or replace it."""
        added = self.broker.add_connection(name, self.body(ConnectionSpec))
        self.reply({"id": added.id, "api_base": added.api_base})

    def delete(self, name: str) -> None:
        """Forget it."""
        self.broker.remove_connection(name)
        self.reply({"ok": True})

    async def post(self, name: str) -> None:
        """Find out, at no cost, whether it can be used."""
        self.reply(await self.broker.check(name))


class TokensHandler(BrokerHandler):
    """Scoped tokens."""

    def post(self) -> None:
        """Make one."""
        self.reply({"token": self.broker.make_token(self.body(TokenRequest))})


class TokenHandler(BrokerHandler):
    """One scoped token."""

    def delete(self, name: str) -> None:
        """End it at once."""
        self.reply({"ok": self.broker.tokens.remove(name)})


class UsageHandler(BrokerHandler):
    """What was spent."""

    def get(self) -> None:
        """Report today, or an app's life with `?app=`."""
        self.reply(self.broker.usage(self.get_query_argument("app", "")))


class BudgetHandler(BrokerHandler):
    """One budget."""

    def put(self, scope: str) -> None:
        """Set or lift it."""
        budget = self.body(Budget)
        self.broker.budgets.set(scope, budget.tokens, budget.money)
        self.reply({"ok": True})


class RedactHandler(BrokerHandler):
    """Texts that may hold a key."""

    def post(self) -> None:
        """Return them without."""
        try:
            texts = json.loads(self.request.body or b"[]")
        except (ValueError, RecursionError):
            texts = None
        if not isinstance(texts, list):
            raise BadRequest("A list of texts is wanted.")
        clean = self.broker.redactor().clean
        self.reply({"texts": [clean(str(text)) for text in texts]})


def application(desk: Desk) -> Application:
    """Return all routes."""
    shared = {"desk": desk}
    name = r"([A-Za-z0-9_.-]{1,64})"
    return Application(
        [
            (r"/v1/chat/completions", CompletionsHandler, shared),
            (r"/v1/embeddings", EmbeddingsHandler, shared),
            (r"/v1/models", OpenAIModelsHandler, shared),
            (r"/nexus/health", HealthHandler, shared),
            (r"/nexus/shutdown", ShutdownHandler, shared),
            (r"/nexus/warm", WarmHandler, shared),
            (r"/nexus/models", ModelsHandler, shared),
            (r"/nexus/chosen", ChosenHandler, shared),
            (r"/nexus/keys", KeysHandler, shared),
            (r"/nexus/keys/((?:apps/[A-Za-z0-9_-]{1,64}/)?[A-Za-z0-9_.-]{1,64})", KeyHandler, shared),
            (rf"/nexus/connections/{name}", ConnectionHandler, shared),
            (r"/nexus/tokens", TokensHandler, shared),
            (rf"/nexus/tokens/{name}", TokenHandler, shared),
            (r"/nexus/usage", UsageHandler, shared),
            (r"/nexus/budgets/(day|app:[A-Za-z0-9_.-]{1,64})", BudgetHandler, shared),
            (r"/nexus/redact", RedactHandler, shared),
        ],
        log_function=lambda _: None,  # a request's line says nothing that the ledger does not
    )
