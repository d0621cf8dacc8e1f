"""Every provider that litellm knows, and every server that speaks OpenAI's protocol.

litellm takes two seconds of CPU to import, so it is imported at the first call,
in a thread. Its own retries, caches, callbacks and proxy stay unused.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Text, ToolDelta, Usage
from nexus_jupyter.errors import (
    AnswerCut,
    CallRefused,
    ContextTooLong,
    KeyRejected,
    ModelError,
    ModelUnknown,
    ProviderFailed,
    ProviderUnreachable,
    QuotaExceeded,
)

CONNECT_SECONDS = 15.0
FIRST_SECONDS = 120.0  # reasoning models think before they speak
SILENCE_SECONDS = 60.0
LARGEST_ANSWER = 4_000_000  # characters
#: Where providers list their models, where litellm does not know the address.
BASES = {"openrouter": "https://openrouter.ai/api/v1"}
OWN_PROTOCOL = frozenset({"anthropic", "azure", "bedrock", "cohere", "gemini", "huggingface", "vertex_ai"})
LARGEST_TEXT = 4_000  # characters of an error; it is shortened for people once no key is in it
OPENAI = "https://api.openai.com/v1"
NOBODY = "http://127.0.0.1:9/v1"
NO_KEY = "none"  # servers without keys take any, but the client insists on one
_REASONS = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_LONG = re.compile(
    r"context (length|window)|maximum context|too many tokens|prompt is too long|input is too long", re.I
)

_MESSAGE = re.compile(r'\{.*?"(?:message|detail)": *"((?:[^"\\]|\\.)+)"')
_STATUS = re.compile(r"status(?:[ _]code)?:? (4\d\d|5\d\d)\b", re.I)


class LitellmProvider:
    """Makes calls through litellm."""

    def __init__(self) -> None:
        self._module: Any = None
        self._lock = asyncio.Lock()

    async def _litellm(self) -> Any:
        async with self._lock:
            if self._module is None:
                self._module = await asyncio.to_thread(_import)
        return self._module

    async def warm(self) -> None:
        """Import litellm, and what it imports at the first call."""
        litellm = await self._litellm()
        call = ModelCall(model="warm", kind="openai", messages=[{"role": "user", "content": "x"}], api_base=NOBODY)
        with contextlib.suppress(Exception):  # this reaches nobody, but builds the client: a third of a second
            await litellm.acompletion(**_arguments(call))
        with contextlib.suppress(Exception):
            async for _ in await litellm.acompletion(**_arguments(call), mock_response="x"):
                pass

    async def stream(self, call: ModelCall) -> AsyncIterator[Event]:
        """Yield a call's events."""
        litellm = await self._litellm()
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                stream = await litellm.acompletion(**_arguments(call))
        except Exception as error:  # noqa: BLE001  each provider's client raises its own
            yield Failed(told(error, call))
            return
        reason, size, seconds = "", 0, FIRST_SECONDS
        usage: Usage | None = None
        is_answer = False
        try:
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        piece = await anext(stream)
                except StopAsyncIteration:
                    break
                seconds = SILENCE_SECONDS
                usage = _usage(piece) or usage
                for event in _events(piece):
                    is_answer = True
                    size += len(event.text) if isinstance(event, Text) else len(event.arguments)
                    yield event
                if size > LARGEST_ANSWER:
                    yield Failed(AnswerCut("The answer is longer than four million characters; the rest is left out."))
                    return
                reason = _reason(piece) or reason
        except Exception as error:  # noqa: BLE001
            yield Failed(told(error, call))
            return
        finally:
            with contextlib.suppress(Exception):
                await _close(stream)
        # litellm says "stop" also where the provider said nothing: what it heard is kept apart.
        heard = getattr(stream, "received_finish_reason", reason)
        if not (is_answer or heard):
            where = call.api_base or f"the provider `{call.kind}`"
            yield Failed(AnswerCut(f"What {where} sent is no answer.", "Check the address: it usually ends in `/v1`."))
            return
        if not heard:
            yield Failed(AnswerCut("The answer was cut: the provider ended in the middle of it.", "Ask again."))
            return
        if usage is not None:
            # litellm counts by itself where the provider tells nothing.
            is_told = any(getattr(c, "usage", None) for c in reversed(getattr(stream, "chunks", ())))
            yield replace(usage, is_estimate=not is_told)
        yield Done(_REASONS.get(reason, "stop"))  # type: ignore[arg-type]

    async def embed(self, call: ModelCall, texts: list[str]) -> tuple[list[list[float]], int]:
        """Return a vector for each text, and the tokens used."""
        litellm = await self._litellm()
        arguments = {k: v for k, v in _arguments(call).items() if k not in {"messages", "stream", "stream_options"}}
        try:
            answer = await asyncio.wait_for(litellm.aembedding(**arguments, input=texts), FIRST_SECONDS)
            vectors = [list(map(float, item["embedding"])) for item in answer.data]
        except Exception as error:
            raise told(error, call) from error
        return vectors, int(getattr(answer.usage, "prompt_tokens", 0) or 0)

    async def models(self, kind: str, api_base: str, key: str) -> list[str]:
        """Ask the provider for its models: this needs a valid key and costs nothing."""
        call = ModelCall(model="", kind=kind, messages=[], api_base=api_base, key=key)
        if kind == "openai" or api_base:
            return await _listed(call)
        litellm = await self._litellm()
        try:
            if base := BASES.get(kind) or _known_base(litellm, kind):
                return await _listed(replace(call, api_base=base))
            asked = asyncio.to_thread(_listed_by, litellm, kind, key)
            names = await asyncio.wait_for(asked, CONNECT_SECONDS + 15)
        except Exception as error:
            raise told(error, call) from error
        return sorted(name.removeprefix(f"{kind}/") for name in names)


