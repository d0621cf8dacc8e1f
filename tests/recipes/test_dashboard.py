"""`dashboard` shows what plain Python computes, under every filter."""

from __future__ import annotations

import datetime
import math
import re
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, Row, as_it_is, rows_of
from running import App, words

CASES = [
    ("penguins", "body_mass_g", "species", "island", "Biscoe"),
    ("cars", "Horsepower", "Origin", "Cylinders", "8"),
    ("raw", "Body Mass (g)", "Sex", "Island", "Dream"),
    ("weather", "temp_max", "weather", "weather", "rain"),
    ("barley", "yield", "site", "variety", "Peatland"),
]
STATISTICS = {"Average": statistics.fmean, "Sum": math.fsum, "Median": statistics.median, "Count": len}


def name_of(value: Any) -> str:
    if value is None:
        return "(missing)"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def numbers(rows: list[Row], name: str) -> list[float]:
    return [r[name] for r in rows if isinstance(r[name], float)]


def cards(app: App) -> dict[str, float]:
    found = re.findall(r"opacity: 0.75\">(\w+)</div><div[^>]*>([^<]*)</div>", app["cards"].value)
    return {name: float(value.replace(",", "")) if value != "–" else math.nan for name, value in found}


def chart(app: App, start: str) -> list[Row]:
    return next(s["data"]["values"] for s in app.specs if s["title"].startswith(start) or start in s["title"])


def check(app: App, rows: list[Row], measure: str, group: str, statistic: str) -> None:
    values = numbers(rows, measure)
    want = {
        "Rows": len(rows), "Sum": math.fsum(values), "Average": statistics.fmean(values), "Median": statistics.median(values),
        "Lowest": min(values), "Highest": max(values),
    }  # fmt: skip
    assert cards(app) == {k: pytest.approx(v, rel=5e-5) for k, v in want.items()}
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if isinstance(row[measure], float):
            groups[name_of(row[group])].append(row[measure])
    found = {r["Group"]: r["Value"] for r in chart(app, f" by {group}")}
    assert found == pytest.approx({k: STATISTICS[statistic](v) for k, v in groups.items()})
    assert list(found.values()) == sorted(found.values(), reverse=True)
    bars = chart(app, "Spread of")
    assert sum(b["Rows"] for b in bars) == len(values)
    for i, bar in enumerate(bars):
        last = i == len(bars) - 1
        assert (
            bar["Rows"] == sum(bar["From"] <= v < bar["To"] or (last and v == bar["To"]) for v in values)
            or len(bars) == 1
        )
    against = app["against"].value
    points = Counter(
        (r[against], r[measure]) for r in rows if isinstance(r[against], float) and isinstance(r[measure], float)
    )
    drawn = Counter((r["x"], r["y"]) for r in chart(app, " against ")) if against != measure else points
    assert drawn == points or (sum(drawn.values()) == 1000 and not drawn - points)


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "measure", "group", "by", "value"), CASES)
def test_figures_equal_plain_python(
    tmp_path: Path, way: Any, table: str, measure: str, group: str, by: str, value: str
) -> None:  # fmt: skip
    app = App("dashboard", f"dashboard of `{measure}` by `{group}`", way(tmp_path, table))
    rows = rows_of(table)
    check(app, rows, measure, group, "Average")
    app["filters"][by].value = value
    check(app, [r for r in rows if name_of(r[by]) == value], measure, group, "Average")
    app.set(statistic="Sum")
    check(app, [r for r in rows if name_of(r[by]) == value], measure, group, "Sum")


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_chart_over_time(tmp_path: Path, statistic: str) -> None:
    app = App("dashboard", "dashboard of temp_max", as_it_is(tmp_path, "weather")).set(statistic=statistic)
    months: dict[str, list[float]] = defaultdict(list)
    for row in rows_of("weather"):
        months[row["date"][:7].replace("/", "-") + "-01"].append(row["temp_max"])
    found = {r["Time"][:10]: r["Value"] for r in chart(app, " by month")}
    assert found == pytest.approx({k: STATISTICS[statistic](v) for k, v in months.items()})


def test_the_period_filters_everything(tmp_path: Path) -> None:
    app = App("dashboard", "dashboard of temp_max", as_it_is(tmp_path, "weather"))
    stops = dict(app["period"].options)
    app.set(period=(stops["2013-01-01"], stops["2013-12-01"]))
    rows = [r for r in rows_of("weather") if r["date"].startswith("2013")]
    check(app, rows, "temp_max", "weather", "Average")
    assert len(chart(app, " by month")) == 12


