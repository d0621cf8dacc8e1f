"""What the browser may ask for."""

from __future__ import annotations

from pydantic import Field

from nexus_jupyter.models.base import Record


class NewApp(Record):
    """Make an app."""

    prompt: str = Field(max_length=200_000)
    data: tuple[str, ...] = Field((), max_length=20, description="Paths relative to the server's root.")
    name: str = Field("", max_length=64)
    recipe: str = Field("", max_length=64)


class RouteRequest(Record):
    """Rank recipes."""

    prompt: str = Field(max_length=200_000)
    data: str = ""


class AppPath(Record):
    """Name an app by its notebook's path, relative to the server's root."""

    path: str = Field(min_length=1, max_length=4096)


class ChatSend(Record):
    """Say something in a chat."""

    text: str = Field(max_length=200_000)
    data: tuple[str, ...] = Field((), max_length=20)
    recipe: str = Field("", max_length=64)
