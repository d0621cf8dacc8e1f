"""The identity of a piece of code: what trust is given to."""

from __future__ import annotations

import hashlib


def code_hash(code: str) -> str:
    """Return the identity of a cell's source; empty lines around it do not count."""
    return hashlib.sha256(code.strip("\n").encode()).hexdigest()