def test_a_whole_period_hides_no_rows_without_a_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d,k,n\n2020-01-01,a,1\n2020-02-01,b,2\n,a,4\n2020-03-01,b,8\n")
    app = App("dashboard", "dashboard of n", path)
    assert cards(app)["Sum"] == 15
    stops = [s for _, s in app["period"].options]
    app.set(period=(stops[0], stops[1]))
    assert cards(app)["Sum"] == 3


def test_filters_combine_and_cards_say_how_far_from_the_whole(tmp_path: Path) -> None:
    app = App("dashboard", "dashboard of body mass", as_it_is(tmp_path, "penguins"))
    app["filters"]["island"].value = "Dream"
    app["filters"]["sex"].value = "male"
    rows = [r for r in rows_of("penguins") if r["island"] == "Dream" and r["sex"] == "male"]
    check(app, rows, "body_mass_g", "species", "Average")
    part, whole = (statistics.fmean(numbers(r, "body_mass_g")) for r in (rows, rows_of("penguins")))
    assert f"{100 * (part / whole - 1):+.1f} % to all rows" in app["cards"].value
    assert f"of {len(rows_of('penguins')):,}" in words(app["cards"].value)
    app["filters"]["island"].value = "Torgersen"
    app["filters"]["species"].value = "Gentoo"
    assert "No rows match" in app["message"].value
    assert app.specs == []


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("dashboard", "dashboard of body mass by species", as_it_is(tmp_path, "penguins"))
    for name, value in [
        ("measure", "bill_depth_mm"),
        ("statistic", "Sum"),
        ("group", "island"),
        ("against", "body_mass_g"),
    ]:
        before = app.seen()
        assert app.set(**{name: value}).seen() != before, name
    for name, control in app["filters"].items():
        before = app.seen(), app["cards"].value
        control.value = control.options[1]
        assert (app.seen(), app["cards"].value) != before, name
        control.value = "(all)"
    before = app.seen()
    stops = [s for _, s in app["period"].options]
    assert app.set(period=(stops[0], stops[1])).seen() != before


@pytest.mark.parametrize(
    ("table", "sentence", "want"),
    [
        ("penguins", "dashboard of body mass by island", ("body_mass_g", "year", "island", "Average")),
        ("weather", "a dashboard for total precipitation per weather", ("precipitation", "date", "weather", "Sum")),
        ("cars", "overview of horsepower by origin", ("Horsepower", "Year", "Origin", "Average")),
    ],
)
def test_slots(tmp_path: Path, table: str, sentence: str, want: tuple[str, ...]) -> None:
    assert tuple(App("dashboard", sentence, as_it_is(tmp_path, table)).filling.values().values()) == want


def test_a_table_of_measures_has_no_groups(tmp_path: Path) -> None:
    app = App("dashboard", "dashboard of construction", as_it_is(tmp_path, "jobs"))
    assert app["group"].value == "(no groups)"
    assert [s["title"] for s in app.specs] == [
        "Average of construction by month", "Spread of construction", "construction against nonfarm",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n", "d,e\n2020-01-01,x\n", "n,k\n7,u\n"]
)
def test_little_data(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("dashboard", "dashboard", path)
    for statistic in STATISTICS:
        app.set(statistic=statistic)
        assert app.specs or "Nothing to draw" in app["message"].value
    assert cards(app)["Rows"] == text.count("\n") - 1


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    start = datetime.date(2000, 1, 1)
    lines = [f"{start + datetime.timedelta(days=i % 5000)},k{i % 20},{i % 1000},{i % 77}\n" for i in range(100_000)]
    path.write_text("day,kind,n,m\n" + "".join(lines))
    app = App("dashboard", "dashboard of n by kind", path)
    assert cards(app) == pytest.approx(
        {"Rows": 1e5, "Sum": 49_950_000, "Average": 499.5, "Median": 499.5, "Lowest": 0, "Highest": 999}
    )
    assert "(the 12 largest of 20)" in app.specs[0]["title"]
    assert len(chart(app, " by quarter")) <= 120
    assert len(chart(app, " against ")) == 1000
    app["filters"]["kind"].value = "k3"
    assert cards(app)["Rows"] == 5000


def test_markup_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"<b>n</b>",k\n1,<script>alert(1)</script>\n2,x\n3,x\n')
    app = App("dashboard", "dashboard", path)
    app["filters"]["k"].value = "x"
    assert "<script>" not in app["cards"].value + app["message"].value
