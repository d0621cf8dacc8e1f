"""One warm sandbox per server: Python and the usual libraries are imported before anybody asks.

A standby sees the server's root, at a hidden place, and runs none of the user's code. When a kernel start
claims it, it builds its own root with that one project in it and leaves everything else behind for good; it is
used once. The next one is started in the background.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from nexus_jupyter.errors import SandboxUnavailable
from nexus_jupyter.sandbox.bubble import Bubble, spawner
from nexus_jupyter.sandbox.layout import HIDDEN_ROOT, Mount

_log = logging.getLogger(__name__)

#: What ipykernel imports between its start and the first result, and what most apps import.
PRELOAD = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "ipykernel.shellchannel",
    "ipykernel.control",
    "IPython.core.debugger",
    "IPython.core.completer",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "jedi",
    "psutil",
    "sqlite3",
    "numpy",
    "pandas",
    "ipywidgets",
)
_REFILL_SECONDS = 1.0

_current: Standby | None = None


def enable_standby(root: str | Path, preload: Sequence[str] = PRELOAD, *, delay: float = _REFILL_SECONDS) -> Standby:
    """Keep one warm sandbox for projects below `root`; call `await standby.close()` at the end."""
    global _current
    if _current is not None:
        raise RuntimeError("This process has a standby already.")
    _current = Standby(Path(root).resolve(), preload, delay)
    return _current


def current_standby() -> Standby | None:
    """Return this process's standby, if one was enabled."""
    return _current


class Standby:
    """The warm sandbox of one server root; made by `enable_standby`."""

    def __init__(self, root: Path, preload: Sequence[str], delay: float) -> None:
        self.root = root
        self.claims = 0
        self._preload = tuple(preload)
        self._delay = delay
        self._lock = threading.Lock()
        self._bubble: Bubble | None = None
        self._closed = threading.Event()
        self._filler = self._start_filling(0)

    def claim(self, mounts: Sequence[Mount]) -> tuple[Bubble, list[tuple[str, str]]] | None:
        """Take the warm sandbox, if it is warm and everything in `mounts` is below the root.

        Returns
        -------
        The sandbox and where it sees each mount: (present path, path in the sandbox).
        """
        if not all(mount.source.is_relative_to(self.root) for mount in mounts):
            return None
        with self._lock:
            bubble, self._bubble = self._bubble, None
        if bubble is None:
            return None
        self._filler = self._start_filling(self._delay)
        if bubble.poll() is not None:
            bubble.close()
            return None
        self.claims += 1
        return bubble, [(f"{HIDDEN_ROOT}/{mount.source.relative_to(self.root)}", mount.target) for mount in mounts]

    async def ready(self, seconds: float = 60.0) -> bool:
        """Wait until a warm sandbox is there; false if none could be had."""
        await asyncio.to_thread(self._filler.join, seconds)
        return self._bubble is not None

    async def close(self) -> None:
        """End the warm sandbox and start no other."""
        global _current
        self._closed.set()
        if _current is self:
            _current = None
        await asyncio.to_thread(self._filler.join)
        with self._lock:
            bubble, self._bubble = self._bubble, None
        if bubble is not None:
            await asyncio.to_thread(bubble.close)

    def _start_filling(self, delay: float) -> threading.Thread:
        filler = threading.Thread(target=self._fill, args=(delay,), name="nexus-standby", daemon=True)
        filler.start()
        return filler

    def _fill(self, delay: float) -> None:
        """Start a sandbox and wait until it is warm; the delay leaves the processor to the claimed kernel."""
        if self._closed.wait(delay):
            return
        try:
            bubble = spawner.submit(Bubble, [Mount(self.root, HIDDEN_ROOT)], self._preload).result()
        except (SandboxUnavailable, OSError, RuntimeError) as error:  # RuntimeError: the interpreter is ending
            _log.warning("No warm kernel is kept ready: %s", error)
            return
        warm = bubble.wait_until_ready()
        if bubble.threaded:
            _log.info("Apps import `%s` themselves: it starts a thread.", bubble.threaded)
            self._preload = tuple(name for name in self._preload if name != bubble.threaded)
            bubble.close()
            self._fill(0)
            return
        with self._lock, contextlib.ExitStack() as cleanup:
            if warm and not self._closed.is_set():
                self._bubble = bubble
                return
            cleanup.callback(bubble.close)
        if not warm:
            _log.warning("No warm kernel is kept ready: %s", bubble.log_tail() or "it ended while it was starting")
