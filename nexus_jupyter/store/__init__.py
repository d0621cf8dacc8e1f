"""The place of facts about apps: one SQLite database, one repository per record."""

from __future__ import annotations

from nexus_jupyter.store.chats import ChatLog, LogEntry, visible
from nexus_jupyter.store.database import Database
from nexus_jupyter.store.ledger import Budgets, CallRow, Ledger, Limit, Spend
from nexus_jupyter.store.models import CHOSEN_MODEL, Completions, Connection, Connections, Settings, TokenGrant, Tokens
from nexus_jupyter.store.trust import TrustLedger

__all__ = [
    "CHOSEN_MODEL",
    "Budgets",
    "CallRow",
    "ChatLog",
    "Completions",
    "Connection",
    "Connections",
    "Database",
    "Ledger",
    "Limit",
    "LogEntry",
    "Settings",
    "Spend",
    "TokenGrant",
    "Tokens",
    "TrustLedger",
    "visible",
]
