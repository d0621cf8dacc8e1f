"""Tables are read for what they are, however they are written."""

from __future__ import annotations

import datetime
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import csv_bytes, plain, read, xlsx

from nexus_jupyter.errors import DataUnreadable
from nexus_jupyter.recipes.tables import main, profile

CITIES = [
    ["Stadt", "Einwohner", "Fläche km²", "Anteil"],
    ["München", "1512491", "310,7", "12,5"],
    ["Köln; Rhein", "1084831", "405,02", "8,25"],
    ['Frankfurt "am" Main', "773068", "248,31", "6,125"],
    ["Saarbrücken\nSaar", "181959", "167,52", ""],
]
CITY_ROWS = [
    ["München", 1512491, 310.7, 12.5],
    ["Köln; Rhein", 1084831, 405.02, 8.25],
    ['Frankfurt "am" Main', 773068, 248.31, 6.125],
    ["Saarbrücken\nSaar", 181959, 167.52, None],
]


def write(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_encoding_separator_and_line_end(tmp_path: Path, encoding: str, separator: str, line_end: str) -> None:
    content = csv_bytes(CITIES, separator=separator, encoding=encoding, line_end=line_end)
    _, frame = read(write(tmp_path, content))
    assert list(frame.columns) == CITIES[0]
    assert plain(frame) == CITY_ROWS


def test_a_late_accent_decides_the_encoding(tmp_path: Path) -> None:
    rows = "name,n\n" + "plain,1\n" * 60_000 + "Zoë,2\n"
    assert plain(read(write(tmp_path, rows.encode("cp1252")))[1])[-1] == ["Zoë", 2]


@pytest.mark.parametrize("encoding", ["cp1251", "shift_jis"])
def test_other_scripts(tmp_path: Path, encoding: str) -> None:
    words = {"cp1251": "Санкт-Петербург, город на Неве в России", "shift_jis": "東京は日本の首都であり大きな都市です"}[
        encoding
    ]
    text = "a;b\n" + "".join(f"{words};{n}\n" for n in range(20))
    assert plain(read(write(tmp_path, text.encode(encoding)))[1])[3] == [words, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a,b\n'x, y',1\n'it''s',2\n'z',3\n", [["x, y", 1], ["it's", 2], ["z", 3]], id="apostrophes"),
        pytest.param('a,b\n"say \\"hi\\", you",1\n"z",2\n', [['say "hi", you', 1], ["z", 2]], id="backslashes"),
        pytest.param('a, b\n1, "x, y"\n2, z\n', [[1, "x, y"], [2, "z"]], id="space after the separator"),
        pytest.param("a,b,c\n1,2\n3,4,5\n", [[1, 2, None], [3, 4, 5]], id="short row"),
        pytest.param("a,b\n1,2\n3,4,5\n6,7\n", [[1, 2, None], [3, 4, 5], [6, 7, None]], id="long row"),
        pytest.param("a,b\n1,2,\n3,4,\n", [[1, 2], [3, 4]], id="separator at the end of rows"),
        pytest.param("a,b\nx,1,2\ny,3,4\n", [["x", 1, 2], ["y", 3, 4]], id="row names as R writes them"),
        pytest.param("a\nx, y\nz\nu, v, w\n", [["x, y"], ["z"], ["u, v, w"]], id="one column with commas"),
        pytest.param("a\n1\n2\n", [[1], [2]], id="one column"),
        pytest.param("a,b\n1,x\n", [[1, "x"]], id="one row"),
        pytest.param("a,b\n", [], id="header only"),
        pytest.param("a,b\n1,x\0y\n", [[1, "x\0y"]], id="NUL"),
        pytest.param("a,b\r1,2\r3,4\r", [[1, 2], [3, 4]], id="old line ends"),
        pytest.param("zip,n\n01234,1\n99999,2\n", [["01234", 1], ["99999", 2]], id="codes keep their zeros"),
        pytest.param("a;b\n=cmd()|x;1\n@SUM(1);2\n", [["=cmd()|x", 1], ["@SUM(1)", 2]], id="formulas are text"),
        pytest.param("a,b\n<script>x</script>,1\n", [["<script>x</script>", 1]], id="markup is text"),
        pytest.param(f"a,b\n{'x' * 300_000},1\ny,2\n", [["x" * 300_000, 1], ["y", 2]], id="very long field"),
        pytest.param("a,b\n1,\n2,\n", [[1, None], [2, None]], id="all missing"),
    ],
)
def test_odd_shapes(tmp_path: Path, text: str, expected: list[list[Any]]) -> None:
    assert plain(read(write(tmp_path, text))[1]) == expected


