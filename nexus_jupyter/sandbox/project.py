"""Which files of the user a kernel start may see."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from nexus_jupyter.sandbox.layout import Mount

#: The place of the project in the sandbox, and the kernel's working directory.
PROJECT = "/project"
#: A folder with this folder in it is an app of its own.
APP_MARKER = ".nexus"


def project_mounts(
    cwd: str | Path, session_name: str | None = None, *, never_whole: Collection[Path] = ()
) -> list[Mount]:
    """Return what of the user's files the kernel of a notebook sees.

    An app is either a folder of its own, marked by `.nexus`, or just one notebook. So a marked folder is shown
    whole; of any other folder only the notebook is shown, and nothing if it is not known.

    Parameters
    ----------
    cwd
        The working directory asked for; Jupyter Server passes the notebook's folder.
    session_name
        The notebook's path (Jupyter's `JPY_SESSION_NAME`), relative to `cwd` or absolute.
    never_whole
        Folders that are never shown whole, nor any folder above them: the user's home, the server's root.
    """
    folder = Path(cwd).expanduser().resolve()
    notebook = _notebook(folder, session_name)
    if notebook is not None:
        folder = notebook.parent
    if _is_app_folder(folder) and not any(path.resolve().is_relative_to(folder) for path in never_whole):
        return [Mount(folder, PROJECT)]
    if notebook is not None:
        return [Mount(notebook, f"{PROJECT}/{notebook.name}")]
    return []


def _notebook(folder: Path, session_name: str | None) -> Path | None:
    """Return the notebook's real path, if it is one and really lies where its name says.

    A link is not followed: its name would be shown, but another folder's contents.
    """
    if not session_name:
        return None
    named = folder / session_name
    path = named.parent.resolve() / named.name
    return path if path.suffix == ".ipynb" and path.is_file() and not path.is_symlink() else None


def _is_app_folder(folder: Path) -> bool:
    marker = folder / APP_MARKER
    return marker.is_dir() and not marker.is_symlink()
