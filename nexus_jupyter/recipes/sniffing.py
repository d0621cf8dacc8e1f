"""How a text table is written: encoding, separator, header line, decimal mark."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t", "|")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECIMAL_COMMA = re.compile(r"^\s*[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+\s*$")
DECIMAL_POINT = re.compile(r"^\s*[-+]?(\d{1,3}(,\d{3})+|\d+)\.\d+\s*$")


@dataclass(frozen=True, kw_only=True)
class TextFormat:
    """How to read a text table with pandas."""

    encoding: str
    separator: str
    skip: int
    decimal: str
    thousands: str


def encoding_of(head: bytes, *, whole: bool) -> str:
    """Return the encoding of a file from its first bytes.

    Parameters
    ----------
    head
        The first bytes of the file.
    whole
        Whether `head` is the whole file; else its last character may be cut.
    """
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if head[:400].count(0) > len(head[:400]) // 4:  # every other byte NUL: UTF-16 without a mark
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head, final=whole)
    except UnicodeDecodeError:
        # Bytes 0x80-0x9f are controls in Latin-1 but quotes, dashes and the euro in cp1252;
        # five of them are undefined there.
        return "latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", head) else "cp1252"
    return "utf-8"


def separator_of(text: str) -> tuple[str, int]:
    """Return the separator and how many lines stand before the header.

    The separator is the one that cuts most lines into the same number (> 1) of
    fields, quotes respected.
    """
    best = (0.0, ",", 0)
    for separator in SEPARATORS:
        try:
            rows = [len(r) for r in csv.reader(io.StringIO(text), delimiter=separator) if r]
        except csv.Error:
            continue
        wide = [n for n in rows if n > 1]
        if not wide:
            continue
        width, count = Counter(wide).most_common(1)[0]
        # Wider agreement wins; a small bonus for more fields breaks ties.
        score = count / len(rows) + min(width, 50) / 1000
        if score > best[0]:
            skip = next((i for i, n in enumerate(rows) if n == width), 0)
            best = (score, separator, skip if count / len(rows) > 0.5 else 0)
    return best[1], best[2]


def decimal_of(text: str, separator: str, skip: int) -> tuple[str, str]:
    """Return the decimal mark and the thousands mark (`""` = none)."""
    comma = point = comma_thousands = point_thousands = 0
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator)):
        if number <= skip:
            continue
        for field in row:
            if DECIMAL_COMMA.match(field):
                comma += 1
                comma_thousands += "." in field
            elif DECIMAL_POINT.match(field):
                point += 1
                point_thousands += "," in field
    if comma > point:
        return ",", "." if comma_thousands else ""
    return ".", "," if point_thousands else ""


def text_format(head: bytes, *, whole: bool) -> TextFormat:
    """Return how to read a text table from its first bytes."""
    encoding = encoding_of(head, whole=whole)
    text = head.decode(encoding, errors="ignore")
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    separator, skip = separator_of(text)
    decimal, thousands = decimal_of(text, separator, skip)
    return TextFormat(encoding=encoding, separator=separator, skip=skip, decimal=decimal, thousands=thousands)
