"""What Nexus answers in the chat without a model."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.agents.builder import Builder
from nexus_jupyter.agents.exchange import CARD, CHOICES, Part, Request, Text
from nexus_jupyter.agents.replies import RecipeReplies, data_files
from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.errors import NexusError

DATA = Path(__file__).parents[2] / "notebooks" / "data"
BARLEY = Path(__file__).parents[1] / "fixtures" / "tables" / "barley.json"


class Stop(NexusError):
    """Building was reached."""


@pytest.fixture
def replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecipeReplies:
    async def make(_: Any, sentence: str, **kwargs: Any) -> Any:
        raise Stop(f"build {kwargs['recipe']} with {[p.name for p in kwargs['data']]}")

    monkeypatch.setattr(Builder, "make", make)
    shutil.copy(DATA / "penguins.csv", tmp_path)
    return RecipeReplies(Builder(ArtifactLibrary(tmp_path)))


def answer(replies: RecipeReplies, text: str, last_data: tuple[str, ...] = (), **kwargs: Any) -> list[Any]:
    async def collect() -> list[Any]:
        request = Request(text=text, **kwargs)
        return [e async for e in replies.reply(request, last_data=last_data) if isinstance(e, Text | Part)]

    return asyncio.run(collect())


def test_the_only_table_is_taken(replies: RecipeReplies) -> None:
    (said,) = answer(replies, "compare body mass by species")
    assert said.text == "build group-compare with ['penguins.csv']"


def test_a_close_call_is_a_question_with_three_choices(replies: RecipeReplies, tmp_path: Path) -> None:
    shutil.copy(BARLEY, tmp_path)
    said, chips = answer(replies, "bars of yield for the varieties in barley.json")
    assert "more than one app" in said.text
    assert chips.mime == CHOICES
    assert len(chips.data["choices"]) == 3
    chosen = chips.data["choices"][0]["request"]
    (said,) = answer(replies, **chosen)
    assert said.text == f"build {chosen['recipe']} with ['barley.json']"


def test_out_of_scope_is_said_with_the_nearest_recipes(replies: RecipeReplies) -> None:
    said, chips = answer(replies, "write a chess game")
    assert said.text.startswith("I cannot build this without a model.")
    assert len(chips.data["choices"]) == 3


def test_a_table_is_asked_for_where_there_are_several(replies: RecipeReplies, tmp_path: Path) -> None:
    shutil.copy(BARLEY, tmp_path)
    said, chips = answer(replies, "plot sales over time")
    assert said.text == "This app needs a table."
    assert [c["label"] for c in chips.data["choices"]] == ["barley.json", "penguins.csv"]


def test_a_missing_table_is_said(replies: RecipeReplies, tmp_path: Path) -> None:
    (tmp_path / "penguins.csv").unlink()
    (said,) = answer(replies, "plot sales over time")
    assert "needs a table" in said.text


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "a\0b.csv"])
def test_paths_outside_the_root_are_refused(replies: RecipeReplies, path: str) -> None:
    (said,) = answer(replies, "compare a by b", data=(path,))
    assert "outside" in said.text or "NUL" in said.text


@pytest.mark.parametrize("text", ["", "   ", "x" * 100_000])
def test_bad_prompts_get_a_sentence(replies: RecipeReplies, text: str) -> None:
    (said,) = answer(replies, text)
    assert said.text.startswith("The prompt")


@pytest.mark.parametrize("text", ["hi", "Hello!", "help", "what can you do?"])
def test_a_greeting_gets_help(replies: RecipeReplies, text: str) -> None:
    (said,) = answer(replies, text)
    assert "Describe an app" in said.text


def test_a_greeting_before_a_wish_is_no_call_for_help(replies: RecipeReplies) -> None:
    (said,) = answer(replies, "hi, compare body mass by species")
    assert said.text.startswith("build group-compare")


def test_the_last_data_is_used_again(replies: RecipeReplies, tmp_path: Path) -> None:
    shutil.copy(BARLEY, tmp_path)
    (said,) = answer(replies, "compare body mass by island", ("penguins.csv",))
    assert said.text == "build group-compare with ['penguins.csv']"


@pytest.fixture
def many(replies: RecipeReplies, tmp_path: Path) -> RecipeReplies:
    shutil.copy(DATA / "seattle-weather.csv", tmp_path)
    (tmp_path / "schule.csv").write_text("Name;Klasse;Punkte\nAnna;3a;12\nBen;3b;14\n")
    return replies


@pytest.mark.parametrize(
    ("sentence", "last", "built"),
    [
        ("browse the weather table sorted by date", "penguins.csv", "table-explorer with ['seattle-weather.csv']"),
        ("compare punkte by klasse", "penguins.csv", "group-compare with ['schule.csv']"),
        ("compare body mass by species", "", "group-compare with ['penguins.csv']"),
        ("compare body mass by species", "schule.csv", "group-compare with ['penguins.csv']"),
        ("browse the table", "schule.csv", "table-explorer with ['schule.csv']"),
        ("a tip calculator", "penguins.csv", "calculator with []"),
        ("how can I compare punkte by klasse?", "", "group-compare with ['schule.csv']"),
    ],
)
def test_the_table_is_the_one_the_sentence_is_about(many: RecipeReplies, sentence: str, last: str, built: str) -> None:
    (said,) = answer(many, sentence, (last,) if last else ())
    assert said.text == f"build {built}"


@pytest.mark.parametrize("question", ["how do I add another table?", "Where are my files?", "who are you, Nexus?"])
def test_a_question_about_nexus_is_answered(many: RecipeReplies, question: str) -> None:
    (said,) = answer(many, question, ("penguins.csv",))
    assert "Describe an app in a sentence" in said.text


def test_a_question_for_the_file_offers_the_newest_and_names_the_one_picked(
    many: RecipeReplies, tmp_path: Path
) -> None:
    for number in range(10):
        path = tmp_path / f"t{number}.csv"
        path.write_text("a,b\n1,2\n")
        os.utime(path, (2e9 + number, 2e9 + number))
    said, chips = answer(many, "browse the table")
    assert "5 more" in said.text
    assert [c["label"] for c in chips.data["choices"]] == [f"t{n}.csv" for n in range(9, 1, -1)]
    assert chips.data["choices"][0]["request"]["text"] == "browse the table in t9.csv"


def test_data_files_leave_apps_and_hidden_folders_out(tmp_path: Path) -> None:
    for name in ("b.csv", "sub/a.json", "app/.nexus/x", "app/c.csv", ".hidden/d.csv", "note.txt", "node_modules/e.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    assert data_files(tmp_path) == ["b.csv", "sub/a.json"]


def test_the_card_type_is_stable() -> None:
    assert CARD == "application/vnd.nexus.app-card+json"
