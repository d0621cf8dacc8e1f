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
    """
    CREATE TABLE settings (
        owner_id TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (owner_id, name)
    ) WITHOUT ROWID;
    CREATE TABLE connections (
        owner_id TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        api_base TEXT NOT NULL,
        label TEXT NOT NULL,
        PRIMARY KEY (owner_id, id)
    ) WITHOUT ROWID;
    CREATE TABLE broker_tokens (
        id TEXT PRIMARY KEY,
        owner_id TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        label TEXT NOT NULL,
        app_id TEXT NOT NULL,
        models TEXT NOT NULL,
        max_tokens INTEGER,
        max_money REAL,
        expires REAL,
        created REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE calls (
        id TEXT PRIMARY KEY,
        owner_id TEXT NOT NULL,
        broker TEXT NOT NULL,
        scopes TEXT NOT NULL,
        app_id TEXT NOT NULL,
        model TEXT NOT NULL,
        status TEXT NOT NULL,
        started REAL NOT NULL,
        seconds REAL NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        money REAL,
        reserved_tokens INTEGER NOT NULL,
        reserved_money REAL NOT NULL,
        error TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX calls_by_time ON calls(owner_id, started);
    CREATE INDEX open_calls ON calls(status) WHERE status='open';
    CREATE TABLE spend (
        owner_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        calls INTEGER NOT NULL,
        tokens INTEGER NOT NULL,
        money REAL NOT NULL,
        open_calls INTEGER NOT NULL,
        reserved_tokens INTEGER NOT NULL,
        reserved_money REAL NOT NULL,
        PRIMARY KEY (owner_id, scope)
    ) WITHOUT ROWID;
    CREATE TABLE budgets (
        owner_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        max_tokens INTEGER,
        max_money REAL,
        PRIMARY KEY (owner_id, scope)
    ) WITHOUT ROWID;
    CREATE TABLE completions (
        key TEXT PRIMARY KEY,
        time REAL NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX completions_by_time ON completions(time)
    """,
)