def _known_base(litellm: Any, kind: str) -> str:
    """Return the address of a provider that speaks OpenAI's protocol, as litellm knows it; empty for others."""
    if kind in OWN_PROTOCOL:
        return ""
    return str(litellm.get_llm_provider(model=f"{kind}/any", api_key=NO_KEY)[3] or "")


async def _listed(call: ModelCall) -> list[str]:
    """Return the models of OpenAI or a compatible server; litellm's own list leaves out the path and the status."""
    import httpx

    base = call.api_base.rstrip("/") or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE") or OPENAI
    try:
        async with httpx.AsyncClient(timeout=CONNECT_SECONDS) as client:
            headers = {"Authorization": f"Bearer {call.key or NO_KEY}"}
            answer = await client.get(f"{base}/models", headers=headers)
            answer.raise_for_status()
            return sorted(str(item["id"]) for item in answer.json()["data"])
    except Exception as error:
        raise told(error, call) from error


def _listed_by(litellm: Any, kind: str, key: str) -> list[str]:
    info = litellm.utils.ProviderConfigManager.get_provider_model_info(model=None, provider=litellm.LlmProviders(kind))
    found: list[str] = info.get_models(api_key=key or NO_KEY) if info is not None else []
    return found


def _import() -> Any:
    # Otherwise the price table is fetched from the internet at import.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    import litellm
    import openai

    _without_retries(openai.AsyncOpenAI)
    litellm.telemetry = False
    litellm.drop_params = True  # a field that a model does not know is left out, not refused
    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    litellm.success_callback, litellm.failure_callback = [], []
    return litellm


def _without_retries(client: Any) -> None:
    """Take a client's own retries away: `max_retries` does not reach those of all providers, and retries multiply."""
    init = client.__init__
    if getattr(init, "__wrapped__", None) is None:

        @functools.wraps(init)
        def made(self: Any, **arguments: Any) -> None:
            init(self, **{**arguments, "max_retries": 0})

        client.__init__ = made


def _arguments(call: ModelCall) -> dict[str, Any]:
    import httpx

    timeout = httpx.Timeout(FIRST_SECONDS, connect=CONNECT_SECONDS)
    arguments: dict[str, Any] = {
        **call.options,
        "model": f"{call.kind}/{call.model}",
        "messages": call.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "num_retries": 0,
        "max_retries": 0,
        "timeout": timeout if call.kind == "openai" else FIRST_SECONDS,
        "api_key": call.key or NO_KEY,
    }
    if call.api_base:
        arguments["api_base"] = call.api_base
    return arguments


def _events(piece: Any) -> list[Text | ToolDelta]:
    found: list[Text | ToolDelta] = []
    for choice in piece.choices[:1]:
        delta = choice.delta
        if getattr(delta, "content", None):
            found.append(Text(delta.content))
        for call in getattr(delta, "tool_calls", None) or []:
            function = call.function
            found.append(
                ToolDelta(
                    index=call.index or 0,
                    id=call.id or "",
                    name=(function.name if function else "") or "",
                    arguments=(function.arguments if function else "") or "",
                )
            )
    return found


def _reason(piece: Any) -> str:
    return next((str(c.finish_reason) for c in piece.choices[:1] if c.finish_reason), "")


def _usage(piece: Any) -> Usage | None:
    usage = getattr(piece, "usage", None)
    if usage is None:
        return None
    return Usage(int(usage.prompt_tokens or 0), int(usage.completion_tokens or 0))


