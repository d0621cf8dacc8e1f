"""`correlation` shows what plain Python computes."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, Row, as_it_is, rows_of
from running import App

CASES = [
    ("penguins", "body_mass_g", "flipper_length_mm", "species"),
    ("cars", "Horsepower", "Miles_per_Gallon", "Origin"),
    ("raw", "Body Mass (g)", "Delta 15 N (o/oo)", "Sex"),
    ("weather", "temp_max", "precipitation", "weather"),
    ("jobs", "construction", "manufacturing", ""),
]


def both(rows: list[Row], x: str, y: str) -> list[tuple[float, float]]:
    return [(r[x], r[y]) for r in rows if isinstance(r[x], float) and isinstance(r[y], float)]


def ranks(values: list[float]) -> list[float]:
    """Return ranks from 1; equal values share the mean of theirs."""
    places: dict[float, list[int]] = {}
    for rank, value in enumerate(sorted(values), 1):
        places.setdefault(value, []).append(rank)
    return [statistics.fmean(places[v]) for v in values]


def correlation(pairs: list[tuple[float, float]], method: str) -> float | None:
    if len(pairs) < 3:
        return None
    xs, ys = ([p[i] for p in pairs] for i in (0, 1))
    if method == "Spearman":
        xs, ys = ranks(xs), ranks(ys)
    if len(set(xs)) < 2 or len(set(ys)) < 2:
        return None
    return statistics.correlation(xs, ys)


def cells(app: App) -> dict[tuple[str, str], tuple[float | None, int]]:
    return {(r["x"], r["y"]): (r["r"], r["n"]) for r in app.specs[0]["data"]["values"]}


@pytest.mark.parametrize("method", ["Pearson", "Spearman"])
@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "x", "y", "colour"), CASES)
def test_figures_equal_plain_python(
    tmp_path: Path, way: Any, table: str, x: str, y: str, colour: str, method: str
) -> None:  # fmt: skip
    app = App("correlation", f"{method} correlation between `{x}` and `{y}`", way(tmp_path, table))
    assert (app["method"].value, app["x"].value, app["y"].value) == (method, x, y)
    rows = rows_of(table)
    found = cells(app)
    chosen = app["columns"].value
    assert {x, y} <= set(chosen)
    assert list(found) == list(itertools.product(chosen, repeat=2))
    for (a, b), (r, n) in found.items():
        pairs = both(rows, a, b)
        assert n == len(pairs)
        assert r == pytest.approx(correlation(pairs, method), abs=1e-9)
    want = correlation(both(rows, x, y), method)
    text = re.search(r"\*\*r = (-?[\d.]+)\*\* \((\w+)\) over ([\d,]+) rows", app.text)
    assert text and want is not None
    assert (float(text[1]), text[2]) == (pytest.approx(want, abs=5e-4), method)
    assert int(text[3].replace(",", "")) == len(both(rows, x, y))


@pytest.mark.parametrize(("table", "x", "y", "colour"), CASES)
def test_points_and_their_line(tmp_path: Path, table: str, x: str, y: str, colour: str) -> None:
    app = App("correlation", f"correlation between `{x}` and `{y}`", as_it_is(tmp_path, table))
    pairs = both(rows_of(table), x, y)
    assert sorted((r["x"], r["y"]) for r in app.specs[1]["data"]["values"]) == sorted(pairs)
    slope, base = statistics.linear_regression(*zip(*pairs, strict=True))
    ends = app.specs[1]["layer"][1]["data"]["values"]
    assert [e["x"] for e in ends] == [min(p[0] for p in pairs), max(p[0] for p in pairs)]
    assert [e["y"] for e in ends] == pytest.approx([base + slope * e["x"] for e in ends])


def test_the_strongest_pairs_are_listed_once(tmp_path: Path) -> None:
    app = App("correlation", "correlations", as_it_is(tmp_path, "penguins"))
    rows = rows_of("penguins")
    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"]
    want = [(a, b, correlation(both(rows, a, b), "Pearson")) for a, b in itertools.combinations(names, 2)]
    want.sort(key=lambda w: -abs(w[2] or 0))
    header, *body = app.rows
    assert header == ["Strongest pairs", "and", "r", "Rows"]
    assert [(a, b, float(r)) for a, b, r, _ in body] == [(a, b, pytest.approx(r, abs=5e-4)) for a, b, r in want[:6]]
    assert (app["x"].value, app["y"].value) == want[0][:2]


def test_a_pair_half_named_is_completed_by_its_strongest_partner(tmp_path: Path) -> None:
    app = App("correlation", "what does bill depth correlate with", as_it_is(tmp_path, "penguins"))
    assert {app["x"].value, app["y"].value} == {"bill_depth_mm", "flipper_length_mm"}


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("correlation", "correlation matrix", as_it_is(tmp_path, "penguins"))
    for name, values in {
        "method": ["Spearman", "Pearson"],
        "columns": [("body_mass_g", "year"), ("body_mass_g",)],
        "x": ["year"],
        "y": ["bill_depth_mm"],
        "colour": ["island", "(none)"],
    }.items():
        for value in values:
            before = app.seen()
            assert app.set(**{name: value}).seen() != before, (name, value)
    assert "Choose at least two columns" in app.text


@pytest.mark.parametrize(
    ("table", "sentence", "want"),
    [
        ("penguins", "how does bill length correlate with body mass", ("bill_length_mm", "body_mass_g", "", "Pearson")),
        ("cars", "rank correlation between weight and horsepower by origin", ("Weight_in_lbs", "Horsepower", "Origin", "Spearman")),
        ("seattle-weather", "correlation matrix", ("", "", "", "Pearson")),
    ],
)  # fmt: skip
def test_slots(tmp_path: Path, table: str, sentence: str, want: tuple[str, ...]) -> None:
    names = {"seattle-weather": "weather"}
    app = App("correlation", sentence, as_it_is(tmp_path, names.get(table, table)))
    assert tuple(app.filling.values().values()) == want


@pytest.mark.parametrize(
    "text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n", "a,b\n1,2\n", "a,b\n1,2\n2,3\n", "a,b\n1,2\n1,3\n1,4\n"]
)  # fmt: skip
def test_little_data(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("correlation", "correlation matrix", path)
    for method in ("Spearman", "Pearson"):
        app.set(method=method)
        assert re.search("Nothing to correlate|No two of these columns|do not vary enough", app.text)


def test_columns_that_never_vary_are_not_offered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,same,empty,b\n" + "".join(f"{i},5,,{i * i}\n" for i in range(9)))
    app = App("correlation", "correlation matrix", path)
    assert list(app["columns"].options) == ["a", "b"]


def test_infinite_numbers_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n2,4\n3,7\ninf,1\n5,-inf\n")
    app = App("correlation", "correlation between a and b", path)
    r, n = cells(app)["a", "b"]
    assert (r, n) == (pytest.approx(statistics.correlation([1, 2, 3], [2, 4, 7])), 3)


def test_large_numbers_keep_a_straight_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{1e12 + i},{3 * i}\n" for i in range(50)))
    ends = App("correlation", "correlation between a and b", path).specs[1]["layer"][1]["data"]["values"]
    assert [e["y"] for e in ends] == pytest.approx([0, 147], abs=1e-6)


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [(i % 977, (i * 31) % 613, (i % 977) * 2 + i % 5) for i in range(100_000)]
    path.write_text("a,b,c\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    app = App("correlation", "correlation matrix", path)
    xs, _, zs = ([float(r[i]) for r in rows] for i in range(3))
    assert cells(app)["a", "c"] == (pytest.approx(statistics.correlation(xs, zs)), 100_000)
    assert "Showing 3,000 of 100,000 points." in app.text
    assert len(app.specs[1]["data"]["values"]) == 3000
    assert math.isclose(cells(app)["b", "b"][0] or 0, 1)


def test_names_with_marks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a.b[0]","<b>x</b>"\n' + "".join(f"{i},{i * i}\n" for i in range(9)))
    app = App("correlation", "correlation matrix", path)
    assert ("a.b[0]", "<b>x</b>") in cells(app)
    assert "<b>" not in app.html
