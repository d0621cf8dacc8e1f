"""How a text table is written: encoding, separator, quotes, header line, decimal mark."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nexus_jupyter.errors import DataUnreadable

SEPARATORS = (",", ";", "\t", "|")
CHUNK = 1024 * 1024
HEAD_BYTES = 256 * 1024
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OTHER_SCRIPTS = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
DECIMAL_COMMA = re.compile(r"[-+]?(\d{1,3}([.\s']\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+)")
DECIMAL_POINT = re.compile(r"[-+]?(\d{1,3}([,\s']\d{3})+\.\d+|\d+\.(\d{1,2}|\d{4,})|0\.\d+|\d{4,}\.\d+)")
COMMA_EITHER = re.compile(r"[-+]?\d{1,3}(,\d{3})+")
TYPED = re.compile(r"[^,;\t|]*|[-+]?[\d.,\s']*\d\s*\S{0,3}")
CODE = re.compile(r"\d+")
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
MAX_CONTROLS = 0.02  # of all characters
STRAY_CONTROLS = 10  # however short the text: some are only a flaw


@dataclass(frozen=True, kw_only=True)
class TextFormat:
    """How a text table is written.

    `header` and `rows` are the fields of its first 256 KB; `skip` counts the
    lines before the header, `header_lines` those up to the header's end.
    """

    encoding: str
    separator: str = ","
    quote: str = '"'
    escape: str | None = None
    space_after: bool = False
    skip: int = 0
    header_lines: int = 1
    decimal: str = "."
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def reader(self, stream: Any) -> Any:
        """Return a `csv.reader` for this format."""
        return csv.reader(
            stream,
            delimiter=self.separator,
            quotechar=self.quote,
            escapechar=self.escape,
            skipinitialspace=self.space_after,
        )


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: its mark's, UTF-8 if all of it is, else what fits its bytes."""
    with path.open("rb") as stream:
        head = stream.read(CHUNK)
        for mark, name in BOMS:
            if head.startswith(mark):
                return name
        if head[:400].count(0) > len(head[:400]) // 4:  # every other byte NUL: UTF-16 without a mark
            return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _legacy_encoding(chunk + stream.read(CHUNK))
    return "utf-8"


def _legacy_encoding(sample: bytes) -> str:
    """Return the one-byte or East Asian encoding of bytes that are no UTF-8."""
    high = len(re.findall(rb"[\x80-\xff]", sample))
    if high > len(re.findall(rb"[A-Za-z]", sample)):  # mostly other letters than Latin ones
        try:
            from charset_normalizer import from_bytes

            best = from_bytes(sample, cp_isolation=OTHER_SCRIPTS).best()
        except ImportError:
            best = None
        if best is not None:
            return str(best.encoding)
    # Bytes 0x80-0x9f are controls in Latin-1 but quotes, dashes and the euro in cp1252;
    # five of them are undefined there.
    return "latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", sample) else "cp1252"


def text_format(path: Path) -> TextFormat:
    """Return how a text table is written, from its first 256 KB and, for the encoding, all its bytes.

    Raises
    ------
    DataUnreadable
        It is no text.
    """
    encoding = encoding_of(path)
    with path.open("rb") as stream:
        raw = stream.read(HEAD_BYTES)
    text = raw.decode(encoding, errors="ignore").replace("\r\n", "\n").replace("\r", "\n")
    if len(raw) == HEAD_BYTES:
        text = text[: text.rfind("\n") + 1] or text
    if len(CONTROLS.findall(text)) > max(STRAY_CONTROLS, MAX_CONTROLS * len(text)):
        raise DataUnreadable(
            f"`{path.name}` holds no text.",
            "If it is an Excel or Parquet file, give its name that ending; else save it as CSV.",
        )
    quote = "'" if _is_quoted_by_apostrophes(text) else '"'
    escape = "\\" if f"\\{quote}" in text and quote * 2 not in text else None
    found = [_split(text, encoding, separator, quote, escape) for separator in SEPARATORS]
    _, best = max(found, key=lambda f: f[0])
    return best


def _is_quoted_by_apostrophes(text: str) -> bool:
    if '"' in text:
        return False
    fields = re.findall(r"(?:^|[,;\t|])'(?:[^'\n]|'')*'(?=[,;\t|]|$)", text, re.MULTILINE)
    return len(fields) > max(1, 0.2 * text.count("\n"))


def _split(text: str, encoding: str, separator: str, quote: str, escape: str | None) -> tuple[float, TextFormat]:
    """Return a table cut at one separator, and how well that fits.

    It fits when most rows have the same number (> 1) of fields, and the fields
    hold no other separator unless they are numbers.
    """
    cuts = text.count(separator)
    space_after = separator != "\t" and cuts > 0 and text.count(separator + " ") > 0.8 * cuts
    found = TextFormat(encoding=encoding, separator=separator, quote=quote, escape=escape, space_after=space_after)
    reader = found.reader(io.StringIO(text, newline=""))
    rows: list[tuple[str, ...]] = []
    lines: list[tuple[int, int]] = []  # of each row: lines before it, lines up to its end
    before = 0
    try:
        for row in reader:
            if row:
                rows.append(tuple(row))
                lines.append((before, reader.line_num))
            before = reader.line_num
    except csv.Error:  # a field longer than csv allows
        rows = rows[:-1]
    if not rows:
        return -1.0, found
    width, count = Counter(map(len, rows)).most_common(1)[0]
    fields = [f for row in rows[:200] for f in row]
    typed = sum(TYPED.fullmatch(f.strip()) is not None for f in fields) / len(fields)
    fits = count / len(rows) * (0.6 + 0.4 * typed) + min(width, 50) / 1000
    if width == 1:
        # One column: as good as any, at a separator that occurs nowhere.
        fits = 0.45 if len(rows[0]) == 1 and cuts == 0 else 0.0
    start = 0
    if count > len(rows) / 2:
        # The header may lack the name of one column, as R writes it.
        start = next((i for i, r in enumerate(rows) if len(r) >= max(2, width - 1) or len(r) == width), 0)
    header, body = rows[start], rows[start + 1 :]
    skip, header_lines = lines[start]
    decimal = _decimal(body, separator)
    return fits, TextFormat(
        encoding=encoding, separator=separator, quote=quote, escape=escape, space_after=space_after, skip=skip,
        header_lines=header_lines, decimal=decimal, header=header, rows=tuple(body),
    )  # fmt: skip


def _decimal(rows: list[tuple[str, ...]], separator: str) -> str:
    """Return the decimal mark; `1,234` alone is twelve hundred except between semicolons."""
    comma = point = either = 0
    for row in rows:
        for field in row:
            text = field.strip()
            comma += DECIMAL_COMMA.fullmatch(text) is not None
            point += DECIMAL_POINT.fullmatch(text) is not None
            either += COMMA_EITHER.fullmatch(text) is not None
    if comma == point == 0:
        return "," if either and separator == ";" else "."
    return "," if comma > point else "."


def code_columns(found: TextFormat) -> list[str]:
    """Return the columns of digits with leading zeros: postcodes and the like, which are no numbers."""
    names = []
    for position, name in enumerate(found.header):
        if not name or found.header.count(name) > 1:
            continue
        values = [r[position].strip() for r in found.rows if len(r) > position and r[position].strip()]
        if values and all(map(CODE.fullmatch, values)) and any(v.startswith("0") and len(v) > 1 for v in values):
            names.append(name)
    return names
