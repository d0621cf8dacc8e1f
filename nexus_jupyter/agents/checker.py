"""Does an app work? A clean-kernel run, then a look at what the app client draws."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from nexus_jupyter.agents.runner import Progress, Run, Runner, run_notebook, widget_state
from nexus_jupyter.appview.headless import Look, RenderReport
from nexus_jupyter.artifacts.metadata import cell_record, is_app, read_app
from nexus_jupyter.models.artifact import AppRecord
from nexus_jupyter.models.run import CheckResult, Shown


async def check(
    nb: NotebookNode, path: Path, *, progress: Progress | None = None, runner: Runner = run_notebook
) -> CheckResult:
    """Run a notebook in the sandbox and verify that it shows what it says it shows.

    Outputs and widget state land in `nb`; nothing is written to `path`, unless by the runner.

    Raises
    ------
    SandboxUnavailable
        No sandbox works here, and the code is not ours.
    KernelDied
        The kernel could not start, or ended by itself.
    """
    with await asyncio.to_thread(Look) as look:
        run = await runner(nb, path, progress)
        if progress:
            progress("Looking at the result")
        started = time.perf_counter()
        report = await asyncio.to_thread(look.report, shown_cells(nb), widget_state(nb))
    seconds = {**run.seconds, "render": time.perf_counter() - started}
    app = read_app(nb) if is_app(nb) else None
    problems = _problems(run, report, app)
    return CheckResult(
        path=str(path),
        status="failed" if run.error or problems else "ok",
        tier=run.tier,
        cells=tuple(run.cells),
        shown=_shown(report),
        error=run.error,
        problems=tuple(problems),
        stages={name: round(value, 4) for name, value in seconds.items()},
    )


def shown_cells(nb: NotebookNode) -> list[dict[str, Any]]:
    """Return the cells that the app view shows, as the app client takes them."""
    return [
        {
            "id": cell["id"],
            "role": cell_record(cell).role,
            "cell_type": cell["cell_type"],
            "source": cell["source"] if cell["cell_type"] == "markdown" else "",
            "outputs": cell.get("outputs", []),
        }
        for cell in nb.cells
        if cell_record(cell).role in {"app", "doc"}
    ]


def _shown(report: RenderReport) -> Shown:
    return Shown(
        widgets=len(report.widgets),
        marks=report.marks,
        tables=len(report.tables),
        images=report.images,
        text_chars=report.text_chars,
    )


def _problems(run: Run, report: RenderReport, app: AppRecord | None) -> list[str]:
    """Return what is missing on the screen, each as a sentence."""
    problems = [f"The app view could not draw something: {e}" for e in report.errors]
    if run.error:
        return problems
    if not (report.widgets or report.marks or report.tables or report.images or report.text_chars):
        problems.append("The app shows nothing: no cell of role `app` has an output.")
    for port in app.outputs if app else ():
        if port.kind == "chart" and not report.marks:
            problems.append("The chart is empty: it has no marks.")
        if port.kind == "table" and not report.tables:
            problems.append("The table is missing.")
    return problems
