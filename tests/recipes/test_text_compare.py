"""`text-compare` shows what really differs."""

from __future__ import annotations

import html
import random
import re
from pathlib import Path
from typing import Any

import pytest
from running import App, words

DELETED = re.compile(r"<del[^>]*>(.*?)</del>", re.DOTALL)
INSERTED = re.compile(r"<ins[^>]*>(.*?)</ins>", re.DOTALL)
FIGURES = re.compile(r"(\d+) % alike, word by word. ([\d,]+) .*? removed, ([\d,]+) added, ([\d,]+) unchanged")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def app() -> App:
    return App("text-compare", "compare two texts")


def texts_of(app: App) -> tuple[str, str]:
    """Return both texts as the running text holds them."""
    shown = app["result"].value
    first = words(INSERTED.sub("", shown))
    second = words(DELETED.sub("", shown))
    return html.unescape(first), html.unescape(second)


def figures(app: App) -> tuple[int, ...]:
    found = FIGURES.search(words(app["summary"].value))
    assert found, app["summary"].value
    return tuple(int(f.replace(",", "")) for f in found.groups())


def longest_common(first: list[str], second: list[str]) -> int:
    """Return the length of the longest common subsequence, by the textbook."""
    row = [0] * (len(second) + 1)
    for a in first:
        before = row[:]
        for i, b in enumerate(second):
            row[i + 1] = before[i] + 1 if a == b else max(before[i + 1], row[i])
    return row[-1]


