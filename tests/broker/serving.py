"""Brokers to test: in this process, or in their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from nexus_jupyter.broker import endpoint as endpoints
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker.core import Broker
from nexus_jupyter.broker.endpoint import Endpoint
from nexus_jupyter.broker.events import Event, Provider
from nexus_jupyter.broker.http import Desk, application

T = TypeVar("T")
WAIT = 60


class Loop:
    """An event loop in a thread of its own, for servers that a blocking test talks to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT)
        self.loop.close()


class Running:
    """A broker that serves in this process."""

    def __init__(self, loop: Loop, state: Path, providers: dict[str, Provider]) -> None:
        self.loop = loop
        self.state = state
        self.waited: list[float] = []
        self._folder = tempfile.TemporaryDirectory(prefix="nexus-test-")
        self.address = f"unix:{self._folder.name}/s"
        loop.run(self._start(providers))
        self.client = self.as_caller(self.desk.token)

    async def _start(self, providers: dict[str, Provider]) -> None:
        async def sleep(seconds: float) -> None:
            self.waited.append(seconds)

        self.broker = Broker(self.state, providers=providers, sleep=sleep)
        self.desk = Desk(self.broker, "owner-token-of-this-test", lambda: None)
        self._server = HTTPServer(application(self.desk), no_keep_alive=True, max_body_size=64_000_000)
        self._server.add_socket(bind_unix_socket(f"{self._folder.name}/s"))

    def as_caller(self, token: str) -> BrokerClient:
        """Return a client that shows a token."""
        return BrokerClient(lambda: Endpoint(self.address, token))

    def events(self, content: str = "hello", **body: Any) -> list[Event]:
        """Return the events of one call."""
        return list(self.client.stream({"messages": [{"role": "user", "content": content}], **body}))

    def close(self) -> None:
        async def close() -> None:
            self._server.stop()
            await self._server.close_all_connections()
            self.broker.close()

        self.loop.run(close())
        self._folder.cleanup()


@dataclass
class Processes:
    """Starts brokers in processes of their own, and ends them all."""

    started: list[Endpoint]

    def ensure(self, state: Path) -> Endpoint:
        found = endpoints.ensure(state)
        if found.pid not in {e.pid for e in self.started}:
            self.started.append(found)
        return found

    def kill(self, endpoint: Endpoint) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(endpoint.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(endpoint.pid, 0)
        endpoints._sweep(endpoint)
