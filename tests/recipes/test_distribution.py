"""`distribution` shows what plain Python computes."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, Row, as_it_is, rows_of
from running import App

CASES = [
    ("penguins", "body_mass_g", "species"),
    ("cars", "Horsepower", "Origin"),
    ("raw", "Culmen Length (mm)", "Sex"),
    ("weather", "precipitation", "weather"),
    ("barley", "yield", "site"),
]
ALL = "(all rows together)"
HEADER = ["Values", "Missing", "Min", "5 %", "25 %", "Median", "75 %", "95 %", "Max", "Average", "Std"]


def numbers(rows: list[Row], value: str, group: str = "") -> dict[str, list[float | None]]:
    found: dict[str, list[float | None]] = defaultdict(list)
    for row in rows:
        name = (row[group] or "(missing)") if group else value
        found[name].append(row[value] if isinstance(row[value], float) else None)
    return found


def quantile(values: list[float], share: float) -> float:
    """Return a quantile by straight lines between the sorted values."""
    values = sorted(values)
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def figures(values: list[float | None]) -> list[float]:
    present = [v for v in values if v is not None]
    spread = [quantile(present, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
    return [
        len(present), len(values) - len(present), min(present), *spread, max(present), statistics.fmean(present),
        statistics.stdev(present),
    ]  # fmt: skip


def beyond(values: list[float | None], factor: float) -> list[tuple[float, float]]:
    """Return how far beyond the fences each outlier lies, and the outlier."""
    present = [v for v in values if v is not None]
    lower, upper = quantile(present, 0.25), quantile(present, 0.75)
    reach = factor * (upper - lower)
    distances = [(max(lower - reach - v, v - upper - reach), v) for v in present]
    return [pair for pair in distances if pair[0] > 0]


def table_of(app: App) -> dict[str, list[float]]:
    header, *body = app.rows
    assert header[1:] == HEADER
    return {row[0]: [float(c.replace(",", "")) for c in row[1:]] for row in body if len(row) == len(header)}


def listed(app: App, value: str) -> list[float]:
    """Return the outliers in the second table."""
    starts = [i for i, row in enumerate(app.rows) if len(row) > 1 and row[1] == value]
    return [float(row[1]) for row in app.rows[starts[0] + 1 :]] if starts else []


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "value", "group"), CASES)
def test_figures_equal_plain_python(tmp_path: Path, way: Any, table: str, value: str, group: str) -> None:
    app = App("distribution", f"distribution of `{value}`", way(tmp_path, table))
    for split in ("", group):
        app.set(group=split or ALL)
        want = numbers(rows_of(table), value, split)
        found = table_of(app)
        assert found.keys() == want.keys()
        for name, values in want.items():
            assert found[name] == pytest.approx(figures(values), rel=5e-5, abs=1e-9), name  # five digits are shown
        outliers = sorted((pair for values in want.values() for pair in beyond(values, 1.5)), reverse=True)
        assert sorted(listed(app, value)) == pytest.approx(sorted(v for _, v in outliers[:100]))
        count = re.search(r"\*\*(No|[\d,]+) outlier", app.text)
        assert count
        assert int(count[1].replace(",", "").replace("No", "0")) == len(outliers)


@pytest.mark.parametrize("bins", [1, 7, 40])
@pytest.mark.parametrize(("table", "value", "group"), CASES)
def test_every_number_is_counted_once(tmp_path: Path, table: str, value: str, group: str, bins: int) -> None:
    app = App("distribution", f"histogram of `{value}`", as_it_is(tmp_path, table)).set(bins=bins)
    for split in ("", group):
        app.set(group=split or ALL)
        want = {k: [v for v in vs if v is not None] for k, vs in numbers(rows_of(table), value, split).items()}
        everything = [v for vs in want.values() for v in vs]
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in app.values:
            rows[row["Group"]].append(row)
        assert rows.keys() == want.keys()
        for name, values in want.items():
            bars = rows[name]
            assert len(bars) == min(bins, len(set(everything)))
            ends = (bars[0]["From"], bars[-1]["To"])
            assert ends == pytest.approx((min(everything), max(everything))) or bins == 1
            for number, bar in enumerate(bars):
                last = number == len(bars) - 1
                inside = [v for v in values if bar["From"] <= v < bar["To"] or (last and v == bar["To"])]
                assert bar["Top"] - bar["Bottom"] == bar["Count"]
                assert (bar["Count"], bar["Share"]) == (len(inside), pytest.approx(len(inside) / len(values)))


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("distribution", "distribution of body mass", as_it_is(tmp_path, "penguins"))
    for name, values in {
        "value": ["flipper_length_mm"],
        "bins": [5, 30],
        "heights": ["Share", "Count"],
        "factor": [0.5, 3],
        "group": ["species", ALL],
    }.items():
        for value in values:
            before = app.seen()
            assert app.set(**{name: value}).seen() != before, (name, value)


@pytest.mark.parametrize(
    ("sentence", "want"),
    [
        ("distribution of body mass", ("body_mass_g", "", 0, "Count")),
        ("histogram of flipper length with 20 bins", ("flipper_length_mm", "", 20, "Count")),
        ("outliers in bill depth by species", ("bill_depth_mm", "species", 0, "Count")),
        ("share of each bill length per island in ten classes", ("bill_length_mm", "island", 10, "Share")),
    ],
)
def test_slots(tmp_path: Path, sentence: str, want: tuple[Any, ...]) -> None:
    app = App("distribution", sentence, as_it_is(tmp_path, "penguins"))
    assert tuple(app.filling.values().values()) == want
    if want[2]:
        assert app["bins"].value == want[2]


def test_the_farthest_outlier_is_first(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,who\n" + "".join(f"{i % 10},p{i}\n" for i in range(100)) + "60,far\n-200,farther\n30,near\n")
    app = App("distribution", "outliers of n", path)
    assert listed(app, "n") == [-200, 60, 30]
    assert "**3 outliers**" in app.text
    assert "**No outliers**" in app.set(factor=5).text or listed(app, "n")


@pytest.mark.parametrize(
    "text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n", "d,e\n2020-01-01,x\n", "n,k\n7,u\n"]
)
def test_little_data(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("distribution", "distribution", path)
    for group in app["group"].options:
        app.set(group=group, bins=3, heights="Share")
        if text in {"n,k\n7,u\n", "a,b\n1,\n"}:
            assert [r["Count"] for r in app.values] == [1]
            assert "**No outliers**" in app.text
        else:
            assert "Nothing to draw" in app.text


def test_infinite_numbers_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\ninf,3\n-inf,4\n2,5\n")
    app = App("distribution", "distribution of a", path)
    assert table_of(app)["a"][:2] == [2, 2]


def test_many_groups_become_few(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("c,n\n" + "".join(f"c{i % 30},{i}\n" for i in range(900)))
    app = App("distribution", "distribution of n by c", path)
    assert table_of(app)["(other)"][0] == 22 * 30
    assert len(table_of(app)) == 9


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "a,b\n" + "".join(f"{i * 7 % 1000},{'x' if i % 50 else 'y'}\n" for i in range(99_000)) + "9999,x\n" * 1000
    )
    app = App("distribution", "distribution of a", path)
    assert sum(r["Count"] for r in app.values) == 100_000
    assert "**1,000 outliers**" in app.text
    assert "The farthest 100 are listed." in app.text
    assert listed(app, "a") == [9999] * 100


def test_markup_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        '"<i>n</i>",k\n' + "".join(f"{i % 7},<b>x</b>\n" for i in range(50)) + "900,<script>alert(1)</script>\n"
    )
    app = App("distribution", "distribution of `<i>n</i>` by k", path)
    assert not re.search(r"<(i|b|script)>", app.html)
