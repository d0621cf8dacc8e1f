"""Which recipe a sentence asks for: retrieval over the manifests, and the table's columns."""

from __future__ import annotations

import functools
import math
import re
import tomllib
from dataclasses import dataclass

from nexus_jupyter.errors import PromptRefused
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes.evidence import NONE, apart, opinion
from nexus_jupyter.recipes.manifest import CATALOGUE, Manifest, catalogue
from nexus_jupyter.recipes.shapes import (
    CHART,
    CLOSENESS,
    CODE,
    COMPARATIVE,
    COURSE,
    DRAWING,
    EACH,
    FUTURE,
    GLUE,
    HOW_TO,
    LOOKUP,
    PLOTTED,
    SUPERLATIVE,
    TWO_TABLES,
    WHAT_IS,
    YEARS,
    cues,
)
from nexus_jupyter.recipes.slots import is_formula_written, quoted_texts
from nexus_jupyter.recipes.words import STOP, alike, mentions, stem, tokens

MAX_PROMPT = 20_000
RULES = 4.0  # how much the rules count beside the fitted weights
OUT_OF_SCOPE = 0.5  # share of what no recipe does from which a sentence is refused
CLOSE = 0.15  # share of a second choice from which the owner is asked
UNKNOWN = 1.9  # weight of a word that no recipe knows
UNKNOWN_UNCUED = 2.2  # ... where no word asks for a recipe by itself
UNKNOWN_IN_DATA = 0.7  # ... which over a table may well be one of its values
BEYOND = 0.4  # taken off for each word of what no recipe does
CUE = 0.3  # added for a word that asks for one recipe alone
NEARLY = 0.9  # how alike a misspelt word and a known one are


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
        """Whether so much speaks for a second choice that the owner should decide."""
        return len(self.choices) > 1 and self.choices[1].score >= CLOSE


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
    own = frozenset(_content(" ".join([*manifest.words, *manifest.cues, manifest.title])))
    words = [w for s in manifest.slots.values() for ws in s.choices.values() for w in ws]
    words += [w for k in manifest.known for w in k.words]
    return own | (frozenset(_content(" ".join(words))) - GLUE)


@functools.cache
def _by_letter() -> dict[str, tuple[str, ...]]:
    """Return the words of all recipes by their first letter."""
    known = sorted(set().union(*(_lexicon(r) for r in catalogue())))
    return {letter: tuple(w for w in known if w[0] == letter) for letter in {w[0] for w in known}}


@functools.lru_cache(maxsize=8192)
def _meant(word: str) -> frozenset[str]:
    """Return the known words that a word of a sentence may stand for: itself, or what it is a misspelling of."""
    near = (w for w in _by_letter().get(word[0], ()) if min(len(w), len(word)) >= 0.75 * max(len(w), len(word)))
    return frozenset(w for w in near if alike(word, w) > NEARLY)


@functools.cache
def _beyond(*, has_table: bool) -> frozenset[str]:
    """Return the words of what no recipe does."""
    raw = tomllib.loads((CATALOGUE / "beyond.toml").read_text(encoding="utf-8"))
    words = raw["always"] if has_table else [*raw["always"], *raw["without_table"]]
    known = set().union(*(_lexicon(r) for r in catalogue()))
    return frozenset(_content(" ".join(words))) - known


@functools.cache
def _beyond_phrases() -> tuple[str, ...]:
    raw = tomllib.loads((CATALOGUE / "beyond.toml").read_text(encoding="utf-8"))
    return tuple(" ".join(stem(t) for t in tokens(phrase)) for phrase in raw["phrases"])


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
    hit = sum(weights.get(w, unknown) for w in words if not lexicon.isdisjoint(_meant(w)))
    near = 0.0
    present = set(words)
    for example in _examples(recipe_id):
        shared = sum(weights.get(w, 0) for w in example & present)
        union = total + sum(weights.get(w, 0) for w in example if w in lexicon and w not in present)
        near = max(near, shared / union if union else 0)
    return 0.62 * hit / total + 0.38 * near + 0.03 * min(named, 2)


def route(sentence: str, table: Table | None = None) -> Route:
    """Rank the recipes for a sentence, best first, by what the rules and the fitted weights say together.

    The scores are shares of one whole, of which what no recipe does has the rest: a sentence is in scope unless that
    rest is most of it.

    Raises
    ------
    PromptRefused
        The sentence is empty or too long.
    """
    sentence = check_prompt(sentence)
    odds = opinion(sentence, table)
    for recipe_id, points in by_rules(sentence, table).items():
        odds[recipe_id] += RULES * points
    most = max(odds.values())
    shares = {label: math.exp(value - most) for label, value in odds.items()}
    whole = sum(shares.values())
    choices = [
        Choice(recipe=recipe_id, title=recipe.manifest.title, score=round(shares[recipe_id] / whole, 3))
        for recipe_id, recipe in catalogue().items()
    ]
    choices.sort(key=lambda c: (-c.score, -shares[c.recipe], c.recipe))
    return Route(choices=tuple(choices), in_scope=shares[NONE] / whole < OUT_OF_SCOPE)


