"""`simulator` draws what plain Python computes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from running import App, words

from nexus_jupyter.recipes.instantiate import title_of
from nexus_jupyter.recipes.manifest import recipe

KNOWN = recipe("simulator").manifest.known
Real = Callable[[dict[str, float]], float]


def drawn(app: App, name: str = "now") -> list[tuple[float, float | None]]:
    return [(r["x"], r["y"]) for r in app.values if r["Curve"] == name]


def wanted(app: App, law: Real, start: float, end: float) -> list[tuple[float, float]]:
    values = {name: slider.value for name, slider in app["sliders"].items()}
    xs = [start + (end - start) * i / 200 for i in range(201)]
    return [(x, law({**values, app["along"].value: x})) for x in xs]


def close(found: list[Any], want: list[Any]) -> bool:
    return [x for x, _ in found] == pytest.approx([x for x, _ in want]) and [y for _, y in found] == pytest.approx(
        [y for _, y in want], rel=1e-9, abs=1e-9
    )


LAWS: list[tuple[str, str, str, float, Real]] = [
    ("simulate compound growth", "Compound growth", "years", 40, lambda v: v["start"] * (1 + v["growth_percent"] / 100) ** v["years"]),
    ("projectile motion simulator", "Projectile motion", "distance", 40, lambda v: v["distance"] * math.tan(math.radians(v["angle"])) - 9.81 * v["distance"] ** 2 / (2 * (v["speed"] * math.cos(math.radians(v["angle"]))) ** 2)),
    ("an epidemic with logistic growth", "Logistic growth", "days", 60, lambda v: v["capacity"] * v["start"] * math.exp(v["rate"] * v["days"]) / (v["capacity"] + v["start"] * (math.exp(v["rate"] * v["days"]) - 1))),
    ("radioactive decay with half-life", "Radioactive decay", "time", 40, lambda v: v["start"] * 2 ** (-v["time"] / v["half_life"])),
    ("a damped oscillation", "Damped oscillation", "time", 10, lambda v: v["amplitude"] * math.e ** (-v["damping"] * v["time"]) * math.cos(math.tau * v["frequency"] * v["time"])),
    ("cooling of coffee", "Cooling", "minutes", 60, lambda v: v["room"] + (v["start"] - v["room"]) * math.e ** (-v["rate"] * v["minutes"])),
    ("free fall under gravity", "Free fall", "seconds", 3.2, lambda v: v["height"] - v["gravity"] * v["seconds"] ** 2 / 2),
    ("break even of a product", "Profit", "units", 1000, lambda v: v["units"] * v["price"] - v["units"] * v["unit_cost"] - v["fixed_cost"]),
    ("simulate a mortgage", "Loan payment", "years", 30, lambda v: v["loan"] * v["interest_percent"] / 1200 / (1 - (1 + v["interest_percent"] / 1200) ** (-12 * v["years"])) if v["years"] else math.nan),
    ("simulate w / h ** 2 + w over w", "Simulator: w / h ** 2 + w", "w", 10, lambda v: v["w"] / (v["h"] * v["h"]) + v["w"]),
    ("plot a * sin(b * x) with sliders", "Simulator: a * sin(b * x)", "x", 10, lambda v: v["a"] * math.sin(v["b"] * v["x"])),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "title", "along", "end", "law"), LAWS, ids=[case[1] for case in LAWS])
def test_curves_equal_plain_python(sentence: str, title: str, along: str, end: float, law: Real) -> None:
    app = App("simulator", sentence)
    assert title_of(recipe("simulator"), app.filling, None) == title
    assert (app["along"].value, app["start"].value, app["end"].value) == (along, 0, pytest.approx(end))
    want = [(x, y) for x, y in wanted(app, law, 0, end) if math.isfinite(y)]
    found = [(x, y) for x, y in drawn(app) if y is not None]
    assert close(found, want)
    for name, slider in app["sliders"].items():
        if name != along:
            slider.value = slider.min + (slider.max - slider.min) * 0.55
    want = [(x, y) for x, y in wanted(app, law, 0, end) if math.isfinite(y)]
    assert close([(x, y) for x, y in drawn(app) if y is not None], want)


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.title)
def test_every_known_formula_draws_and_reacts(known: Any) -> None:
    app = App("simulator", f"simulate {known.words[0]}")
    assert app["formula"].value == known.formula
    assert app["along"].value == known.along in known.inputs
    assert sum(y is not None for _, y in drawn(app)) >= 199
    assert app.filling.notes == ()
    for name, slider in app["sliders"].items():
        if name != known.along:
            before = app.seen()
            slider.value += (slider.max - slider.min) / 7
            assert app.seen() != before, name


def test_what_is_written_below_the_sliders_is_true() -> None:
    app = App("simulator", "simulate x ** 2 - 4 * x")
    text = words(app["message"].value)
    assert text == "Highest 60 at 10, lowest -4 at 2, last 60."


def test_every_control_changes_what_is_shown() -> None:
    app = App("simulator", "simulate compound growth")
    for name, value in [("start", 5), ("end", 50), ("along", "growth_percent"), ("formula", "growth_percent + years")]:
        before = app.seen(), app["message"].value
        app.set(**{name: value})
        assert (app.seen(), app["message"].value) != before, name


def test_kept_curves_stay_to_be_compared() -> None:
    app = App("simulator", "simulate compound growth")
    assert app["forget"].layout.display == "none"
    first = drawn(app)
    app["keep"].click()
    app["sliders"]["growth_percent"].value = 8
    assert drawn(app, "Start 1,000, Growth percent 5") == first
    assert drawn(app) != first
    for value in range(1, 8):
        app["sliders"]["growth_percent"].value = value
        app["keep"].click()
    assert len({r["Curve"] for r in app.values}) == 6
    app["forget"].click()
    assert {r["Curve"] for r in app.values} == {"now"}


def test_points_without_a_value_are_gaps_with_a_reason() -> None:
    app = App("simulator", "simulate sqrt(x - 5)")
    assert [y is None for _, y in drawn(app)] == [x < 5 for x, _ in drawn(app)]
    assert "100 of 201 points have no value" in words(app["message"].value)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("", "not complete"),
        ("a +", "not complete"),
        ("2 + 3", "no input to move along"),
        ("x / 0", "division by zero"),
        ("sqrt(0 - 1 - x ** 2)", "No curve"),
        ("__import__('os')", "No curve"),
        ("x.y", "not part of a formula"),
        ("x + '<img src=x>'", "not part of a formula"),
        ("9 ** 9 ** x ** 9", "201 points have no value"),
        ("(" * 5000, "No curve"),
        ("a\0", "No curve"),
    ],
)
def test_what_has_no_curve_says_why(formula: str, says: str) -> None:
    app = App("simulator", "simulate a + x").set(formula=formula)
    assert says in words(app["message"].value)
    assert "<img" not in app["message"].value
    assert app.set(formula="x").spec is not None


def test_an_empty_range_is_said() -> None:
    app = App("simulator", "simulate a + x").set(start=20)
    assert "has to be less" in words(app["message"].value)
    assert app.spec is None


def test_sliders_follow_the_formula_and_keep_where_they_stand() -> None:
    app = App("simulator", "simulate a * x + b")
    app["sliders"]["a"].value = 4
    app.set(formula="a * t + c")
    assert set(app["sliders"]) == {"a", "t", "c"}
    assert app["sliders"]["a"].value == 4
    assert [s.description for s in app["knobs"].children] == [n for n in ("a", "t", "c") if n != app["along"].value]


def test_an_unknown_formula_is_admitted() -> None:
    assert App("simulator", "simulate the mood of my cat").filling.notes == (
        "I know no formula for this. `a * x ** 2 + b * x + c` stands in its place: change it in the app.",
    )


@pytest.mark.parametrize(
    ("sentence", "along"),
    [
        ("simulate profit varying the price", "price"),
        ("show profit against unit cost", "unit_cost"),
        ("profit over units", "units"),
        ("simulate a * t + b", "t"),
        ("simulate p * q", "p"),
        ("simulate p * q as a function of q", "q"),
    ],
)
def test_the_x_axis(sentence: str, along: str) -> None:
    assert App("simulator", sentence)["along"].value == along
