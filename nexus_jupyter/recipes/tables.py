"""Read a data file whatever its shape, and profile its columns.

Run as a module (`python -m nexus_jupyter.recipes.tables FILE`) it prints the
profile as JSON: so a server never imports pandas nor parses a stranger's file
in its own process.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexus_jupyter.errors import DataUnreadable, NexusError
from nexus_jupyter.models.table import Column, ColumnKind, FileFormat, NumberStyle, Table
from nexus_jupyter.recipes.sniffing import text_format

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 100 * 1024 * 1024
MAX_COLUMNS = 2000
HEAD_BYTES = 256 * 1024
MAX_CATEGORIES = 50
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".xlsb": "excel", ".ods": "excel",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
NUMBER = re.compile(r"^[^\d\-+.,]{0,4}\s*[-+]?\s*[\d.,\s\u00a0']*\d[\d.,\s\u00a0']*\s*[^\d]{0,4}$")
DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d",
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%d-%m-%Y", "%Y-%m", "%d %b %Y", "%b %d, %Y",
)  # fmt: skip


def check_file(path: Path) -> FileFormat:
    """Return the format of a data file by its name.

    Raises
    ------
    DataUnreadable
        It does not exist, is empty, too large, or of a kind Nexus does not read.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise DataUnreadable(
            f"`{path.name}` is no table Nexus can read.", "Give a CSV, TSV, Excel, JSON or Parquet file."
        )
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DataUnreadable(f"`{path.name}` is not a file.", "Give a CSV, TSV, Excel, JSON or Parquet file.")
        with path.open("rb") as stream:
            stream.read(1)
    except FileNotFoundError as error:
        raise DataUnreadable(f"There is no file `{path}`.", "Check the path.") from error
    except OSError as error:
        raise DataUnreadable(f"`{path.name}` cannot be read: {error.strerror}.", "Check its permissions.") from error
    if size == 0:
        raise DataUnreadable(f"`{path.name}` is empty.", "Give a file with a header line and rows.")
    if size > MAX_BYTES:
        raise DataUnreadable(
            f"`{path.name}` has {size / 1e6:.0f} MB; Nexus reads up to {MAX_BYTES / 1e6:.0f} MB.",
            "Give a sample of it, or a Parquet file.",
        )
    return kind


def read_options(path: Path, kind: FileFormat) -> dict[str, Any]:
    """Return the literal keyword arguments with which pandas reads `path`; defaults are left out."""
    if kind == "csv":
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        found = text_format(head, whole=len(head) < HEAD_BYTES)
        options: dict[str, Any] = {}
        if found.separator != ",":
            options["sep"] = found.separator
        if found.encoding != "utf-8":
            options["encoding"] = found.encoding
        if found.decimal != ".":
            options["decimal"] = found.decimal
        if found.thousands:
            options["thousands"] = found.thousands
        if found.skip:
            options["skiprows"] = found.skip
        return options
    if kind == "excel":
        return {"engine": "calamine"}
    if kind == "json":
        return {"lines": True} if _is_json_lines(path) else {}
    return {}


def _is_json_lines(path: Path) -> bool:
    """Return whether each line of a JSON file is an object of its own."""
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return True
    with path.open("rb") as stream:
        first, second = stream.readline().strip(), stream.readline().strip()
    if not (first.startswith(b"{") and second.startswith(b"{")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def load(path: Path, kind: FileFormat, options: dict[str, Any]) -> pd.DataFrame:
    """Read `path` with pandas.

    Raises
    ------
    DataUnreadable
        pandas cannot make a table of it.
    """
    import pandas as pd

    readers: dict[str, Any] = {
        "csv": pd.read_csv,
        "excel": pd.read_excel,
        "json": pd.read_json,
        "parquet": pd.read_parquet,
    }
    try:
        frame: pd.DataFrame = readers[kind](path, **options)
    except ImportError as error:
        raise DataUnreadable(
            f"`{path.name}` needs a package that is not installed.",
            "Run: pip install 'nexus-jupyter[parquet]'",
        ) from error
    except UnicodeDecodeError as error:
        raise DataUnreadable(
            f"`{path.name}` has a wrong byte at position {error.start}.", "Save it as UTF-8, then try again."
        ) from error
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile, OverflowError) as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise DataUnreadable(
            f"`{path.name}` cannot be read as a table: {reason}.", "Open and save it again as CSV."
        ) from error
    except Exception as error:  # calamine raises its own kinds, without a common base
        raise DataUnreadable(
            f"`{path.name}` cannot be read as a table: {type(error).__name__}.",
            "Open and save it again as CSV.",
        ) from error
    if frame.shape[1] == 0:
        raise DataUnreadable(f"`{path.name}` has no columns.", "Give a file with a header line.")
    if frame.shape[1] > MAX_COLUMNS:
        raise DataUnreadable(
            f"`{path.name}` has {frame.shape[1]} columns; Nexus reads up to {MAX_COLUMNS}.",
            "Keep those you need.",
        )
    return frame


