"""Which app a notebook is; light, so that a server's start stays cheap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_identify: Callable[[Path], str] | None = None


def set_identify(identify: Callable[[Path], str] | None) -> None:
    """Let `identify` tell from now on; its answer names the budget that a kernel's model calls count against."""
    global _identify
    _identify = identify


def app_id(notebook: Path) -> str:
    """Return the id of a notebook's app, or an empty string."""
    return _identify(notebook) if _identify is not None else ""
