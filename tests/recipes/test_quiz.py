"""`quiz` asks, scores and asks again."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from messy import WAYS, as_it_is, rows_of
from running import App, words

CASES = [
    ("penguins", "species", "island"),
    ("cars", "Name", "Origin"),
    ("raw", "Individual ID", "Clutch Completion"),
    ("barley", "variety", "site"),
    ("cars", "Cylinders", "Horsepower"),
]


def name_of(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value).strip()


def expected(table: str, question: str, answer: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(table):
        if row[question] is not None and row[answer] is not None:
            pair = name_of(row[question]), name_of(row[answer])
            if pair[1] not in found[pair[0]]:
                found[pair[0]].append(pair[1])
    return dict(found)


def asked(app: App) -> str:
    return html.unescape(words(app["prompt"].value))


def offered(app: App) -> dict[str, Any]:
    return {c.tooltip: c for c in app["choices"] if c.layout.display is None}


def visible(app: App) -> list[str]:
    names = ["typed", "turn", "knew", "forgot", "onward", "again", "again_missed"]
    return [n for n in names if app[n].layout.display is None] + ["choice"] * len(offered(app))


def click(app: App, *, right: bool) -> None:
    answers = app["state"]["cards"][asked(app)]
    next(c for text, c in offered(app).items() if (text in answers) == right).click()


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize(("table", "question", "answer"), CASES)
def test_the_questions_are_the_rows(tmp_path: Path, way: Any, table: str, question: str, answer: str) -> None:
    app = App("quiz", f"quiz from `{question}` to `{answer}`", way(tmp_path, table)).set(length=1000)
    want = expected(table, question, answer)
    if way.__name__ == "as_units":  # numbers lose their unit only where most of the column has one
        assert len(app["state"]["cards"]) == len(want)
        return
    assert app["state"]["cards"] == want
    assert sorted(app["state"]["round"].asked) == sorted(want)


def test_right_answers_lead_on_and_are_counted() -> None:
    app = App("quiz", "a quiz")
    seen = []
    for done in range(12):
        assert f"{done} of {done} right" in words(app["score"].value)
        seen.append(asked(app))
        assert len(offered(app)) == 4
        click(app, right=True)
        if done < 11:
            assert words(app["feedback"].value).startswith("✓ Right: ")
    assert len(set(seen)) == 12
    assert asked(app) == "Done: 100 % right at the first try."
    assert visible(app) == ["again"]
    app["again"].click()
    assert "0 of 0 right" in words(app["score"].value)


def test_wrong_answers_come_back_until_they_are_right() -> None:
    app = App("quiz", "a quiz")
    first = asked(app)
    right = app["state"]["cards"][first][0]
    click(app, right=False)
    assert f"It is {right}." in html.unescape(words(app["feedback"].value))
    assert visible(app) == ["onward", "choice", "choice", "choice", "choice"]
    assert {c.button_style for c in offered(app).values()} == {"success", "danger", ""}
    assert sorted(c.description[:2] for c in offered(app).values() if c.button_style) == ["✓ ", "✗ "]
    offered(app)[right].click()  # too late
    assert "0 of 1 right" in words(app["score"].value)
    app["onward"].click()
    order = []
    while not asked(app).startswith("Done"):
        order.append(asked(app))
        click(app, right=True)
    assert order.index(first) == 3
    assert len(order) == 12
    assert asked(app) == "Done: 92 % right at the first try."
    assert first in html.unescape(app["feedback"].value)
    app["again_missed"].click()
    assert (asked(app), app["state"]["round"].left) == (first, [first])
    assert len(offered(app)) == 4  # wrong answers still come from all questions


def test_flash_cards_are_turned_and_judged() -> None:
    app = App("quiz", "flash cards")
    first = asked(app)
    assert visible(app) == ["turn"]
    app["turn"].click()
    assert html.unescape(words(app["feedback"].value)) == app["state"]["cards"][first][0]
    assert visible(app) == ["knew", "forgot"]
    app["forgot"].click()
    assert asked(app) != first
    app["turn"].click()
    app["knew"].click()
    assert "1 of 2 right" in words(app["score"].value)
    assert app["state"]["round"].left[2] == first


def test_answers_can_be_typed() -> None:
    app = App("quiz", "a quiz where I type the answer")
    assert visible(app) == ["typed"]
    answer = app["state"]["cards"][asked(app)][0]
    app["typed"].value = f"  {answer.upper()}. "
    assert "1 of 1 right" in words(app["score"].value)
    assert app["typed"].value == ""
    app["typed"].value = "<b>nonsense</b>"
    assert "is not right" in app["feedback"].value
    assert "<b>" not in app["feedback"].value
    assert visible(app) == ["onward"]
    app["onward"].click()
    assert visible(app) == ["typed"]


def test_any_of_several_right_answers_will_do(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "word,meaning\nbank,river side\nbank,money house\nbat,animal\nbat,sports thing\ncat,pet\nsun,star\n"
    )
    app = App("quiz", "a quiz", path).set(shuffle=False, mode="Type the answer")
    app["typed"].value = "money house"
    assert "Right: bank – river side or money house" in words(app["feedback"].value)
    app.set(mode="Multiple choice")
    for _ in range(20):
        options = app["options_for"]("bank", app["state"]["cards"], app["draw"])
        assert sum(o in {"river side", "money house"} for o in options) == 1


def test_every_control_changes_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("question,answer,hint\n" + "".join(f"q{i},a{i},h{i}\n" for i in range(30)))
    app = App("quiz", "a quiz", path).set(shuffle=False)
    assert asked(app) == "q0"

    def seen() -> Any:
        return asked(app), visible(app), app["score"].value, app["state"]["cards"]

    for name, value in [("question", "hint"), ("answer", "question"), ("mode", "Flash cards"), ("length", 5)]:
        before = seen()
        app.set(**{name: value})
        assert seen() != before, name
    assert len({tuple(app.set(shuffle=s)["state"]["round"].asked) for s in (True, False, True)}) > 1


@pytest.mark.parametrize(
    ("sentence", "want"),
    [
        ("quiz me on the species of each island", ("island", "species", "Multiple choice", 20)),
        ("flash cards from species to island", ("species", "island", "Flash cards", 20)),
        ("15 questions about island for each species, typed answers", ("species", "island", "Type the answer", 15)),
    ],
)
def test_slots(tmp_path: Path, sentence: str, want: tuple[Any, ...]) -> None:
    assert tuple(App("quiz", sentence, as_it_is(tmp_path, "penguins")).filling.values().values()) == want


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,notes,definition,term\n" + "".join(f"{i},some note {i},means {i},word {i}\n" for i in range(9)))
    values = App("quiz", "flashcards", path).filling.values()
    assert (values["question"], values["answer"]) == ("term", "definition")


def test_a_sample_says_that_it_is_one(tmp_path: Path) -> None:
    app = App("quiz", "a quiz")
    assert app.filling.notes == ("No data file is given: a small sample stands in its place.",)
    assert "sample questions" in app["label"].value
    app = App("quiz", "a quiz", as_it_is(tmp_path, "penguins"))
    assert app.filling.notes == ()
    assert app["label"].layout.display == "none"


@pytest.mark.parametrize("text", ["a,b\n", "a,b\n1,\n", "a,b\n,\n", "a,b\n , \n"])
@pytest.mark.parametrize("mode", ["Multiple choice", "Flash cards", "Type the answer"])
def test_no_questions_are_said(tmp_path: Path, text: str, mode: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("quiz", "a quiz", path).set(question="a", answer="b", mode=mode, length=3)
    assert "No questions" in asked(app)
    assert visible(app) == []


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "a,b\n1,same\n2,same\n", "a\nx\n"])
def test_without_a_wrong_answer_it_is_a_flash_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    app = App("quiz", "a quiz", path)
    while not asked(app).startswith("Done"):
        assert visible(app) == ["turn"]
        app["turn"].click()
        app["knew"].click()
    assert "100 %" in asked(app)


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("question,answer\n" + "".join(f"What is {i} + 1?,{i + 1}\n" for i in range(100_000)))
    app = App("quiz", "a quiz", path)
    assert len(app["state"]["cards"]) == 100_000
    assert len(app["state"]["round"].left) == 20
    number = re.search(r"\d+", asked(app))
    assert number and str(int(number[0]) + 1) in offered(app)
    click(app, right=True)


def test_markup_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("question,answer\n<b>x</b>,<script>alert(1)</script>\n<i>y</i>,<img src=x>\n")
    app = App("quiz", "a quiz", path)
    while not asked(app).startswith("Done"):
        for shown in (app["prompt"].value, app["feedback"].value):
            assert not re.search(r"<(b|i|script|img)\b", shown)
        click(app, right=True)
