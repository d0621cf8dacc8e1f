"""Which of several tables a sentence is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nexus_jupyter.recipes.words import mentions, stem, tokens

NEAR = 0.25  # two files nearer than this are a question to the owner
NAMED = 1.5  # a word of the file's name counts a little more than a column
SHORTEST = 4  # letters of such a word


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well a file fits a sentence, and the columns that the sentence names."""

    file: str
    columns: tuple[str, ...]
    score: float


def fits(sentence: str, columns: Mapping[str, Sequence[str]]) -> list[Fit]:
    """Return the files that the sentence seems to be about, best first.

    Parameters
    ----------
    columns
        File -> names of its columns.
    """
    words = {stem(t) for t in tokens(sentence)}
    found: list[Fit] = []
    for file, names in columns.items():
        named = mentions(sentence, list(names))
        is_named = any(len(t) >= SHORTEST and stem(t) in words for t in tokens(Path(file).stem))
        score = sum(m.score for m in named) + NAMED * is_named
        if score > 0:
            found.append(Fit(file=file, columns=tuple(m.column for m in named), score=score))
    return sorted(found, key=lambda f: -f.score)


def choose(found: Sequence[Fit], last: Sequence[str]) -> Fit | None:
    """Return the file to use: the best, or among near ones that of the last app; none if it is a question."""
    rivals = [f for f in found if found[0].score - f.score < NEAR]
    known = [f for f in rivals if f.file in last]
    return known[0] if known else rivals[0] if len(rivals) == 1 else None
