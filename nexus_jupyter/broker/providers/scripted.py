"""A provider that says what a script tells it to: for tests and demonstrations, at no cost."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from nexus_jupyter import errors
from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Text, ToolDelta, Usage
from nexus_jupyter.errors import ModelError, ModelUnknown, NexusError


class ScriptedProvider:
    """Answers from a list of turns; `echo` repeats the last message.

    Parameters
    ----------
    scripts
        Model name -> turns, given in turn, the last one for ever. A turn may have
        `text` or `pieces`; `tools` (`[{"id", "name", "arguments"}]`); `seconds` to wait
        before each piece; `usage` (`[prompt, completion]`); `reason`; `error`
        (`{"type", "message"}`, raised after the pieces); `key` that must be given;
        `expect`, a text that the last message must hold.
    log
        A file to which each call is appended as a line of JSON: what a provider would have billed.
    """

    def __init__(self, scripts: dict[str, list[dict[str, Any]]], log: Path | None = None) -> None:
        self._scripts = scripts
        self._log = log
        self._taken: dict[str, int] = {}

    @classmethod
    def from_file(cls, path: Path) -> ScriptedProvider:
        """Read the scripts from a JSON file; calls are logged beside it."""
        return cls(json.loads(path.read_text(encoding="utf-8")), path.with_suffix(".log"))

    async def stream(self, call: ModelCall) -> AsyncIterator[Event]:
        """Yield the next turn."""
        said = str(call.messages[-1].get("content") or "") if call.messages else ""
        turns = self._scripts.get(call.model)
        if call.model == "echo" and turns is None:
            turns = [{"pieces": said.split(" ")}]
        if not turns:
            yield Failed(ModelUnknown(f"There is no script `{call.model}`."))
            return
        number = self._taken.get(call.model, 0)
        self._taken[call.model] = number + 1
        turn = turns[min(number, len(turns) - 1)]
        pieces = turn.get("pieces") or ([turn["text"]] if "text" in turn else [])
        if call.model == "echo" and len(pieces) > 1:
            pieces = [pieces[0], *(f" {p}" for p in pieces[1:])]
        try:
            self._write(call, len(pieces))
            self._check(turn, call, said)
            for piece in pieces:
                await asyncio.sleep(turn.get("seconds", 0))
                yield Text(piece)
            for index, tool in enumerate(turn.get("tools", ())):
                yield ToolDelta(index=index, id=tool["id"], name=tool["name"])
                arguments = tool["arguments"]
                for start in range(0, len(arguments), 7):
                    yield ToolDelta(index=index, arguments=arguments[start : start + 7])
            if problem := turn.get("error"):
                raise getattr(errors, problem["type"])(problem["message"], problem.get("remedy", ""))
        except NexusError as error:
            yield Failed(error)
            return
        prompt, completion = turn.get("usage") or (len(said.split()), sum(len(p.split()) or 1 for p in pieces))
        yield Usage(prompt, completion)
        yield Done(turn.get("reason", "tool_calls" if turn.get("tools") else "stop"))

    def _check(self, turn: dict[str, Any], call: ModelCall, said: str) -> None:
        if "key" in turn and call.key != turn["key"]:
            raise errors.KeyRejected("The scripted provider does not accept the key.")
        if "expect" in turn and turn["expect"] not in said:
            raise ModelError(f"The script expected `{turn['expect']}` in the last message.")

    def _write(self, call: ModelCall, pieces: int) -> None:
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"model": call.model, "pieces": pieces, "messages": call.messages}) + "\n")

    async def embed(self, call: ModelCall, texts: list[str]) -> tuple[list[list[float]], int]:
        """Return eight numbers made of each text's hash."""
        vectors = [[b / 255 for b in hashlib.sha256(t.encode()).digest()[:8]] for t in texts]
        return vectors, sum(len(t.split()) for t in texts)

    async def models(self, kind: str, api_base: str, key: str) -> list[str]:
        """Return the names of the scripts."""
        return sorted({"echo", *self._scripts})

    async def warm(self) -> None:
        """Nothing to get ready."""
