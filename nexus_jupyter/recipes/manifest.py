"""What a recipe says about itself, and its notebook template."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from nexus_jupyter.errors import NotFound
from nexus_jupyter.models.artifact import CellRole, Modality
from nexus_jupyter.models.base import Record
from nexus_jupyter.models.table import ColumnKind

CATALOGUE = Path(__file__).parent / "catalogue"
SHARED = "shared"
CELL_MARK = re.compile(r"^# %%(?P<markdown> \[markdown\])? role=(?P<role>\w+) id=(?P<id>\w+)$", re.MULTILINE)


class Slot(Record):
    """One choice of a recipe that the sentence and the data may fill."""

    label: str
    type: Literal["column", "choice", "number", "text", "formula", "inputs", "input"]
    constant: str = Field(pattern=r"^[A-Z][A-Z_]*$")
    kinds: tuple[ColumnKind, ...] = ()
    after: tuple[str, ...] = Field((), description="Words behind which a column name fills this slot.")
    before: tuple[str, ...] = Field((), description="Words before which a column name fills this slot.")
    names: tuple[str, ...] = Field((), description="Words in a column's own name that make it likely for this slot.")
    beside: tuple[str, ...] = Field((), description="Words next to which a number fills this slot.")
    anywhere: bool = Field(False, description="Takes a column wherever the sentence names it, even if `only_named`.")
    only_named: bool = Field(False, description="Left empty unless the sentence names it.")
    follows: dict[str, str] = Field({}, description="Choice -> slot whose value this one takes unless named.")
    choices: dict[str, tuple[str, ...]] = {}
    suits_slot: str = Field("", description="Slot whose column decides a choice that the sentence leaves open.")
    suits: dict[ColumnKind, str] = Field({}, description="Kind of that column -> choice.")
    told_by: dict[str, str] = Field({}, description="Slot that the sentence fills -> choice it stands for.")
    default: str = ""


class KnownFormula(Record):
    """A formula people ask for by name."""

    words: tuple[str, ...]
    formula: str
    inputs: dict[str, float]
    title: str
    along: str = Field("", description="The input that a plot of it is drawn along.")


class ExpectedOutput(Record):
    """What a working app of this recipe shows."""

    kind: Literal["chart", "table", "text"]
    min_marks: int = 0


class Manifest(Record):
    """A recipe's description."""

    id: str
    title: str
    description: str
    icon: str
    modality: Modality
    needs_table: bool
    examples: tuple[str, ...] = Field(min_length=8)
    words: tuple[str, ...]
    cues: tuple[str, ...] = Field((), description="Words that ask for this recipe whatever stands beside them.")
    slots: dict[str, Slot] = {}
    outputs: tuple[ExpectedOutput, ...]
    known: tuple[KnownFormula, ...] = ()
    sample: str = Field("", description="Shared cell that makes a table where its owner gives none.")


@dataclass(frozen=True, kw_only=True)
class TemplateCell:
    """One cell of a template; `source` may be a `# slots` or `# shared: name` line."""

    id: str
    role: CellRole
    markdown: bool
    source: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe: its manifest and its cells."""

    manifest: Manifest
    cells: tuple[TemplateCell, ...]
    template_hash: str


def shared_cell(name: str) -> str:
    """Return the source of a cell that several recipes use."""
    return (CATALOGUE / SHARED / f"{name}.py").read_text(encoding="utf-8").strip("\n")


@functools.cache
def catalogue() -> dict[str, Recipe]:
    """Return all shipped recipes by id."""
    return {folder.name: _load(folder) for folder in sorted(CATALOGUE.iterdir()) if (folder / "recipe.toml").is_file()}


def recipe(recipe_id: str) -> Recipe:
    """Return one recipe.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    try:
        return catalogue()[recipe_id]
    except KeyError as error:
        names = ", ".join(f"`{name}`" for name in catalogue())
        raise NotFound(f"There is no recipe `{recipe_id}`.", f"Choose one of {names}.") from error


def _load(folder: Path) -> Recipe:
    raw: dict[str, Any] = tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8"))
    text = (folder / "template.py").read_text(encoding="utf-8")
    return Recipe(
        manifest=Manifest.model_validate(raw), cells=tuple(_cells(text)), template_hash=hashlib.sha256(text.encode()).hexdigest()
    )  # fmt: skip


def _cells(text: str) -> list[TemplateCell]:
    marks = list(CELL_MARK.finditer(text))
    cells = []
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        source = text[mark.end() : following.start() if following else len(text)].strip("\n")
        markdown = bool(mark["markdown"])
        if markdown and not source.startswith("# shared:"):
            source = "\n".join(line.removeprefix("#").removeprefix(" ") for line in source.splitlines())
        role: Any = mark["role"]
        cells.append(TemplateCell(id=mark["id"], role=role, markdown=markdown, source=source))
    return cells
