"""Is this code ours? Cells equal to a shipped template, with literal slots, are."""

from __future__ import annotations

import ast
import functools

from nbformat import NotebookNode

from nexus_jupyter.models.code import code_hash
from nexus_jupyter.recipes.manifest import CATALOGUE, SHARED, catalogue, shared_cell

SHARED_CONSTANTS = frozenset({"DATA_FILE", "READ_OPTIONS", "NUMBER_COLUMNS", "DATE_COLUMNS"})
READ_OPTIONS = frozenset([
    "sep", "encoding", "quotechar", "escapechar", "skipinitialspace", "decimal", "skiprows", "dtype", "index_col",
    "names", "header", "engine", "sheet_name", "lines", "key",
])  # fmt: skip


@functools.cache
def _shipped() -> frozenset[str]:
    """Return the hashes of all code cells of all templates."""
    sources = [c.source for r in catalogue().values() for c in r.cells if not c.markdown]
    sources = [s for s in sources if not s.startswith(("# slots", "# shared:"))]
    sources += [shared_cell(p.stem) for p in (CATALOGUE / SHARED).glob("*.py")]
    return frozenset(code_hash(s) for s in sources)


@functools.cache
def _constants() -> frozenset[str]:
    names = {slot.constant for r in catalogue().values() for slot in r.manifest.slots.values()}
    return SHARED_CONSTANTS | names


def is_recipe_code(source: str) -> bool:
    """Return whether a code cell is a shipped template cell or assigns only literals to slots."""
    source = source.strip("\n")
    if not source.strip():
        return True
    return code_hash(source) in _shipped() or _is_slots_cell(source)


def _is_slots_cell(source: str) -> bool:
    if len(source) > 100_000:
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _may_hold(name, value):
                continue
            case _:
                return False
    return bool(tree.body)


def _may_hold(name: str, value: ast.expr) -> bool:
    """Return whether a slot may have this value: a literal, a file beside the notebook, options that only read."""
    if name not in _constants() or not _is_literal(value):
        return False
    match name, value:
        case "DATA_FILE", ast.Constant(value=str(file)):
            return not set("/\\:") & set(file)  # pandas would follow a path or a URL
        case "READ_OPTIONS", ast.Dict(keys=keys):
            return all(isinstance(k, ast.Constant) and k.value in READ_OPTIONS for k in keys)
        case "DATA_FILE" | "READ_OPTIONS", _:
            return False
    return True


def _is_literal(node: ast.expr) -> bool:
    allowed = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.UnaryOp, ast.USub, ast.Load)
    return all(isinstance(n, allowed) for n in ast.walk(node))


def is_recipe_notebook(nb: NotebookNode) -> bool:
    """Return whether every code cell of a notebook is ours."""
    return all(is_recipe_code(c["source"]) for c in nb.cells if c["cell_type"] == "code")
