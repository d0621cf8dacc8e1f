"""Which recipe a sentence asks for: retrieval over the manifests, and the table's columns."""

from __future__ import annotations

import functools
import math
import re
import tomllib
from dataclasses import dataclass

from nexus_jupyter.errors import PromptRefused
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.manifest import CATALOGUE, Manifest, catalogue
from nexus_jupyter.recipes.slots import is_formula_written
from nexus_jupyter.recipes.words import STOP, alike, mentions, stem, tokens

MAX_PROMPT = 20_000
IN_SCOPE = 0.30
CLOSE = 0.12  # two choices nearer than this are a question to the owner
UNKNOWN = 1.6  # weight of a word that no recipe knows
UNKNOWN_IN_DATA = 0.7  # ... which over a table may well be one of its values
BEYOND = 0.3  # taken off for each word of what no recipe does
GLUE = frozenset({"by", "per", "over", "against", "vs", "versus", "between", "each", "every"})
SUPERLATIVE = re.compile(
    r"\b(most|least|best|worst|more|less|fewer|(?!interest|latest|request|forest)\w{3,}est|\w{3,}er than)\b"
)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A recipe and how well it fits, 0 to 1."""

    recipe: str
    title: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """Ranked recipes for a sentence."""

    choices: tuple[Choice, ...]
    in_scope: bool

    @property
    def is_close(self) -> bool:
        """Whether the first two choices are too near to decide."""
        return len(self.choices) > 1 and self.choices[0].score - self.choices[1].score < CLOSE


def check_prompt(sentence: str) -> str:
    """Return the sentence without surrounding space.

    Raises
    ------
    PromptRefused
        It is empty or longer than 20,000 characters.
    """
    sentence = sentence.strip()
    if not sentence or not any(c.isalnum() for c in sentence):
        raise PromptRefused("The prompt is empty.", "Say what the app should do, for example: compare price by brand.")
    if len(sentence) > MAX_PROMPT:
        raise PromptRefused(
            f"The prompt has {len(sentence):,} characters; at most {MAX_PROMPT:,} are read.",
            "Say it in a sentence, and give data as a file.",
        )
    return sentence


def _content(sentence: str) -> list[str]:
    return [stem(t) for t in tokens(sentence) if t not in STOP or t in GLUE]


@functools.cache
def _weights() -> dict[str, float]:
    """Return how telling each stem is: rare among recipes counts more."""
    vocabularies = [set(_vocabulary(r.manifest)) for r in catalogue().values()]
    known = set().union(*vocabularies)
    total = len(vocabularies)
    return {w: math.log(1 + total / sum(w in v for v in vocabularies)) for w in known}


@functools.cache
def _examples(recipe_id: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(_content(e)) for e in catalogue()[recipe_id].manifest.examples)


def _vocabulary(manifest: Manifest) -> list[str]:
    texts = " ".join([manifest.title, manifest.description, *manifest.words, *manifest.examples])
    texts += " " + " ".join(w for s in manifest.slots.values() for ws in s.choices.values() for w in ws)
    texts += " " + " ".join(w for k in manifest.known for w in k.words)
    return _content(texts)


@functools.cache
def _lexicon(recipe_id: str) -> frozenset[str]:
    manifest = catalogue()[recipe_id].manifest
    words = [*manifest.words, manifest.title]
    words += [w for s in manifest.slots.values() for ws in s.choices.values() for w in ws]
    words += [w for k in manifest.known for w in k.words]
    return frozenset(_content(" ".join(words)))


@functools.cache
def _beyond(*, has_table: bool) -> frozenset[str]:
    """Return the words of what no recipe does."""
    raw = tomllib.loads((CATALOGUE / "beyond.toml").read_text(encoding="utf-8"))
    words = raw["always"] if has_table else [*raw["always"], *raw["without_table"]]
    known = set().union(*(_lexicon(r) for r in catalogue()))
    return frozenset(_content(" ".join(words))) - known


def score(recipe_id: str, words: list[str], *, named: int, unknown: float) -> float:
    """Return how well one recipe fits.

    Parameters
    ----------
    words
        The content stems of the sentence that name no column.
    named
        How many columns of the table the sentence names.
    unknown
        The weight of a word that no recipe knows.
    """
    weights = _weights()
    lexicon = _lexicon(recipe_id)
    total = sum(weights.get(w, unknown) for w in words) or 1.0
    hit = sum(weights.get(w, unknown) for w in words if any(alike(w, k) > 0.88 for k in lexicon))
    near = 0.0
    present = set(words)
    for example in _examples(recipe_id):
        shared = sum(weights.get(w, 0) for w in example & present)
        union = total + sum(weights.get(w, 0) for w in example if w in lexicon and w not in present)
        near = max(near, shared / union if union else 0)
    return 0.62 * hit / total + 0.38 * near + 0.03 * min(named, 2)


def route(sentence: str, table: Table | None = None) -> Route:
    """Rank the recipes for a sentence, best first.

    Raises
    ------
    PromptRefused
        The sentence is empty or too long.
    """
    sentence = check_prompt(sentence)
    names = [c.name for c in table.columns] if table else []
    found = mentions(sentence, names)
    named_positions = {i for m in found for i in range(m.start, m.end)}
    raw = tokens(sentence)
    # "by" and "against" speak of columns; without a named column and a table they say nothing.
    glue = GLUE if found or table is None else frozenset()
    free = [t for i, t in enumerate(raw) if i not in named_positions and (t not in STOP or t in glue)]
    words = [stem(t) for t in free if t not in GLUE or t in glue]
    beyond = _beyond(has_table=table is not None)
    against = BEYOND * sum(w in beyond for w in words)
    choices = []
    for recipe_id, recipe in catalogue().items():
        unknown = UNKNOWN if table is None else UNKNOWN_IN_DATA
        points = score(recipe_id, words, named=len(found), unknown=unknown) - against
        points += _shape_bonus(recipe.manifest, sentence, [m.column for m in found], table)
        choices.append(Choice(recipe=recipe_id, title=recipe.manifest.title, score=round(min(1, max(0, points)), 3)))
    choices.sort(key=lambda c: (-c.score, c.recipe))
    return Route(choices=tuple(choices), in_scope=bool(choices) and choices[0].score >= IN_SCOPE)


def _shape_bonus(manifest: Manifest, sentence: str, named: list[str], table: Table | None) -> float:
    """Return what the shape of the request says: number by category compares, number by number plots."""
    if not manifest.needs_table:
        # A formula over the columns of a table is a wish that no calculator fulfils.
        return (0.35 if is_formula_written(sentence) else 0.0) - (0.2 if table else 0.0) - 0.1 * len(named)
    if table is None:
        return 0.0
    kinds = [c.kind for n in named if (c := table.column(n))]
    groups = sum(k in {"category", "flag"} for k in kinds)
    numbers = kinds.count("number")
    if manifest.id == "group-compare":
        by = bool({"by", "per", "each", "every", "across", "between"} & set(tokens(sentence)))
        ranks = SUPERLATIVE.search(sentence.casefold()) is not None
        return 0.15 * (groups > 0 and (numbers > 0 or by)) + 0.15 * (groups > 0 and ranks) + 0.05 * (groups > 0)
    if manifest.id == "chart-builder":
        return 0.18 * (numbers >= 2 or ("date" in kinds and numbers > 0))
    return 0.0
