"""Run the broker of a state folder: `python -m nexus_jupyter.broker --state DIR`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets, bind_unix_socket

from nexus_jupyter import __version__
from nexus_jupyter.broker import endpoint as endpoints
from nexus_jupyter.broker.core import Broker
from nexus_jupyter.broker.http import Desk, application
from nexus_jupyter.broker.wire import LARGEST_REQUEST
from nexus_jupyter.errors import NexusError, StorageFailed
from nexus_jupyter.files import write_atomic

IDLE_VARIABLE = "NEXUS_BROKER_IDLE"  # seconds without a request after which it ends
IDLE_SECONDS = 900.0
LOOK_SECONDS = 2.0
DRAIN_SECONDS = 600.0
GRACE_SECONDS = 0.2  # for a request that was on its way
BACKLOG = 1024  # callers who wait to be heard; a unix socket turns the next one away
LARGEST_LOG = 1_000_000  # bytes
LONGEST_ADDRESS = 100  # a unix socket's address holds 108 bytes
PR_SET_DUMPABLE = 4  # Source: prctl(2)


class _Cleaned(io.TextIOBase):
    """What this process prints, without keys: logs, tracebacks, and whatever a provider's client says."""

    broker: Broker | None = None

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        whole, end, self._rest = (self._rest + text).rpartition("\n")
        if end:
            self._output.write(self._clean(whole) + end)
            self._output.flush()
        return len(text)

    def close(self) -> None:
        """Print the last line, which may have no end."""
        if self._rest:
            self._output.write(self._clean(self._rest))
            self._rest = ""
        self._output.flush()

    def _clean(self, text: str) -> str:
        return self.broker.redactor().clean(text) if self.broker is not None else text


def main() -> int:
    """Serve until nobody needs it."""
    parser = argparse.ArgumentParser(prog="python -m nexus_jupyter.broker")
    parser.add_argument("--state", type=Path, required=True)
    state: Path = parser.parse_args().state.resolve()
    _keep_memory_private()
    os.umask(0o077)
    _shorten(state / "broker.log")
    sys.stderr = output = _Cleaned(sys.stderr)
    sys.stdout = output
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with contextlib.closing(output), contextlib.closing(Broker(state)) as broker:
            output.broker = broker
            asyncio.run(_serve(broker, state))
    except NexusError as error:
        sys.__stderr__.write(f"{error}\n")  # type: ignore[union-attr]  # a key is in none that stops the start
        return 1
    return 0


def _keep_memory_private() -> None:
    """Write no core file, and let no other process of this user read the memory, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _shorten(log: Path) -> None:
    with contextlib.suppress(OSError):
        if log.stat().st_size > LARGEST_LOG:
            os.truncate(log, 0)


async def _serve(broker: Broker, state: Path) -> None:
    ended = asyncio.Event()
    desk = Desk(broker, secrets.token_urlsafe(32), ended.set)
    server = HTTPServer(
        application(desk), max_buffer_size=LARGEST_REQUEST, max_body_size=LARGEST_REQUEST, no_keep_alive=True
    )
    folder, address, sockets = _listen()
    server.add_sockets(sockets)
    file = state / endpoints.FILE
    told = {"address": address, "token": desk.token, "version": __version__, "pid": os.getpid()}
    file.touch(mode=0o600)
    write_atomic(file, json.dumps(told).encode())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    try:
        await _until_idle(desk, state, ended)
    finally:
        server.stop()
        current = endpoints.read(state)
        if current is not None and current.pid == os.getpid():
            file.unlink(missing_ok=True)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        await asyncio.sleep(GRACE_SECONDS)
        await _drain(desk)
        await server.close_all_connections()


def _listen() -> tuple[Path | None, str, list[socket.socket]]:
    """Return the socket's folder, the address, and what listens there."""
    if not hasattr(socket, "AF_UNIX"):
        sockets = bind_sockets(0, "127.0.0.1")
        return None, f"tcp:127.0.0.1:{sockets[0].getsockname()[1]}", sockets
    base = tempfile.gettempdir()
    if len(base) > LONGEST_ADDRESS - 30:
        base = "/tmp"  # noqa: S108  a long TMPDIR does not fit into a socket's address
    folder = Path(tempfile.mkdtemp(prefix=endpoints.FOLDER, dir=base))  # mode 0700
    path = folder / "s"
    return folder, f"unix:{path}", [bind_unix_socket(str(path), mode=0o600, backlog=BACKLOG)]


async def _until_idle(desk: Desk, state: Path, ended: asyncio.Event) -> None:
    """Wait for an order to end, for nobody asking any more, or for another broker in this one's place."""
    idle = float(os.environ.get(IDLE_VARIABLE) or IDLE_SECONDS)
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), min(LOOK_SECONDS, idle))
        with contextlib.suppress(StorageFailed):
            desk.broker.tidy()
        current = endpoints.read(state)
        is_replaced = current is None or current.pid != os.getpid()
        is_idle = desk.open_requests == 0 and time.monotonic() - desk.last_used > idle
        if is_idle or (is_replaced and desk.open_requests == 0):
            return


async def _drain(desk: Desk) -> None:
    end = time.monotonic() + DRAIN_SECONDS
    while desk.open_requests > 0 and time.monotonic() < end:  # noqa: ASYNC110  seldom, and once
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
