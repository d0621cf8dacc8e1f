"""Run a notebook from a clean sandboxed kernel and report the truth about it."""

from __future__ import annotations

import asyncio
import math
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from nbformat import NotebookNode

from nexus_jupyter.artifacts.metadata import cell_record
from nexus_jupyter.errors import KernelDied, SandboxUnavailable
from nexus_jupyter.models.run import CellError, CellStatus
from nexus_jupyter.recipes.trust import is_recipe_notebook
from nexus_jupyter.sandbox.policy import allow_process, withdraw_process

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
KERNEL = "nexus-python"
MAX_TRACEBACK = 6000
READY_SECONDS = 60
LOOK_SECONDS = 0.2
MAX_OUTPUT = 20_000_000  # characters of one cell
Progress = Callable[[str], None]
OUTPUT_MESSAGES = frozenset({"stream", "display_data", "execute_result", "update_display_data"})


@dataclass(kw_only=True)
class Run:
    """A finished run: statuses, the first error, and the seconds of its two stages."""

    cells: list[CellStatus]
    tier: str
    error: CellError | None = None
    seconds: dict[str, float] = field(default_factory=dict)


Runner = Callable[[NotebookNode, Path, Progress | None], Awaitable[Run]]
"""Runs a notebook, given its content and its file."""


async def run_notebook(
    nb: NotebookNode, path: Path, progress: Progress | None = None, *, kernel: str = KERNEL, timeout: float = 120
) -> Run:
    """Execute every code cell in order in a fresh kernel; outputs and widget state land in `nb`.

    Parameters
    ----------
    path
        The notebook's file. Its folder is the kernel's working directory, read-only to it.
    timeout
        Seconds one cell may take.

    Raises
    ------
    SandboxUnavailable
        No sandbox works here, and the code is not ours.
    KernelDied
        The kernel could not start, or ended by itself.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from jupyter_client.manager import AsyncKernelManager

    if progress:
        progress("Starting the sandbox")
    manager = AsyncKernelManager(kernel_name=kernel)
    kernel_id = str(uuid.uuid4())
    if is_recipe_notebook(nb):
        allow_process(kernel_id)  # where no sandbox works, our own code may run in a plain process
    started = time.perf_counter()
    try:
        await manager.start_kernel(cwd=str(path.parent), kernel_id=kernel_id)
        run = await run_in(manager, nb, timeout=timeout, progress=progress)
        run.seconds["start"] += time.perf_counter() - started - sum(run.seconds.values())
    except NoSuchKernel as error:
        raise no_such_kernel(kernel) from error
    finally:
        withdraw_process(kernel_id)
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
    return run


def no_such_kernel(kernel: str) -> SandboxUnavailable:
    """Return the error for a kernelspec that is not there."""
    return SandboxUnavailable(
        f"The kernel `{kernel}` is not installed.", "Run: pip install --force-reinstall nexus-jupyter"
    )


async def run_in(manager: Any, nb: NotebookNode, *, timeout: float = 120, progress: Progress | None = None) -> Run:
    """Execute every code cell in order in a kernel that is running; outputs and widget state land in `nb`.

    Parameters
    ----------
    manager
        The kernel's manager; it is neither started nor stopped here.

    Raises
    ------
    KernelDied
        The kernel never answered, or ended by itself.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    say = progress or (lambda _: None)
    run = Run(cells=[], tier=getattr(manager.provisioner, "tier", None) or "process")
    started = time.perf_counter()
    client = _client(nb, manager, timeout)
    client.reset_execution_trackers()
    statuses: dict[str, CellStatus] = {}
    # Not nbclient's own set-up: it takes over the process's signals, which belong to the server.
    channels: Any = manager.client()
    client.kc = channels
    channels.start_channels()
    channels.allow_stdin = False
    _look_often(channels.shell_channel)
    try:
        await channels.wait_for_ready(timeout=READY_SECONDS)
        run.seconds["start"] = time.perf_counter() - started
        started = time.perf_counter()
        code = [(i, c) for i, c in enumerate(nb.cells) if c["cell_type"] == "code"]
        for number, (index, cell) in enumerate(code, 1):
            say(f"Running cell {number} of {len(code)}")
            role = cell_record(cell).role
            begun = time.perf_counter()
            status: Literal["ok", "error"] = "ok"
            try:
                await client.async_execute_cell(cell, index)
            except CellExecutionError as error:
                status, run.error = "error", _cell_error(cell, error)
            except CellTimeoutError:
                message = f"The cell did not finish within {timeout:.0f} s."
                status, run.error = "error", CellError(cell_id=cell["id"], name="Timeout", message=message)
                await manager.interrupt_kernel()
            except DeadKernelError:
                if not client.is_flooded:
                    raise
                message = f"The cell sent more than {MAX_OUTPUT // 1_000_000} MB of output."
                status, run.error = "error", CellError(cell_id=cell["id"], name="TooMuchOutput", message=message)
                await manager.interrupt_kernel()
            seconds = round(time.perf_counter() - begun, 4)
            statuses[cell["id"]] = CellStatus(id=cell["id"], role=role, status=status, seconds=seconds)
            if run.error:
                break
        client.set_widgets_metadata()
    except DeadKernelError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # nbclient takes a cancelled wait for a dead kernel
            raise asyncio.CancelledError from None
        raise KernelDied(
            "The kernel ended by itself while the app ran.", "It may have used up its memory: try a smaller file."
        ) from error
    except RuntimeError as error:
        raise KernelDied(f"The kernel did not answer: {error}.", "Run: nexus doctor") from error
    finally:
        channels.stop_channels()
    run.seconds["run"] = time.perf_counter() - started
    run.cells = [
        statuses.get(c["id"], CellStatus(id=c["id"], role=cell_record(c).role, status="not_run"))
        for c in nb.cells
        if c["cell_type"] == "code"
    ]
    run.error = run.error or _widget_error(nb)
    return run


