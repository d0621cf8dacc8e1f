"""`calculator` computes as Python does, and nothing else."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path

import pytest
from running import App, words

from nexus_jupyter.recipes.instantiate import title_of
from nexus_jupyter.recipes.manifest import recipe


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    return App("calculator", "calculate a + b")


def result(app: App, formula: str, **values: float) -> str:
    app["formula"].value = formula
    for name, value in values.items():
        app["inputs"][name].value = value
    return html.unescape(words(app["answer"].value))


@pytest.mark.parametrize(
    ("formula", "values", "expected"),
    [
        ("a + b * c", {"a": 2, "b": 3, "c": 4}, 14),
        ("(a - b) / c", {"a": 2, "b": 3, "c": 4}, -0.25),
        ("x ** 2", {"x": 1.5}, 2.25),
        ("x^2 + 1", {"x": 3}, 10),
        ("-x", {"x": 3}, -3),
        ("x % 3 + x // 3", {"x": 7}, 3),
        ("pi * r ** 2", {"r": 2}, math.pi * 4),
        ("sqrt(a*a + b*b)", {"a": 3, "b": 4}, 5),
        ("max(a, b) - min(a, b)", {"a": 3, "b": 4}, 1),
        ("round(x, 2)", {"x": 1.23456}, None),
        ("weight_kg / height_m ** 2", {"weight_kg": 70, "height_m": 1.75}, 70 / 1.75**2),
        ("größe * 2", {"größe": 4}, 8),
        ("1 / 3", {}, 1 / 3),
    ],
)
def test_results_equal_python(app: App, formula: str, values: dict[str, float], expected: float | None) -> None:
    shown = result(app, formula, **values)
    if expected is None:
        assert shown == "1.23"
    else:
        assert float(shown.replace(",", "")) == pytest.approx(expected, rel=1e-9)


LOAN = 200_000 * (0.04 / 12) / (1 - (1 + 0.04 / 12) ** -300)
SAVED = sum(100 * (1 + 0.03 / 12) ** month for month in range(120))


@pytest.mark.parametrize(
    ("sentence", "title", "expected"),
    [
        ("a loan calculator", "Loan calculator", LOAN),
        ("mortgage calculator with principal, interest rate and years", "Loan calculator", LOAN),
        ("how much do I have with a monthly deposit and interest", "Savings plan", SAVED),
        ("compute compound interest", "Compound interest", 1000 * 1.03**10),
        ("profit margin calculator", "Profit margin", 40),
        ("percentage change calculator", "Percentage change", 25),
        ("unit price calculator", "Unit price", 1.5),
        ("calculate the tip for a restaurant bill", "Tip calculator", 33),
    ],
)
def test_a_formula_known_by_name_is_the_right_one(sentence: str, title: str, expected: float) -> None:
    made = App("calculator", sentence)
    assert title_of(recipe("calculator"), made.filling, None) == title
    assert float(html.unescape(words(made["answer"].value)).replace(",", "")) == pytest.approx(expected, rel=1e-9)
    assert made.filling.notes == ()


@pytest.mark.parametrize(
    ("sentence", "expected"), [("a loan calculator", 200_000 / 300), ("a savings plan", 100 * 120)]
)
def test_no_interest_is_interest_of_nothing(sentence: str, expected: float) -> None:
    made = App("calculator", sentence)
    made["inputs"]["interest_percent"].value = 0
    assert float(words(made["answer"].value).replace(",", "")) == pytest.approx(expected, rel=1e-9)


def test_an_unknown_formula_is_admitted() -> None:
    made = App("calculator", "a calculator for the age of my cat in human years")
    assert made.filling.notes == (
        "I know no formula for this. `price * quantity` stands in its place: change it in the app.",
    )


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("", "not complete"),
        ("a +", "not complete"),
        ("1 / 0", "division by zero"),
        ("9 ** 9 ** 9", "power is too large"),
        ("10.0 ** 999", "too large"),
        ("1e308 * 10", "too large"),
        ("(0 - 8) ** 0.5", "no real number"),
        ("sqrt(0 - 1)", "No result"),
        ("sqrt", "not part of a formula"),
        ("__import__('os')", "not part of a formula"),
        ("a.b", "not part of a formula"),
        ("a[0]", "not part of a formula"),
        ("'text'", "not part of a formula"),
        ("[1]", "not part of a formula"),
        ("(lambda: 1)()", "not part of a formula"),
        ("a if b else c", "not part of a formula"),
        ("min()", "No result"),
        ("<b>", "not complete"),
        ("a < '<img src=x>'", "not part of a formula"),
        ("(" * 5000, "No result"),
        ("a\0", "No result"),
        ("1" * 5000, "No result"),
    ],
)  # fmt: skip
def test_what_has_no_result_says_why(app: App, formula: str, says: str) -> None:
    shown = result(app, formula)
    assert says in shown
    assert not re.search(r"<(b|img)\b", app["answer"].value)


def test_inputs_follow_the_formula_and_keep_what_was_typed(app: App) -> None:
    result(app, "a + b", a=5, b=6)
    assert result(app, "a * c", c=2) == "10"
    assert [f.description for f in app["fields"].children] == ["A", "C"]
    assert list(app["inputs"]) == ["a", "c"]


def test_every_input_changes_the_result(app: App) -> None:
    seen = {result(app, "a + 2 * b + 3 * c", a=1, b=1, c=1)}
    for name in ("a", "b", "c"):
        app["inputs"][name].value = 10
        assert app["answer"].value not in seen
        seen.add(app["answer"].value)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("a body mass index calculator", 70 / 1.75**2),
        ("tip for a restaurant bill", 60 * 1.1 / 2),
        ("price with VAT", 120),
        ("area of a circle", math.pi),
        ("compound interest", 1000 * 1.03**10),
        ("fuel cost", 300 / 100 * 6.5 * 1.8),
        ("percentage calculator", 12.5),
        ("discount on a price", 60),
        ("celsius to fahrenheit", 68),
        ("calculate 3 * 4 + x", 13),
    ],
)
def test_known_formulas_start_with_a_result(sentence: str, expected: float) -> None:
    shown = words(App("calculator", sentence)["answer"].value)
    assert float(shown.replace(",", "")) == pytest.approx(expected, rel=1e-9)


def test_every_recipe_says_that_no_model_was_used(tmp_path: Path) -> None:
    last = App("calculator", "calculate a + b").nb.cells[-1]["source"]
    assert last == "Built from the recipe *Calculator*; no model was used."
