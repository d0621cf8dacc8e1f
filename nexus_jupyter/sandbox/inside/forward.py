"""Forward the server's unix sockets to the TCP ports of a kernel in the same network namespace."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Any

#: Order in which the listening sockets are passed.
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
_CHUNK = 1 << 16
_RETRY_SECONDS = 0.02


def serve(descriptors: list[int], connection: dict[str, Any], child: int) -> int:
    """Forward until process `child` ends; return its exit code (minus the signal, if one ended it)."""
    return asyncio.run(_serve(descriptors, connection, child))


async def _serve(descriptors: list[int], connection: dict[str, Any], child: int) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def reap() -> None:
        loop.remove_reader(watch)
        _, status = os.waitpid(child, 0)
        ended.set_result(os.waitstatus_to_exitcode(status))

    watch = os.pidfd_open(child)
    loop.add_reader(watch, reap)
    for name, descriptor in zip(CHANNELS, descriptors, strict=True):
        port = int(connection[f"{name}_port"])

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = port) -> None:
            with contextlib.suppress(OSError):
                inner_reader, inner_writer = await _connect(connection["ip"], port)
                await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

        await asyncio.start_unix_server(forward, sock=socket.socket(fileno=descriptor))
    return await ended


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the kernel; the server's clients may come before it listens."""
    while True:
        try:
            return await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            await asyncio.sleep(_RETRY_SECONDS)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
