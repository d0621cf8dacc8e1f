"""What an app is doing."""

from __future__ import annotations

from typing import Literal

from nexus_jupyter.models.base import Record

AppStatus = Literal["stopped", "starting", "running", "failed"]


class AppState(Record):
    """The state of one app's kernel session."""

    path: str
    status: AppStatus
    kernel_id: str = ""
    session_id: str = ""
    tier: str = ""
    detail: str = ""
