"""Format version 1 of `metadata.nexus`."""

from __future__ import annotations

from nexus_jupyter.artifacts.v1.convert import downgrade, upgrade

VERSION = 1

__all__ = ["VERSION", "downgrade", "upgrade"]
