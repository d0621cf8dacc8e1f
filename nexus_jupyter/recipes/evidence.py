"""What sentences like this one asked for: a linear scorer, its weights fitted by `scripts/fit_routing.py`.

A sentence becomes a set of named features: its words and pairs of words, in which each column of the table stands as
its kind (`<number> by <category>`), its form, its cues, and the kinds of the columns it names. A feature speaks for or
against each recipe, and for or against `none`, what no recipe does. The weights are text that a person can read:
`weights.tsv` has a line for each feature.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter

from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes import shapes
from nexus_jupyter.recipes.manifest import CATALOGUE, catalogue
from nexus_jupyter.recipes.slots import quoted_texts, written_formula
from nexus_jupyter.recipes.words import Vocabulary, mentions, senses, stem, tokens

NONE = "none"
WEIGHTS = CATALOGUE / "weights.tsv"
HUNDREDTHS = 100  # in which the weights are written
PAIR = 0.5  # how much a pair of words counts beside a word
MOST = 400  # words of a sentence that are read
KINDS = {"flag": "category", "text": "category"}
FORMS = {
    "course": shapes.COURSE,
    "chart": shapes.CHART,
    "future": shapes.FUTURE,
    "lookup": shapes.LOOKUP,
    "superlative": shapes.SUPERLATIVE,
    "comparative": shapes.COMPARATIVE,
    "closeness": shapes.CLOSENESS,
    "each": shapes.EACH,
    "plotted": shapes.PLOTTED,
    "drawing": shapes.DRAWING,
    "how to": shapes.HOW_TO,
    "what is": shapes.WHAT_IS,
    "code": shapes.CODE,
    "two tables": shapes.TWO_TABLES,
}


def labels() -> tuple[str, ...]:
    """Return what a sentence may ask for: a recipe, or what none does."""
    return (*catalogue(), NONE)


def apart(sentence: str, table: Table | None) -> tuple[str, Table | None]:
    """Return what is asked for, and the table it is about: none where a sentence says to leave it aside."""
    rest = shapes.APART.sub(" ", sentence, count=1)
    return (rest, None) if table is not None and rest != sentence and rest.strip() else (sentence, table)


def features(sentence: str, table: Table | None, vocabulary: Vocabulary | None = None) -> frozenset[str]:
    """Return the features of a sentence; without a vocabulary its words stand as they are typed."""
    sentence, table = apart(sentence, table)
    names = [c.name for c in table.columns] if table else []
    said = re.sub(r"['’]s\b", "", sentence)
    found = {f"table {table is not None}"}
    texts = quoted_texts(sentence, set(names))
    if texts:
        found.add(f"texts {min(len(texts), 2)}")
        for text in texts:
            said = said.replace(text, " ")
    formula = written_formula(said)
    if re.search(r"[^\W\d]", formula):
        found.add("formula")
        said = said.replace(formula, " ")
    words, kinds = _words(said, table, names, vocabulary)
    if table is not None:
        count = Counter(kinds)
        found.add(" ".join(["columns", *(f"{kind}{min(count[kind], 2)}" for kind in sorted(count))]))
    found.add(f"length {min(4, len(words) // 4)}")
    found |= {f"word {word}" for word in words}
    framed = ["^", *words, "$"]
    found |= {f"pair {a} {b}" for a, b in itertools.pairwise(framed)}
    found |= {f"sense {sense}" for word in words for sense in senses().get(word, ())}
    text = said.casefold()
    found |= {f"form {name}" for name, form in FORMS.items() if form.search(text)}
    spoken = f" {' '.join(words)} "
    found |= {f"cue {recipe}" for recipe in catalogue() if any(f" {cue} " in spoken for cue in shapes.cues(recipe))}
    if vocabulary is not None:
        strange = sum(word not in vocabulary.words for word in words)
        found.add(f"strange {min(3, strange)}")
    return frozenset(found)


def _words(
    said: str, table: Table | None, names: list[str], vocabulary: Vocabulary | None
) -> tuple[list[str], list[str]]:
    """Return the words of a sentence with columns and numbers as what they are, and the kinds of the columns."""
    columns = mentions(said, names)
    starts = {m.start: m.column for m in columns}
    covered = {i for m in columns for i in range(m.start, m.end)}
    words, kinds = [], []
    for position, word in enumerate(tokens(said)[:MOST]):
        if position in starts:
            column = table.column(starts[position]) if table else None
            kind = KINDS.get(column.kind, column.kind) if column else ""
            kinds.append(kind)
            words.append(f"<{kind}>")
        elif position in covered:
            continue
        elif word.isdigit():
            words.append("<year>" if len(word) == 4 else "<digits>")
        else:
            words.append(vocabulary.meant(stem(word)) if vocabulary else stem(word))
    return words, kinds


def factor(feature: str) -> float:
    """Return how much a feature counts where it is there."""
    return PAIR if feature.startswith("pair ") else 1.0


@functools.cache
def _weights() -> dict[str, dict[str, float]]:
    """Return feature -> label -> weight."""
    head, *rows = (line.split("\t") for line in WEIGHTS.read_text(encoding="utf-8").splitlines()[1:])
    return {
        feature: {label: int(value) / HUNDREDTHS for label, value in zip(head[1:], values, strict=True)}
        for feature, *values in rows
    }


@functools.cache
def vocabulary() -> Vocabulary:
    """Return the words that have a weight."""
    return Vocabulary(f.removeprefix("word ") for f in _weights() if f.startswith("word "))


def opinion(sentence: str, table: Table | None) -> dict[str, float]:
    """Return how much speaks for each recipe and for `none`: logarithms of odds, up to a constant."""
    weights = _weights()
    total = dict.fromkeys(labels(), 0.0)
    for feature in sorted({"", *features(sentence, table, vocabulary())}):
        for label, weight in weights.get(feature, {}).items():
            total[label] += weight * factor(feature)
    return total
