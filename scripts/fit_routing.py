"""Fit the weights of `nexus_jupyter/recipes/evidence.py` to sentences, and write `catalogue/weights.tsv`.

Softmax regression with a penalty on large weights, on the sentences of `tests/recipes`: all of `sentences.txt` and
`training.txt`, the manifests' examples, and every other line of `development.txt`. The rest of `development.txt`
validates; `heldout.txt` is never read.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.routing import Line, lines, table  # noqa: E402
from nexus_jupyter.recipes import evidence  # noqa: E402
from nexus_jupyter.recipes.manifest import catalogue  # noqa: E402

FOLDER = ROOT / "tests" / "recipes"
PENALTY = 0.1
STEPS = 300
STEP = 0.05
OTHER_HAND = 2.0  # how much a sentence counts that another hand wrote
FIRST = 0.55  # share of the first of two recipes that would do
LEAST = 2  # a feature of fewer sentences is left out
SMALLEST = 5  # hundredths; a feature without a larger weight is left out
HEAD = "# Written by scripts/fit_routing.py: how much each feature speaks for a recipe or against it, in hundredths.\n"

Weights = dict[str, dict[str, float]]


def known_sentences() -> list[Line]:
    """Return what the manifests' own hand wrote."""
    examples = [
        Line(recipes=(recipe_id,), table="-", sentence=example, slots={})
        for recipe_id, recipe in catalogue().items()
        for example in recipe.manifest.examples
    ]
    return [*lines(FOLDER / "sentences.txt"), *lines(FOLDER / "training.txt"), *examples]


def target(line: Line) -> list[float]:
    """Return the shares of the labels in what a sentence asks for; the first named has most."""
    labels = evidence.labels()
    first = FIRST if len(line.recipes) > 1 else 1.0
    shares = {recipe: (1 - first) / max(1, len(line.recipes) - 1) for recipe in line.recipes} | {line.recipes[0]: first}
    return [shares.get(label, 0.0) for label in labels]


def fit(weighted: list[tuple[Line, float]], *, penalty: float = PENALTY) -> tuple[Weights, evidence.Vocabulary]:
    """Return the weights that explain sentences best, and the words they know."""
    typed = Counter(f for line, _ in weighted for f in evidence.features(line.sentence, table(line.table)))
    spelt = evidence.Vocabulary(
        f.removeprefix("word ") for f, n in typed.items() if f.startswith("word ") and n >= LEAST
    )
    found = [evidence.features(line.sentence, table(line.table), spelt) for line, _ in weighted]
    count = Counter(f for each in found for f in each)
    names = ["", *sorted(f for f, n in count.items() if n >= LEAST)]
    place = {name: i for i, name in enumerate(names)}
    inputs = np.zeros((len(found), len(names)))
    inputs[:, 0] = 1
    for row, each in enumerate(found):
        for feature in each & place.keys():
            inputs[row, place[feature]] = evidence.factor(feature)
    targets = np.array([target(line) for line, _ in weighted])
    worth = np.array([[weight] for _, weight in weighted])
    theta = np.zeros((len(names), targets.shape[1]))
    mean, square = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, STEPS + 1):  # Adam on the whole set
        odds = np.exp((z := inputs @ theta) - z.max(axis=1, keepdims=True))
        gradient = inputs.T @ (worth * (odds / odds.sum(axis=1, keepdims=True) - targets)) + penalty * theta
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        theta -= STEP * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    labels = evidence.labels()
    weights = {n: dict(zip(labels, map(float, theta[i]), strict=True)) for n, i in place.items()}
    return weights, spelt


def written(weights: Weights) -> str:
    """Return the text of `weights.tsv`."""
    text = [HEAD, "\t".join(["feature", *evidence.labels()]) + "\n"]
    for feature, each in weights.items():
        rounded = [round(evidence.HUNDREDTHS * each[label]) for label in evidence.labels()]
        if max(map(abs, rounded)) >= SMALLEST:
            text.append("\t".join([feature, *map(str, rounded)]) + "\n")
    return "".join(text)


def main() -> None:
    """Fit and write."""
    taught = [(line, 1.0) for line in known_sentences()]
    taught += [(line, OTHER_HAND) for line in lines(FOLDER / "development.txt")[1::2]]
    evidence.WEIGHTS.write_text(written(fit(taught)[0]), encoding="utf-8")


if __name__ == "__main__":
    main()
