"""What building, running and checking an app report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue

from nexus_jupyter.models.base import Record


class RecipeChoice(Record):
    """A recipe and how well it fits, 0 to 1."""

    recipe: str
    title: str
    score: float


class RouteResult(Record):
    """Ranked recipes for a sentence."""

    choices: tuple[RecipeChoice, ...]
    in_scope: bool
    close: bool


class CellStatus(Record):
    """What happened to one code cell."""

    id: str
    role: str
    status: Literal["ok", "error", "not_run"]
    seconds: float = 0.0


class CellError(Record):
    """The first error of a run."""

    cell_id: str
    name: str
    message: str
    traceback: str = ""


class Shown(Record):
    """What the app client really drew."""

    widgets: int = 0
    marks: int = 0
    tables: int = 0
    images: int = 0
    text_chars: int = 0


class CheckResult(Record):
    """A clean-kernel run and a look at what it shows."""

    path: str
    status: Literal["ok", "failed"]
    tier: str
    cells: tuple[CellStatus, ...]
    shown: Shown
    error: CellError | None = None
    problems: tuple[str, ...] = ()
    stages: dict[str, float] = {}


class MakeResult(Record):
    """A new app and how it came about."""

    path: str
    app_id: str
    title: str
    recipe: str
    slots: dict[str, JsonValue]
    status: Literal["ok", "failed"]
    notes: tuple[str, ...] = ()
    check: CheckResult
    stages: dict[str, float]


class Finding(Record):
    """One line of `nexus doctor`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class ErrorBody(Record):
    """How an error travels: its class name, its sentence, its remedy."""

    error: str
    message: str
    remedy: str = ""
    detail: dict[str, Any] = {}
