"""What Nexus knows about a data file without showing its values to anyone."""

from __future__ import annotations

from typing import Any, Literal

from nexus_jupyter.models.base import Record

ColumnKind = Literal["number", "category", "date", "text", "flag", "empty"]
FileFormat = Literal["csv", "excel", "json", "parquet"]


class NumberStyle(Record):
    """How numbers are written in a text column."""

    decimal: str = "."
    thousands: str = ""


class Column(Record):
    """One column: its exact name, its kind, and counts."""

    name: str
    kind: ColumnKind
    unique: int
    missing: int
    whole: bool = False
    number_style: NumberStyle | None = None
    date_format: str = ""


class Table(Record):
    """A data file as the recipes see it.

    `options` are literal keyword arguments for pandas' reader of `format`.
    """

    file: str
    format: FileFormat
    rows: int
    options: dict[str, Any]
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()

    def of_kind(self, *kinds: ColumnKind) -> tuple[Column, ...]:
        """Return the columns of the given kinds, in file order."""
        return tuple(c for c in self.columns if c.kind in kinds)

    def column(self, name: str) -> Column | None:
        """Return the column with exactly this name."""
        return next((c for c in self.columns if c.name == name), None)
