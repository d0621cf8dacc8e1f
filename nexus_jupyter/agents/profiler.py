"""Reads data files in processes of their own, the next of which may wait with pandas imported."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nexus_jupyter.errors import DataUnreadable


class Profiler:
    """Describes data files; each is read by a process that reads no other.

    Parameters
    ----------
    keep_warm
        Have the next process ready, once the first file was read or `warm` was called.
    delay
        Seconds after a file until the next process starts: it would compete with the app that shows the file.
    """

    def __init__(self, *, keep_warm: bool = False, delay: float = 0) -> None:
        self._keep_warm = keep_warm
        self._delay = delay
        self._next: asyncio.Task[Process] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def warm(self) -> None:
        """Have a process ready for the next file."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._next is None:
            self._next = asyncio.ensure_future(_start())

    async def read(self, path: Path, *, seconds: float = 60) -> dict[str, Any]:
        """Return what the reader says of a file: `table`, or `error`, `message` and `remedy`.

        Raises
        ------
        DataUnreadable
            The reader ended by itself, or took too long.
        """
        answer = await self._ask(str(path), path.name, seconds)
        return dict(answer)

    async def columns(self, paths: Sequence[Path], *, seconds: float = 20) -> list[list[str]]:
        """Return the names of the columns of each file, in the order of `paths`; none for what is no table.

        Raises
        ------
        DataUnreadable
            The reader ended by itself, or took too long.
        """
        answer: list[list[str]] = await self._ask([str(p) for p in paths], "These files", seconds)
        return answer

    async def _ask(self, order: Any, name: str, seconds: float) -> Any:
        self.warm()
        task, self._next = self._next, None
        assert task is not None
        process = await task
        if process.returncode is not None:  # it ended while it waited
            process = await _start()
        try:
            out, _ = await asyncio.wait_for(process.communicate(json.dumps(order).encode() + b"\n"), seconds)
        except TimeoutError as error:
            raise DataUnreadable(f"`{name}` takes too long to read.", "Give a sample of it.") from error
        finally:
            await _end(process)
            if self._keep_warm:
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = asyncio.get_running_loop().call_later(self._delay, self.warm)
        if process.returncode != 0:
            raise DataUnreadable(f"`{name}` cannot be read: the reader stopped.", "Give a smaller file.")
        return json.loads(out)

    async def close(self) -> None:
        """End the process that waits."""
        self._keep_warm = False
        if self._timer is not None:
            self._timer.cancel()
        task, self._next = self._next, None
        if task is not None:
            await _end(await task)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nexus_jupyter.agents.profiler", stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def main() -> int:
    """Import what reading takes, wait for a path, describe that file."""
    import pandas  # noqa: F401

    from nexus_jupyter.recipes import tables

    line = sys.stdin.readline()
    order = json.loads(line) if line else None
    if isinstance(order, list):
        sys.stdout.write(json.dumps([tables.column_names(Path(path)) for path in order]))
    return tables.main([order]) if isinstance(order, str) else 0


if __name__ == "__main__":
    raise SystemExit(main())
