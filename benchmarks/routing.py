"""How well sentences of another hand reach their recipe and fill its slots; `tests/recipes/heldout.txt` has them."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nexus_jupyter.errors import NexusError
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.manifest import catalogue
from nexus_jupyter.recipes.routing import route
from nexus_jupyter.recipes.slots import fill
from nexus_jupyter.recipes.tables import profile
from nexus_jupyter.recipes.words import STOP, stem, tokens

TESTS = Path(__file__).parents[1] / "tests"
HELD_OUT = TESTS / "recipes" / "heldout.txt"
TABLES = (TESTS.parent / "notebooks" / "data", TESTS / "fixtures" / "tables")
SUFFIXES = {".csv", ".json"}
#: A slot of the sentences whose name in the manifest is another.
NAMES = {"dashboard": {"value": "measure"}}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence, and what it means to a person."""

    recipes: tuple[str, ...]
    table: str
    sentence: str
    slots: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Shares of all sentences that a router understood."""

    inside: int
    outside: int
    top1: float
    top3: float
    refused: float
    wrongly_refused: float


def lines(path: Path = HELD_OUT) -> list[Line]:
    """Return all sentences of a file."""
    found = []
    for raw in path.read_text(encoding="utf-8").splitlines():
        if not raw.strip() or raw.startswith("#"):
            continue
        recipes, table, sentence, *slots = (part.strip() for part in raw.split("|", 3))
        pairs = [pair.split("=", 1) for pair in (slots[0].split(";") if slots else []) if "=" in pair]
        found.append(
            Line(
                recipes=tuple(r.strip() for r in recipes.split(",")),
                table=table,
                sentence=sentence,
                slots={name.strip(): value.strip() for name, value in pairs},
            )
        )
    return found


@functools.cache
def table(name: str) -> Table | None:
    """Return the profile of a table by its stem; None for `-`."""
    if name == "-":
        return None
    return profile(next(f for folder in TABLES for f in folder.iterdir() if f.stem == name and f.suffix in SUFFIXES))


Router = Callable[[str, Table | None], list[str]]


def ours(sentence: str, data: Table | None) -> list[str]:
    """Return the recipes that our router offers, best first; none where it refuses."""
    found = route(sentence, data)
    return [c.recipe for c in found.choices] if found.in_scope else []


def by_words(sentence: str, _: Table | None) -> list[str]:
    """Return the recipes whose description and examples share most words with a sentence: the baseline."""
    words = {stem(t) for t in tokens(sentence)} - STOP
    shared = {
        recipe_id: max(
            len(words & ({stem(t) for t in tokens(text)} - STOP))
            for text in (recipe.manifest.description, *recipe.manifest.examples)
        )
        for recipe_id, recipe in catalogue().items()
    }
    best = sorted(shared, key=lambda r: (-shared[r], r))
    return best if shared[best[0]] else []


def score(router: Router, among: list[Line] | None = None) -> Score:
    """Return how a router does on sentences: those held out, if no others are given."""
    among = lines() if among is None else among
    inside = [line for line in among if line.recipes != ("none",)]
    outside = [line for line in among if line.recipes == ("none",)]
    ranked = [(line, router(line.sentence, table(line.table))) for line in inside]
    refused = [not router(line.sentence, table(line.table)) for line in outside]

    def share(most: int) -> float:
        return statistics.mean(bool(set(line.recipes) & set(found[:most])) for line, found in ranked)

    return Score(
        inside=len(inside),
        outside=len(outside),
        top1=share(1),
        top3=share(3),
        refused=statistics.mean(refused),
        wrongly_refused=statistics.mean(not found for _, found in ranked),
    )


def slots_are_right(line: Line, sentence: str) -> bool:
    """Return whether each slot that a line names is filled as it says, its recipe being given."""
    recipe = catalogue()[line.recipes[0]].manifest
    try:
        values = fill(recipe, sentence, table(line.table)).values()
    except NexusError:
        return False
    names = NAMES.get(recipe.id, {})
    if recipe.id == "correlation":  # which of the two is x carries no meaning
        wanted = {line.slots[n] for n in ("x", "y") if n in line.slots}
        rest = {n: v for n, v in line.slots.items() if n not in ("x", "y")}
        return wanted <= {values["x"], values["y"]} and all(_same(values.get(n), v) for n, v in rest.items())
    return all(_same(values.get(names.get(name, name)), value) for name, value in line.slots.items())


def _same(found: object, wanted: str) -> bool:
    """Return whether two values are the same but for spaces, `^`, and a name before an equals sign."""

    def plain(text: str) -> str:
        return "".join(text.replace("^", "**").split())

    text = plain(str(found))
    return text == plain(wanted) or text.endswith(f"={plain(wanted)}")


def milliseconds() -> float:
    """Return the median time of one routing."""
    times = []
    for line in lines():
        data = table(line.table)
        begun = time.perf_counter()
        ours(line.sentence, data)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


if __name__ == "__main__":
    print(score(ours))
    print(score(by_words))
    with_slots = [line for line in lines() if line.slots]
    print(len(with_slots), statistics.mean(slots_are_right(line, line.sentence) for line in with_slots), milliseconds())