PAIRS = [
    ("the cat sat on the mat", "the cat stood on a mat"),
    ("", "something new"),
    ("something old", ""),
    ("same", "same "),
    ("a < b & c > d", "a < b && c >= d"),
    ("Ümläut naïve", "Umlaut naive"),
    ("one\ntwo\nthree\n", "zero\none\nthree\n"),
    ("<script>alert(1)</script>", "<b>bold</b>"),
    ("tab\there", "tab here"),
    ("x" * 500, "x" * 499 + "y"),
    ("it's 5 o'clock, isn't it?", "it's six o'clock; is it?"),
    ((ROOT / "LICENSE").read_text(), (ROOT / "LICENSE").read_text().replace("copyright", "copyleft")),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_running_text_holds_both_texts(app: App, first: str, second: str) -> None:
    app.set(first=first, second=second)
    assert texts_of(app) == (first, second)
    assert not re.search(r"<(script|b)>", app["result"].value)


def test_random_texts(app: App) -> None:
    draw = random.Random(11)
    for _ in range(60):
        first, second = (" ".join(draw.choice("abcd") for _ in range(draw.randrange(1, 30))) for _ in range(2))
        app.set(first=first, second=second)
        assert texts_of(app) == (first, second)
        if "alike" not in app["summary"].value:
            assert (first == second) == ("No differences" in app["summary"].value)
            continue
        percent, removed, added, equal = figures(app)
        a, b = first.split(), second.split()
        assert (equal + removed, equal + added) == (len(a), len(b))
        assert percent == min(99, round(200 * equal / (len(a) + len(b))))
        best = longest_common(a, b)
        assert best >= equal >= min(best, 1)  # difflib prefers readable stretches to the longest sum


@pytest.mark.parametrize(
    ("first", "second", "want"),
    [
        ("the cat sat on the mat", "the cat stood on a mat", (67, 2, 2, 4)),
        ("a b c d", "a b c d e", (89, 0, 1, 4)),
        ("a, b", "a b", (80, 1, 0, 2)),
        ("one two", "three four", (0, 2, 2, 0)),
    ],
)
def test_figures(app: App, first: str, second: str, want: tuple[int, ...]) -> None:
    assert figures(app.set(first=first, second=second)) == want


def test_capitals_and_spaces_may_be_ignored(app: App) -> None:
    app.set(first="Hello  World", second="hello world")
    assert figures(app) == (0, 2, 2, 0)
    app.set(ignore_spaces=True)
    assert figures(app) == (0, 2, 2, 0)
    app.set(ignore_case=True)
    assert "No differences" in app["summary"].value
    app.set(ignore_spaces=False)
    assert "Only spaces differ" in app["summary"].value


def rows_of(app: App) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", app["result"].value, re.DOTALL)
    return [[html.unescape(words(c)) for c in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_lines_stand_side_by_side(app: App) -> None:
    app.set(first="one\ntwo\nthree\nfour", second="one\n2\nthree\n3.5\nfour", unit="Lines")
    assert rows_of(app) == [
        ["1", "one", "1", "one"],
        ["2", "two", "2", "2"],
        ["3", "three", "3", "three"],
        ["", "", "4", "3.5"],
        ["4", "four", "5", "four"],
    ]
    assert figures(app) == (55, 1, 2, 3)


def test_a_changed_line_stands_beside_what_became_of_it(app: App) -> None:
    app.set(first="a = first(1)\nprint(a)", second="a = first(2)\n# say it\nprint(a, b)", unit="Lines")
    assert rows_of(app) == [
        ["1", "a = first(1)", "1", "a = first(2)"],
        ["", "", "2", "# say it"],
        ["2", "print(a)", "3", "print(a, b)"],
    ]


def test_changed_words_are_marked_inside_a_line(app: App) -> None:
    app.set(first="x = 1\ny = 2", second="x = 1\ny = 3", unit="Lines")
    assert DELETED.findall(app["result"].value) == ["2"]
    assert INSERTED.findall(app["result"].value) == ["3"]


@pytest.mark.parametrize("unit", ["Words", "Lines"])
def test_unchanged_stretches_can_be_folded(app: App, unit: str) -> None:
    same = "\n".join(f"line {i}" for i in range(100))
    app.set(first=f"{same}\nold\n{same}", second=f"{same}\nnew\n{same}", unit=unit)
    whole = app["result"].value
    assert "unchanged" not in whole
    app.set(only_changes=True)
    assert len(app["result"].value) < len(whole) / 3
    assert app["result"].value.count(" unchanged ") == 2
    if unit == "Lines":
        assert [r[1] for r in rows_of(app)] == [
            "… 97 unchanged lines …", "line 97", "line 98", "line 99", "old", "line 0", "line 1", "line 2",
            "… 97 unchanged lines …",
        ]  # fmt: skip


def test_every_control_changes_what_is_shown(app: App) -> None:
    app.set(first="A b\nc\n" * 30 + "x", second="a  b\nc\n" * 30 + "y")
    for name, value in [
        ("unit", "Lines"), ("ignore_case", True), ("ignore_spaces", True), ("only_changes", True), ("first", "q"), ("second", "r"),
    ]:  # fmt: skip
        before = app["summary"].value, app["result"].value
        app.set(**{name: value})
        assert (app["summary"].value, app["result"].value) != before, name


@pytest.mark.parametrize(
    ("sentence", "want"),
    [
        ("compare 'the cat sat' with 'the cat stood'", ("the cat sat", "the cat stood", "Words", "Compare", "Compare")),
        ('diff of "don\'t go" and "do not go" line by line', ("don't go", "do not go", "Lines", "Compare", "Compare")),
        ("compare two texts ignoring case", ("", "", "Words", "Ignore", "Compare")),
        ("show changed lines, ignore whitespace", ("", "", "Lines", "Compare", "Ignore")),
        ("“" + "long " * 100 + "” against “short”", ("long " * 100, "short", "Words", "Compare", "Compare")),
        ("is 'a' in here", ("a", "", "Words", "Compare", "Compare")),
        ("'first line\nsecond line' vs 'first line'", ("first line\nsecond line", "first line", "Words", "Compare", "Compare")),
    ],
)  # fmt: skip
def test_slots(sentence: str, want: tuple[Any, ...]) -> None:
    app = App("text-compare", sentence)
    assert tuple(app.filling.values().values()) == want
    assert (app["first"].value, app["second"].value) == want[:2]


def test_empty_fields_say_what_to_do(app: App) -> None:
    assert "Put a text into each field" in app["summary"].value
    app.set(first=" ", second="")
    assert "Only spaces differ" in app["summary"].value
    app.set(unit="Lines")


@pytest.mark.parametrize("unit", ["Words", "Lines"])
def test_a_hundred_thousand_lines(app: App, unit: str) -> None:
    draw = random.Random(3)
    lines = [f"row {i} of {draw.randrange(150)}" for i in range(100_000)]
    other = ["changed" if i % 9000 == 7 else line for i, line in enumerate(lines)]
    app.set(unit=unit)
    app.variables["second"].value = "\n".join(other)
    app.variables["first"].value = "\n".join(lines)
    assert "what did not change is folded" in app["summary"].value
    removed, added = figures(app)[1:3]
    assert (removed, added) == ((12, 12) if unit == "Lines" else (12 * 4, 12))
    assert len(app["result"].value) < 200_000


def test_long_texts_of_few_words_are_answered(app: App) -> None:
    draw = random.Random(5)
    first, second = (" ".join(draw.choice(["a", "b", "c", "d"]) for _ in range(50_000)) for _ in range(2))
    app["first"].value = first
    app["second"].value = second
    _, removed, added, equal = figures(app)
    assert (equal + removed, equal + added) == (50_000, 50_000)
    app.set(unit="Lines")


def test_a_long_paragraph_is_compared_by_its_sentences(app: App) -> None:
    sentences = [f"This is sentence {i} of a long text." for i in range(3000)]
    first = " ".join(sentences)
    sentences[1500] = "This is sentence 1500 of a short text."
    app["first"].value = first
    app["second"].value = " ".join(sentences)
    assert figures(app)[1:3] == (1, 1)
    assert DELETED.findall(app["result"].value) == ["long"]


def test_many_changes_are_cut_off(app: App) -> None:
    first, second = ("\n".join(f"{word} {i}\nsame {i}" for i in range(5000)) for word in ("old", "new"))
    app.set(unit="Lines", first=first, second=second)
    assert "changes are shown" in app["summary"].value
    assert app["result"].value.count("<tr>") <= 3001
