"""Chats as an append-only log: what a panel saw, it can see again after a restart."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from nexus_jupyter.store.database import Database

EntryKind = Literal["start", "delta", "part", "end", "retract"]


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One event of a chat.

    `start` opens a message (`body`: sender), `delta` adds text (`body`: text),
    `part` adds a card or choices (`body`: mime, data), `end` closes it (`body`: status, and what it used).
    `retract` takes a message and all that follow it out of sight: it is edited or answered anew.
    """

    seq: int
    kind: EntryKind
    message_id: str
    body: dict[str, Any]
    time: float

    def as_json(self) -> dict[str, Any]:
        """Return the entry as it travels."""
        return {"seq": self.seq, "kind": self.kind, "message_id": self.message_id, "body": self.body, "time": self.time}


def visible(entries: list[LogEntry]) -> list[LogEntry]:
    """Return the entries without the messages that were retracted."""
    kept: list[LogEntry] = []
    for entry in entries:
        if entry.kind != "retract":
            kept.append(entry)
            continue
        start = next((i for i, e in enumerate(kept) if e.message_id == entry.message_id), len(kept))
        del kept[start:]
    return kept


CLEARED = "cleared"  # the mark that stays of a chat that was forgotten, so that its numbers go on
_LAST = "SELECT coalesce(max(seq), 0) FROM chat_log WHERE owner_id=? AND chat_id=?"


class ChatLog:
    """The log of one chat. Numbers grow for ever, also past a `clear`, and also with two servers on one store."""

    def __init__(self, database: Database, owner_id: str, chat_id: str) -> None:
        self._database = database
        self._key = (owner_id, chat_id)

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 if there never was one."""
        return int(str(self._database.read(_LAST, self._key)[0][0]))

    def can_resume(self, seq: int) -> bool:
        """Return whether a panel that has everything up to `seq` needs only what follows."""
        rows = self._database.read("SELECT min(seq), max(seq) FROM chat_log WHERE owner_id=? AND chat_id=?", self._key)
        first, last = rows[0]
        return first is not None and seq > 0 and int(str(first)) <= seq <= int(str(last))

    def append(self, kind: EntryKind, message_id: str, body: dict[str, Any]) -> LogEntry:
        """Add an entry and return it with its number."""
        now = time.time()
        return LogEntry(
            seq=self._insert(kind, message_id, body, now), kind=kind, message_id=message_id, body=body, time=now
        )

    def _insert(self, kind: str, message_id: str, body: dict[str, Any], now: float, *, only: bool = False) -> int:
        text = json.dumps(body, ensure_ascii=False)
        with self._database.transaction() as connection:
            # Inside the transaction: another server may have written since.
            seq: int = connection.execute(_LAST, self._key).fetchone()[0] + 1
            if only:
                connection.execute("DELETE FROM chat_log WHERE owner_id=? AND chat_id=?", self._key)
            row = (*self._key, seq, kind, message_id, text, now)
            connection.execute("INSERT INTO chat_log VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return seq

    def since(self, seq: int) -> list[LogEntry]:
        """Return the entries after number `seq`, oldest first."""
        rows = self._database.read(
            "SELECT seq, kind, message_id, body, time FROM chat_log "
            "WHERE owner_id=? AND chat_id=? AND seq>? AND kind<>? ORDER BY seq",
            (*self._key, seq, CLEARED),
        )
        return [
            LogEntry(seq=s, kind=k, message_id=m, body=json.loads(b), time=t)  # type: ignore[arg-type]
            for s, k, m, b, t in rows
        ]

    def history(self) -> list[LogEntry]:
        """Return what is in sight, with the deltas of each message joined, for a panel that starts from nothing."""
        joined: list[LogEntry] = []
        for entry in visible(self.since(0)):
            previous = joined[-1] if joined else None
            if previous and entry.kind == previous.kind == "delta" and entry.message_id == previous.message_id:
                text = previous.body["text"] + entry.body["text"]
                joined[-1] = LogEntry(
                    seq=entry.seq, kind="delta", message_id=entry.message_id, body={"text": text}, time=entry.time
                )
            else:
                joined.append(entry)
        return joined

    def open_messages(self) -> list[str]:
        """Return ids of messages that were begun and never ended: their server stopped."""
        rows = self._database.read(
            "SELECT message_id FROM chat_log WHERE owner_id=? AND chat_id=? "
            "GROUP BY message_id HAVING sum(kind='end')=0 AND sum(kind='start')=1 ORDER BY min(seq)",
            self._key,
        )
        return [str(row[0]) for row in rows]

    def clear(self) -> None:
        """Forget the chat."""
        self._insert(CLEARED, "", {}, time.time(), only=True)
