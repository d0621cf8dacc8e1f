"""`time-series` shows what plain Python computes."""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, as_it_is, rows_of
from running import App

COMBINE = {
    "Average": statistics.fmean, "Sum": math.fsum, "Median": statistics.median, "Smallest": min, "Largest": max, "Count": len,
}  # fmt: skip
CASES = [
    ("weather", "temp_max", "date", "weather"),
    ("cars", "Horsepower", "Year", "Origin"),
    ("raw", "Body Mass (g)", "Date Egg", "Sex"),
    ("penguins", "body_mass_g", "year", "species"),
    ("barley", "yield", "year", "site"),
    ("jobs", "construction", "month", ""),
]


def day_of(value: Any) -> datetime.date | None:
    if value is None:
        return None
    if isinstance(value, float):
        return datetime.date(int(value), 1, 1)
    return datetime.date.fromisoformat(value.replace("/", "-")[:10])


def start_of(day: datetime.date, every: str) -> datetime.date:
    match every:
        case "Week":
            return day - datetime.timedelta(days=day.weekday())
        case "Month":
            return day.replace(day=1)
        case "Quarter":
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        case "Year":
            return day.replace(day=1, month=1)
    return day


def expected(
    table: str, value: str, time: str, split: str = "", every: str = "As it is", combine: str = "Average", window: int = 1
) -> dict[str, dict[str, tuple[float, float | None]]]:  # fmt: skip
    """Return line -> day -> value and rolling mean, computed without pandas."""
    groups: dict[str, dict[datetime.date, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_of(table):
        day = day_of(row[time])
        if isinstance(row[value], float) and day:
            line = value if not split else row[split] or "(missing)"
            groups[line][start_of(day, every)].append(row[value])
    found: dict[str, dict[str, tuple[float, float | None]]] = {}
    for line, periods in groups.items():
        values = {day: float(COMBINE[combine](periods[day])) for day in sorted(periods)}
        days = list(values)
        found[line] = {}
        for i, day in enumerate(days):
            last = [values[d] for d in days[i + 1 - window : i + 1]] if i + 1 >= window else []
            found[line][day.isoformat()] = (values[day], statistics.fmean(last) if last else None)
    return found


def drawn(app: App) -> dict[str, dict[str, tuple[float, float | None]]]:
    found: dict[str, dict[str, tuple[float, float | None]]] = defaultdict(dict)
    for row in app.values:
        found[row["Line"]][row["Time"][:10]] = (row["Value"], row["Rolling"])
    return found


def same(found: Any, want: Any) -> bool:
    assert found.keys() == want.keys()
    for line in want:
        assert list(found[line]) == list(want[line])
        for i in (0, 1):
            pairs = [(found[line][day][i], want[line][day][i]) for day in want[line]]
            assert [a for a, b in pairs if b is None] == [None for _, b in pairs if b is None]
            figures = [b for _, b in pairs if b is not None]
            assert [a for a, b in pairs if b is not None] == pytest.approx(figures, rel=1e-9, abs=1e-9)
    return True


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "value", "time", "split"), CASES)
def test_figures_equal_plain_python(tmp_path: Path, way: Any, table: str, value: str, time: str, split: str) -> None:
    by = f" split by `{split}`" if split else ""
    app = App("time-series", f"`{value}` over `{time}`{by}", way(tmp_path, table)).set(every="As it is", window=3)
    want = expected(table, value, time, split, window=3)
    assert same(drawn(app), want)
    header, *body = app.rows
    assert header == [split, "Points", "First", "Last", "Average", "Lowest", "Highest", "Change"]
    for line, points, _first, _last, average, lowest, highest, change in body:
        values = [v for v, _ in want[line].values()]
        assert int(points) == len(values)
        figures = [statistics.fmean(values), min(values), max(values), values[-1] - values[0]]
        shown = [float(c.split()[0].replace(",", "")) for c in (average, lowest, highest, change)]
        assert shown == pytest.approx(figures, rel=5e-5, abs=1e-9)  # five digits are shown


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("every", ["Day", "Week", "Month", "Quarter", "Year"])
@pytest.mark.parametrize(("table", "value", "time", "split"), [CASES[0], CASES[2], CASES[5]])
def test_periods(tmp_path: Path, every: str, combine: str, table: str, value: str, time: str, split: str) -> None:
    app = App("time-series", f"`{value}` over `{time}`", as_it_is(tmp_path, table))
    app.set(every=every, combine=combine, window=2, split=split or "(one line)")
    assert same(drawn(app), expected(table, value, time, split, every, combine, 2))


