"""What the browser may ask for."""

from __future__ import annotations

from typing import Literal

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


class ChatContext(Record):
    """What the owner looks at while saying something."""

    path: str = Field("", max_length=4096)
    cell_id: str = Field("", max_length=64)
    cell_type: str = Field("", max_length=16)
    source: str = Field("", max_length=200_000)
    output: str = Field("", max_length=200_000)
    error: str = Field("", max_length=200_000)
    selection: str = Field("", max_length=200_000)


class ChatSend(Record):
    """Say something in a chat."""

    text: str = Field(max_length=200_000)
    data: tuple[str, ...] = Field((), max_length=20)
    recipe: str = Field("", max_length=64)
    action: Literal["", "explain", "fix", "document"] = ""
    context: ChatContext = ChatContext()
    instead_of: str = Field(
        "", max_length=64, description="An earlier message of the owner's, which goes with all after it."
    )
