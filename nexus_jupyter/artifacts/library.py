"""The apps below one root folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from nexus_jupyter.artifacts.history import History
from nexus_jupyter.artifacts.metadata import is_app, read_app
from nexus_jupyter.artifacts.notebook import content_hash, notebook_bytes, read_notebook
from nexus_jupyter.errors import ArtifactInvalid, Conflict, NotFound, PathRefused
from nexus_jupyter.files import PREFIX, remove_stale, storage_failed, sync_folder, write_atomic
from nexus_jupyter.models.artifact import AppRecord

SKIP = {"node_modules", "__pycache__"}
MAX_FOLDERS = 5000


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One stored app."""

    path: Path
    app: AppRecord
    nb: NotebookNode

    @property
    def hash(self) -> str:
        """The identity of the app's content."""
        return content_hash(self.nb)


class ArtifactLibrary:
    """Create, read and list the apps below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._is_tidy = False

    def resolve(self, path: str | Path) -> Path:
        """Return the absolute path of something inside the root.

        Raises
        ------
        PathRefused
            The path, links followed, is outside the root.
        """
        if "\0" in str(path):
            raise PathRefused("The path has a NUL character.", "Name a file inside the root.")
        full = Path(os.path.realpath(self.root / path))
        if full != self.root and self.root not in full.parents:
            raise PathRefused(f"`{path}` is outside `{self.root}`.", "Choose a path inside it, or another --root.")
        return full

    def free_name(self, name: str) -> str:
        """Return `name`, or `name-2`, `name-3`, ... if it is taken."""
        candidate, number = name, 1
        while (self.root / candidate).exists() or (self.root / f"{candidate}.ipynb").exists():
            number += 1
            candidate = f"{name}-{number}"
        return candidate

    def create(self, nb: NotebookNode, data_files: list[Path], *, message: str) -> Artifact:
        """Store a new app in a folder of its own, all at once.

        The folder is filled under a temporary name and renamed when complete,
        so a crash or a full disk leaves nothing half-written.

        Parameters
        ----------
        nb
            A notebook whose `metadata.nexus.name` is the folder's name.
        data_files
            Files to copy beside the notebook.
        message
            What the first revision says.

        Raises
        ------
        Conflict
            The name is taken.
        StorageFailed
            The disk is full or the root cannot be written.
        """
        app = read_app(nb)
        target = self.root / app.name
        if target.exists():
            raise Conflict(f"`{app.name}` exists already in `{self.root}`.", "Choose another name with --name.")
        staging: Path | None = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f"{PREFIX}new-", dir=self.root))
            staging.chmod(0o755)
            for source in data_files:
                shutil.copyfile(source, staging / source.name)
            notebook = staging / f"{app.name}.ipynb"
            write_atomic(notebook, notebook_bytes(nb))
            History(staging).commit(message, [p for p in staging.iterdir() if p.is_file()])
            staging.rename(target)
            sync_folder(self.root)
        except OSError as error:
            if target.exists() and staging is not None and staging.exists():
                raise Conflict(f"`{app.name}` exists already.", "Choose another name with --name.") from error
            raise storage_failed(target, error) from error
        finally:
            if staging is not None and staging.exists():
                shutil.rmtree(staging, ignore_errors=True)
        return Artifact(path=target / f"{app.name}.ipynb", app=app, nb=nb)

    def read(self, path: str | Path) -> Artifact:
        """Return the app at `path`: its notebook, or its folder."""
        full = self.resolve(path)
        if full.is_dir():
            candidates = [full / f"{full.name}.ipynb", *sorted(full.glob("*.ipynb"))]
            full = next((c for c in candidates if c.is_file()), full)
        if full.is_dir():
            raise NotFound(f"`{path}` holds no notebook.", "Name the app's .ipynb file.")
        nb = read_notebook(full)
        return Artifact(path=full, app=read_app(nb, name=full.name), nb=nb)

    def list(self) -> list[Artifact]:
        """Return every app below the root, newest change first; what cannot be read is left out.

        The first time, what killed servers left half-written is deleted.
        """
        found: list[Artifact] = []
        for count, (folder, names, files) in enumerate(os.walk(self.root)):
            if count > MAX_FOLDERS:
                break
            names[:] = [n for n in names if not n.startswith(".") and n not in SKIP]
            if not self._is_tidy:
                remove_stale(Path(folder))
            for name in files:
                if name.endswith(".ipynb") and not name.startswith("."):
                    try:
                        nb = read_notebook(Path(folder) / name)
                        if is_app(nb):
                            found.append(Artifact(path=Path(folder) / name, app=read_app(nb), nb=nb))
                    except (ArtifactInvalid, NotFound):
                        continue
        self._is_tidy = True
        return sorted(found, key=lambda a: a.app.updated, reverse=True)
