"""The chat log: numbers that grow, nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import time

import pytest

from nexus_jupyter.store import ChatLog, Database

KILLS = 25


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "nexus.db")
    yield database
    database.close()


def say(log, message_id, *texts, end=True):
    log.append("start", message_id, {"sender": "nexus"})
    for text in texts:
        log.append("delta", message_id, {"text": text})
    if end:
        log.append("end", message_id, {"status": "done"})


def test_numbers_grow_by_one_and_each_chat_has_its_own(store):
    log, other = ChatLog(store, "me", "main"), ChatLog(store, "me", "other")
    say(log, "m", "a", "b")
    say(other, "n", "c")
    assert [e.seq for e in log.since(0)] == [1, 2, 3, 4]
    assert [e.seq for e in other.since(0)] == [1, 2, 3]
    assert ChatLog(store, "you", "main").since(0) == []


def test_history_joins_the_deltas_of_each_message(store):
    log = ChatLog(store, "me", "main")
    log.append("start", "m", {"sender": "nexus"})
    log.append("start", "n", {"sender": "nexus"})
    for message_id, text in (("m", "a"), ("m", "b"), ("n", "x"), ("m", "c")):
        log.append("delta", message_id, {"text": text})
    log.append("part", "m", {"mime": "a/b", "data": {"é": "\u2028"}})
    log.append("delta", "m", {"text": "d"})
    shown = [(e.seq, e.kind, e.message_id, e.body.get("text")) for e in log.history()]
    assert shown == [
        (1, "start", "m", None),
        (2, "start", "n", None),
        (4, "delta", "m", "ab"),
        (5, "delta", "n", "x"),
        (6, "delta", "m", "c"),
        (7, "part", "m", None),
        (8, "delta", "m", "d"),
    ]
    assert log.history()[5].body == {"mime": "a/b", "data": {"é": "\u2028"}}


def test_a_panel_resumes_only_where_its_numbers_still_mean_the_same(store):
    log = ChatLog(store, "me", "main")
    assert not log.can_resume(0) and not log.can_resume(1)
    say(log, "m", "a", "b")
    assert [log.can_resume(n) for n in (0, 1, 4, 5)] == [False, True, True, False]
    log.clear()
    assert log.since(0) == log.history() == []
    say(log, "n", "c")
    assert [e.seq for e in log.since(0)] == [6, 7, 8]
    # A panel that saw 1 to 4 of the forgotten chat would mix the two.
    assert [log.can_resume(n) for n in (4, 5, 7, 8, 9)] == [False, True, True, True, False]


def test_messages_that_never_ended_are_known(store):
    log = ChatLog(store, "me", "main")
    say(log, "m", "a", end=False)
    say(log, "n", "b")
    say(log, "o", end=False)
    assert log.open_messages() == ["m", "o"]


def in_child(work):
    """Run `work(pipe)` in a forked process; give its id and the pipe's end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(writer)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    return child, reader


def test_processes_that_append_at_once_never_take_the_same_number(tmp_path):
    path = tmp_path / "nexus.db"
    Database(path).close()

    def work(_pipe):
        log = ChatLog(Database(path), "me", "main")
        for number in range(50):
            log.append("delta", f"of {os.getpid()}", {"text": str(number)})

    children = [in_child(work) for _ in range(4)]
    for child, reader in children:
        os.close(reader)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store = Database(path)
    entries = ChatLog(store, "me", "main").since(0)
    store.close()
    assert [e.seq for e in entries] == list(range(1, 201))
    for child, _ in children:
        assert [e.body["text"] for e in entries if e.message_id == f"of {child}"] == [str(n) for n in range(50)]


def test_killed_at_random_points_of_appending_no_acknowledged_entry_is_lost(tmp_path):
    path = tmp_path / "nexus.db"
    rng = random.Random(11)
    acknowledged = 0

    def work(pipe):
        log = ChatLog(Database(path), "me", "main")
        while True:
            entry = log.append("delta", "m", {"text": "x" * 200})
            os.write(pipe, entry.seq.to_bytes(8, "big"))

    for _ in range(KILLS):
        child, reader = in_child(work)
        select.select([reader], [], [], 20)
        time.sleep(rng.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = b""
        while chunk := os.read(reader, 65536):
            told += chunk
        os.close(reader)
        assert len(told) >= 8, "nothing was acknowledged"
        acknowledged = int.from_bytes(told[-8:], "big")
        store = Database(path)
        assert store.read("PRAGMA integrity_check") == [("ok",)]
        rows = store.read("SELECT seq, body FROM chat_log ORDER BY seq")
        store.close()
        assert [n for n, _ in rows] == list(range(1, len(rows) + 1))
        assert len(rows) >= acknowledged
        assert all(json.loads(str(body)) == {"text": "x" * 200} for _, body in rows)