@pytest.mark.parametrize(
    ("preamble", "header"),
    [
        ("Report of the year\n", "a,b,c"),
        ("Report\n\nGenerated 2020\n\n", "a,b,c"),
        ("# one\n# two\n# three\n", "a,b,c"),
        ("", "a,b,c"),
    ],
)
def test_lines_before_the_header_are_left_out(tmp_path: Path, preamble: str, header: str) -> None:
    table, frame = read(write(tmp_path, f"{preamble}{header}\n" + "".join(f"{n},{n * 2},x\n" for n in range(20))))
    assert list(frame.columns) == ["a", "b", "c"]
    assert len(frame) == 20
    assert ("left out" in " ".join(table.notes)) == bool(preamble)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("a,a,a", ["a", "a.1", "a.2"]),
        ("a,,b", ["a", "Unnamed: 1", "b"]),
        ("2019,2020,2021", ["2019", "2020", "2021"]),
        ('<b>x</b>,"q""uote",[a].b', ["<b>x</b>", 'q"uote', "[a].b"]),
        ("größe,名前,e\u0301", ["größe", "名前", "e\u0301"]),
    ],
)
def test_column_names_are_the_files_own(tmp_path: Path, header: str, names: list[str]) -> None:
    table, frame = read(write(tmp_path, f"{header}\n1,2,x\n3,4,y\n"))
    assert [c.name for c in table.columns] == list(frame.columns) == names


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["1,234", "12,345", "999"], [1234, 12345, 999], id="thousands"),
        pytest.param(["1,234.50", "2.25"], [1234.5, 2.25], id="thousands and decimals"),
        pytest.param(["1.234,50", "2,25"], [1234.5, 2.25], id="decimal comma and thousands"),
        pytest.param(["1 234,5", "12 345 678,25"], [1234.5, 12345678.25], id="spaces"),
        pytest.param(["1'234.5", "10'000.0"], [1234.5, 10000], id="apostrophes"),
        pytest.param(["€ 5,50", "€ 1.200,00"], [5.5, 1200], id="euro"),
        pytest.param(["$5.50", "-$1,200.00", "($3.00)"], [5.5, -1200, -3], id="dollar"),
        pytest.param(["12 EUR", "3 EUR"], [12, 3], id="currency behind"),
        pytest.param(["USD 12", "USD 3"], [12, 3], id="currency before"),
        pytest.param(["12%", "3.5 %", "-1%"], [12, 3.5, -1], id="percent"),
        pytest.param(["3 kg", "4.5 kg", "5kg"], [3, 4.5, 5], id="unit"),
        pytest.param(["−3", "4"], [-3, 4], id="real minus"),
        pytest.param(["3-", "4"], [-3, 4], id="minus behind"),
        pytest.param(["1.5e3 m", "2 m"], [1500, 2], id="exponent"),
        pytest.param([".5 m", "1 m"], [0.5, 1], id="no digit before the point"),
        pytest.param([*map(str, range(19)), "unknown"], [*range(19), None], id="one word among numbers"),
    ],
)  # fmt: skip
def test_numbers_written_as_text(tmp_path: Path, values: list[str], expected: list[float | None]) -> None:
    rows = [["name", "n"], *[[f"x{i}", v] for i, v in enumerate(values)]]
    table, frame = read(write(tmp_path, csv_bytes(rows)))
    assert [c.kind for c in table.columns][1] == "number"
    assert [r[1] for r in plain(frame)] == expected


def test_what_no_number_was_made_of_is_said(tmp_path: Path) -> None:
    rows = [["n"], *[[str(n)] for n in range(19)], ["unknown"]]
    assert profile(write(tmp_path, csv_bytes(rows))).notes == ("1 values of `n` are no numbers and left out.",)


