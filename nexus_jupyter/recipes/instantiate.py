"""From a recipe, its filled slots and a table to an app notebook."""

from __future__ import annotations

import hashlib
import pprint
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nexus_jupyter.artifacts.metadata import new_id, now, slug, write_app
from nexus_jupyter.models.artifact import AppRecord, Component, Port, Provenance, Runtime
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.manifest import Manifest, Recipe, TemplateCell, shared_cell
from nexus_jupyter.recipes.slots import Filling
from nexus_jupyter.recipes.words import UNITS

KERNEL = "nexus-python"
ABOUT = "Built from the recipe *{recipe}*; no model was used."


def instantiate(
    recipe: Recipe, filling: Filling, table: Table | None, *, sentence: str, name: str = "", title: str = ""
) -> NotebookNode:
    """Return a new app notebook."""
    manifest = recipe.manifest
    title = title or title_of(recipe, filling, table)
    words = {"title": title, "description": description_of(recipe, table), "recipe": manifest.title}
    cells: list[NotebookNode] = []
    for template in recipe.cells:
        cells += _cells(template, words, filling, table, sample=manifest.sample)
    nb: NotebookNode = new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {
        "name": KERNEL,
        "display_name": "Nexus (sandboxed Python)",
        "language": "python",
    }
    nb.metadata["language_info"] = {"name": "python"}
    stamp = now()
    app = AppRecord(
        id=new_id(),
        name=name or slug(title, fallback=manifest.id),
        title=title,
        description=words["description"],
        icon=manifest.icon,
        created=stamp,
        updated=stamp,
        modality=manifest.modality,
        components=tuple(
            Component(id=t.id, origin="recipe", cell_id=t.id)
            for t in recipe.cells
            if not t.markdown and t.role == "app"
        ),
        runtime=Runtime(kernel=KERNEL, dependencies=_dependencies(manifest, table)),
        inputs=(Port(name="data", kind="file", label="Data file", default=table.file),) if table else (),
        outputs=tuple(Port(name=f"{o.kind}", kind=o.kind) for o in manifest.outputs),
        provenance=Provenance(
            source="recipe",
            recipe=manifest.id,
            template_hash=recipe.template_hash,
            prompt_hash=hashlib.sha256(sentence.encode()).hexdigest(),
        ),
    )
    write_app(nb, app)
    return nb


def title_of(recipe: Recipe, filling: Filling, table: Table | None) -> str:
    """Return a title that says what the app is about."""
    values = filling.values()
    match recipe.manifest.id:
        case "group-compare":
            return f"{readable(values['value'])} by {_inside(values['group'])}"[:120]
        case "chart-builder":
            axis = table.column(values["x"]) if table else None
            link = "over" if axis is not None and axis.kind == "date" else "and"
            return f"{readable(values['y'])} {link} {_inside(values['x'])}"[:120]
        case "time-series":
            return f"{readable(values['value'])} over time"[:120]
        case "distribution":
            return f"Distribution of {_inside(values['value'])}"[:120]
        case "correlation" if values["x"] and values["y"]:
            return f"Correlation of {_inside(values['x'])} and {_inside(values['y'])}"[:120]
        case "calculator" | "simulator":
            known = (k.title for k in recipe.manifest.known if k.formula == values["formula"])
            written = f"Simulator: {values['formula']}" if recipe.manifest.id == "simulator" else recipe.manifest.title
            return next(known, written)[:120]
    if table:
        return f"{recipe.manifest.title}: {readable(table.file.rsplit('.', 1)[0])}"[:120]
    return recipe.manifest.title


def readable(column: str) -> str:
    """Return a column or file name as people say it: no underscores, no unit at the end."""
    words = column.replace("_", " ").split()
    while len(words) > 1 and words[-1].casefold().strip("()[]") in UNITS:
        words.pop()
    text = " ".join(words)
    return text[:1].upper() + text[1:] or "Unnamed"


def _inside(column: str) -> str:
    """Return a name as it stands inside a sentence: with the capitals of its own."""
    text = readable(column)
    return text if column[:1].isupper() else text[:1].lower() + text[1:]


def description_of(recipe: Recipe, table: Table | None) -> str:
    """Return one line for people: what the app does, over which data."""
    if table is None:
        return recipe.manifest.description
    return f"{recipe.manifest.description} Data: {table.file}, {table.rows:,} rows."


def slots_source(filling: Filling, table: Table | None) -> str:
    """Return the cell that holds every choice as a literal."""
    lines = ["# The choices this app was built with. Change one and run the app again."]
    if table is not None:
        lines.append(f"DATA_FILE = {table.file!r}")
        lines.append(f"READ_OPTIONS = {_literal(table.options)}")
        numbers = {c.name: (c.number_style.decimal, c.number_style.thousands) for c in table.columns if c.number_style}
        dates = {c.name: c.date_format for c in table.columns if c.date_format}
        if numbers:
            lines.append(f"NUMBER_COLUMNS = {_literal(numbers)}")
        if dates:
            lines.append(f"DATE_COLUMNS = {_literal(dates)}")
    lines += [f"{f.constant} = {_literal(f.value)}" for f in filling.slots]
    return "\n".join(lines)


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=100, sort_dicts=False)


def _cells(
    template: TemplateCell, words: dict[str, str], filling: Filling, table: Table | None, *, sample: str
) -> list[NotebookNode]:
    """Return the notebook cells that one template cell becomes."""
    if template.source.startswith("# slots"):
        return [_code(template, slots_source(filling, table))]
    shared = template.source.removeprefix("# shared: ") if template.source.startswith("# shared: ") else ""
    if shared == "about":
        return [_markdown(template, ABOUT.format(**words))]
    if shared == "load" and table is None:
        return [_code(template, shared_cell(sample))]
    if shared == "load":
        assert table is not None
        cells = [_code(template, shared_cell(f"load_{table.format}"))]
        if any(c.number_style for c in table.columns):
            cells.append(_code(template, shared_cell("numbers"), "numbers"))
        if any(c.date_format for c in table.columns):
            cells.append(_code(template, shared_cell("dates"), "dates"))
        return cells
    if shared:
        return [_code(template, shared_cell(shared))]
    if template.markdown:
        source = template.source
        for key in ("title", "description"):
            source = source.replace("{" + key + "}", escape(words[key]))
        return [_markdown(template, source)]
    return [_code(template, template.source)]


def escape(text: str) -> str:
    """Return a text whose Markdown and HTML marks are shown, not obeyed."""
    for mark in "\\`*_[]<>&$#|~":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _code(template: TemplateCell, source: str, cell_id: str = "") -> NotebookNode:
    cell: NotebookNode = new_code_cell(source, id=cell_id or template.id, metadata={"nexus": {"role": template.role}})
    return cell


def _markdown(template: TemplateCell, source: str) -> NotebookNode:
    cell: NotebookNode = new_markdown_cell(source, id=template.id, metadata={"nexus": {"role": template.role}})
    return cell


def _dependencies(manifest: Manifest, table: Table | None) -> tuple[str, ...]:
    if table is None:
        needs_pandas = manifest.sample or any(o.kind == "chart" for o in manifest.outputs)
        return ("ipywidgets", "pandas") if needs_pandas else ("ipywidgets",)
    extra = {"excel": ("python-calamine",), "parquet": ("pyarrow",)}.get(table.format, ())
    return ("ipywidgets", "pandas", *extra)
