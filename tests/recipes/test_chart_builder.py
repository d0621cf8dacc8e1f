"""`chart-builder` draws what plain Python computes."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, Row, as_it_is, rows_of
from running import App

COMBINE = {
    "mean": statistics.fmean, "sum": math.fsum, "median": statistics.median, "min": min, "max": max, "count": len,
}  # fmt: skip


def day(value: Any) -> Any:
    """Return a value as it stands in a chart: dates without a time."""
    return value.replace("/", "-")[:10] if isinstance(value, str) and value[:4].isdigit() else value


def points(rows: list[Row], x: str, y: str, colour: str = "") -> Counter[Any]:
    return Counter(
        (day(r[x]), r[y], *([r[colour] or "(missing)"] if colour else []))
        for r in rows
        if isinstance(r[y], float) and r[x] is not None
    )


def drawn(app: App) -> Counter[Any]:
    return Counter((day(r["x"]), r["y"], *([r["colour"]] if "colour" in r else [])) for r in app.values)


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(
    ("table", "y", "x", "colour"),
    [
        ("penguins", "bill_length_mm", "bill_depth_mm", "species"),
        ("cars", "Horsepower", "Weight_in_lbs", "Origin"),
        ("raw", "Delta 15 N (o/oo)", "Body Mass (g)", "Sex"),
        ("weather", "temp_max", "date", "weather"),
    ],
)
def test_points_are_the_rows(tmp_path: Path, way: Any, table: str, y: str, x: str, colour: str) -> None:
    app = App("chart-builder", f"scatter plot of `{y}` against `{x}` coloured by `{colour}`", way(tmp_path, table))
    assert app["kind"].value == "Points"
    assert drawn(app) == points(rows_of(table), x, y, colour)
    titles = {k: v.get("title") for k, v in app.spec["encoding"].items()}
    assert titles == {"x": x, "y": y, "color": colour}


@pytest.mark.parametrize("kind", ["Line", "Bars", "Area"])
@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize(
    ("table", "y", "x"),
    [("barley", "yield", "variety"), ("cars", "Horsepower", "Cylinders"), ("jobs", "construction", "month")],
)
def test_lines_bars_and_areas_combine(tmp_path: Path, kind: str, combine: str, table: str, y: str, x: str) -> None:
    app = App("chart-builder", f"chart `{y}` against `{x}`", as_it_is(tmp_path, table)).set(kind=kind, combine=combine)
    groups: dict[Any, list[float]] = defaultdict(list)
    for row in rows_of(table):
        if isinstance(row[y], float):
            groups[day(row[x])].append(row[y])
    want = {k: COMBINE[combine](v) for k, v in sorted(groups.items())}
    if kind == "Bars":
        want = dict(list(want.items())[:60])
    found = {day(r["x"]): r["y"] for r in app.values}
    assert list(found) == list(want)
    assert found == pytest.approx(want)


@pytest.mark.parametrize(
    ("table", "x"), [("penguins", "body_mass_g"), ("weather", "precipitation"), ("cars", "Cylinders")]
)
def test_a_histogram_counts_every_number_once(tmp_path: Path, table: str, x: str) -> None:
    app = App("chart-builder", f"histogram of `{x}`", as_it_is(tmp_path, table))
    numbers = [r[x] for r in rows_of(table) if isinstance(r[x], float)]
    bins = app.values
    assert len(bins) == min(30, len(set(numbers)))
    assert (bins[0]["From"], bins[-1]["To"]) == pytest.approx((min(numbers), max(numbers)))
    assert sum(b["Count"] for b in bins) == len(numbers)
    for number, one in enumerate(bins):
        last = number == len(bins) - 1
        inside = [n for n in numbers if one["From"] <= n < one["To"] or (last and n == one["To"])]
        assert one["Count"] == len(inside)


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("chart-builder", "scatter of bill length against bill depth", as_it_is(tmp_path, "penguins"))
    for name, values in {
        "x": ["body_mass_g"],
        "y": ["flipper_length_mm"],
        "colour": ["species", "(none)"],
        "kind": ["Line", "Area", "Bars"],
        "combine": ["sum", "median", "min", "max", "count"],
    }.items():
        for value in values:
            before = app.seen()
            assert app.set(**{name: value}).seen() != before, (name, value)
    assert app.set(kind="Histogram").seen() != before
    assert [app[n].layout.display for n in ("x", "y", "colour", "combine")] == [None, "none", "none", "none"]
    app.set(kind="Points")
    assert [app[n].layout.display for n in ("x", "y", "colour", "combine")] == [None, None, None, "none"]


def test_many_colours_become_few(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("c,a,b\n" + "".join(f"c{i % 40},{i},{i * 2}\n" for i in range(400)))
    app = App("chart-builder", "scatter of a against b coloured by c", path)
    assert len({r["colour"] for r in app.values}) == 13
    assert len(app.values) == 400


@pytest.mark.parametrize("text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n", "a,b\n1,2\n"])
@pytest.mark.parametrize("kind", ["Points", "Line", "Bars", "Area", "Histogram"])
def test_little_data(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("chart-builder", "plot a against b", path).set(kind=kind)
    if text == "a,b\n1,2\n":
        (row,) = app.values
        assert row["Count" if kind == "Histogram" else "y"] == 1
    else:
        assert app.spec is not None or "Nothing to draw" in app.text


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i * 7 % 1000}\n" for i in range(100_000)))
    app = App("chart-builder", "scatter plot of b against a", path)
    assert "Showing 5,000 of 100,000 points." in app.text
    assert len(app.values) == 5000
    assert all(r["y"] == r["x"] * 7 % 1000 for r in app.values)
    assert len(app.set(kind="Bars").values) == 60
    assert sum(r["Count"] for r in app.set(kind="Histogram", x="b").values) == 100_000


@pytest.mark.parametrize("name", ["a.b", "x[0]", 'say "hi"', "it's", "<b>", "名前", "a\\b", "$x^2$"])
def test_column_names_with_marks_are_titles_not_paths(tmp_path: Path, name: str) -> None:
    path = tmp_path / "t.csv"
    quoted = '"' + name.replace('"', '""') + '"'
    path.write_text(f"{quoted},n\n1,2\n3,4\n")
    app = App("chart-builder", f"scatter plot of n against `{name}`", path)
    assert drawn(app) == Counter({(1, 2): 1, (3, 4): 1})
    assert app.spec["encoding"]["x"]["field"] == "x"
    assert app.spec["encoding"]["x"]["title"] == name


def test_infinite_numbers_are_no_bars(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\ninf,3\n-inf,4\n2,5\n")
    app = App("chart-builder", "histogram of a", path)
    assert sum(r["Count"] for r in app.values) == 2


def test_lists_of_a_json_file_are_names(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"tags": ["a", "b"], "n": 1}, {"tags": [], "n": 2}, {"tags": null, "n": 3}]')
    app = App("chart-builder", "bar chart of n per tags", path)
    assert {r["x"]: r["y"] for r in app.values} == {"['a', 'b']": 1, "[]": 2, "(missing)": 3}