@pytest.mark.parametrize(
    ("sentence", "want"),
    [
        ("monthly average of temp_max", ("temp_max", "", "Month", "Average", 1)),
        ("weekly total precipitation", ("precipitation", "", "Week", "Sum", 1)),
        ("wind over time with a 7-day rolling mean", ("wind", "", "", "Average", 7)),
        ("a seven day moving average of wind", ("wind", "", "", "Average", 7)),
        ("highest temp_max per year", ("temp_max", "", "Year", "Largest", 1)),
        ("temp_min over the years split by weather", ("temp_min", "weather", "", "Average", 1)),
        ("smooth the wind with a window of 30", ("wind", "", "", "Average", 30)),
    ],
)
def test_slots(tmp_path: Path, sentence: str, want: tuple[Any, ...]) -> None:
    values = App("time-series", sentence, as_it_is(tmp_path, "weather")).filling.values()
    assert tuple(values[n] for n in ("value", "split", "every", "combine", "window")) == want
    assert values["time"] == "date"


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    app = App("time-series", "temp_max over time", as_it_is(tmp_path, "weather"))
    assert app["every"].value == "As it is"
    for name, values in {
        "value": ["wind"],
        "every": ["Year", "Quarter", "Month", "Week"],
        "combine": ["Sum", "Median", "Smallest", "Largest", "Count", "Average"],
        "split": ["weather"],
        "window": [4],
    }.items():
        for value in values:
            before = app.seen()
            assert app.set(**{name: value}).seen() != before, (name, value)
    before = app.seen()
    stops = [stop for _, stop in app["period"].options]
    assert app.set(period=(stops[20], stops[40])).seen() != before


def test_another_time_column_changes_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sent,paid,n\n2020-01-01,2021-05-01,1\n2020-02-01,2021-06-01,2\n")
    app = App("time-series", "n over sent", path)
    assert [r["Time"][:10] for r in app.set(time="paid").values] == ["2021-05-01", "2021-06-01"]


def test_the_range_cuts_both_ends_and_stays_when_periods_change(tmp_path: Path) -> None:
    app = App("time-series", "monthly temp_max", as_it_is(tmp_path, "weather"))
    stops = dict(app["period"].options)
    app.set(period=(stops["2013-03-01"], stops["2014-10-01"]))
    want = expected("weather", "temp_max", "date", every="Month")["temp_max"]
    inside = {d: v for d, v in want.items() if "2013-03-01" <= d <= "2014-10-01"}
    assert {d: v for d, (v, _) in drawn(app)["temp_max"].items()} == pytest.approx(
        {d: v for d, (v, _) in inside.items()}
    )
    app.set(every="Quarter")
    assert [str(t.date()) for t in app["period"].value] == ["2013-04-01", "2014-10-01"]
    assert next(iter(drawn(app)["temp_max"])) == "2013-04-01"


def test_the_rolling_mean_is_not_cut_by_the_range(tmp_path: Path) -> None:
    app = App("time-series", "monthly temp_max", as_it_is(tmp_path, "weather")).set(window=6)
    stops = [stop for _, stop in app["period"].options]
    app.set(period=(stops[12], stops[24]))
    assert all(r["Rolling"] is not None for r in app.values)


@pytest.mark.parametrize(
    "time",
    ["2020-01-05;5 Jan 2020;Jan 6, 2020;;no date", "20200105;20200105;20200106;;1", "2020Q1;2020Q1;2020-04-01;x;"],
)
def test_odd_dates(tmp_path: Path, time: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("when,n\n" + "".join(f'"{t}",{i}\n' for i, t in enumerate(time.split(";"), 1)))
    app = App("time-series", "n over `when`", path)
    assert [r["Value"] for r in app.values] == [1.5, 3]


@pytest.mark.parametrize(
    "text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a\nx\n", "a,b\nx,y\n", "a,b\n2020-01-01,\n", "d,n\n2020-01-01,7\n"]
)
def test_little_data(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("time-series", "show it", path)
    if text.startswith("d,n"):
        assert [(r["Time"][:10], r["Value"]) for r in app.values] == [("2020-01-01", 7)]
    else:
        assert "Nothing to draw" in app.text
    for every in ("Day", "Year", "As it is"):
        app.set(every=every, window=2)


def test_many_lines_become_few(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d,c,n\n" + "".join(f"2020-01-{i % 28 + 1:02},c{i % 30},{i}\n" for i in range(600)))
    app = App("time-series", "n over time split by c", path).set(combine="Count")
    counts: Counter[str] = Counter()
    for row in app.values:
        counts[row["Line"]] += row["Value"]
    assert len(counts) == 9
    assert counts["(other)"] == 22 * 20
    assert sum(counts.values()) == 600


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    start = datetime.datetime(2020, 1, 1)
    times = [start + datetime.timedelta(minutes=7 * i) for i in range(100_000)]
    path.write_text("at,n\n" + "".join(f"{t:%Y-%m-%d %H:%M:%S},{i % 100}\n" for i, t in enumerate(times)))
    app = App("time-series", "n over time", path)
    assert app["every"].value == "Day"  # the finest with few enough points
    groups: dict[str, list[int]] = defaultdict(list)
    for i, t in enumerate(times):
        groups[f"{t:%Y-%m-%d}"].append(i % 100)
    assert {d: v for d, (v, _) in drawn(app)["n"].items()} == pytest.approx(
        {d: statistics.fmean(v) for d, v in groups.items()}
    )
    app.set(every="As it is")
    assert "Showing the last 1,500 of 100,000 points in time." in app.text
    assert len(app.values) == 1500
    assert len(app["period"].options) == 200