def by_rules(sentence: str, table: Table | None) -> dict[str, float]:
    """Return how well each recipe fits by the words of its manifest and the shape of the request, 0 to 1."""
    sentence, table = apart(sentence, table)
    names = [c.name for c in table.columns] if table else []
    texts = quoted_texts(sentence, set(names))
    said = re.sub(r"['’]s\b", "", sentence)  # what's, men's
    if len(texts) > 1:  # what stands in two quoted texts is not about the app
        for text in texts:
            said = said.replace(text, " ")
    found = mentions(said, names)
    named_positions = {i for m in found for i in range(m.start, m.end)}
    raw = tokens(said)
    # "by" and "against" speak of columns; without a named column and a table they say nothing.
    glue = GLUE if found or table is None else frozenset()
    free = [t for i, t in enumerate(raw) if i not in named_positions and (t not in STOP or t in glue)]
    words = [stem(t) for t in free if t not in GLUE or t in glue]
    around = [t for i, t in enumerate(raw) if i not in named_positions]
    spoken = f" {' '.join(map(stem, around))} {' '.join(t for t in around if t.endswith('ly'))} "
    cued = {recipe_id for recipe_id in catalogue() if any(f" {cue} " in spoken for cue in cues(recipe_id))}
    # A letter or a game may be what a quiz or a dashboard is about.
    beyond = _beyond(has_table=table is not None or bool(cued))
    against = BEYOND * (
        sum(w in beyond for w in words) + 2 * sum(f" {phrase} " in spoken for phrase in _beyond_phrases())
    )
    text = said.casefold()
    against += BEYOND * any(form.search(text) for form in (DRAWING, CODE))
    # A question about charts or tables at large is one for a person; about a column of this table it is not.
    against += BEYOND * (not found and any(form.search(text) for form in (HOW_TO, WHAT_IS, TWO_TABLES)))
    request = Request(
        sentence=said,
        words=tuple(words),
        named=tuple(m.column for m in found),
        texts=len(texts),
        is_cued=bool(cued),
        table=table,
    )
    unknown = (UNKNOWN if cued else UNKNOWN_UNCUED) if table is None else UNKNOWN_IN_DATA
    points = {
        recipe_id: score(recipe_id, words, named=len(found), unknown=unknown)
        - against
        + CUE * (recipe_id in cued)
        + _shape_bonus(recipe.manifest, request)
        for recipe_id, recipe in catalogue().items()
    }
    return {recipe_id: min(1.0, max(0.0, value)) for recipe_id, value in points.items()}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a sentence asks for, as far as its shape tells."""

    sentence: str
    words: tuple[str, ...]
    named: tuple[str, ...]
    texts: int
    is_cued: bool
    table: Table | None


def _shape_bonus(manifest: Manifest, request: Request) -> float:
    """Return what the shape of the request says: number by category compares, number by number plots."""
    table = request.table
    if not manifest.needs_table:
        return _shape_without_table(manifest, request)
    text = request.sentence.casefold()
    if table is None:
        if manifest.id == "group-compare":
            return 0.2 * (EACH.search(text) is not None and COURSE.search(text) is None)
        return 0.12 * (manifest.id == "time-series" and COURSE.search(text) is not None and not CHART.search(text))
    return _shape_of_table(manifest, request, table, text) - BEYOND * (FUTURE.search(text) is not None)


def _shape_of_table(manifest: Manifest, request: Request, table: Table, text: str) -> float:
    named = request.named
    kinds = [c.kind for n in named if (c := table.column(n))]
    groups = sum(k in {"category", "flag"} for k in kinds)
    numbers = kinds.count("number")
    match manifest.id:
        case "group-compare":
            by = bool({"by", "per", "each", "every", "across", "between"} & set(tokens(text)))
            ranks = SUPERLATIVE.search(text) is not None
            either = COMPARATIVE.search(text) is not None and bool({"or", "than"} & set(tokens(text)))
            bonus = 0.15 * (groups > 0 and (numbers > 0 or by)) + 0.15 * (groups > 0 and ranks) + 0.05 * (groups > 0)
            return max(bonus, 0.32 * either)
        case "chart-builder":
            over_time = (
                bool(table.of_kind("date")) and COURSE.search(text) is not None and CHART.search(text) is not None
            )
            return max(0.18 * (numbers >= 2 or ("date" in kinds and numbers > 0)), 0.12 * over_time)
        case "time-series":
            has_time = bool(table.of_kind("date")) or any(not YEARS.isdisjoint(tokens(c.name)) for c in table.columns)
            return 0.3 * (COURSE.search(text) is not None and not CHART.search(text)) if has_time else -0.3
        case "correlation":
            return 0.05 * (numbers >= 2) + 0.25 * (numbers >= 2 and CLOSENESS.search(text) is not None)
        case "distribution":
            return 0.05 * (numbers == 1)
        case "table-explorer":
            is_empty = not request.words and not named  # "what is in this file?"
            return max(0.35 * is_empty, 0.3 * (LOOKUP.search(text) is not None and not request.is_cued))
    return 0.0


def _shape_without_table(manifest: Manifest, request: Request) -> float:
    """Return what the shape says of a recipe that works without a table."""
    if any(s.type == "text" for s in manifest.slots.values()):
        return 0.3 * (request.texts > 1) - 0.45 * (request.table is not None)
    if manifest.sample:
        return 0.0  # it takes a table as well
    has_formula = any(s.type == "formula" for s in manifest.slots.values()) and is_formula_written(request.sentence)
    # A formula over the columns of a table is a wish that no calculator fulfils.
    plots = any(s.type == "input" for s in manifest.slots.values()) and PLOTTED.search(request.sentence.casefold())
    return (
        0.35 * has_formula
        + 0.15 * bool(has_formula and plots)
        - 0.2 * (request.table is not None)
        - 0.1 * len(request.named)
    )
