"""From a plain notebook to version 1, and back."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode


def upgrade(nb: NotebookNode, facts: dict[str, Any]) -> None:
    """Turn a plain notebook into a version 1 app.

    Parameters
    ----------
    nb
        A notebook without `metadata.nexus`; changed in place. Code cells become
        `app` cells, Markdown cells `doc` cells.
    facts
        The keys a plain notebook cannot know: `id`, `name`, `title`, `created`, `updated`.
    """
    kernel = nb.metadata.get("kernelspec", {}).get("name", "nexus-python")
    nb.metadata["nexus"] = {
        "format": 1,
        **facts,
        "runtime": {"kernel": kernel},
        "provenance": {"source": "notebook"},
    }
    for cell in nb.cells:
        cell["metadata"].setdefault("nexus", {"role": "doc" if cell["cell_type"] == "markdown" else "app"})


def downgrade(nb: NotebookNode) -> None:
    """Turn a version 1 app back into a plain notebook."""
    nb.metadata.pop("nexus", None)
    for cell in nb.cells:
        cell["metadata"].pop("nexus", None)
