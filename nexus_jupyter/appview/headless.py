"""Looks at an app without a browser: runs the app client's own code in a bare V8 and reports what it drew.

Each look has a process of its own (`isolate`): an app that fills the memory ends that process, not ours.
The V8 in it has no network and no disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nexus_jupyter.appview.documents import STATIC

SCRIPT: Final = STATIC / "headless.js"
ISOLATE: Final = Path(__file__).with_name("isolate.py")
# What a Python needs to start; no token, key or address of the server is among it.
KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG")


@dataclass(frozen=True, kw_only=True)
class SeenWidget:
    """A widget on the page."""

    name: str
    visible: bool


@dataclass(frozen=True, kw_only=True)
class SeenTable:
    """A table on the page."""

    rows: int
    columns: int


@dataclass(frozen=True, kw_only=True)
class RenderReport:
    """What a person would see of an app."""

    cells: int = 0
    """Cells that show something."""
    widgets: tuple[SeenWidget, ...] = ()
    charts: int = 0
    chart_marks: tuple[int, ...] = ()
    """Drawn marks of each chart: bars, points, lines, not axes. A 0 is a blank chart."""
    marks: int = 0
    images: int = 0
    tables: tuple[SeenTable, ...] = ()
    text_chars: int = 0
    esm_widgets: int = 0
    """Widgets with their own module: present, but only a browser can run them."""
    errors: tuple[str, ...] = ()
    """What went wrong while drawing, a sentence each."""

    @property
    def blank_charts(self) -> int:
        """Charts that drew nothing."""
        return self.chart_marks.count(0)

    @property
    def is_blank(self) -> bool:
        """Whether the page shows nothing at all."""
        shown = self.marks or self.images or self.tables or self.text_chars or self.esm_widgets
        return not (shown or any(widget.visible for widget in self.widgets))


def model_states(saved: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Turn saved widget state (`application/vnd.jupyter.widget-state+json`) into the client's model states.

    Buffers stay base64 text; the script decodes them.
    """
    return {
        model_id: {
            "model_name": model.get("model_name", ""),
            "model_module": model.get("model_module", ""),
            "model_module_version": model.get("model_module_version", ""),
            "state": model.get("state", {}),
            "buffer_paths": [buffer["path"] for buffer in model.get("buffers", ())],
            "buffers": [_base64(buffer) for buffer in model.get("buffers", ())],
        }
        for model_id, model in saved.items()
    }


class Look:
    """A look at one app; the engine gets ready while the app still runs. Leave it by `close`, or by `with`.

    Parameters
    ----------
    memory_mb
        The most memory the isolate may use.

    Raises
    ------
    RuntimeError
        The app client is not built.
    """

    def __init__(self, *, memory_mb: int = 512) -> None:
        if not SCRIPT.is_file():
            raise RuntimeError("The app client is not built; run `make install`.")
        self._memory_mb = memory_mb
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(ISOLATE), str(SCRIPT), str(memory_mb)],
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Look:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the engine, and a report under way in another thread."""
        self._process.kill()
        with self._turn:
            self._process.communicate()

    def report(
        self, cells: Iterable[Mapping[str, Any]], models: Mapping[str, Any], *, timeout_s: float = 10
    ) -> RenderReport:
        """Draw an app, once, and report what came of it; a client that fails is an error in the report.

        Parameters
        ----------
        cells
            The app's cells: `id`, `role`, `cell_type`, `source` (Markdown only) and nbformat `outputs`.
        models
            The saved widget state by model id, or the whole
            `nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]`.
        timeout_s
            The longest a look may take from now on.
        """
        is_whole = "version_major" in models and isinstance(models.get("state"), Mapping)
        saved = models["state"] if is_whole else models
        request = json.dumps({"cells": [_cell(cell) for cell in cells], "models": model_states(saved)})
        try:
            with self._turn:
                out, log = self._process.communicate(request.encode(), timeout_s)
        except subprocess.TimeoutExpired:
            return RenderReport(errors=(f"Drawing the app took longer than {timeout_s:g} s.",))
        if self._process.returncode != 0:
            return RenderReport(errors=(_failure(log.decode(errors="replace"), self._memory_mb),))
        result = json.loads(out)
        if result["report"] is None:
            reason = _first_line(result["failure"] or "it did not finish")
            return RenderReport(errors=(f"The app client failed: {reason}",))
        return _report(result["report"])


def _failure(log: str, memory_mb: int) -> str:
    """Say why the child process ended."""
    if "JSEvalException" in log:
        return f"The app client failed: {_first_line(log.split('JSEvalException: ', 1)[-1])}"
    if "ModuleNotFoundError" in log:
        return "The engine that looks at apps is missing; install `mini-racer`."
    return f"Drawing the app needs more than {memory_mb} MB of memory."


def _report(raw: Mapping[str, Any]) -> RenderReport:
    return RenderReport(
        cells=raw["cells"],
        widgets=tuple(SeenWidget(**widget) for widget in raw["widgets"]),
        charts=raw["charts"],
        chart_marks=tuple(raw["chart_marks"]),
        marks=raw["marks"],
        images=raw["images"],
        tables=tuple(SeenTable(**table) for table in raw["tables"]),
        text_chars=raw["text_chars"],
        esm_widgets=sum(widget["name"] == "AnyView" for widget in raw["widgets"]),
        errors=tuple(raw["errors"]),
    )


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a cell: one that does not say its role is shown."""
    kind = cell.get("cell_type", "code")
    return {
        "id": cell.get("id", ""),
        "role": cell.get("role") or ("doc" if kind == "markdown" else "app"),
        "cell_type": kind,
        "source": cell.get("source", "") if kind == "markdown" else "",
        "outputs": cell.get("outputs", []),
    }


def _base64(buffer: Mapping[str, Any]) -> str:
    data = str(buffer["data"])
    if buffer.get("encoding", "base64") == "base64":
        return data
    import base64

    return base64.b64encode(bytes.fromhex(data)).decode()


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0][:300]
