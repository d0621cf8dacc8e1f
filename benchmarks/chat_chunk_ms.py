"""What one piece of an answer costs the server: appended, and sent to a panel."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, percentile
from nexus_jupyter.agents.chat import Chat
from nexus_jupyter.agents.replies import Request, Text
from nexus_jupyter.store import ChatLog, Database

GOAL = 0.3
MESSAGES = 1000
CHUNKS = 200
ROUNDS = 10


class Chunks:
    """Answers with many small pieces and keeps when each was asked for."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def reply(self, _request: Request, *, last_data: tuple[str, ...] = ()) -> AsyncIterator[Text]:
        """Yield the pieces: between two yields, one was appended and sent."""
        for _ in range(CHUNKS + 1):
            self.times.append(time.perf_counter())
            yield Text(text="a few words ")


async def answer(chat: Chat, chunks: Chunks) -> list[float]:
    """Let the chat answer once; return the milliseconds of each piece."""
    chunks.times.clear()
    chat.send(Request(text="go"))
    while chat.is_busy:  # noqa: ASYNC110  nothing else runs
        await asyncio.sleep(0)
    return [1000 * (b - a) for a, b in zip(chunks.times, chunks.times[1:], strict=False)]


async def sample(folder: Path) -> tuple[list[float], list[float]]:
    """Return the times with an empty history and with a long one, interleaved."""
    database = Database(folder / "nexus.db")
    sent: list[str] = []
    chats: list[tuple[Chat, Chunks]] = []
    for name, messages in (("empty", 0), ("long", MESSAGES)):
        log = ChatLog(database, "me", name)
        for number in range(messages):
            log.append("start", str(number), {"sender": "nexus"})
            log.append("delta", str(number), {"text": "An answer of some words. " * 8})
            log.append("end", str(number), {"status": "done"})
        chunks: Any = Chunks()
        chat = Chat(log, chunks)
        chat.follow(lambda event: sent.append(json.dumps(event, ensure_ascii=False)), 0)
        chats.append((chat, chunks))
    plain: list[float] = []
    long: list[float] = []
    for _ in range(ROUNDS):
        plain += await answer(*chats[0])
        long += await answer(*chats[1])
    database.close()
    return plain, long


def measure() -> Figure:
    """Compare a chat of a thousand messages with an empty one, on disk, with one panel."""
    with tempfile.TemporaryDirectory() as folder:
        plain, long = asyncio.run(sample(Path(folder)))
    return Figure(
        name="chat_chunk_ms",
        value=statistics.median(long),
        unit="ms",
        baseline=statistics.median(plain),
        n=len(long),
        notes=f"median; 95th {percentile(long, 0.95):.3f} ms; history of {MESSAGES} messages, baseline without any",
    )


if __name__ == "__main__":
    measure().show()