async def _close(stream: Any) -> None:
    """Close the connection to the provider, so that it stops working for nobody."""
    inner = getattr(stream, "completion_stream", None)
    for one in (inner, getattr(inner, "response", None)):
        close = getattr(one, "aclose", None) or getattr(one, "close", None)
        if close is not None:
            result = close()
            if hasattr(result, "__await__"):
                await result
            return


def told(error: BaseException, call: ModelCall) -> ModelError:
    """Return an error of litellm, or of a client below it, as one of ours, with what helps."""
    if isinstance(error, ModelError):
        return error
    if type(error).__name__ == "MidStreamFallbackError":
        return _told_midway(error, call)
    name = type(error).__name__
    status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    status = status if isinstance(status, int) else getattr(response, "status_code", None)
    text = _first_sentence(str(error))
    if status is None and (found := _STATUS.search(text)):
        status = int(found[1])  # some of litellm's lists tell it only in words
    where = call.api_base or f"the provider `{call.kind}`"
    if name == "ContextWindowExceededError" or (status in (400, 413) and _LONG.search(str(error))):
        return ContextTooLong(
            f"There is more text than `{call.model}` takes.",
            "Ask with less context, or choose a model that takes more.",
        )
    if name == "AuthenticationError" or status in (401, 403):
        return KeyRejected(
            f"The key for `{call.kind}` was rejected.", "Enter it again: Settings > Models, or `nexus keys set`."
        )
    if name == "NotFoundError" or status == 404:
        return ModelUnknown(f"The model `{call.model}` is unknown to {where}.", "Choose another model.")
    if name == "RateLimitError" or status == 429:
        limited = QuotaExceeded(
            f"{_begin(where)} allows no more calls now: {text}", "Wait a moment, or check the plan there."
        )
        headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None)
        limited.retry_after = _retry_after(headers)
        return limited
    if isinstance(error, TimeoutError) or name in {"Timeout", "APITimeoutError"} or status == 408:
        return ProviderUnreachable(f"{_begin(where)} does not answer.", "Try again, or choose another model.")
    if name in {"RemoteProtocolError", "ReadError"}:
        return AnswerCut("The answer was cut: the connection to the provider ended.", "Ask again.")
    if name == "ContentPolicyViolationError":
        return CallRefused(f"The provider's filter refused this: {text}", "Say it another way.")
    if (status is None or status == 500) and (
        "Connection error" in str(error) or "Cannot connect to host" in str(error) or "Connect" in name
    ):
        return ProviderUnreachable(f"{_begin(where)} cannot be reached.", "Check its address and the network.")
    if status in (400, 422) or name in {"BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError"}:
        return CallRefused(f"The provider does not accept this: {text}", "Change the request, or choose another model.")
    return ProviderFailed(f"{_begin(where)} failed: {text}", "Try again, or choose another model.")


def _first_sentence(text: str) -> str:
    """Return the part of a client's message that is for people."""
    text = re.sub(r"^(litellm\.)?\w+(Error|Exception|Timeout): ", "", " ".join(text.split()))
    text = re.sub(r"^\w*(Error|Exception)(:| -) ", "", text)
    text = re.sub(r"^\w*Exception - ", "", text)
    if found := _MESSAGE.search(text):  # some providers' errors come as their JSON
        with contextlib.suppress(ValueError):
            text = str(json.loads(f'"{found[1]}"'))
    text = text.split(" Handle with `litellm.")[0].strip() or "no reason given"
    return f"{text if text[-1] in '.!?' else f'{text}.'}"[:LARGEST_TEXT]


def _told_midway(error: BaseException, call: ModelCall) -> ModelError:
    """Return what ended a stream: litellm wraps each cause in the same error."""
    cause = error.__context__ or error
    where = call.api_base or f"the provider `{call.kind}`"
    if isinstance(cause, ValueError):
        return AnswerCut(f"The answer was cut: {where} sent a part that cannot be read.", "Ask again.")
    if type(cause).__name__ == "APIError":  # the provider's own words
        return ProviderFailed(
            f"{_begin(where)} failed: {_first_sentence(str(cause))}", "Try again, or choose another model."
        )
    return AnswerCut("The answer was cut: the connection to the provider ended.", "Ask again.")


def _retry_after(headers: Any) -> float | None:
    value = headers.get("retry-after") if headers is not None else None
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None


def _begin(where: str) -> str:
    """Return who is meant as a sentence begins with it; an address stays as it is."""
    return f"T{where[1:]}" if where.startswith("the ") else where
