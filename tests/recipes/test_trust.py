"""Only our own cells, to the letter, are trusted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nexus_jupyter.recipes.instantiate import instantiate
from nexus_jupyter.recipes.manifest import catalogue, recipe
from nexus_jupyter.recipes.slots import fill
from nexus_jupyter.recipes.tables import profile
from nexus_jupyter.recipes.trust import is_recipe_code, is_recipe_notebook

DATA = Path(__file__).parents[2] / "notebooks" / "data"
CARS = Path(__file__).parents[1] / "fixtures" / "tables" / "cars.json"


def notebooks() -> list[object]:
    found = []
    for recipe_id in catalogue():
        for path in (DATA / "penguins.csv", DATA / "seattle-weather.csv", CARS):
            table = profile(path)
            chosen = recipe(recipe_id)
            found.append(instantiate(chosen, fill(chosen.manifest, "show", table), table, sentence="show"))
    return found


CELLS = sorted({c["source"] for nb in notebooks() for c in nb.cells if c["cell_type"] == "code"})
SLOTS = [c for c in CELLS if c.startswith("# The choices")]
CODE = [c for c in CELLS if c not in SLOTS]


def test_apps_from_recipes_are_trusted() -> None:
    assert all(is_recipe_notebook(nb) for nb in notebooks())


def test_a_cell_of_the_owner_makes_the_notebook_untrusted() -> None:
    nb = notebooks()[0]
    nb.cells[1]["source"] += "\nprint(1)"
    assert not is_recipe_notebook(nb)


@pytest.mark.parametrize("source", ["", "\n\n", "   \n", "# a comment"])
def test_empty_cells(source: str) -> None:
    assert is_recipe_code(source) == (not source.strip())


def test_line_ends_around_a_cell_do_not_matter() -> None:
    assert all(is_recipe_code(f"\n\n{c}\n") for c in CODE)


def test_no_mutation_of_a_template_cell_is_trusted() -> None:
    draw = random.Random(7)
    letters = "abcxyz_ABC019 \t\n()[]{}=.,:;'\"#%!@\\\u00a0\u200b\u0430"
    for _ in range(500):
        cell = draw.choice(CODE)
        place = draw.randrange(len(cell))
        kind = draw.choice(["insert", "delete", "replace", "swap"])
        letter = draw.choice(letters)
        if kind == "insert":
            changed = cell[:place] + letter + cell[place:]
        elif kind == "delete":
            changed = cell[:place] + cell[place + 1 :]
        elif kind == "replace":
            changed = cell[:place] + letter + cell[place + 1 :]
        else:
            changed = cell[:place] + cell[place : place + 2][::-1] + cell[place + 2 :]
        assert is_recipe_code(changed) == (changed.strip("\n") == cell), (kind, place, cell[:60])


@pytest.mark.parametrize("end", [0, -1])
@pytest.mark.parametrize("letter", list("ax1 \t;#"))
def test_no_letter_is_added_at_an_end(end: int, letter: str) -> None:
    for cell in CODE:
        assert not is_recipe_code(letter + cell if end == 0 else cell + letter)


@pytest.mark.parametrize("literal", ["'x'", "-1", "[1, 'a', {'b': (2,)}]", "None", "True", "{}", "'''a\n%%bash\n'''"])
def test_literals_in_slots(literal: str) -> None:
    assert is_recipe_code(f"# a note\nVALUE_COLUMN = {literal}")


@pytest.mark.parametrize(
    "value",
    [
        "f'{x}'", "f''", "print()", "__import__('os')", "lambda: 0", "(y := 1)", "x", "x.y", "x[0]", "1 + 1", "'a' 'b' + 'c'",
        "[*x]", "{**x}", "[i for i in 'a']", "not 1", "~1", "1 if 1 else 2", "{1}", "await x", "...if...else...", "`ls`",
        "!ls", "%pwd", "x?", "'a'; import os", "'a'\nimport os", "'a'\nfrom os import *", "'a'\n%%bash", "'a'\nOTHER = 1",
        "OTHER = 'a'", "'a'\ndel VIEW", "'a'\nVIEW += 'b'", "'a'\nVIEW: str = 'b'", "'a'\n'b'",
    ],
)  # fmt: skip
def test_nothing_but_literals_in_slots(value: str) -> None:
    assert not is_recipe_code(f"VIEW = {value}")


@pytest.mark.parametrize(
    "source",
    [
        "DATA_FILE = '/etc/passwd'",
        "DATA_FILE = '../secret.csv'",
        "DATA_FILE = 'http://localhost/x.csv'",
        "DATA_FILE = 'c:\\\\x.csv'",
        "DATA_FILE = 3",
        "DATA_FILE = ['x']",
        "READ_OPTIONS = {'storage_options': {}}",
        "READ_OPTIONS = {'converters': {}}",
        "READ_OPTIONS = {**{}}",
        "READ_OPTIONS = []",
        "VIEW, VIEW = 1, 2",
        "pd = 1",
        "table = 'x'",
        "__builtins__ = {}",
    ],
)
def test_slots_read_only_files_beside_the_notebook(source: str) -> None:
    assert not is_recipe_code(source)


def test_a_change_of_a_choice_stays_trusted() -> None:
    for cell in SLOTS:
        assert is_recipe_code(cell)
    assert is_recipe_code(SLOTS[0].replace(".csv", "2.csv"))


def test_deep_and_long_sources_are_refused_not_a_crash() -> None:
    for source in (
        "VIEW = " + "[" * 5000,
        "VIEW = " + "-" * 50_000 + "1",
        "VIEW = '" + "x" * 200_000 + "'",
        "VIEW = '\0'",
    ):
        assert not is_recipe_code(source)
