"""The store's file: its steps, its errors, its privacy."""

from __future__ import annotations

import sqlite3
import stat
import threading

import pytest

from nexus_jupyter.errors import StorageFailed
from nexus_jupyter.store import ChatLog, Database, TrustLedger, database
from nexus_jupyter.store.migrations import MIGRATIONS


def version(path):
    with sqlite3.connect(path) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_a_new_store_has_every_step_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "state" / "nexus.db"
    Database(path).close()
    assert version(path) == len(MIGRATIONS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_older_store_gets_the_missing_steps_and_keeps_its_rows(tmp_path, monkeypatch):
    path = tmp_path / "nexus.db"
    first = Database(path)
    TrustLedger(first, "me").add({"abc"})
    first.close()
    monkeypatch.setattr(
        database, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (a TEXT); CREATE INDEX i ON later(a)")
    )
    second = Database(path)
    assert second.read("SELECT count(*) FROM later") == [(0,)]
    assert "abc" in TrustLedger(second, "me")
    second.close()
    assert version(path) == len(MIGRATIONS) + 1


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "nexus.db"
    Database(path).close()
    monkeypatch.setattr(
        database, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (a TEXT); CREATE TABLE later (a TEXT)")
    )
    with pytest.raises(StorageFailed):
        Database(path)
    assert version(path) == len(MIGRATIONS)
    monkeypatch.undo()
    Database(path).close()


def test_a_store_of_a_newer_nexus_is_refused_and_untouched(tmp_path):
    path = tmp_path / "nexus.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StorageFailed, match="newer Nexus") as refused:
        Database(path)
    assert "pip install -U" in refused.value.remedy
    assert version(path) == 99


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 20, None])
def test_what_is_no_database_is_a_sentence(tmp_path, content):
    path = tmp_path / "nexus.db"
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(StorageFailed, match="cannot be opened") as refused:
        Database(path)
    assert refused.value.status == 507


def test_servers_that_open_a_new_store_at_once_agree(tmp_path):
    failures = []

    def start():
        try:
            Database(tmp_path / "nexus.db").close()
        except StorageFailed as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


class Failing:
    """A connection on which every write fails with one of SQLite's codes."""

    def __init__(self, connection, code):
        self._connection = connection
        self._code = code
        self.in_transaction = False

    def execute(self, statement, *args):
        if statement.startswith(("INSERT", "SELECT 1")):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = self._code
            raise error
        return self._connection.execute(statement, *args)

    def close(self):
        self._connection.close()


@pytest.mark.parametrize(
    ("code", "says", "remedy"),
    [
        (sqlite3.SQLITE_FULL, "disk is full", "Free some space"),
        (sqlite3.SQLITE_BUSY, "another server", "Try again"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "could not be", "Check the disk"),
    ],
)
def test_a_failed_statement_says_what_helps(code, says, remedy):
    store = Database()
    store._connection = Failing(store._connection, code)
    log = ChatLog(store, "me", "main")
    for act in (lambda: log.append("start", "m", {}), lambda: store.read("SELECT 1")):
        with pytest.raises(StorageFailed, match=says) as failed:
            act()
        assert remedy in failed.value.remedy
    store.close()


def test_a_transaction_is_all_or_nothing():
    store = Database()
    with pytest.raises(RuntimeError), store.transaction() as connection:
        connection.execute("INSERT INTO trusted_code VALUES ('me', 'a', 0)")
        raise RuntimeError
    assert store.read("SELECT * FROM trusted_code") == []
    store.close()


def test_trust_is_kept_and_taken_back_and_is_each_owners_own(tmp_path):
    store = Database(tmp_path / "nexus.db")
    mine = TrustLedger(store, "me")
    mine.add({"a", "b"})
    mine.add({"a"})
    mine.remove({"b"})
    again, other = TrustLedger(store, "me"), TrustLedger(store, "you")
    assert ("a" in again, "b" in again, "a" in other) == (True, False, False)
    store.close()
