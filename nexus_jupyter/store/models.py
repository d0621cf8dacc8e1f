"""What the owner connected: servers of models, scoped tokens, the chosen model; and answers to give again."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass

from nexus_jupyter.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A server of models.

    Parameters
    ----------
    id
        Begins the ids of its models, and names its key.
    kind
        How it is spoken to: a provider's name as litellm knows it; `openai` for compatible servers.
    api_base
        Its address; empty for the provider's own.
    label
        What people call it.
    """

    id: str
    kind: str
    api_base: str = ""
    label: str = ""


class Connections:
    """The servers one owner added."""

    def __init__(self, database: Database, owner_id: str) -> None:
        self._database = database
        self._owner = owner_id

    def every(self) -> list[Connection]:
        """Return all, by id."""
        rows = self._database.read(
            "SELECT id, kind, api_base, label FROM connections WHERE owner_id=? ORDER BY id", (self._owner,)
        )
        return [Connection(id=str(i), kind=str(k), api_base=str(b), label=str(w)) for i, k, b, w in rows]

    def get(self, connection_id: str) -> Connection | None:
        """Return one, or None."""
        return next((c for c in self.every() if c.id == connection_id), None)

    def put(self, connection: Connection) -> None:
        """Add or replace one."""
        with self._database.transaction() as c:
            c.execute(
                "INSERT OR REPLACE INTO connections VALUES (?, ?, ?, ?, ?)",
                (self._owner, connection.id, connection.kind, connection.api_base, connection.label),
            )

    def remove(self, connection_id: str) -> bool:
        """Forget one; return whether it was there."""
        with self._database.transaction() as c:
            return (
                c.execute("DELETE FROM connections WHERE owner_id=? AND id=?", (self._owner, connection_id)).rowcount
                > 0
            )


CHOSEN_MODEL = "model"  # the setting that names the model in use


class Settings:
    """Small values by name, of one owner."""

    def __init__(self, database: Database, owner_id: str) -> None:
        self._database = database
        self._owner = owner_id

    def get(self, name: str, default: str = "") -> str:
        """Return a value."""
        rows = self._database.read("SELECT value FROM settings WHERE owner_id=? AND name=?", (self._owner, name))
        return str(rows[0][0]) if rows else default

    def set(self, name: str, value: str) -> None:
        """Keep a value."""
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", (self._owner, name, value))


@dataclass(frozen=True, kw_only=True)
class TokenGrant:
    """What a scoped token may do.

    Parameters
    ----------
    models
        The models it may use; empty for every one.
    max_tokens, max_money
        Its budget over its whole life; None for no limit.
    expires
        When it ends, in seconds since 1970; None for never.
    """

    id: str
    label: str
    app_id: str = ""
    models: tuple[str, ...] = ()
    max_tokens: int | None = None
    max_money: float | None = None
    expires: float | None = None


PREFIX = "nxs"


class Tokens:
    """Scoped tokens; only a hash of each secret is kept."""

    def __init__(self, database: Database, owner_id: str) -> None:
        self._database = database
        self._owner = owner_id

    def create(self, grant: TokenGrant, secret: str = "") -> str:
        """Keep a grant and return its token, which is not shown again."""
        secret = secret or secrets.token_urlsafe(24)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO broker_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    grant.id, self._owner, _hash(secret), grant.label, grant.app_id, json.dumps(grant.models),
                    grant.max_tokens, grant.max_money, grant.expires, time.time(),
                ),
            )  # fmt: skip
        return f"{PREFIX}_{grant.id}_{secret}"

    def find(self, token: str) -> TokenGrant | None:
        """Return what a token may do; None for one that is unknown or expired."""
        prefix, _, rest = token.partition("_")
        token_id, _, secret = rest.partition("_")
        if prefix != PREFIX or not secret:
            return None
        rows = self._database.read(
            "SELECT secret_hash, label, app_id, models, max_tokens, max_money, expires FROM broker_tokens "
            "WHERE id=? AND owner_id=?",
            (token_id, self._owner),
        )
        if not rows or not hmac.compare_digest(str(rows[0][0]), _hash(secret)):
            return None
        _, label, app_id, models, tokens, money, expires = rows[0]
        grant = TokenGrant(
            id=token_id, label=str(label), app_id=str(app_id), models=tuple(json.loads(str(models))),
            max_tokens=tokens, max_money=money, expires=expires,  # type: ignore[arg-type]
        )  # fmt: skip
        return grant if grant.expires is None or grant.expires > time.time() else None

    def remove(self, token_id: str) -> bool:
        """End a token at once; return whether it was there."""
        with self._database.transaction() as connection:
            return (
                connection.execute(
                    "DELETE FROM broker_tokens WHERE id=? AND owner_id=?", (token_id, self._owner)
                ).rowcount
                > 0
            )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Completions:
    """Answers to give again to the very same call.

    Parameters
    ----------
    seconds
        How long an answer is good.
    most
        How many are kept; the oldest go first.
    """

    def __init__(self, database: Database, *, seconds: float, most: int = 5_000) -> None:
        self._database = database
        self.seconds = seconds
        self._most = most

    def get(self, key: str) -> str | None:
        """Return an answer that is still good. One from the future is not: the clock was set back."""
        now = time.time()
        rows = self._database.read(
            "SELECT body FROM completions WHERE key=? AND time BETWEEN ? AND ?", (key, now - self.seconds, now + 60)
        )
        return str(rows[0][0]) if rows else None

    def put(self, key: str, body: str) -> None:
        """Keep an answer, and drop what is old or too much."""
        now = time.time()
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO completions VALUES (?, ?, ?)", (key, now, body))
            connection.execute("DELETE FROM completions WHERE time<?", (now - self.seconds,))
            connection.execute(
                "DELETE FROM completions WHERE key IN (SELECT key FROM completions ORDER BY time DESC LIMIT -1 OFFSET ?)",
                (self._most,),
            )
