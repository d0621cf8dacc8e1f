"""`group-compare` shows what plain Python computes."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, rows_of
from running import App

CASES = [
    ("penguins", "body_mass_g", "species"),
    ("cars", "Horsepower", "Origin"),
    ("cars", "Miles_per_Gallon", "Cylinders"),
    ("barley", "yield", "site"),
    ("raw", "Culmen Length (mm)", "Clutch Completion"),
    ("weather", "temp_max", "weather"),
]
FIGURES = {
    "Average": statistics.fmean, "Median": statistics.median, "Sum": math.fsum, "Smallest": min, "Largest": max, "Count": len,
}  # fmt: skip


def name_of(value: Any) -> str:
    if value is None:
        return "(missing)"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def expected(table: str, value: str, group: str) -> dict[str, dict[str, float]]:
    """Return group -> figures, computed without pandas."""
    numbers: dict[str, list[float]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    for row in rows_of(table):
        sizes[name_of(row[group])] += 1
        if isinstance(row[value], float):
            numbers[name_of(row[group])].append(row[value])
    found = {}
    for name, values in numbers.items():
        lower, _, upper = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        found[name] = {k: f(values) for k, f in FIGURES.items()} | {"Lower": lower, "Upper": upper, "Rows": sizes[name]}
    return found


def shown(app: App) -> dict[str, dict[str, float]]:
    return {row["Group"]: {k: v for k, v in row.items() if k != "Group"} for row in app.values}


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "value", "group"), CASES)
def test_figures_equal_plain_python(tmp_path: Path, way: Any, table: str, value: str, group: str) -> None:
    app = App("group-compare", f"compare `{value}` by `{group}`", way(tmp_path, table))
    want = expected(table, value, group)
    found = shown(app)
    assert {k: pytest.approx(v, rel=1e-9) for k, v in want.items()} == found
    header, *body = app.rows
    assert header == [group, "Rows", "Count", "Average", "Median", "Sum", "Smallest", "Largest"]
    for name, *cells in body:
        figures = [want[name][k] for k in header[1:]]
        assert [float(c.replace(",", "")) for c in cells] == pytest.approx(figures, rel=5e-6)  # six digits are shown


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("group-compare", "compare body mass by species", WAYS[0](tmp_path, "penguins"))
    for name, values in {
        "measure": ["bill_depth_mm"],
        "grouping": ["island"],
        "statistic": ["Median", "Sum", "Smallest", "Largest", "Average"],
        "order": ["Largest first", "Smallest first"],
        "view": ["Boxes", "Counts"],
    }.items():
        for value in values:
            before = app.seen()
            assert app.set(**{name: value}).seen() != before, (name, value)


def test_a_control_without_effect_is_hidden(tmp_path: Path) -> None:
    app = App("group-compare", "box plot of body mass by species", WAYS[0](tmp_path, "penguins"))
    assert app["statistic"].layout.display == "none"
    assert app.set(view="Bars")["statistic"].layout.display is None


def test_bars_stand_in_the_order_asked_for(tmp_path: Path) -> None:
    app = App("group-compare", "compare body mass by species", WAYS[0](tmp_path, "penguins"))
    want = expected("penguins", "body_mass_g", "species")
    for order, reverse in (("Largest first", True), ("Smallest first", False)):
        app.set(order=order)
        names = [r["Group"] for r in app.values]
        assert names == sorted(want, key=lambda n: want[n]["Average"], reverse=reverse)
        assert app.spec["encoding"]["x"]["sort"] == names


def test_numbers_as_groups_sort_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("size,n\n10,1\n9,2\n,3\n100,4\n")
    app = App("group-compare", "compare n by size", path)
    assert [r["Group"] for r in app.values] == ["9", "10", "100", "(missing)"]


def test_what_is_counted_includes_rows_without_a_value(tmp_path: Path) -> None:
    app = App("group-compare", "how many penguins per species", WAYS[0](tmp_path, "penguins"))
    assert app["view"].value == "Counts"
    assert {r["Group"]: r["Rows"] for r in app.values} == {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}


@pytest.mark.parametrize("text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n"])
def test_no_numbers_are_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("group-compare", "compare a by b", path)
    assert app.spec is not None or "No rows to compare" in app.text


def test_a_column_without_values_is_not_offered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("kind,n,nothing\nu,7,\nv,8,\n")
    assert list(App("group-compare", "compare n by kind", path)["measure"].options) == ["n"]


def test_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("kind,n\nu,7\n")
    app = App("group-compare", "compare n by kind", path)
    assert shown(app)["u"]["Average"] == shown(app)["u"]["Lower"] == 7


def test_a_hundred_thousand_rows_and_as_many_groups(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("who,kind,n\n" + "".join(f"w{i},k{i % 7},{i * 3 % 101}\n" for i in range(100_000)))
    app = App("group-compare", "compare n by kind", path)
    values: dict[str, list[int]] = defaultdict(list)
    for i in range(100_000):
        values[f"k{i % 7}"].append(i * 3 % 101)
    assert {k: v["Average"] for k, v in shown(app).items()} == pytest.approx(
        {k: statistics.fmean(v) for k, v in values.items()}
    )
    app.set(grouping="who")
    assert "Showing the first 40 of 100,000 groups." in app.text


def test_names_with_marks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a.b[0]","<i>say ""hi""</i>"\n1,<script>alert(1)</script>\n2,"x\'y"\n3,ümläut\n4,a|b\n')
    app = App("group-compare", "compare `a.b[0]`", path)
    assert set(shown(app)) == {"<script>alert(1)</script>", "x'y", "ümläut", "a|b"}
    assert "<script>" not in app.html
    assert "<i>" not in app.html


def test_tiny_and_huge_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("kind,n\na,1.25e-13\nb,123456789012.5\n")
    app = App("group-compare", "compare n by kind", path)
    assert [r["Average"] for r in app.values] == [1.25e-13, 123456789012.5]
    assert app.rows[1][3] == "1.25e-13"
