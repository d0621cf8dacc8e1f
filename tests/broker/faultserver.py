"""A provider on this machine that speaks OpenAI's protocol and fails in every way: `python faultserver.py` prints its port.

The model's name says how a call goes: `ok`, `cut-3` (the connection ends after three chunks), `retry-2`
(429 twice, then an answer), ... Each call that came is in `calls`, with what it would be billed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WORDS = ("The ", "quick ", "brown ", "fox ", "jumps.")
TEXT = "".join(WORDS)
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
ARGUMENTS = '{"city": "Zürich ☕", "days": [1, 2], "note": "a \\"b\\" \\\\ c"}'
HUGE = 3_000_000  # characters
KEY = "sk-good-key-0123456789"
MODELS = ("ok", "tools", "echo")
#: Refusals: status, OpenAI's code, text.
REFUSALS = {
    "badkey": (401, "invalid_api_key", "Incorrect API key provided."),
    "forbidden": (403, "forbidden", "Your account may not use this."),
    "unknown": (404, "model_not_found", "The model does not exist."),
    "limited": (429, "rate_limit_exceeded", "Rate limit reached."),
    "broke": (429, "insufficient_quota", "You exceeded your current quota."),
    "long": (400, "context_length_exceeded", "This model's maximum context length is 8 tokens."),
    "refused": (400, "invalid_request_error", "Unrecognized parameter."),
    "filtered": (400, "content_policy_violation", "Your request was rejected by our safety system."),
    "broken": (500, "server_error", "The server had an error."),
    "busy": (503, "overloaded", "Overloaded."),
}


@dataclass
class Call:
    """One call that came."""

    path: str
    key: str
    body: dict[str, Any]
    headers: dict[str, str]
    status: int = 200
    chunks: int = 0
    is_whole: bool = False

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def is_billed(self) -> bool:
        """Whether something was answered: a refusal costs nothing."""
        return self.status == 200


def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def tool(arguments: str, **more: Any) -> dict[str, Any]:
    return chunk({"tool_calls": [{"index": 0, "function": {"arguments": arguments}, **more}]})


def told(words: tuple[str, ...] | list[str]) -> list[dict[str, Any]]:
    usage = {**chunk({}), "choices": [], "usage": USAGE}
    return [*(chunk({"content": w}) for w in words), chunk({}, "stop"), usage]


def tool_chunks(pieces: list[str]) -> list[dict[str, Any]]:
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    usage = {**chunk({}), "choices": [], "usage": USAGE}
    return [chunk({"tool_calls": [first]}), *map(tool, pieces), chunk({}, "tool_calls"), usage]


def lines(chunks: list[dict[str, Any]], end: str = "\n", done: bool = True) -> Iterator[bytes]:
    for one in chunks:
        yield f"data: {json.dumps(one)}{end}{end}".encode()
    if done:
        yield f"data: [DONE]{end}{end}".encode()


class FaultServer:
    """The server; `start` it in a running loop."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(Exception):
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = head[0].split(" ")[1]
        key = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("api-key", "")
        call = Call(path, key, json.loads(body) if body else {}, headers)
        if "deployments" in path:  # Azure names the model there
            call.body["model"] = path.split("/deployments/")[1].split("/")[0]
        self.calls.append(call)
        if path.endswith("/models"):
            if key == "sk-bad-key-0123456789":
                return self._refuse(call, writer, "badkey")
            return self._reply(call, writer, 200, {"object": "list", "data": [{"id": m} for m in MODELS]})
        if path.endswith("/embeddings"):
            return self._embed(call, writer)
        return await self._complete(call, writer, reader)

    def _reply(self, call: Call, writer: asyncio.StreamWriter, status: int, body: Any, **headers: str) -> bool:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        more = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        told = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in more.items())
        call.status, call.is_whole = status, True
        writer.write(f"HTTP/1.1 {status} Said\r\n{told}\r\n".encode() + content)
        return True

    def _refuse(self, call: Call, writer: asyncio.StreamWriter, name: str, **headers: str) -> bool:
        status, code, text = REFUSALS[name]
        said = call.body.get("messages", [{}])[-1].get("content") or ""
        if str(said).startswith("repeat: "):
            text = str(said).removeprefix("repeat: ")
        error = {"message": text, "type": code, "code": code, "param": None}
        return self._reply(call, writer, status, {"error": error}, **headers)

    def _embed(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        if call.model in REFUSALS:
            return self._refuse(call, writer, call.model)
        texts = call.body["input"] if isinstance(call.body["input"], list) else [call.body["input"]]
        data = [{"object": "embedding", "index": i, "embedding": [float(len(t)), 0.5]} for i, t in enumerate(texts)]
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        return self._reply(call, writer, 200, {"object": "list", "data": data, "model": "m", "usage": usage})

    async def _complete(self, call: Call, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> bool:
        name, _, number = call.model.partition("-")
        n = int(number) if number.isdecimal() else 0
        said = str(call.body["messages"][-1].get("content") or "")
        before = sum(c.model == call.model for c in self.calls) - 1
        if name in REFUSALS:
            return self._refuse(call, writer, name, **({"Retry_After": number} if number else {}))
        if name == "retry" and before < n:
            return self._refuse(call, writer, "limited", Retry_After="7")
        if name == "fails" and before < n:
            return self._refuse(call, writer, "broken")
        if name == "html":
            return self._reply(call, writer, 200, b"<html>Sign in</html>", Content_Type="text/html")
        if name == "json":
            message = {"role": "assistant", "content": TEXT}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return self._reply(call, writer, 200, {"id": "x", "object": "chat.completion", "choices": [choice]})
        if name == "silent":  # takes the call and never answers
            await reader.read()
            return False
        if name == "drop":  # ends without a word
            call.status = 0
            return False
        await self._stream(call, writer, reader, name, n, said)
        return False

    async def _stream(
        self, call: Call, writer: asyncio.StreamWriter, reader: asyncio.StreamReader, name: str, n: int, said: str
    ) -> None:
        chunks, end, done, step, pause = told(WORDS), "\n", True, 0, 0.0
        extra: list[bytes] = []
        match name:
            case "tools":
                size = n or 5
                chunks = tool_chunks([ARGUMENTS[i : i + size] for i in range(0, len(ARGUMENTS), size)])
            case "badtools":
                chunks = tool_chunks(['{"city": ', "oops"])
            case "echo":
                chunks = told([said])
            case "echosplit":  # the text in pieces of n characters
                chunks = told([said[i : i + n] for i in range(0, len(said), n)])
            case "echotools":
                chunks = tool_chunks([said[i : i + n] for i in range(0, len(said), n)])
            case "crlf":
                end = "\r\n"
            case "cr":
                end = "\r"
            case "undone":
                done = False
            case "unended":  # [DONE], but nobody said why
                chunks = [c for c in chunks if not (c["choices"] and c["choices"][0]["finish_reason"])]
            case "bare":  # no usage
                chunks = chunks[:-1]
            case "drip":  # every byte alone
                step = 1
            case "bytes":  # n bytes at a time
                step = n
            case "slow":
                pause = n / 1000
            case "huge":
                chunks = told(["x" * HUGE])
            case "flood":  # more than anybody takes
                chunks = told(["x" * 500_000] * 10)
            case "emoji":  # an emoji in two halves
                chunks = told(["A \ud83d", "\ude00 B"])
            case "surrogate":
                chunks = told(["A \ud83d B"])
            case "length":
                chunks = [*chunks[:2], chunk({}, "length"), chunks[-1]]
            case "keepalive":
                extra = [b": keep-alive\n\n", b":\r\n", b": OPENROUTER PROCESSING\n\n"]
        pieces = list(lines(chunks, end, done))
        if name == "cut":
            pieces = pieces[:n]
        if name == "badjson":
            pieces.insert(n, b'data: {"choices": [{"del\n\n')
        if name == "error":
            body = {"error": {"message": "The model ran out of memory.", "type": "server_error", "code": 500}}
            pieces.insert(n, f"data: {json.dumps(body)}\n\n".encode())
            del pieces[n + 1 :]
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
        is_chunked = name in {"cut", "drip", "bytes", "stall"}  # so that a cut can be seen as one
        writer.write((head + ("Transfer-Encoding: chunked\r\n\r\n" if is_chunked else "\r\n")).encode())
        gone = asyncio.ensure_future(reader.read())
        try:
            for number, piece in enumerate(pieces):
                if gone.done():
                    return
                if name == "stall" and number == n:
                    await gone
                    return
                for part in [piece[i : i + step] for i in range(0, len(piece), step)] if step else [*extra, piece]:
                    writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n" if is_chunked else part)
                    if step:
                        await asyncio.sleep(0)
                await writer.drain()
                call.chunks = number + 1
                if pause:
                    await asyncio.sleep(pause)
            if name != "cut" and is_chunked:
                writer.write(b"0\r\n\r\n")
            call.is_whole = name != "cut"
            await writer.drain()
        finally:
            gone.cancel()


async def main() -> None:
    server = FaultServer()
    await server.start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until whoever started it ends


if __name__ == "__main__":
    asyncio.run(main())
