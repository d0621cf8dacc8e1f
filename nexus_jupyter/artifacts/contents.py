"""JupyterLab's own saves, made atomic."""

from __future__ import annotations

import contextlib
from types import MethodType
from typing import Any

from nexus_jupyter.artifacts.files import atomic_writer


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
