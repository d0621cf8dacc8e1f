"""An app's history: a git repository of its own at `.nexus/history.git`.

It is bare and written object by object, so no user's `.git`, index, hook or
HEAD is ever looked at, even when the app lives inside somebody's repository.
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexus_jupyter.errors import NotFound
from nexus_jupyter.files import storage_failed

if TYPE_CHECKING:
    from dulwich.repo import Repo

HEAD: Any = b"HEAD"
REF: Any = b"refs/heads/main"  # dulwich gives bytes new types of its own
AUTHOR = b"Nexus CoCreate <nexus@localhost>"
MAX_FILE = 20 * 1024 * 1024  # larger data files are named in the message, not kept


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One recorded state of an app."""

    number: int
    commit: str
    message: str
    time: int


class History:
    """The revisions of one app folder.

    Parameters
    ----------
    folder
        The app's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git_dir = folder / ".nexus" / "history.git"

    def _repo(self) -> Repo:
        from dulwich.repo import Repo

        if (self.git_dir / "HEAD").exists():
            return Repo(str(self.git_dir))
        self.git_dir.mkdir(parents=True, exist_ok=True)
        repo = Repo.init_bare(str(self.git_dir))
        repo.refs.set_symbolic_ref(HEAD, REF)
        return repo

    def commit(self, message: str, paths: list[Path]) -> Revision:
        """Record the files at `paths` (inside the folder) as a new revision.

        Raises
        ------
        StorageFailed
            The folder cannot be written; earlier revisions are untouched.
        """
        from dulwich.objects import Blob, Commit, Tree

        try:
            repo = self._repo()
            tree = Tree()
            for path in sorted(paths):
                if path.stat().st_size <= MAX_FILE:
                    blob = Blob.from_string(path.read_bytes())
                    repo.object_store.add_object(blob)
                    tree.add(path.name.encode(), stat.S_IFREG | 0o644, blob.id)
            repo.object_store.add_object(tree)
            parent: Any = repo.refs.read_ref(REF)
            record = Commit()
            record.tree = tree.id
            record.parents = [parent] if parent else []
            record.author = record.committer = AUTHOR
            record.commit_time = record.author_time = int(time.time())
            record.commit_timezone = record.author_timezone = 0
            record.encoding = b"UTF-8"
            record.message = message.encode()
            repo.object_store.add_object(record)
            # Objects first, the reference last: a crash between leaves the old history.
            repo.refs.set_if_equals(REF, parent, record.id)
            repo.close()
        except OSError as error:
            raise storage_failed(self.git_dir, error) from error
        return self.revisions()[0]

    def revisions(self) -> list[Revision]:
        """Return all revisions, newest first."""
        if not (self.git_dir / "HEAD").exists():
            return []
        repo = self._repo()
        try:
            head: Any = repo.refs.read_ref(REF)
            entries = [e.commit for e in repo.get_walker(include=[head])] if head else []
            total = len(entries)
            return [
                Revision(number=total - i, commit=c.id.decode(), message=c.message.decode(), time=c.commit_time)
                for i, c in enumerate(entries)
            ]
        finally:
            repo.close()

    def read(self, number: int, name: str) -> bytes:
        """Return the bytes of file `name` at revision `number`."""
        from dulwich.objects import Blob, Commit, Tree

        for revision in self.revisions():
            if revision.number == number:
                repo = self._repo()
                try:
                    record = repo[revision.commit.encode()]
                    assert isinstance(record, Commit)
                    tree = repo[record.tree]
                    assert isinstance(tree, Tree)
                    _mode, sha = tree[name.encode()]
                    blob = repo[sha]
                    assert isinstance(blob, Blob)
                    return blob.data
                except KeyError as error:
                    raise NotFound(f"Revision {number} has no file `{name}`.", "List the revisions first.") from error
                finally:
                    repo.close()
        raise NotFound(f"There is no revision {number}.", "List the revisions first.")
