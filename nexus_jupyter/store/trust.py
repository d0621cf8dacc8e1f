"""Which code the owner trusts, by content hash."""

from __future__ import annotations

import time

from nexus_jupyter.store.database import Database


class TrustLedger:
    """The hashes one owner trusts."""

    def __init__(self, database: Database, owner_id: str) -> None:
        self._database = database
        self._owner = owner_id
        rows = database.read("SELECT hash FROM trusted_code WHERE owner_id=?", (owner_id,))
        self._hashes = {str(row[0]) for row in rows}

    def __contains__(self, code_hash: str) -> bool:
        return code_hash in self._hashes

    def add(self, hashes: set[str]) -> None:
        """Trust these hashes from now on."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO trusted_code VALUES (?, ?, ?)",
                [(self._owner, h, time.time()) for h in sorted(hashes)],
            )
        self._hashes |= hashes

    def remove(self, hashes: set[str]) -> None:
        """Trust these hashes no longer."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM trusted_code WHERE owner_id=? AND hash=?", [(self._owner, h) for h in sorted(hashes)]
            )
        self._hashes -= hashes
