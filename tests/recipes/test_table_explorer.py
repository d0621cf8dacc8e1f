"""`table-explorer` shows exactly the rows that its controls leave."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, Row, as_it_is, rows_of
from running import App


def as_shown(value: Any) -> str:
    if value is None:
        return "NaN"
    return f"{value:.10g}" if isinstance(value, float) else re.sub(r"^(\d{4})/(\d\d)/", r"\1-\2-", str(value))


def page_of(rows: list[Row], size: int = 25, number: int = 1) -> list[list[str]]:
    return [[as_shown(v) for v in r.values()] for r in rows[(number - 1) * size : number * size]]


def cells(app: App) -> list[list[str]]:
    return [["NaN" if c in {"None", "<NA>", "NaT"} else c for c in row[1:]] for row in app.rows[1:]]


def count(app: App) -> int:
    found = re.search(r"([\d,]+) rows\*\*", app.text)
    assert found
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("table", ["penguins", "cars", "weather", "raw", "barley"])
def test_pages_are_the_rows_of_the_file(tmp_path: Path, way: Any, table: str) -> None:
    app = App("table-explorer", "browse", way(tmp_path, table))
    rows = rows_of(table)
    assert app.rows[0][1:] == list(rows[0])
    assert cells(app) == page_of(rows)
    last = -(-len(rows) // 25)
    app.set(page=last)
    assert cells(app) == page_of(rows, number=last)
    assert count(app) == len(rows)


def test_search_finds_every_word_in_any_column(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "cars")).set(search="FORD 1975")
    want = [r for r in rows_of("cars") if "ford" in r["Name"] and str(r["Year"]).startswith("1975")]
    assert count(app) == len(want) > 0
    assert cells(app) == page_of(want)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["Horsepower", "Name", "Year"])
def test_sorting_keeps_equal_rows_in_order_and_missing_ones_last(tmp_path: Path, column: str, descending: bool) -> None:
    app = App("table-explorer", f"list the cars sorted by {column}", as_it_is(tmp_path, "cars"))
    assert app["sort_by"].value == column
    app.set(descending=descending)
    rows = rows_of("cars")
    present = [r for r in rows if r[column] is not None]
    want = sorted(present, key=lambda r: r[column], reverse=descending)  # stable in both directions
    assert cells(app) == page_of([*want, *[r for r in rows if r[column] is None]])


def test_a_range_filters_numbers(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins")).set(filter_by="body_mass_g")
    rows = rows_of("penguins")
    assert (app["between"].min, app["between"].max) == (2700, 6300)
    assert (app["keep"].layout.display, app["between"].layout.display) == ("none", None)
    assert count(app) == 344
    app.set(between=(5000, 6300))
    assert count(app) == sum(1 for r in rows if (r["body_mass_g"] or 0) >= 5000)
    app.set(filter_by="bill_depth_mm")
    assert count(app) == 344


def test_a_list_filters_words(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins")).set(filter_by="sex")
    assert list(app["keep"].options) == ["(missing)", "female", "male"]
    rows = rows_of("penguins")
    for chosen in (["female"], ["(missing)"], ["male", "(missing)"]):
        app.set(keep=tuple(chosen))
        assert count(app) == sum((r["sex"] or "(missing)") in chosen for r in rows)


def test_the_download_holds_what_is_left(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins")).set(search="gentoo", sort_by="year")
    app["download"].click()
    found = re.search(r'download="rows.csv" href="data:text/csv;base64,([^"]+)">Download (\d+) rows', app["link"].value)
    assert found
    got = list(csv.DictReader(io.StringIO(base64.b64decode(found[1]).decode("utf-8-sig"))))
    want = sorted((r for r in rows_of("penguins") if r["species"] == "Gentoo"), key=lambda r: r["year"])
    assert len(got) == int(found[2]) == len(want)
    assert [float(r["body_mass_g"] or 0) for r in got] == [r["body_mass_g"] or 0 for r in want]
    app.set(search="")
    assert app["link"].value == ""


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins"))
    for name, value in [
        ("page", 2), ("page_size", 10), ("sort_by", "body_mass_g"), ("descending", True), ("filter_by", "body_mass_g"),
        ("between", (3000, 4000)), ("filter_by", "island"), ("keep", ("Biscoe",)), ("search", "female"),
    ]:  # fmt: skip
        before = app.seen(), app["between"].layout.display, app["keep"].layout.display
        app.set(**{name: value})
        assert (app.seen(), app["between"].layout.display, app["keep"].layout.display) != before, name


def test_direction_is_offered_only_where_something_is_sorted(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins"))
    assert app["descending"].layout.display == "none"
    assert app.set(sort_by="year")["descending"].layout.display is None


def test_fewer_pages_move_the_reader_to_the_last(tmp_path: Path) -> None:
    app = App("table-explorer", "browse", as_it_is(tmp_path, "penguins")).set(page=14)
    app.set(search="chinstrap")
    assert (app["page"].max, app["page"].value) == (3, 3)
    assert count(app) == 68
    assert len(cells(app)) == 18


@pytest.mark.parametrize(("text", "rows"), [("a,b\n", 0), ("a,b\n1,x\n", 1), ("a\nx\n", 1), ("a,b\n,\n,\n", 2)])
def test_little_data(tmp_path: Path, text: str, rows: int) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("table-explorer", "browse", path)
    assert count(app) == rows
    for column in app["filter_by"].options[1:]:
        app.set(filter_by=column, sort_by=column, search="x")
    app["download"].click()
    assert "Download" in app["link"].value


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,n\n" + "".join(f"row {i},{i}\n" for i in range(100_000)))
    app = App("table-explorer", "browse", path)
    assert count(app) == 100_000
    assert cells(app.set(page=4000))[-1] == ["row 99999", "99999"]
    assert count(app.set(search="9999")) == sum("9999" in str(i) for i in range(100_000))
    assert len(app.set(filter_by="name")["keep"].options) == 500


def test_markup_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"<b>x</b>","a.b[0]"\n<script>alert(1)</script>,=cmd()\n"<img src=x onerror=alert(1)>",2\n')
    app = App("table-explorer", "browse", path)
    assert not re.search(r"<(b|script|img)\b", app.html)
    assert cells(app) == [["<script>alert(1)</script>", "=cmd()"], ["<img src=x onerror=alert(1)>", "2"]]


def test_columns_of_mixed_values_lists_and_infinities(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"m": 2, "l": [1], "i": 1}, {"m": "a", "l": {}, "i": Infinity}, {"m": null, "l": null, "i": 3}]')
    app = App("table-explorer", "browse", path)
    for column in ("m", "l", "i"):
        for descending in (False, True):
            app.set(filter_by=column, sort_by=column, descending=descending)
            assert count(app) == 3
    assert (app["between"].min, app["between"].max) == (1, 3)


def test_long_text_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n{'long ' * 40},1\n")
    assert cells(App("table-explorer", "browse", path))[0][0].strip() == ("long " * 40).strip()
