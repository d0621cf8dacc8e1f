"""The fitted scorer of routing: what it sees in a sentence, and the text that holds its weights."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from benchmarks.routing import lines, slots_are_right, table
from nexus_jupyter.recipes.evidence import NONE, WEIGHTS, apart, features, labels, opinion
from nexus_jupyter.recipes.routing import route
from nexus_jupyter.recipes.words import Vocabulary, mentions

DEVELOPMENT = lines(Path(__file__).parent / "development.txt")


def test_a_column_stands_as_its_kind() -> None:
    found = features("mean body mass by species", table("penguins"))
    assert {"word <number>", "pair <number> by", "pair by <category>", "columns category1 number1"} <= found
    assert "word mass" not in found


def test_the_weights_are_small_and_name_every_label() -> None:
    assert WEIGHTS.stat().st_size < 200_000
    head = WEIGHTS.read_text(encoding="utf-8").splitlines()[1]
    assert head.split("\t") == ["feature", *labels()]


def test_what_no_recipe_does_has_a_weight_of_its_own() -> None:
    found = opinion("write a poem about autumn", None)
    assert max(found, key=found.__getitem__) == NONE


@pytest.mark.parametrize("typed", ["histogrm", "histogrram", "histogran", "hsitogram"])
def test_one_slip_is_read_as_the_known_word(typed: str) -> None:
    assert Vocabulary(["histogram", "chart"]).meant(typed) == "histogram"


@pytest.mark.parametrize("typed", ["chat", "hist", "poem", "hstgram"])
def test_short_and_strange_words_stay(typed: str) -> None:
    assert Vocabulary(["histogram", "chart", "poems"]).meant(typed) == typed


@pytest.mark.parametrize(
    ("sentence", "is_apart"),
    [
        ("never mind the table, calculate a * b", True),
        ("no table needed: compare two texts", True),
        ("without the data: a vocabulary quiz", True),
        ("show the table without the data column", False),
        ("the table", False),
    ],
)
def test_a_table_can_be_left_aside(sentence: str, is_apart: bool) -> None:
    assert (apart(sentence, table("penguins"))[1] is None) == is_apart


@pytest.mark.parametrize(
    ("name", "sentence", "column"),
    [
        ("penguins", "how heavy are they", "body_mass_g"),
        ("penguins", "beak depth", "bill_depth_mm"),
        ("cars", "fuel economy", "Miles_per_Gallon"),
        ("cars", "the weight of the cars", "Weight_in_lbs"),
        ("seattle-weather", "nightly lows", "temp_min"),
        ("seattle-weather", "high temperature", "temp_max"),
        ("seattle-weather", "rainfall", "precipitation"),
    ],
)
def test_columns_go_by_other_names(name: str, sentence: str, column: str) -> None:
    data = table(name)
    assert data is not None
    assert [m.column for m in mentions(sentence, [c.name for c in data.columns])] == [column]


def test_a_word_that_fits_two_columns_by_another_word_names_none() -> None:
    assert mentions("the beak", ["bill_length", "bill_depth"]) == []


def test_slots_of_the_third_hands_lines_that_nothing_was_fitted_to() -> None:
    told = [line for line in DEVELOPMENT[0::2] if line.slots]
    assert statistics.mean(slots_are_right(line, line.sentence) for line in told) >= 0.88


def test_a_sentence_is_routed_at_once() -> None:
    route("warm up")
    times = []
    for line in DEVELOPMENT[:100]:
        data, begun = table(line.table), time.perf_counter()
        route(line.sentence, data)
        times.append(time.perf_counter() - begun)
    assert statistics.median(times) < 0.02
