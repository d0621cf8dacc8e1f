"""Read a data file whatever its shape, and profile its columns.

Run as a module (`python -m nexus_jupyter.recipes.tables FILE`) it prints the
profile as JSON: so a server never imports pandas nor parses a stranger's file
in its own process.
"""

from __future__ import annotations

import contextlib
import csv
import json
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexus_jupyter.errors import DataUnreadable, NexusError
from nexus_jupyter.models.table import Column, ColumnKind, FileFormat, NumberStyle, Table
from nexus_jupyter.recipes.sniffing import TextFormat, code_columns, encoding_of, text_format

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 100 * 1024 * 1024
MAX_COLUMNS = 2000
MAX_LOOK = 5 * 1024 * 1024  # an Excel or JSON file is read whole even for its header
MAX_CATEGORIES = 50
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".xlsb": "excel", ".ods": "excel",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
CURRENCY = (
    r"(?:US|A|C|HK|NZ)?\$|[€£¥₹₽₩₺฿]|Rs\.?|R\$|kr\.?"
    r"|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|NZD|BRL|MXN|ZAR|KRW)(?=\s?-?\d)"
)
NUMBER = re.compile(
    rf"[-+(\u2212]?\s?(?:{CURRENCY})?\s?[-+\u2212]?"
    r"(?:\d[\d.,'\s]*(?:[eE][-+]?\d+)?|[.,]\d+)"
    r"\s?-?(?:[%‰€£¥$°²³µ/]|[^\W\d_]){0,12}\.?\)?"
)
DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%Y-%m", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y",
    "%d %B %Y", "%B %d, %Y", "%b %Y", "%B %Y",
)  # fmt: skip
MAX_MEMORY = 4 * 1024**3


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
    """Return the literal keyword arguments with which `path` is read; defaults are left out."""
    if kind == "csv":
        return _csv_options(path)
    if kind == "json":
        return _json_options(path)
    return _excel_options(path) if kind == "excel" else {}


def _csv_options(path: Path) -> dict[str, Any]:
    found = text_format(path)
    given = {
        "sep": (found.separator, ","),
        "encoding": (found.encoding, "utf-8"),
        "quotechar": (found.quote, '"'),
        "escapechar": (found.escape, None),
        "skipinitialspace": (found.space_after, False),
        "decimal": (found.decimal, "."),
        "skiprows": (found.skip, 0),
    }
    options: dict[str, Any] = {name: value for name, (value, default) in given.items() if value != default}
    codes = code_columns(found)
    if codes:
        options["dtype"] = dict.fromkeys(codes, "str")
    width = len(found.header)
    with path.open(encoding=found.encoding, errors="replace", newline="") as stream:
        extra = _wider_rows(found, stream, width)
    if extra is None:  # every row ends with a separator that the header lacks
        options["index_col"] = False
    elif extra:
        names = [name.strip() or f"Unnamed: {i}" for i, name in enumerate(found.header)]
        first = 0 if extra == -1 else width
        new = [f"Unnamed: {i}" for i in range(first, first + abs(extra))]
        options |= {"names": [*new, *names] if extra == -1 else [*names, *new], "header": None}
        options["skiprows"] = found.header_lines
    return options


def _wider_rows(found: TextFormat, stream: Any, width: int) -> int | None:
    """Return how many fields rows have beyond the header: -1 if it lacks the row names, None if all are empty."""
    # Short of a lone header, the C reader takes the width of the first rows for all: a wider one later is an error.
    widths: Counter[int] = Counter()
    empty = True
    try:
        for number, row in enumerate(found.reader(stream)):
            if row and number > 0:
                widths[len(row)] += 1
                empty = empty and not any(f.strip() for f in row[width:])
    except csv.Error:  # a field longer than csv allows: pandas will say what is wrong, if anything is
        return 0
    widest = max(widths, default=width)
    if widest <= width:
        return 0
    if empty:
        return None
    if widest == width + 1 and widths[widest] == widths.total() - found.skip:
        return -1
    return widest - width


