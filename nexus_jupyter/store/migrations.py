"""The store's schema, one script a step; a step is never changed once released."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE chat_log (
        owner_id TEXT NOT NULL,
        chat_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (owner_id, chat_id, seq)
    ) WITHOUT ROWID;
    CREATE TABLE trusted_code (
        owner_id TEXT NOT NULL,
        hash TEXT NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (owner_id, hash)
    ) WITHOUT ROWID
    """,
)
