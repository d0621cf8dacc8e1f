"""What one piece of a model's answer costs the server: taken from the broker, appended, sent to a panel."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, spread
from nexus_jupyter.agents.chat import Chat
from nexus_jupyter.agents.conversation import Conversation
from nexus_jupyter.agents.exchange import Request, Text
from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import AsyncBrokerClient
from nexus_jupyter.store import ChatLog, Database

GOAL = 0.3
MESSAGES = 1000
CHUNKS = 200
ROUNDS = 20
PIECE = "a few words "


class Chunks:
    """Answers with the same pieces, without a model."""

    async def reply(self, _request: Request, **_: object) -> AsyncIterator[Text]:
        """Yield the pieces."""
        for _number in range(CHUNKS):
            yield Text(text=PIECE)
            await asyncio.sleep(0)


async def answer(chat: Chat, number: int) -> float:
    """Let the chat answer once; return the milliseconds of processor time that each piece took in this process."""
    begun = time.process_time()
    chat.send(Request(text=f"why {number}?"))  # the same question would come from the cache
    assert chat._answer is not None
    await chat._answer
    return 1000 * (time.process_time() - begun) / CHUNKS


def make_chat(database: Database, name: str, replies: Any, sent: list[str]) -> Chat:
    """Return a chat of a thousand messages that one panel follows."""
    log = ChatLog(database, "me", name)
    for number in range(MESSAGES):
        log.append("start", str(number), {"sender": "nexus"})
        log.append("delta", str(number), {"text": "An answer of some words. " * 8})
        log.append("end", str(number), {"status": "done"})
    chat = Chat(log, replies)
    chat.follow(lambda event: sent.append(json.dumps(event, ensure_ascii=False)), 0)
    return chat


async def sample(folder: Path) -> tuple[list[float], list[float]]:
    """Return the times without a model and with one, interleaved; the first of each is thrown away."""
    database = Database(folder / "nexus.db")
    sent: list[str] = []
    recipes: Any = None  # a question reaches the model
    talk = Conversation(recipes, AsyncBrokerClient(folder), lambda: "scripted/long")
    plain = make_chat(database, "plain", Chunks(), sent)
    model = make_chat(database, "model", talk, sent)
    without: list[float] = []
    with_model: list[float] = []
    for number in range(ROUNDS + 1):
        without.append(await answer(plain, number))
        with_model.append(await answer(model, number))
    database.close()
    assert sum(PIECE in text for text in sent) >= 2 * ROUNDS * CHUNKS
    return without[1:], with_model[1:]


def measure() -> Figure:
    """Compare a chat whose answers come from a broker's process with one that makes them itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scripts = folder / "scripts.json"
        scripts.write_text(json.dumps({"long": [{"pieces": [PIECE] * CHUNKS}]}))
        os.environ |= {"NEXUS_SCRIPTS": str(scripts), "NEXUS_LOCAL_PORTS": ""}  # for the broker, which inherits them
        started = endpoint.ensure(folder)
        try:
            without, with_model = asyncio.run(sample(folder))
        finally:
            os.kill(started.pid, signal.SIGTERM)
            while endpoint.is_alive(started):
                time.sleep(0.02)
    return Figure(
        name="chat_chunk_ms",
        value=statistics.median(with_model),
        unit="ms",
        baseline=statistics.median(without),
        n=len(with_model) * CHUNKS,
        notes=f"processor time of the server for each piece of a scripted model's answer, {MESSAGES} messages in the chat; "
        f"baseline: answers made in the server; {spread(with_model)}",
    )


if __name__ == "__main__":
    measure().show()
