"""The place of facts about apps: one SQLite database, one repository per record."""

from __future__ import annotations

from nexus_jupyter.store.chats import ChatLog, LogEntry
from nexus_jupyter.store.database import Database
from nexus_jupyter.store.trust import TrustLedger

__all__ = ["ChatLog", "Database", "LogEntry", "TrustLedger"]
