"""`data-cleaner` changes exactly what it says."""

from __future__ import annotations

import base64
import csv
import io
import re
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, as_it_is, rows_of
from reading import plain
from running import App

TABLES = ["penguins", "cars", "raw", "weather", "barley"]
MESSY = """name,city,price,when,note
 Ann ,Paris,"1,234.50",2020-01-05,?
Bob,paris,12 €,5 Jan 2020,ok
Ann,Paris,"1,234.50",2020-01-05,?
BOB,Lyon,(7),Jan 6 2020,n.n.
,Lyon,free,soon,

eve  smith,Rome,0.5,2021-02-03,-
"""


def tidy(value: Any) -> Any:
    """Return a value as both sides write it: dates as text, numbers as floats."""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return re.sub(r"^(\d{4})/(\d\d)/", r"\1-\2-", value)
    return value if value is None or isinstance(value, bool) else float(value)


def left(app: App) -> list[list[Any]]:
    frame = app["current"]()
    return [[tidy(v) for v in row] for row in plain(frame.astype(object).where(frame.notna(), None))]


def rows(table: str) -> list[list[Any]]:
    return [[tidy(v) for v in r.values()] for r in rows_of(table)]


def totals(app: App) -> list[tuple[int, int]]:
    found = re.findall(r"\*\*([\d,]+) → ([\d,]+)\*\*", app.text)
    return [(int(a.replace(",", "")), int(b.replace(",", ""))) for a, b in found]


def table_of(app: App) -> dict[str, list[str]]:
    header = ["Column", "Type", "Type after", "Missing", "Missing after", "Changed"]
    assert app.rows[0] == header
    return {r[0]: r[1:] for r in app.rows[1:] if len(r) == len(header)}


def messy(folder: Path) -> Path:
    path = folder / "messy.csv"
    path.write_text(MESSY)
    return path


def same(found: list[list[Any]], want: list[list[Any]]) -> bool:
    assert len(found) == len(want)
    for a, b in zip(found, want, strict=True):
        assert a == [pytest.approx(v, rel=1e-9) if isinstance(v, float) else v for v in b]
    return True


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("table", TABLES)
def test_nothing_changes_unasked(tmp_path: Path, way: Any, table: str) -> None:
    app = App("data-cleaner", "clean this table", way(tmp_path, table))
    want = rows(table)
    assert same(left(app), want)
    gaps = sum(v is None for row in want for v in row)
    twice = sum(n - 1 for n in Counter(map(tuple, want)).values())
    assert totals(app)[:3] == [(len(want),) * 2, (gaps, gaps), (twice, twice)]
    assert {r[-1] for r in table_of(app).values()} == {"0"}


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("table", TABLES)
def test_rows_with_gaps_are_dropped(tmp_path: Path, way: Any, table: str) -> None:
    app = App("data-cleaner", "drop rows with missing values", way(tmp_path, table))
    assert same(left(app), [r for r in rows(table) if None not in r])
    names = list(rows_of(table)[0])
    app.set(columns=(names[0], names[-2]))
    assert same(left(app), [r for r in rows(table) if r[0] is not None and r[-2] is not None])


FIGURES = {"Fill: mean": statistics.fmean, "Fill: median": statistics.median}


@pytest.mark.parametrize("how", FIGURES)
@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("table", ["penguins", "cars", "raw"])
def test_gaps_of_numbers_are_filled(tmp_path: Path, way: Any, table: str, how: str) -> None:
    app = App("data-cleaner", f"fill missing values with the {how[6:]}", way(tmp_path, table))
    assert app["missing"].value == how
    want = rows(table)
    for place in range(len(want[0])):
        present = [r[place] for r in want if r[place] is not None]
        if all(isinstance(v, float) for v in present) and present:
            for row in want:
                row[place] = FIGURES[how](present) if row[place] is None else row[place]
    assert same(left(app), want)


@pytest.mark.parametrize("table", ["penguins", "cars", "raw"])
def test_gaps_take_the_most_common_value(tmp_path: Path, table: str) -> None:
    app = App("data-cleaner", "fill gaps with the most common value", as_it_is(tmp_path, table))
    want = rows(table)
    for place in range(len(want[0])):
        counts = Counter(r[place] for r in want if r[place] is not None)
        if counts:
            most = min(v for v, n in counts.items() if n == max(counts.values()))  # the first in order, as in a tie
            for row in want:
                row[place] = most if row[place] is None else row[place]
    assert same(left(app), want)
    assert totals(app)[1][1] == 0


