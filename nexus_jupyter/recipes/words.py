"""Words of sentences and of column names, cut to comparable stems."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "for",
        "to",
        "in",
        "on",
        "at",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "how",
        "what",
        "which",
        "who",
        "whom",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "i",
        "me",
        "my",
        "we",
        "our",
        "you",
        "your",
        "with",
        "as",
        "from",
        "into",
        "can",
        "could",
        "should",
        "would",
        "will",
        "please",
        "app",
        "application",
        "tool",
        "make",
        "build",
        "create",
        "show",
        "give",
        "get",
        "let",
        "want",
        "need",
        "like",
        "some",
        "any",
        "all",
        "one",
        "new",
        "data",
        "file",
        "dataset",
        "dataframe",
        "csv",
        "using",
        "use",
        "have",
        "has",
        "there",
        "their",
        "them",
        "they",
        "so",
        "very",
        "just",
        "simple",
        "small",
        "little",
    ]
)
UNITS = frozenset(
    [
        "g",
        "kg",
        "lb",
        "lbs",
        "oz",
        "in",
        "ft",
        "kwh",
        "mg",
        "t",
        "mm",
        "cm",
        "m",
        "km",
        "ml",
        "l",
        "s",
        "ms",
        "h",
        "hr",
        "hrs",
        "pct",
        "percent",
        "usd",
        "eur",
        "gbp",
        "chf",
        "no",
        "nr",
        "id",
        "c",
        "f",
        "k",
    ]
)
SHORT = {"maximum": "max", "minimum": "min"}
SYNONYMS = Path(__file__).parent / "catalogue" / "synonyms.toml"
SYNONYM = 0.93  # how surely a word means a part of a name by another word
OTHER_NAME = 0.9  # ... and some words a whole name by another one
SHORTEST_MISSPELT = 5
MAX_WORDS = 400  # of a sentence in which columns are looked for
SPLIT = re.compile(r"[^\W_]+", re.UNICODE)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Where a sentence names a column: token positions `[start, end)` and how surely (0-1)."""

    column: str
    start: int
    end: int
    score: float


def tokens(text: str) -> list[str]:
    """Return the lower-case words of a text; accents, punctuation and underscores separate or vanish."""
    plain = unicodedata.normalize("NFKD", CAMEL.sub(" ", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [t.casefold() for t in SPLIT.findall(plain)]


@functools.lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a rough English stem: plural, -ing, -ed and -ly endings are cut."""
    if word in SHORT:
        return SHORT[word]
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("ly", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            root = word[: -len(ending)]
            if ending == "ies":
                return root + "y"
            if len(root) > 2 and root[-1] == root[-2] and ending in {"ing", "ed"}:
                root = root[:-1]
            return root.rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def stems(text: str) -> list[str]:
    """Return the stems of a text, stop words left out."""
    return [stem(t) for t in tokens(text) if t not in STOP]


def column_stems(name: str) -> list[str]:
    """Return the stems of a column name, units left out if anything else remains."""
    words = tokens(name)
    main = [w for w in words if w not in UNITS and not w.isdigit()]
    return [stem(w) for w in (main or words)]


@functools.lru_cache(maxsize=65536)
def alike(a: str, b: str) -> float:
    """Return how alike two stems are: 1 for equal, 0 below a typo's distance."""
    if a == b:
        return 1.0
    if min(len(a), len(b)) < 4 or a[0] != b[0]:
        return 0.0
    ratio = difflib.SequenceMatcher(None, a, b).ratio()
    return ratio if ratio >= 0.8 else 0.0


class Vocabulary:
    """Known words, and what a misspelt one stands for."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._shortened: dict[str, set[str]] = {}
        for word in sorted(self.words):
            if len(word) >= SHORTEST_MISSPELT and word.isalpha():
                for cut in _cuts(word):
                    self._shortened.setdefault(cut, set()).add(word)

    def meant(self, word: str) -> str:
        """Return the known word that one letter more, less, changed or swapped makes of a word; else the word."""
        if word in self.words or len(word) < SHORTEST_MISSPELT:
            return word
        near = {w for cut in _cuts(word) for w in self._shortened.get(cut, ()) if _is_one_slip(word, w)}
        return min(near, key=lambda w: (w[0] != word[0], abs(len(w) - len(word)), w), default=word)


def _cuts(word: str) -> set[str]:
    """Return a word and all that is left of it without one letter."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _is_one_slip(a: str, b: str) -> bool:
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    x, y = a[start:], b[start:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[:2] == y[1::-1] and x[2:] == y[2:])


@functools.cache
def _synonyms() -> dict[str, frozenset[int]]:
    """Return stem -> the lines of synonyms that have it."""
    lines = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))["words"]
    found: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for word in tokens(line):
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@functools.cache
def senses() -> dict[str, frozenset[str]]:
    """Return stem -> the senses that it gives to a whole request."""
    lines = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))["senses"]
    found: dict[str, set[str]] = {}
    for sense, line in lines.items():
        for word in tokens(line):
            found.setdefault(stem(word), set()).add(sense)
    return {word: frozenset(each) for word, each in found.items()}


