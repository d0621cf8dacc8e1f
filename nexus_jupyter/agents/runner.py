"""Run a notebook from a clean sandboxed kernel and report the truth about it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from nexus_jupyter.artifacts.metadata import cell_record
from nexus_jupyter.errors import KernelDied, SandboxUnavailable
from nexus_jupyter.models.run import CellError, CellStatus

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
KERNEL = "nexus-python"
MAX_TRACEBACK = 6000

Progress = Callable[[str], None]


@dataclass(kw_only=True)
class Run:
    """A finished run: statuses, the first error, and the seconds of its two stages."""

    cells: list[CellStatus]
    tier: str
    error: CellError | None = None
    seconds: dict[str, float] = field(default_factory=dict)


async def run_notebook(
    nb: NotebookNode,
    folder: Path,
    *,
    kernel: str = KERNEL,
    timeout: float = 120,
    progress: Progress | None = None,
) -> Run:
    """Execute every code cell in order; outputs and widget state land in `nb`.

    Parameters
    ----------
    folder
        The app's folder: working directory of the kernel, read-only to it.
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
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    say = progress or (lambda _: None)
    manager = AsyncKernelManager(kernel_name=kernel)
    client = NotebookClient(
        nb,
        km=manager,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=True,
    )
    client.reset_execution_trackers()
    statuses: dict[str, CellStatus] = {}
    run = Run(cells=[], tier="")
    started = time.perf_counter()
    try:
        say("Starting the sandbox")
        async with client.async_setup_kernel(cwd=str(folder)):
            run.tier = getattr(manager.provisioner, "tier", "process")
            run.seconds["start"] = time.perf_counter() - started
            started = time.perf_counter()
            code = [(i, c) for i, c in enumerate(nb.cells) if c["cell_type"] == "code"]
            for number, (index, cell) in enumerate(code, 1):
                say(f"Running cell {number} of {len(code)}")
                role = cell_record(cell).role
                begun = time.perf_counter()
                try:
                    await client.async_execute_cell(cell, index)
                    status = "ok"
                except CellExecutionError as error:
                    status = "error"
                    run.error = _cell_error(cell, error)
                except CellTimeoutError:
                    status = "error"
                    message = f"The cell did not finish within {timeout:.0f} s."
                    run.error = CellError(cell_id=cell["id"], name="Timeout", message=message)
                seconds = round(time.perf_counter() - begun, 4)
                statuses[cell["id"]] = CellStatus(id=cell["id"], role=role, status=status, seconds=seconds)  # type: ignore[arg-type]
                if run.error:
                    break
            client.set_widgets_metadata()
    except DeadKernelError as error:
        raise KernelDied(
            "The kernel ended by itself while the app ran.",
            "It may have used up its memory: try a smaller file.",
        ) from error
    except NoSuchKernel as error:
        raise SandboxUnavailable(
            f"The kernel `{kernel}` is not installed.", "Run: pip install --force-reinstall nexus-jupyter"
        ) from error
    except RuntimeError as error:
        if "died" in str(error).lower():
            raise KernelDied("The kernel ended before it answered.", "Run: nexus doctor") from error
        raise
    finally:
        run.seconds.setdefault("start", time.perf_counter() - started)
    run.seconds["run"] = time.perf_counter() - started
    run.cells = [
        statuses.get(c["id"], CellStatus(id=c["id"], role=cell_record(c).role, status="not_run"))
        for c in nb.cells
        if c["cell_type"] == "code"
    ]
    run.error = run.error or _widget_error(nb)
    return run


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


def run_sync(coroutine: Any) -> Any:
    """Run a coroutine to its end from a plain function."""
    return asyncio.run(coroutine)