@pytest.mark.parametrize(
    ("table", "key"), [("penguins", "species"), ("cars", "Name"), ("raw", "Individual ID"), ("barley", "site")]
)
def test_duplicates_keep_their_first_row(tmp_path: Path, table: str, key: str) -> None:
    app = App("data-cleaner", f"remove duplicates by `{key}`", as_it_is(tmp_path, table))
    place = list(rows_of(table)[0]).index(key)
    seen: set[Any] = set()
    want = [r for r in rows(table) if not (r[place] in seen or seen.add(r[place]))]  # type: ignore[func-returns-value]
    assert same(left(app), want)
    app.set(key="(whole row)")
    assert len(left(app)) == len({tuple(r) for r in rows(table)})


def test_whole_rows_that_repeat_go(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n1,x\n,\n,\n1,y\n")
    assert left(App("data-cleaner", "remove duplicate rows", path)) == [[1, "x"], [None, None], [1, "y"]]


def test_text_is_trimmed_and_its_letters_made_alike(tmp_path: Path) -> None:
    app = App("data-cleaner", "trim and make it lower case", messy(tmp_path))
    assert (app["spaces"].value, app["case"].value) == ("Trim", "lower")
    names = [r[0] for r in left(app)]
    assert names == ["ann", "bob", "ann", "bob", None, "eve  smith"]
    assert totals(app)[3] == (2, 1)
    app.set(spaces="Trim and collapse")
    assert left(app)[-1][0] == "eve smith"
    assert table_of(app)["name"][-1] == "5"
    app.set(case="UPPER")
    assert left(app)[0][1] == "PARIS"
    app.set(case="Title", duplicates=True)
    assert [r[0] for r in left(app)] == ["Ann", "Bob", "Bob", None, "Eve Smith"]


def test_words_may_mean_missing(tmp_path: Path) -> None:
    app = App("data-cleaner", "clean", messy(tmp_path)).set(also_missing="?, N.N. ,-")
    assert [r[4] for r in left(app)] == [None, "ok", None, None, None, None]
    assert table_of(app)["note"] == ["text", "text", "1", "5", "4"]


def test_types_are_converted_as_far_as_they_go(tmp_path: Path) -> None:
    app = App("data-cleaner", "clean", messy(tmp_path)).set(convert="price", to="Number")
    assert [r[2] for r in left(app)] == [1234.5, 12, 1234.5, -7, None, 0.5]
    assert "1 value of `price` cannot be converted." in app.text
    app.set(convert="when", to="Date")
    assert [r[3] for r in left(app)] == ["2020-01-05", "2020-01-05", "2020-01-05", "2020-01-06", None, "2021-02-03"]
    assert (table_of(app)["price"][:2], table_of(app)["when"][:2]) == (["text", "number"], ["text", "date"])
    app.set(convert="price")
    assert app["to"].value == "Number"
    app.set(to="As it is")
    assert left(app)[4][2] == "free"


def test_a_conversion_may_be_asked_for(tmp_path: Path) -> None:
    app = App("data-cleaner", "convert price to numbers", messy(tmp_path))
    assert (app["convert"].value, app["to"].value) == ("price", "Number")
    assert [r[2] for r in left(app)] == [1234.5, 12, 1234.5, -7, None, 0.5]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", 1234.5), ("1.234,50", 1234.5), ("3,14", 3.14), ("1,234", 1234), ("0,250", 0.25), ("1'234.5", 1234.5),
        ("$ -5", -5), ("−5 °C", -5), ("(12)", -12), ("12 kg", 12), ("1e3", 1000), (".5", 0.5), ("1.234.567", 1234567),
        ("abc", None), ("", None), ("-", None), ("50%", 50),
    ],
)  # fmt: skip
def test_numbers_in_text(tmp_path: Path, text: str, number: float | None) -> None:
    assert App("data-cleaner", "clean", messy(tmp_path))["as_number"](text) == number


def test_a_value_fills_every_kind_of_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,t,d\n1,x,2020-01-01\n,,\n3,y,2020-01-03\n")
    app = App("data-cleaner", "replace missing values with '7'", path)
    assert left(app)[1] == [7, "7", None]
    assert left(app.set(value="2020-05-05"))[1] == [2020, "2020-05-05", "2020-05-05"]
    assert left(app.set(value="none"))[1] == [None, "none", None]


