"""The two kinds of record: closed ones for requests, open ones for what is kept in files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A closed record: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredRecord(BaseModel):
    """A record kept in a notebook: keys of other writers survive a round trip."""

    model_config = ConfigDict(frozen=True, extra="allow")