def _look_often(channel: Any) -> None:
    """Let a wait on the channel look again and again.

    nbclient answers output widgets on the shell channel, by a synchronous send. ZeroMQ tells of a message that came
    just then only once, and to the send: the wait for it would sleep until its timeout, with the message at hand.
    """
    receive = channel.get_msg

    async def get_msg(timeout: float | None = None) -> Any:
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return await receive(timeout=max(0.0, min(LOOK_SECONDS, end - time.monotonic())))
            except Empty:
                if time.monotonic() >= end:
                    raise

    channel.get_msg = get_msg


def _client(nb: NotebookNode, manager: Any, timeout: float) -> Any:
    """Return nbclient's executor that stops a cell whose output does not end."""
    from nbclient import NotebookClient

    class Client(NotebookClient):
        is_flooded = False
        _cell_id, _received = "", 0

        def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
            if self._cell_id != cell["id"]:
                self._cell_id, self._received = cell["id"], 0
            if msg["msg_type"] in OUTPUT_MESSAGES:
                self._received += len(str(msg["content"].get("text") or msg["content"].get("data") or ""))
            if self._received <= MAX_OUTPUT:
                return super().process_message(msg, cell, cell_index)
            if not self.is_flooded:
                self.is_flooded = True
                assert self.task_poll_for_reply is not None
                self.task_poll_for_reply.cancel()  # nbclient's way to stop waiting; it raises DeadKernelError
            return None

    return Client(nb, km=manager, timeout=timeout, store_widget_state=True)


def widget_state(nb: NotebookNode) -> dict[str, Any]:
    """Return the state of every widget model a run stored in the notebook, by model id."""
    state: dict[str, Any] = nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    return state


def _cell_error(cell: NotebookNode, error: Any) -> CellError:
    return CellError(
        cell_id=cell["id"],
        name=error.ename or "Error",
        message=ANSI.sub("", error.evalue or "")[:1000],
        traceback=ANSI.sub("", error.traceback or "")[-MAX_TRACEBACK:],
    )


def _widget_error(nb: NotebookNode) -> CellError | None:
    """Return the first error that a control's reaction printed into an Output widget.

    `interactive_output` catches exceptions and shows them there, so the cell itself succeeds.
    """
    for model in widget_state(nb).values():
        for output in model.get("state", {}).get("outputs", ()) or ():
            if output.get("output_type") == "error":
                shown = [c for c in nb.cells if cell_record(c).role == "app"]
                return CellError(
                    cell_id=shown[0]["id"] if shown else "",
                    name=output.get("ename", "Error"),
                    message=ANSI.sub("", output.get("evalue", ""))[:1000],
                    traceback=ANSI.sub("", "\n".join(output.get("traceback", [])))[-MAX_TRACEBACK:],
                )
    return None