def test_the_download_holds_the_cleaned_rows(tmp_path: Path) -> None:
    app = App("data-cleaner", "drop rows with missing values", as_it_is(tmp_path, "penguins"))
    app["download"].click()
    found = re.search(
        r'download="cleaned.csv" href="data:text/csv;base64,([^"]+)">Download (\d+) rows', app["link"].value
    )
    assert found
    got = list(csv.DictReader(io.StringIO(base64.b64decode(found[1]).decode("utf-8-sig"))))
    want = [r for r in rows_of("penguins") if None not in r.values()]
    assert len(got) == int(found[2]) == len(want)
    assert [float(r["body_mass_g"]) for r in got] == [r["body_mass_g"] for r in want]
    app.set(missing="Keep")
    assert app["link"].value == ""


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("data-cleaner", "clean", messy(tmp_path))
    for name, value in [
        ("spaces", "Trim"), ("case", "lower"), ("also_missing", "?"), ("missing", "Fill: value"), ("value", "none"),
        ("duplicates", True), ("key", "city"), ("columns", ("city",)), ("convert", "price"), ("to", "Number"),
    ]:  # fmt: skip
        before = app.seen(), app["to"].value
        app.set(**{name: value})
        assert name == "convert" or (app.seen(), app["to"].value) != before, name


def test_controls_without_effect_are_hidden(tmp_path: Path) -> None:
    app = App("data-cleaner", "clean", messy(tmp_path))
    assert (app["value"].layout.display, app["key"].layout.display) == ("none", "none")
    app.set(missing="Fill: value", duplicates=True)
    assert (app["value"].layout.display, app["key"].layout.display) == (None, None)


@pytest.mark.parametrize(
    ("sentence", "want"),
    [
        ("clean the penguins", ("", "", "Keep", "", "Keep", "Keep", "Keep")),
        ("remove duplicate rows", ("", "", "Keep", "", "Remove", "Keep", "Keep")),
        ("deduplicate by species", ("", "species", "Keep", "", "Remove", "Keep", "Keep")),
        ("drop all rows with missing body mass", ("body_mass_g", "", "Drop rows", "", "Keep", "Keep", "Keep")),
        ("replace missing values in sex with 'unknown'", ("sex", "", "Fill: value", "unknown", "Keep", "Keep", "Keep")),
        ("fill missing values with 'x'", ("", "", "Fill: value", "x", "Keep", "Keep", "Keep")),
        ("get rid of rows where sex is missing", ("sex", "", "Drop rows", "", "Keep", "Keep", "Keep")),
        ("make the species lower case", ("species", "", "Keep", "", "Keep", "Keep", "lower")),
        ("fill missing body mass with the median", ("body_mass_g", "", "Fill: median", "", "Keep", "Keep", "Keep")),
        ("fill gaps with the average", ("", "", "Fill: mean", "", "Keep", "Keep", "Keep")),
        ("trim whitespace and capitalise everything", ("", "", "Keep", "", "Keep", "Trim and collapse", "Title")),
    ],
)
def test_slots(tmp_path: Path, sentence: str, want: tuple[str, ...]) -> None:
    filling = App("data-cleaner", sentence, as_it_is(tmp_path, "penguins")).filling
    assert tuple(filling.values().values()) == (*want, "As it is")
    assert filling.notes == ()


@pytest.mark.parametrize("text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,a\n1,2\n", "a,b\n1,x\n"])
def test_little_data(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("data-cleaner", "clean", path)
    for missing in app["missing"].options:
        app.set(missing=missing, spaces="Trim and collapse", case="Title", duplicates=True)
    for to in app["to"].options:
        app.set(to=to)
    assert "Rows **" in app.text
    app["download"].click()
    assert "Download" in app["link"].value


def test_lists_of_a_json_file_are_compared_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"m": [1], "n": 1}, {"m": [1], "n": 1}, {"m": {}, "n": null}]')
    app = App("data-cleaner", "remove duplicates", path)
    assert totals(app)[0] == (3, 2)


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,n\n" + "".join(f" row {i % 1000} ,{i % 7 or ''}\n" for i in range(100_000)))
    app = App("data-cleaner", "trim, remove duplicates and fill missing values with the median", path)
    assert totals(app)[0] == (100_000, 6000)  # seven numbers, one of which the gaps became
    assert totals(app)[1][1] == 0
    assert len(left(app)) == 6000


def test_markup_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"<b>x</b>","a|b"\n<script>alert(1)</script>,2\n')
    app = App("data-cleaner", "clean", path).set(case="UPPER")
    assert not re.search(r"<(b|script)>", app.html, re.I)
