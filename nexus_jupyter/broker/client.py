"""Calls to the broker from other processes; the standard library only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from nexus_jupyter.broker import endpoint as endpoints
from nexus_jupyter.broker.endpoint import Endpoint
from nexus_jupyter.broker.events import Event
from nexus_jupyter.broker.wire import Answer, Response, error_from, request_bytes
from nexus_jupyter.errors import BrokerUnavailable

CHAT = "/v1/chat/completions"
PIECE = 65_536
#: How long the broker may be silent, in seconds. It gives up on a provider before that, and says so.
PATIENCE = 300.0


def _unreachable(error: OSError) -> BrokerUnavailable:
    return BrokerUnavailable(f"The model broker cannot be reached: {error.strerror or error}.", "Try again.")


def _parsed(response: Response, body: bytes) -> Any:
    """Return an answer's JSON.

    Raises
    ------
    NexusError
        The broker refused, or its answer is not whole.
    """
    response.check_whole()
    try:
        content = json.loads(body) if body else None
    except ValueError as error:
        raise BrokerUnavailable("The broker sent no answer that can be read.") from error
    assert response.status is not None
    if response.status >= 400:
        raise error_from(content, response.status)
    return content


class BrokerClient:
    """Blocking calls, for magics and the command line.

    Parameters
    ----------
    locate
        Returns the broker's endpoint, starting it if need be.
    """

    def __init__(self, locate: Callable[[], Endpoint]) -> None:
        self._locate = locate

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that the broker answers with.

        Raises
        ------
        NexusError
            The broker refuses, or cannot be reached.
        """
        response, content = Response(), bytearray()
        with self._sent(method, path, body) as connection:
            for piece in _pieces(connection):
                content += response.feed(piece)
        return _parsed(response, bytes(content))

    def stream(self, body: dict[str, Any]) -> Iterator[Event]:
        """Yield the events of one model call; closing the iterator stops the call."""
        response, answer, refusal = Response(), Answer(), bytearray()
        with self._sent("POST", CHAT, {**body, "stream": True}) as connection:
            for piece in _pieces(connection):
                content = response.feed(piece)
                if response.status == 200:
                    yield from answer.feed(content)
                else:
                    refusal += content
        if response.status != 200:
            _parsed(response, bytes(refusal))
        yield from answer.end()

    @contextlib.contextmanager
    def _sent(self, method: str, path: str, body: Any) -> Iterator[socket.socket]:
        endpoint = self._locate()
        try:
            connection = endpoints.connect(endpoint.address)
        except OSError as error:
            raise _unreachable(error) from error
        with connection:
            try:
                connection.settimeout(PATIENCE)
                connection.sendall(request_bytes(method, path, endpoint.token, body))
                yield connection
            except OSError as error:
                raise _unreachable(error) from error


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(ConnectionError):  # an end in the middle, which the reader of the answer sees
        while piece := connection.recv(PIECE):
            yield piece


class AsyncBrokerClient:
    """Calls that await, for servers.

    Parameters
    ----------
    state
        The folder whose broker is meant.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self._known: Endpoint | None = None

    async def ask(self, method: str, path: str, body: Any = None, *, start: bool = True) -> Any:
        """Return the JSON that the broker answers with.

        Parameters
        ----------
        start
            Whether to start a broker where none runs; else the answer is None then.

        Raises
        ------
        NexusError
            The broker refuses, or cannot be reached.
        """
        opened = await self._sent(method, path, body, start=start)
        if opened is None:
            return None
        reader, writer = opened
        response, content = Response(), bytearray()
        try:
            while piece := await self._piece(reader):
                content += response.feed(piece)
        finally:
            writer.close()
        return _parsed(response, bytes(content))

    async def stream(self, body: dict[str, Any]) -> AsyncIterator[Event]:
        """Yield the events of one model call; closing the iterator stops the call."""
        opened = await self._sent("POST", CHAT, {**body, "stream": True})
        assert opened is not None  # it starts one
        reader, writer = opened
        response, answer, refusal = Response(), Answer(), bytearray()
        try:
            while piece := await self._piece(reader):
                content = response.feed(piece)
                if response.status == 200:
                    for event in answer.feed(content):
                        yield event
                else:
                    refusal += content
        finally:
            writer.close()
        if response.status != 200:
            _parsed(response, bytes(refusal))
        for event in answer.end():
            yield event

    async def _sent(
        self, method: str, path: str, body: Any, *, start: bool = True
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Send a request to the broker that was last known, else to the one that is there now."""
        for attempt in range(2):
            known = self._known
            if known is None:
                locate = endpoints.ensure if start else endpoints.find
                known = await asyncio.to_thread(locate, self.state)
                if known is None:
                    return None
            try:
                reader, writer = await asyncio.wait_for(_open(known.address), endpoints.CONNECT_SECONDS)
            except (OSError, TimeoutError) as error:
                self._known = None  # it has ended: look for the next
                if attempt:
                    reason = error if isinstance(error, OSError) else OSError("it does not answer")
                    raise _unreachable(reason) from error
                continue
            self._known = known
            writer.write(request_bytes(method, path, known.token, body))
            return reader, writer
        raise AssertionError

    async def _piece(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE):
                return await reader.read(PIECE)
        except TimeoutError as error:
            raise BrokerUnavailable("The model broker does not answer.", "Try again.") from error
        except ConnectionError:
            return b""  # an end in the middle, which the reader of the answer sees


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, where = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(where)
    host, _, port = where.rpartition(":")
    return await asyncio.open_connection(host, int(port))
