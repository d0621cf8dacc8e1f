"""Real tables as plain rows, and the same rows written in messy ways."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reading import csv_bytes, xlsx

ROOT = Path(__file__).parents[2]
FILES = {
    "penguins": ROOT / "notebooks" / "data" / "penguins.csv",
    "weather": ROOT / "notebooks" / "data" / "seattle-weather.csv",
    "raw": ROOT / "tests" / "fixtures" / "tables" / "penguins-raw.csv",
    "jobs": ROOT / "tests" / "fixtures" / "tables" / "us-employment.csv",
    "cars": ROOT / "tests" / "fixtures" / "tables" / "cars.json",
    "barley": ROOT / "tests" / "fixtures" / "tables" / "barley.json",
}
Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    """Return the rows of a table read without pandas: numbers as floats, missing as None, else text."""
    path = FILES[name]
    if path.suffix == ".json":
        records = json.loads(path.read_text())
        names = list(dict.fromkeys(k for r in records for k in r))
        return [{k: _value(r.get(k)) for k in names} for r in records]
    with path.open(encoding="utf-8", newline="") as stream:
        return [{k: _value(v) for k, v in row.items()} for row in csv.DictReader(stream)]


def _value(raw: Any) -> Any:
    if raw is None or raw in {"", "NA"}:
        return None
    try:
        return float(raw)
    except ValueError:
        return raw


def texts(rows: list[Row], *, missing: str = "", decimal: str = ".", unit: str = "") -> list[list[str]]:
    """Return rows as text, header first."""

    def text(value: Any) -> str:
        if value is None:
            return missing
        if isinstance(value, float):
            return f"{value:.15g}".replace(".", decimal) + unit
        return str(value)

    return [list(rows[0]), *[[text(v) for v in row.values()] for row in rows]]


def as_it_is(folder: Path, name: str) -> Path:
    path = folder / FILES[name].name
    path.write_bytes(FILES[name].read_bytes())
    return path


def as_german_csv(folder: Path, name: str) -> Path:
    path = folder / "daten.csv"
    content = csv_bytes(texts(rows_of(name), decimal=","), separator=";", encoding="cp1252", line_end="\r\n")
    path.write_bytes(b"Export vom 1. M\xe4rz\r\n\r\n" + content)
    return path


def as_tabs_in_utf16(folder: Path, name: str) -> Path:
    path = folder / "table.txt"
    path.write_bytes(csv_bytes(texts(rows_of(name), missing="n/a"), separator="\t", encoding="utf-16", every=True))
    return path


def as_excel(folder: Path, name: str) -> Path:
    rows = rows_of(name)
    body = [list(rows[0]), *[list(r.values()) for r in rows]]
    return xlsx(folder / "book.xlsx", {"Notes": [], "Data": [["A title"], [], *body]})


def as_json_lines(folder: Path, name: str) -> Path:
    path = folder / "table.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows_of(name)), encoding="utf-8-sig")
    return path


def as_units(folder: Path, name: str) -> Path:
    path = folder / "units.csv"
    path.write_bytes(csv_bytes(texts(rows_of(name), unit=" kg"), encoding="utf-8-sig"))
    return path


WAYS: list[Callable[[Path, str], Path]] = [
    as_it_is, as_german_csv, as_tabs_in_utf16, as_excel, as_json_lines, as_units,
]  # fmt: skip
