"""Read tables as apps read them, and write them by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.instantiate import slots_source
from nexus_jupyter.recipes.manifest import shared_cell
from nexus_jupyter.recipes.slots import Filling
from nexus_jupyter.recipes.tables import profile


def read(path: Path) -> tuple[Table, Any]:
    """Return the profile of a file and the data frame that an app makes of it."""
    table = profile(path)
    variables: dict[str, Any] = {}
    exec(slots_source(Filling(slots=()), table), variables)  # noqa: S102  # our own templates
    variables["DATA_FILE"] = str(path)
    exec(shared_cell(f"load_{table.format}"), variables)  # noqa: S102  # our own templates
    for name, constant in (("numbers", "NUMBER_COLUMNS"), ("dates", "DATE_COLUMNS")):
        if constant in variables:
            exec(shared_cell(name), variables)  # noqa: S102  # our own templates
    return table, variables["table"]


def plain(frame: Any) -> list[list[Any]]:
    """Return the rows of a data frame with None for what is missing."""
    return [[None if _is_missing(v) else v for v in row] for row in frame.to_numpy(dtype=object).tolist()]


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, list | dict | str) and value != value) or str(value) == "<NA>"


def csv_bytes(
    rows: list[list[str]], *, separator: str = ",", encoding: str = "utf-8", quote: str = '"', every: bool = False,
    line_end: str = "\n",
) -> bytes:  # fmt: skip
    """Write rows as a text table."""
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(stream, delimiter=separator, quotechar=quote, quoting=quoting, lineterminator=line_end).writerows(rows)
    return stream.getvalue().encode(encoding)


def xlsx(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """Write a workbook: numbers as numbers, None as an empty cell, anything else as text."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w") as book:
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kinds}.worksheet+xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>{overrides}</Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{links}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        names = "".join(f'<sheet name="{escape(n)}" sheetId="{i}" r:id="s{i}"/>' for i, n in enumerate(sheets, 1))
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>{names}</sheets></workbook>'
        )
        targets = "".join(
            f'<Relationship Id="s{i}" Type="{links}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{targets}</Relationships>'
        )
        for i, rows in enumerate(sheets.values(), 1):
            book.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{_rows(rows)}</sheetData></worksheet>',
            )
    return path


def _rows(rows: list[list[Any]]) -> str:
    return "".join(
        f'<row r="{y}">{"".join(_cell(v, x, y) for x, v in enumerate(row) if v is not None)}</row>'
        for y, row in enumerate(rows, 1)
    )


def _cell(value: Any, x: int, y: int) -> str:
    place = f"{chr(65 + x)}{y}"
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
