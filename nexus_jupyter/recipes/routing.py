"""Which recipe a sentence asks for: retrieval over the manifests, and the table's columns."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from nexus_jupyter.errors import PromptRefused
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.manifest import Manifest, catalogue
from nexus_jupyter.recipes.words import STOP, alike, mentions, stem, tokens

MAX_PROMPT = 20_000
IN_SCOPE = 0.30
CLOSE = 0.12  # two choices nearer than this are a question to the owner
GLUE = frozenset({"by", "per", "over", "against", "vs", "versus", "between", "each", "every"})


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


def score(recipe_id: str, words: list[str], named: int, covered: set[int]) -> float:
    """Return how well one recipe fits.

    Parameters
    ----------
    words
        The content stems of the sentence.
    named
        How many columns of the table the sentence names.
    covered
        Positions in `words` that name a column.
    """
    weights = _weights()
    # "by" and "against" speak of columns; without a named column they say nothing.
    free = [w for i, w in enumerate(words) if i not in covered and (named or w not in GLUE)]
    lexicon = _lexicon(recipe_id)
    total = sum(weights.get(w, 1.2) for w in free) or 1.0
    hit = sum(weights.get(w, 1.2) for w in free if any(alike(w, k) > 0.88 for k in lexicon))
    near = 0.0
    present = set(free)
    for example in _examples(recipe_id):
        shared = sum(weights.get(w, 0) for w in example & present)
        union = total + sum(weights.get(w, 0) for w in example if w in lexicon and w not in present)
        near = max(near, shared / union if union else 0)
    return min(1.0, 0.62 * hit / total + 0.38 * near + 0.03 * min(named, 2))


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
    kept = [(i, stem(t)) for i, t in enumerate(raw) if t not in STOP or t in GLUE]
    words = [w for _, w in kept]
    covered = {position for position, (i, _) in enumerate(kept) if i in named_positions}
    choices = []
    for recipe_id, recipe in catalogue().items():
        points = score(recipe_id, words, len(found), covered)
        if recipe.manifest.needs_table:
            points += _shape_bonus(recipe.manifest, raw, [m.column for m in found], table)
        elif table is not None:
            points -= 0.1
        choices.append(Choice(recipe=recipe_id, title=recipe.manifest.title, score=round(min(1, max(0, points)), 3)))
    choices.sort(key=lambda c: (-c.score, c.recipe))
    return Route(choices=tuple(choices), in_scope=bool(choices) and choices[0].score >= IN_SCOPE)


def _shape_bonus(manifest: Manifest, raw: list[str], named: list[str], table: Table | None) -> float:
    """Return what the kinds of the named columns say: number by category compares, number by number plots."""
    if table is None:
        return 0.0
    kinds = [c.kind for n in named if (c := table.column(n))]
    groups = sum(k in {"category", "flag"} for k in kinds)
    numbers = kinds.count("number")
    if manifest.id == "group-compare" and groups and (numbers or {"by", "per", "each"} & set(raw)):
        return 0.15
    if manifest.id == "chart-builder" and (numbers >= 2 or ("date" in kinds and numbers)):
        return 0.12
    return 0.0