@functools.cache
def _other_names() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return the lines of names that stand for each other, longest first, as words."""
    lines = tomllib.loads(SYNONYMS.read_text(encoding="utf-8"))["names"]
    return tuple(tuple(sorted((tuple(tokens(n)) for n in line), key=len, reverse=True)) for line in lines)


@functools.lru_cache(maxsize=4096)
def other_names(column: str) -> tuple[tuple[str, ...], ...]:
    """Return the names that a column goes by as well, as words."""
    spelt, parts = tuple(tokens(column)), tuple(column_stems(column))
    return tuple(
        name
        for line in _other_names()
        if any(spelt[: len(n)] == n or tuple(map(stem, n)) == parts for n in line)
        for name in line
        if name != spelt
    )


def is_synonym(word: str, part: str) -> bool:
    """Return whether two different stems mean the same: beak, bill."""
    synonyms = _synonyms()
    return word != part and not synonyms.get(word, frozenset()).isdisjoint(synonyms.get(part, ()))


def names(word: str, part: str) -> float:
    """Return how surely a word of a sentence means a part of a column name, which may be cut short: temp, qty."""
    if is_synonym(word, part):
        return SYNONYM
    if word != part and min(len(word), len(part)) >= 4 and (word.startswith(part) or part.startswith(word)):
        return 0.92
    return alike(word, part)


def mentions(sentence: str, columns: list[str]) -> list[Mention]:
    """Return where the sentence names columns, best and longest first, without overlaps."""
    typed = tokens(sentence)[:MAX_WORDS]
    words = [stem(t) for t in typed]
    found = [mention for column in columns for mention in _mentions_of(column, typed, words)]
    vague = _vague(found, words)
    kept: list[Mention] = []
    for candidate in sorted(found, key=lambda m: (-m.score, -len(m.column))):
        is_free = all(candidate.end <= k.start or candidate.start >= k.end for k in kept)
        if is_free and candidate not in vague and all(candidate.column != k.column for k in kept):
            kept.append(candidate)
    return kept


def _vague(found: list[Mention], words: list[str]) -> set[Mention]:
    """Return the mentions by one word that means a part of several names by another word: long, of two lengths."""
    single: dict[int, list[Mention]] = {}
    for mention in found:
        is_typed = any(alike(words[mention.start], part) for part in column_stems(mention.column))
        if mention.end - mention.start == 1 and mention.score < SYNONYM * 0.7 and not is_typed:
            single.setdefault(mention.start, []).append(mention)
    return {m for each in single.values() if len(each) > 1 for m in each}


def _mentions_of(column: str, typed: list[str], words: list[str]) -> list[Mention]:
    """Return where a sentence names one column: at its best place, and by its other names."""
    parts = column_stems(column)
    if not parts:
        return []
    given = set(words)
    joined = "".join(parts)
    spelt = tokens(column)
    initials = "".join(w[0] for w in spelt) if len(spelt) > 2 else ""  # mpg: miles per gallon
    digits = {w for w in spelt if w.isdigit()}  # they tell apart what else is alike
    best: Mention | None = None
    for start in range(len(words)):
        for length in range(1, min(len(parts), len(words) - start) + 1):
            span = words[start : start + length]
            if length == 1 and len(parts) > 1 and alike(span[0], joined) < 0.9:
                # One word of a longer name: only its last or first word, and worth less.
                score = max(names(span[0], parts[0]), names(span[0], parts[-1])) * (0.5 + 0.2 / len(parts))
                score = score if span[0] not in STOP_STEMS else 0.0
            elif length == 1:
                score = names(span[0], joined)
            else:
                orders = [parts, parts[::-1]] if length == len(parts) == 2 else [parts]  # max temp: temp_max
                near = max(([names(w, p) for w, p in zip(span, o, strict=False)] for o in orders), key=sum)
                score = (sum(near) / len(parts)) if all(near) else 0.0
            if length == 1 and span[0] == initials:
                score = 1.0
            score *= (1 + 0.02 * length) * (1 if not digits else 1.15 if digits <= given else 0.95)
            if score >= 0.55 and (best is None or score > best.score):
                best = Mention(column=column, start=start, end=start + length, score=score)
    found = [best] if best else []
    for name in other_names(column):
        for start in range(len(typed) - len(name) + 1):
            if tuple(typed[start : start + len(name)]) == name:
                score = OTHER_NAME + 0.02 * len(name)
                found.append(Mention(column=column, start=start, end=start + len(name), score=score))
    return found


STOP_STEMS = frozenset(stem(w) for w in STOP) | frozenset(
    stem(w) for w in ("by", "per", "over", "number", "total", "average")
)