def profile(path: Path) -> Table:
    """Read a data file and describe its columns.

    Raises
    ------
    DataUnreadable
        The file cannot be read as a table.
    """
    kind = check_file(path)
    options = read_options(path, kind)
    frame = load(path, kind, options)
    if kind == "csv" and any(len(str(c)) > 500 for c in frame.columns):
        raise DataUnreadable(f"`{path.name}` has no header line that Nexus can find.", "Give a CSV with a header line.")
    notes = []
    if options.get("encoding", "utf-8-sig") != "utf-8-sig":
        notes.append(f"read as {options['encoding']}")
    if options.get("skiprows"):
        notes.append(f"{options['skiprows']} lines before the header left out")
    columns = tuple(column_of(frame.iloc[:, i], str(frame.columns[i])) for i in range(frame.shape[1]))
    return Table(
        file=path.name, format=kind, rows=len(frame), options=options, columns=columns, notes=tuple(notes)
    )  # fmt: skip


def column_of(series: pd.Series[Any], name: str) -> Column:
    """Describe one column."""
    from pandas.api import types

    missing = int(series.isna().sum())
    present = series.dropna()
    try:
        unique = int(present.nunique())
    except TypeError:  # lists or objects of a JSON file
        present = present.astype(str)
        unique = int(present.nunique())
    if present.empty:
        return Column(name=name, kind="empty", unique=0, missing=missing)
    if types.is_bool_dtype(series) or (unique <= 2 and set(map(str, present.unique())) <= {"True", "False"}):
        return Column(name=name, kind="flag", unique=unique, missing=missing)
    if types.is_datetime64_any_dtype(series):
        return Column(name=name, kind="date", unique=unique, missing=missing)
    if types.is_numeric_dtype(series):
        whole = bool((present % 1 == 0).all())
        return Column(name=name, kind="number", unique=unique, missing=missing, whole=whole)
    return _text_column(present.astype(str).str.strip(), name, unique, missing)


def _text_column(present: pd.Series[Any], name: str, unique: int, missing: int) -> Column:
    """Describe a column of text: numbers or dates in disguise, a category, or prose."""
    sample = present if len(present) <= 500 else present.sample(500, random_state=0)
    date = _date_format(sample)
    if date:
        return Column(name=name, kind="date", unique=unique, missing=missing, date_format=date)
    if sample.str.match(NUMBER).mean() >= 0.8:
        style = _number_style(sample)
        return Column(name=name, kind="number", unique=unique, missing=missing, number_style=style)
    repeats = unique <= MAX_CATEGORIES or unique <= 0.05 * len(present)
    short = sample.str.len().median() <= 40
    # All different in a small table (names, ids): text, unless there are too few rows to tell.
    category = repeats and short and (unique < len(present) or len(present) <= 3)
    kind: ColumnKind = "category" if category else "text"
    return Column(name=name, kind=kind, unique=unique, missing=missing)


def _number_style(sample: pd.Series[Any]) -> NumberStyle:
    """Return which mark is the decimal one: the last of the two that occurs with other than 3 digits behind."""
    comma = sample.str.contains(r",\d{1,2}\D*$|,\d{4,}\D*$", regex=True).sum()
    point = sample.str.contains(r"\.\d{1,2}\D*$|\.\d{4,}\D*$", regex=True).sum()
    if comma > point:
        return NumberStyle(decimal=",", thousands="." if sample.str.contains(r"\.", regex=True).any() else "")
    return NumberStyle(decimal=".", thousands="," if sample.str.contains(",", regex=False).any() else "")


def _date_format(sample: pd.Series[Any]) -> str:
    """Return the first format that fits at least 95 % of the values; day-first wins over month-first if both fit."""
    import pandas as pd

    if sample.str.contains(r"\d", regex=True).mean() < 0.9 or sample.str.len().median() > 30:
        return ""
    for pattern in DATE_FORMATS:
        if pd.to_datetime(sample, format=pattern, errors="coerce").notna().mean() >= 0.95:
            return pattern
    return ""


def main(arguments: list[str]) -> int:
    """Print the profile of a file, or the error, as one JSON object."""
    try:
        answer: dict[str, Any] = {"table": profile(Path(arguments[0])).model_dump(mode="json")}
    except NexusError as error:
        answer = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
    except MemoryError:
        answer = {
            "error": "DataUnreadable",
            "message": f"`{arguments[0]}` does not fit in memory.",
            "remedy": "Give a sample.",
        }
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
