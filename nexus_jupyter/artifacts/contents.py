"""JupyterLab's own files: saves made atomic, a stranger's widgets kept out."""

from __future__ import annotations

import contextlib
import functools
from types import MethodType
from typing import Any

from jupyter_core.utils import ensure_async

from nexus_jupyter.files import atomic_writer


def make_saves_atomic(manager: Any) -> bool:
    """Give the stock file contents manager our write; others keep their own guarantee.

    The stock write copies the old file aside and then writes in place, so a
    killed server leaves a cut notebook under the notebook's name.

    Returns
    -------
    Whether the manager writes atomically now.
    """
    from jupyter_server.services.contents.fileio import FileManagerMixin

    if not isinstance(manager, FileManagerMixin) or not manager.use_atomic_writing:
        return False

    @contextlib.contextmanager
    def atomic_writing(this: Any, os_path: str, **kwargs: Any) -> Any:
        with this.perm_to_403(os_path), atomic_writer(os_path, **kwargs) as stream:
            yield stream

    setattr(manager, "atomic_writing", MethodType(atomic_writing, manager))  # noqa: B010  a method, replaced
    return True


def drop_untrusted_widgets(manager: Any) -> None:
    """Leave saved widget state out of notebooks that were not signed here.

    A front end makes those widgets when it opens the file, and an anywidget's
    module then runs in JupyterLab's origin before anything is trusted.
    """
    original = manager.get

    @functools.wraps(original)
    async def get(*args: Any, **kwargs: Any) -> Any:
        model = await ensure_async(original(*args, **kwargs))
        content = model.get("content") if model.get("type") == "notebook" else None
        if content and "widgets" in content["metadata"] and not _is_signed(content):
            del content["metadata"]["widgets"]
        return model

    setattr(manager, "get", get)  # noqa: B010  a method, replaced


def _is_signed(nb: Any) -> bool:
    """Return what the contents manager found: it marks each code cell of a signed notebook."""
    code = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    return bool(code) and all(cell["metadata"].get("trusted") for cell in code)