@pytest.mark.parametrize(
    "values",
    [
        ["PAL0708", "PAL0809", "PAL0910"],
        ["A1", "B2", "C3"],
        ["3 kg", "500 g", "2 kg"],
        ["$5", "€4", "$3"],
        ["007", "008", "1"],
        ["1-2", "3-4", "5-6"],
        ["x", "y", "3"],
    ],
)
def test_codes_and_mixed_units_stay_text(tmp_path: Path, values: list[str]) -> None:
    rows = [["n", "v"], *[[str(i), v] for i, v in enumerate(values)]]
    _, frame = read(write(tmp_path, csv_bytes(rows)))
    assert [r[1] for r in plain(frame)] == values


def test_dates_survive_a_decimal_comma(tmp_path: Path) -> None:
    _, frame = read(write(tmp_path, "d;x;n\n12.03.2021;1.234,5;1.234\n13.03.2021;2,5;12.345\n"))
    assert [[r[0].date(), *r[1:]] for r in plain(frame)] == [
        [datetime.date(2021, 3, 12), 1234.5, 1234],
        [datetime.date(2021, 3, 13), 2.5, 12345],
    ]


@pytest.mark.parametrize(
    "pattern",
    ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y",
     "%d %B %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M"],
)  # fmt: skip
def test_dates_in_several_formats(tmp_path: Path, pattern: str) -> None:
    days = [datetime.date(2021, 1, 9) + datetime.timedelta(days=n) for n in range(40)]
    rows = [["day", "n"], *[[datetime.datetime(d.year, d.month, d.day).strftime(pattern), "1"] for d in days]]
    table, frame = read(write(tmp_path, csv_bytes(rows)))
    assert table.columns[0].kind == "date"
    assert [r[0].date() for r in plain(frame)] == days


def test_a_day_or_month_that_cannot_be_told_is_said(tmp_path: Path) -> None:
    assert profile(write(tmp_path, "d,n\n01/02/2021,1\n03/04/2021,2\n")).notes == ("`d` is read as day/month/year.",)


RECORDS = [{"name": "Ann", "age": 30, "code": "007"}, {"name": "Bob", "age": None, "code": "1"}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", json.dumps(RECORDS)),
        ("t.json", json.dumps(RECORDS, indent=2)),
        ("t.jsonl", "\n".join(map(json.dumps, RECORDS)) + "\n"),
        ("t.json", "\n".join(map(json.dumps, RECORDS))),
        ("t.json", json.dumps({k: [r[k] for r in RECORDS] for k in RECORDS[0]})),
        ("t.json", json.dumps({k: {str(i): r[k] for i, r in enumerate(RECORDS)} for k in RECORDS[0]})),
        ("t.json", json.dumps({"count": 2, "data": RECORDS, "links": []})),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_in_its_shapes(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    _, frame = read(write(tmp_path, text.encode(encoding), name))
    assert list(frame.columns) == ["name", "age", "code"]
    assert plain(frame) == [["Ann", 30, "007"], ["Bob", None, "1"]]


def test_nested_json_gets_dotted_names(tmp_path: Path) -> None:
    data = [
        {"id": 1, "place": {"city": "Rome", "zip": "00100"}, "tags": ["a", "b"]},
        {"id": 2, "place": {"city": "Bonn"}},
    ]
    table, frame = read(write(tmp_path, json.dumps(data), "t.json"))
    assert [c.name for c in table.columns] == ["id", "tags", "place.city", "place.zip"]
    assert plain(frame) == [[1, ["a", "b"], "Rome", "00100"], [2, None, "Bonn", None]]


def test_excel(tmp_path: Path) -> None:
    rows = [["Größe", 2020, "note"], [1.5, 3, "=cmd()"], [None, 4, "<b>x</b>"]]
    _, frame = read(xlsx(tmp_path / "t.xlsx", {"Blatt 1": rows}))
    assert list(frame.columns) == ["Größe", "2020", "note"]
    assert plain(frame) == [[1.5, 3, "=cmd()"], [None, 4, "<b>x</b>"]]


def test_excel_with_an_empty_sheet_and_a_title_first(tmp_path: Path) -> None:
    rows = [["Sales report", None, None], [None, None, None], ["city", "n", "m"], ["Rome", 1, 2], ["Bonn", 3, 4]]
    table, frame = read(xlsx(tmp_path / "t.xlsx", {"Empty": [], "Data & more": rows}))
    assert list(frame.columns) == ["city", "n", "m"]
    assert plain(frame) == [["Rome", 1, 2], ["Bonn", 3, 4]]
    assert "“Data & more”" in " ".join(table.notes)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n\n", "cannot be read"),
        ("t.pdf", b"x", "no table Nexus can read"),
        ("t.xlsx", b"not a workbook", "cannot be read"),
        ("t.xlsx", b"PK\3\4broken", "cannot be read"),
        ("t.json", b"{", "cannot be read"),
        ("t.json", b"[" * 100_000, "cannot be read"),
        ("t.json", b"3", "cannot be read"),
        ("t.jsonl", b'{"a": 1}\nnope\n', "cannot be read"),
        ("t.csv", b"a" * 1000, "no header line"),
        ("t.csv", random.Random(1).randbytes(5000), "holds no text"),
        ("t.csv", b"PK\3\4" + bytes(range(256)) * 20, "holds no text"),
        ("t.csv", ",".join(map(str, range(2001))).encode() + b"\n", "2001 columns"),
        ("t.parquet", b"x", "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_a_remedy(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    with pytest.raises(DataUnreadable) as caught:
        profile(write(tmp_path, content, name))
    assert name in caught.value.message
    assert says in caught.value.message
    assert caught.value.remedy


def test_parquet_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    with pytest.raises(DataUnreadable, match="needs the package `pyarrow`") as caught:
        profile(write(tmp_path, b"x", "t.parquet"))
    assert "nexus-jupyter[parquet]" in caught.value.remedy


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=3), "n": [1, 2, None], "kind": ["a", "b", "a"]})
    frame["list"] = [[1], [2, 3], []]
    frame["level"] = pd.Categorical(["x", "y", "x"])
    frame.to_parquet(tmp_path / "t.parquet")
    table = profile(tmp_path / "t.parquet")
    assert table.rows == 3
    assert [c.kind for c in table.columns if c.name != "list"] == ["date", "number", "category", "category"]


