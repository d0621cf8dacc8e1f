"""One SQLite file with numbered migrations, safe for two servers at once."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from nexus_jupyter.errors import StorageFailed
from nexus_jupyter.store.migrations import MIGRATIONS

WAIT_SECONDS = 5


class Database:
    """The store's only connection to SQLite.

    Parameters
    ----------
    path
        The file; its folder is made, readable by its owner only. `None` keeps
        everything in memory, for tests.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            if path is not None:
                path.chmod(0o600)
                self._use_wal()
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            self._migrate()
        except (sqlite3.Error, OSError) as error:
            raise StorageFailed(
                f"The store `{path}` cannot be opened: {error}.", "Check the folder and its disk."
            ) from error

    def _use_wal(self) -> None:
        """Change the file to a write-ahead log; SQLite's own timeout does not cover this step."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _migrate(self) -> None:
        with self.transaction() as connection:
            done = connection.execute("PRAGMA user_version").fetchone()[0]
            if done > len(MIGRATIONS):
                raise StorageFailed(
                    f"The store `{self.path}` was written by a newer Nexus.", "Run: pip install -U nexus-jupyter"
                )
            for number, script in enumerate(MIGRATIONS[done:], done + 1):
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements as one: all of them, or none."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._rollback()
                raise _failed("written", error) from error
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def read(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        with self._lock:
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise _failed("read", error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code; the upper bits only say where."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _failed(done: str, error: sqlite3.Error) -> StorageFailed:
    """Build the error for a failed statement, with what helps against this one."""
    if _is_busy(error):
        return StorageFailed(f"The store could not be {done}: another server is writing.", "Try again in a moment.")
    if _code(error) == sqlite3.SQLITE_FULL:
        return StorageFailed(f"The disk is full: the store could not be {done}.", "Free some space, then try again.")
    return StorageFailed(f"The store could not be {done}: {error}.", "Check the disk and its free space.")
