"""`metadata.nexus` of a notebook as a record, whatever version wrote it."""

from __future__ import annotations

import re
import unicodedata
import uuid
from datetime import UTC, datetime
from typing import Any

from nbformat import NotebookNode
from pydantic import ValidationError

from nexus_jupyter.artifacts import v1
from nexus_jupyter.errors import ArtifactInvalid, FormatTooNew
from nexus_jupyter.models.artifact import AppRecord, CellRecord

CURRENT = v1.VERSION


def now() -> str:
    """Return the time as metadata keeps it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def new_id() -> str:
    """Return a fresh app id."""
    return f"app-{uuid.uuid4().hex[:20]}"


def slug(text: str, *, fallback: str = "app") -> str:
    """Return a file and link name for `text`: ASCII, lower case, at most 48 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-") or fallback


def is_app(nb: NotebookNode) -> bool:
    """Return whether a notebook has been made an app."""
    return isinstance(nb.metadata.get("nexus"), dict)


def read_app(nb: NotebookNode, *, name: str = "This notebook") -> AppRecord:
    """Return what a notebook says about its app.

    Raises
    ------
    FormatTooNew
        A newer Nexus wrote it.
    ArtifactInvalid
        It is no app, or its metadata is wrong.
    """
    raw = nb.metadata.get("nexus")
    if not isinstance(raw, dict):
        raise ArtifactInvalid(f"`{name}` is a plain notebook, not an app.", "Make it an app from the notebook toolbar.")
    version = raw.get("format")
    if isinstance(version, int) and version > CURRENT:
        raise FormatTooNew(
            f"`{name}` was written by a newer Nexus (format {version}; this one reads up to {CURRENT}).",
            "Upgrade with: pip install -U nexus-jupyter",
        )
    try:
        return AppRecord.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArtifactInvalid(
            f"`{name}`: metadata.nexus.{where} is wrong: {first['msg']}.",
            "Correct it, or restore an earlier revision.",
        ) from error


def write_app(nb: NotebookNode, app: AppRecord) -> None:
    """Put an app record into a notebook; keys that others wrote stay."""
    nb.metadata["nexus"] = _plain(app.model_dump(mode="json", exclude_none=True))


def make_app(nb: NotebookNode, *, title: str, name: str = "") -> AppRecord:
    """Turn a plain notebook into an app and return its record."""
    stamp = now()
    facts = {"id": new_id(), "name": name or slug(title), "title": title, "created": stamp, "updated": stamp}
    v1.upgrade(nb, facts)
    return read_app(nb)


def cell_record(cell: NotebookNode) -> CellRecord:
    """Return what a cell says about itself; a cell that says nothing is shown if it is code."""
    raw = cell["metadata"].get("nexus")
    if isinstance(raw, dict):
        try:
            return CellRecord.model_validate(raw)
        except ValidationError:
            pass  # a role of a later version: treat as an ordinary cell
    return CellRecord(role="app" if cell["cell_type"] == "code" else "doc")


def _plain(value: Any) -> Any:
    """Return `value` as NotebookNode-friendly plain JSON types."""
    if isinstance(value, dict):
        return NotebookNode({k: _plain(v) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