def test_missing_files_folders_and_pipes(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("gone.csv", "pipe.csv", "folder.csv"):
        with pytest.raises(DataUnreadable, match=name):
            profile(tmp_path / name)


def test_a_huge_file_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    started = time.perf_counter()
    with pytest.raises(DataUnreadable, match="210 MB"):
        profile(path)
    assert time.perf_counter() - started < 5  # it is not read


def test_the_reader_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("nexus_jupyter.recipes.tables._limit_memory", lambda: None)
    assert main([str(write(tmp_path, "a,b\n1,x\n"))]) == 0
    assert [c["name"] for c in json.loads(capsys.readouterr().out)["table"]["columns"]] == ["a", "b"]
    assert main([str(tmp_path / "gone.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["error"] == "DataUnreadable"


WORD = st.text("abcdefghijklmnopqrstuvwxyzäöüé \"'\n<>&=@", min_size=1, max_size=12).map(lambda t: f"w{t}w")
NUMBERS = st.integers(-99_999, 99_999).map(lambda n: n / 4)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Any]], str]:
    """Rows whose first column is text and whose others are text or numbers, and the separator they are written with.

    The separator stands in the words too; all others in one cell.
    """
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    word = st.lists(WORD, min_size=1, max_size=3).map(separator.join)
    width = draw(st.integers(2, 5))
    header = [f"c{i} {draw(word)}" for i in range(width)]
    kinds = [word, *[draw(st.sampled_from([word, NUMBERS])) for _ in range(width - 1)]]
    rows = draw(st.lists(st.tuples(*kinds).map(list), min_size=3, max_size=12))
    rows[0][0] = "any , of ; the \t separators | here"
    return header, rows, separator


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=tables(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le"]),
    decimal=st.sampled_from([".", ","]),
    every=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_in_any_dialect_is_read_back(
    tmp_path: Path, table: Any, encoding: str, decimal: str, every: bool, line_end: str
) -> None:
    header, rows, separator = table
    written = [[f"{v}".replace(".", decimal) if isinstance(v, float) else v for v in row] for row in rows]
    content = csv_bytes([header, *written], separator=separator, encoding=encoding, every=every, line_end=line_end)
    _, frame = read(write(tmp_path, content))
    assert list(frame.columns) == header
    for got, want in zip(plain(frame), rows, strict=True):
        for a, b in zip(got, want, strict=True):
            assert math.isclose(a, b) if isinstance(b, float) else a == b
