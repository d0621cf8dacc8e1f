"""Notebook files: read with a clear error, write atomically, hash by content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from nexus_jupyter.errors import ArtifactInvalid, NotFound
from nexus_jupyter.files import write_atomic

MAX_BYTES = 256 * 1024 * 1024


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook as nbformat 4.5, every cell with an id.

    Raises
    ------
    NotFound
        There is no such file.
    ArtifactInvalid
        The file is not a notebook.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"There is no notebook `{path}`.", "Check the path.") from error
    except IsADirectoryError as error:
        raise NotFound(f"`{path}` is a folder.", "Name the .ipynb file in it.") from error
    except OSError as error:
        raise NotFound(f"`{path}` cannot be read: {error.strerror}.", "Check its permissions.") from error
    if len(raw) > MAX_BYTES:
        raise ArtifactInvalid(
            f"`{path.name}` is larger than 256 MB.", "Clear its outputs in JupyterLab, then try again."
        )
    return parse_notebook(raw.decode("utf-8", errors="strict") if _is_utf8(raw) else "", name=path.name)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse_notebook(text: str, *, name: str) -> NotebookNode:
    """Parse the JSON of a notebook and bring it to nbformat 4.5."""
    if not name.endswith(".ipynb") and not text.lstrip().startswith("{"):
        raise ArtifactInvalid(f"`{name}` is not a notebook.", "Name an .ipynb file, or an app's folder.")
    try:
        nb: NotebookNode = nbformat.reads(text, as_version=4)
        if (nb.nbformat, nb.nbformat_minor) < (4, 5):
            nb.nbformat_minor = 5
        _give_ids(nb)
        nbformat.validate(nb)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "it is empty"
        raise ArtifactInvalid(
            f"`{name}` is not a valid notebook: {reason}",
            "Open it in JupyterLab, or restore an earlier revision.",
        ) from error
    return nb


def _give_ids(nb: NotebookNode) -> None:
    """Give every cell an id, stable for equal content, so that edits can name it."""
    seen: set[str] = set()
    for index, cell in enumerate(nb.cells):
        if not cell.get("id") or cell["id"] in seen:
            digest = hashlib.sha256(f"{index}\0{cell['source']}".encode()).hexdigest()
            cell["id"] = digest[:8]
        seen.add(cell["id"])


def notebook_bytes(nb: NotebookNode) -> bytes:
    """Return the bytes of a valid notebook as JupyterLab would write them."""
    nbformat.validate(nb)
    text: str = nbformat.writes(nb, version=nbformat.NO_CONVERT)
    return (text.rstrip("\n") + "\n").encode()


def write_notebook(path: Path, nb: NotebookNode) -> None:
    """Validate, then replace the file atomically."""
    write_atomic(path, notebook_bytes(nb))


def content_hash(nb: NotebookNode) -> str:
    """Return the identity of an app's content: cells and metadata, never outputs."""
    cells: list[Any] = [
        {"id": c["id"], "type": c["cell_type"], "source": c["source"], "nexus": c["metadata"].get("nexus")}
        for c in nb.cells
    ]
    body = {"cells": cells, "nexus": nb.metadata.get("nexus")}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