def _json_options(path: Path) -> dict[str, Any]:
    encoding = encoding_of(path).replace("utf-8-sig", "utf-8")
    options: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    text = path.read_text(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if _is_json_lines(path, text):
        return options | {"lines": True}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return options  # reading it says what is wrong
    if isinstance(data, dict):
        lists = {k: v for k, v in data.items() if isinstance(v, list) and v and all(isinstance(r, dict) for r in v)}
        if lists:  # an answer of a web service: the records are below a key
            options["key"] = max(lists, key=lambda k: len(lists[k]))
    return options


def _is_json_lines(path: Path, text: str) -> bool:
    """Return whether each line of a JSON file is an object of its own."""
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        return True
    first, second, *_ = [*text.lstrip().split("\n", 2), "", ""]
    first, second = first.strip(), second.strip()
    if not (first.startswith("{") and second.startswith("{")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _excel_options(path: Path) -> dict[str, Any]:
    """Choose the first sheet with cells, and its header row: the first one about as wide as the rest."""
    import python_calamine

    options: dict[str, Any] = {"engine": "calamine"}
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for number, name in enumerate(book.sheet_names):
            rows = book.get_sheet_by_name(name).to_python(nrows=200)
            widths = [sum(cell != "" for cell in row) for row in rows]
            if not any(widths):
                continue
            if number:
                options["sheet_name"] = name
            usual = Counter(w for w in widths if w).most_common(1)[0][0]
            start = next(i for i, w in enumerate(widths) if w >= max(1, usual - 1) and (w > 1 or usual == 1))
            if start:
                options["skiprows"] = start
            break
    except Exception:  # noqa: BLE001  # calamine's own kinds, without a common base: reading says what is wrong
        return options
    return options


def load(path: Path, kind: FileFormat, options: dict[str, Any]) -> pd.DataFrame:
    """Read `path` with the very cell that an app reads it with.

    Raises
    ------
    DataUnreadable
        pandas cannot make a table of it.
    """
    variables: dict[str, Any] = {"DATA_FILE": str(path), "READ_OPTIONS": options}
    try:
        exec(_shared(f"load_{kind}"), variables)  # noqa: S102  # shipped with the package
    except ImportError as error:
        raise DataUnreadable(
            f"`{path.name}` needs the package `pyarrow`."
            if kind == "parquet"
            else f"`{path.name}` cannot be read: {error}.",
            "Run: pip install 'nexus-jupyter[parquet]'" if kind == "parquet" else "Run: nexus doctor",
        ) from error
    except UnicodeDecodeError as error:
        raise DataUnreadable(
            f"`{path.name}` has a wrong byte at position {error.start}.", "Save it as UTF-8, then try again."
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # calamine raises its own kinds, without a common base
        raise DataUnreadable(
            f"`{path.name}` cannot be read as a table: {_reason(error)}.", "Open and save it again as CSV."
        ) from error
    frame: pd.DataFrame = variables["table"]
    if frame.shape[1] == 0:
        raise DataUnreadable(f"`{path.name}` has no columns.", "Give a file with a header line.")
    if frame.shape[1] > MAX_COLUMNS:
        raise DataUnreadable(
            f"`{path.name}` has {frame.shape[1]} columns; Nexus reads up to {MAX_COLUMNS}.",
            "Keep those you need.",
        )
    return frame


def _shared(name: str) -> str:
    return (Path(__file__).parent / "catalogue" / "shared" / f"{name}.py").read_text(encoding="utf-8")


def _reason(error: Exception) -> str:
    """Return the first line of an error as the end of a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0][:160].rstrip(".") if lines else type(error).__name__


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
    notes: list[str] = []
    if options.get("encoding", "utf-8-sig") != "utf-8-sig":
        notes.append(f"`{path.name}` is read as {options['encoding']}.")
    if options.get("skiprows") and "header" not in options:
        lines = "line before the header is" if options["skiprows"] == 1 else "lines before the header are"
        notes.append(f"{options['skiprows']} {lines} left out.")
    if options.get("sheet_name"):
        notes.append(f"The sheet “{options['sheet_name']}” is read: it is the first with cells.")
    decimal = options.get("decimal", ".")
    columns = []
    for position, name in enumerate(frame.columns):
        column, note = column_of(frame.iloc[:, position], str(name), decimal=decimal)
        columns.append(column)
        notes += [note] if note else []
    return Table(
        file=path.name, format=kind, rows=len(frame), options=options, columns=tuple(columns), notes=tuple(notes)
    )  # fmt: skip


def column_of(series: pd.Series[Any], name: str, *, decimal: str = ".") -> tuple[Column, str]:
    """Describe one column, and say what its owner should know, if anything.

    Parameters
    ----------
    decimal
        The decimal mark that the rest of the file suggests.
    """
    from pandas.api import types

    missing = int(series.isna().sum())
    present = series.dropna()
    try:
        unique = int(present.nunique())
    except TypeError:  # lists or objects of a JSON file
        present = present.astype(str)
        unique = int(present.nunique())
    if present.empty:
        return Column(name=name, kind="empty", unique=0, missing=missing), ""
    if types.is_bool_dtype(series) or (unique <= 2 and set(map(str, present.unique())) <= {"True", "False"}):
        return Column(name=name, kind="flag", unique=unique, missing=missing), ""
    if types.is_datetime64_any_dtype(series):
        return Column(name=name, kind="date", unique=unique, missing=missing), ""
    if types.is_numeric_dtype(series):
        whole = bool((present % 1 == 0).all())
        return Column(name=name, kind="number", unique=unique, missing=missing, whole=whole), ""
    return _text_column(present.astype(str).str.strip(), name, unique, missing, decimal)


def _text_column(present: pd.Series[Any], name: str, unique: int, missing: int, decimal: str) -> tuple[Column, str]:
    """Describe a column of text: numbers or dates in disguise, a category, or prose."""
    sample = present if len(present) <= 500 else present.sample(500, random_state=0)
    pattern, others = _date_format(sample, present)
    if pattern:
        column = Column(name=name, kind="date", unique=unique, missing=missing, date_format=pattern)
        note = f"{others:,} values of `{name}` are no dates and left out." if others else ""
        if pattern == "%d/%m/%Y" and not others and _date_format(sample, present, ("%m/%d/%Y",))[0]:
            note = f"`{name}` is read as day/month/year."
        return column, note
    numbers = present[present.str.fullmatch(NUMBER)]
    if len(numbers) >= 0.9 * len(present) and _is_one_measure(numbers):
        column = Column(
            name=name, kind="number", unique=unique, missing=missing, number_style=_number_style(numbers, decimal)
        )
        lost = len(present) - len(numbers)
        return column, f"{lost:,} values of `{name}` are no numbers and left out." if lost else ""
    repeats = unique <= MAX_CATEGORIES or unique <= 0.05 * len(present)
    short = sample.str.len().median() <= 40
    # All different in a small table (names, ids): text, unless there are too few rows to tell.
    category = repeats and short and (unique < len(present) or len(present) <= 3)
    kind: ColumnKind = "category" if category else "text"
    return Column(name=name, kind=kind, unique=unique, missing=missing), ""


def _is_one_measure(numbers: pd.Series[Any]) -> bool:
    """Return whether all values have the same unit or currency, and none is a code such as `007`."""
    if numbers.str.fullmatch(r"0\d+").any():
        return False
    parts = numbers.str.extract(r"^[-+(\u2212\s]*(\D*?)[-+\u2212\s]*[\d.,].*?(\D*)$")
    units = [set(parts[i].fillna("").str.strip(" .,')(-+\u00a0\u2212").str.casefold()) - {""} for i in (0, 1)]
    return len(units[0]) <= 1 and len(units[1]) <= 1 and not (units[0] and units[1])


def _number_style(numbers: pd.Series[Any], decimal: str) -> NumberStyle:
    """Return which mark is the decimal one: that with other than 3 digits behind, or else the file's."""
    bare = numbers.str.replace(r"[^\d.,]", "", regex=True)
    comma = bare.str.contains(r"(?:^0|\d{4}),\d+$|,(?:\d{1,2}|\d{4,})$|\..*,\d+$", regex=True).sum()
    point = bare.str.contains(r"(?:^0|\d{4})\.\d+$|\.(?:\d{1,2}|\d{4,})$|,.*\.\d+$", regex=True).sum()
    if comma != point:
        decimal = "," if comma > point else "."
    other = "." if decimal == "," else ","
    return NumberStyle(decimal=decimal, thousands=other if bare.str.contains(other, regex=False).any() else "")


def _date_format(
    sample: pd.Series[Any], present: pd.Series[Any], formats: tuple[str, ...] = DATE_FORMATS
) -> tuple[str, int]:
    """Return the first format that fits at least 95 % of the values, and how many it does not fit.

    Day-first wins over month-first if both fit.
    """
    import pandas as pd

    if sample.str.contains(r"\d", regex=True).mean() < 0.9 or sample.str.len().median() > 35:
        return "", 0
    fits: list[tuple[float, str]] = []
    for pattern in formats:
        share = float(pd.to_datetime(sample, format=pattern, errors="coerce").notna().mean())
        if share >= 0.95:
            fits.append((share, pattern))
    if not fits:
        return "", 0
    _, pattern = max(fits, key=lambda f: f[0])
    return pattern, int(pd.to_datetime(present, format=pattern, errors="coerce").isna().sum())


def _limit_memory() -> None:
    """Keep a small file that unpacks to a huge one from taking all memory, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def column_names(path: Path) -> list[str]:
    """Return the names of a table's columns without reading more of it than needed; none if it is no table."""
    try:
        kind = check_file(path)
        if kind == "csv":
            return [name.strip() for name in text_format(path).header]
        if kind != "parquet" and path.stat().st_size > MAX_LOOK:
            return []
        return [str(name) for name in load(path, kind, read_options(path, kind)).columns]
    except (NexusError, OSError, ValueError):
        return []


def main(arguments: list[str]) -> int:
    """Print the profile of a file, or the error, as one JSON object."""
    warnings.simplefilter("ignore")
    _limit_memory()
    try:
        answer: dict[str, Any] = {"table": profile(Path(arguments[0])).model_dump(mode="json")}
    except NexusError as error:
        answer = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
    except MemoryError:
        answer = {
            "error": "DataUnreadable",
            "message": f"`{Path(arguments[0]).name}` does not fit in memory.",
            "remedy": "Give a sample.",
        }
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
