"""Fill a recipe's slots from the sentence and the table; what stays open becomes a control."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any, Literal

from nexus_jupyter.errors import BadRequest, ColumnUnknown
from nexus_jupyter.models.table import Column, Table
from nexus_jupyter.recipes.manifest import Manifest, Slot
from nexus_jupyter.recipes.words import STOP, Mention, Vocabulary, column_stems, mentions, stem, tokens

QUOTES = (("`", "`"), ('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"))
QUOTED = re.compile(
    "|".join(f"{a}([^{a}{b}]{{1,120}}){b}" for a, b in QUOTES) + r"|(?<!\w)'([^']{1,120})'(?!\w)"  # not in "men's"
)
TEXTS = re.compile(
    "|".join(f"{a}([^{a}{b}]+){b}" for a, b in QUOTES) + r"|(?<!\w)'((?:[^']|(?<=\w)'(?=\w))+)'(?!\w)"
)  # the same around texts of any length
FORMULA_TOKEN = re.compile(r"\*\*|//|[-+*/%()]|[^\W\d]\w*|\d+\.?\d*|\.\d+")
LONGEST_FORMULA = 200  # tokens
NEAR = 5  # words between a number and what it counts
NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12,
}  # fmt: skip
OPERATORS = frozenset(["**", "//", "+", "-", "*", "/", "%"])
MATHS = frozenset(["sqrt", "exp", "log", "log10", "sin", "cos", "tan", "floor", "ceil", "abs", "min", "max", "round"])
FUNCTIONS = MATHS | {"payment", "future_value"}
VAGUE = {"and", "of", "for", "between", "over", "plot", "chart", "graph", "visualise", "visualize"}
CALENDAR = {stem(w) for w in ("year", "month", "day", "week", "hour", "lat", "latitude", "lon", "longitude", "index")}
TIME = re.compile(
    r"\b(over (the )?(time|years?|months?|weeks?|days?)|trends?|history|daily|weekly|monthly|yearly|annual(ly)?"
    r"|(per|by|each|every) (day|week|month|quarter|year|date))\b",
    re.I,
)
ALONG = (
    "over",
    "against",
    "versus",
    "vs",
    "along",
    "function of",
    "vary",
    "varying",
    "sweep",
    "sweeping",
    "depends on",
)
TIMES = {stem(w) for w in ("t", "time", "year", "month", "week", "day", "hour", "second", "x")}
DIVIDERS = {"by", "per", "across", "against", "over", "versus", "vs"}
KINDS = {"type", "types", "kind", "kinds", "sort", "sorts", "number", "of"}  # by number of cylinders: by cylinders
ARTICLES = {"the", "a", "an", "each", "every", "different", "their", "its", "all", "mean", "average", "total"}


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The value of one slot and where it came from."""

    slot: str
    constant: str
    value: Any
    source: Literal["sentence", "data", "default"]


@dataclass(frozen=True, kw_only=True)
class Filling:
    """All slots of a recipe, and what the owner should know about them."""

    slots: tuple[Filled, ...]
    notes: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """Return slot name -> value."""
        return {f.slot: f.value for f in self.slots}


def fill(manifest: Manifest, sentence: str, table: Table | None) -> Filling:
    """Choose a value for every slot.

    Raises
    ------
    ColumnUnknown
        The sentence quotes a column that the table does not have.
    BadRequest
        The recipe needs a table and there is none.
    """
    if manifest.needs_table and table is None:
        raise BadRequest(f"The recipe `{manifest.id}` needs a data file.", "Add one with --data FILE.")
    filled: dict[str, Filled] = {}
    notes: list[str] = []
    if table is not None:
        filled, notes = _columns(manifest, sentence, table)
    elif manifest.sample:
        notes.append("No data file is given: a small sample stands in its place.")
    texts = quoted_texts(sentence, {c.name for c in table.columns} if table else set())
    has_texts = any(s.type == "text" for s in manifest.slots.values())
    said = TEXTS.sub(" ", sentence) if has_texts else sentence  # what is in the texts says nothing about the app
    for name, slot in manifest.slots.items():
        match slot.type:
            case "column" if table is None:  # the recipe brings a table of its own
                filled[name] = Filled(slot=name, constant=slot.constant, value=slot.default, source="default")
            case "choice":
                filled[name] = _choice(name, slot, said, table)
            case "number":
                filled[name] = _number(name, slot, sentence)
            case "text":
                filled[name] = _text(name, slot, texts)
    _follow(manifest, filled, table)
    if any(s.type == "formula" for s in manifest.slots.values()):
        filled |= _formula(manifest, sentence)
        if filled["formula"].source == "default":
            notes.append(
                f"I know no formula for this. `{filled['formula'].value}` stands in its place: change it in the app."
            )
    return Filling(slots=tuple(filled[name] for name in manifest.slots if name in filled), notes=tuple(notes))


def _columns(manifest: Manifest, sentence: str, table: Table) -> tuple[dict[str, Filled], list[str]]:
    slots = {name: slot for name, slot in manifest.slots.items() if slot.type == "column"}
    must_exist = any(not slot.only_named for slot in slots.values())
    words = tokens(sentence)
    found = _named_columns(sentence, table, must_exist=must_exist)
    chosen: dict[str, Mention] = {}
    # A column behind a slot's own word ("by species") belongs there, whatever its kind; "coloured by" is more
    # telling than "by".
    behind = [
        (-length, m.start, name, m)
        for name, slot in slots.items()
        for m in found
        if (length := max(_behind(words, m.start, slot.after), _ahead(words, m.end, slot.before)))
        and _suits(slot, table, m.column)
    ]
    for _, _, name, mention in sorted(behind, key=lambda b: b[:2]):
        if name not in chosen and mention not in chosen.values():
            chosen[name] = mention
    for name, slot in slots.items():
        if name not in chosen and (slot.anywhere or not slot.only_named):
            rest = [m for m in found if m not in chosen.values() and _suits(slot, table, m.column)]
            rest.sort(key=lambda m: (_preference(slot, table, m.column), -m.score))
            if rest:
                chosen[name] = rest[0]
    _over_time(slots, sentence, table, chosen)
    filled: dict[str, Filled] = {}
    taken = {m.column for m in chosen.values()}
    notes: list[str] = []
    missing: list[str] = []
    subject = _subject(manifest, words, found)
    own = _own_words(manifest) | CALENDAR
    for name, slot in sorted(slots.items(), key=lambda s: len(s[1].kinds)):  # the most particular chooses first
        if name in chosen:
            filled[name] = Filled(slot=name, constant=slot.constant, value=chosen[name].column, source="sentence")
            continue
        best = "" if slot.only_named else _likely(slot, table, taken)
        taken.add(best)
        filled[name] = Filled(slot=name, constant=slot.constant, value=best, source="data" if best else "default")
        missed = _unmatched(words, slot, found, own) or (subject if slot.kinds[0] == "number" else "")
        if missed:
            missing.append(missed)
            instead = f" `{best}` stands in its place; change it in the app." if best else ""
            notes.append(f"`{table.file}` has no column like “{missed}”.{instead}")
    if missing and not found and must_exist:
        listed = " or ".join(f"“{word}”" for word in dict.fromkeys(missing))
        raise ColumnUnknown(f"`{table.file}` has no column like {listed}.", _columns_are(table))
    return filled, notes


def _over_time(slots: dict[str, Slot], sentence: str, table: Table, chosen: dict[str, Mention]) -> None:
    """Give the axis of a sentence about time to a date, unless it names a date itself."""
    dates = table.of_kind("date")
    axis = next((name for name, slot in slots.items() if slot.kinds[0] == "date"), "")
    if not axis or not dates or not TIME.search(sentence):
        return
    if axis not in chosen or not _is_of(table, chosen[axis].column, ("date",)):
        before = chosen.pop(axis, None)
        chosen[axis] = Mention(column=dates[0].name, start=0, end=0, score=1)
        if before is not None:  # it took the place of what is to be drawn
            for name, slot in slots.items():
                rival = chosen.get(name)
                is_better = rival is None or rival.score < before.score
                if name != axis and not slot.only_named and is_better and _is_of(table, before.column, slot.kinds):
                    chosen[name] = before
                    break


def _subject(manifest: Manifest, words: list[str], found: list[Mention]) -> str:
    """Return the word before `by`, `per`, ... that names no column and is none of the recipe's own, or nothing."""
    covered = {i for m in found for i in range(m.start, m.end)}
    own = _own_words(manifest)
    for position, word in enumerate(words):
        if word in DIVIDERS and position:
            before = words[position - 1]
            is_name = position - 1 not in covered and before not in STOP and before not in ARTICLES
            return before if is_name and stem(before) not in own else ""
    return ""


def _own_words(manifest: Manifest) -> set[str]:
    """Return the stems that speak of the recipe itself."""
    own = {stem(t) for text in (*manifest.words, manifest.title) for t in tokens(text)}
    return own | {stem(t) for s in manifest.slots.values() for ws in s.choices.values() for w in ws for t in tokens(w)}


def _columns_are(table: Table) -> str:
    names = [c.name for c in table.columns]
    listed = ", ".join(f"`{n}`" for n in names[:12]) + (", ..." if len(names) > 12 else "")
    return f"Its columns are {listed}."


def _named_columns(sentence: str, table: Table, *, must_exist: bool) -> list[Mention]:
    """Return the columns that a sentence names, those in quotes first.

    Raises
    ------
    ColumnUnknown
        A quoted name is no column.
    """
    names = [c.name for c in table.columns]
    found: list[Mention] = []
    for match in QUOTED.finditer(sentence):
        quoted = next(g for g in match.groups() if g)
        start = len(tokens(sentence[: match.start()]))
        near = [m.column for m in mentions(quoted, names) if m.score >= 0.9]
        column = quoted if quoted in names else next(iter(near), "")
        if column:
            found.append(Mention(column=column, start=start, end=start + len(tokens(quoted)), score=2.0))
        elif must_exist and quoted not in (table.file, table.file.rsplit(".", 1)[0]):
            raise ColumnUnknown(f"`{table.file}` has no column `{quoted}`.", _columns_are(table))
    for mention in mentions(sentence, names):
        if all(mention.end <= f.start or mention.start >= f.end for f in found):
            found.append(mention)
    return found


def _is_of(table: Table, name: str, kinds: tuple[str, ...]) -> bool:
    column = table.column(name)
    return column is not None and column.kind in kinds


def _suits(slot: Slot, table: Table, name: str) -> bool:
    """Return whether a named column may fill a slot; a number or a category is a time only if its name says so."""
    is_time = bool(slot.names) and slot.kinds[0] == "date"
    is_telling = not is_time or _is_named(slot, name) or _is_of(table, name, ("date", "text"))
    return is_telling and _is_of(table, name, slot.kinds)


def _is_named(slot: Slot, name: str) -> bool:
    return bool({stem(n) for n in slot.names} & set(column_stems(name)))


def _follow(manifest: Manifest, filled: dict[str, Filled], table: Table | None) -> None:
    """Let what the sentence leaves open follow from what it names.

    A histogram of y is drawn over x; over a date, a line.
    """
    for name, slot in manifest.slots.items():
        found = filled.get(name)
        if found is None or found.source == "sentence":
            continue
        value = found.value
        for choice, other in slot.follows.items():
            if any(f.value == choice for f in filled.values()) and filled[other].source == "sentence":
                value = filled[other].value
        value = next((c for other, c in slot.told_by.items() if filled[other].source == "sentence"), value)
        column = table.column(str(filled[slot.suits_slot].value)) if table and slot.suits_slot else None
        if column is not None:
            value = slot.suits.get(column.kind, value)
        if value != found.value:
            filled[name] = Filled(slot=name, constant=slot.constant, value=value, source="data")


def _behind(words: list[str], start: int, after: tuple[str, ...]) -> int:
    """Return how many words of `after` end just before position `start`, articles skipped; 0 if none does."""
    most = 0
    while start > 0:
        before = " ".join(words[max(0, start - 3) : start])
        most = max([most, *(len(a.split()) for a in after if before == a or before.endswith(f" {a}"))])
        if most or words[start - 1] not in ARTICLES | KINDS:
            break
        start -= 1
    return most


def _ahead(words: list[str], end: int, before: tuple[str, ...]) -> int:
    """Return how many words of `before` begin at position `end`, articles left out; 0 if none does."""
    following = " ".join(w for w in words[end : end + 6] if w not in ARTICLES)
    return max((len(b.split()) for b in before if following == b or following.startswith(f"{b} ")), default=0)


def _unmatched(words: list[str], slot: Slot, found: list[Mention], own: set[str]) -> str:
    """Return the word behind `by`, `per`, ... that names no column, or an empty string."""
    covered = {i for m in found for i in range(m.start, m.end)}
    telling = tuple(a for a in slot.after if a not in VAGUE)
    for position, word in enumerate(words):
        is_name = position not in covered and word not in STOP and word not in ARTICLES and stem(word) not in own
        if is_name and _behind(words, position, telling):
            return word
    return ""


def _preference(slot: Slot, table: Table, name: str) -> int:
    column = table.column(name)
    return slot.kinds.index(column.kind) if column and column.kind in slot.kinds else len(slot.kinds)


def _likely(slot: Slot, table: Table, taken: set[str]) -> str:
    """Return the column that fits a slot best when the sentence names none."""

    def rank(column: Column) -> tuple[float, ...]:
        kind = slot.kinds.index(column.kind) if column.kind in slot.kinds else len(slot.kinds)
        is_key = column.kind == "number" and column.whole and column.unique == table.rows > 3
        is_named = _is_named(slot, column.name)
        looks_like_key = column_stems(column.name)[:1] == ["id"] or column.name.casefold().endswith("id") or is_key
        is_place = column.kind == "number" and not is_named and bool(CALENDAR & set(column_stems(column.name)))
        many = column.kind == "category" and column.unique > 12
        single = column.unique < 2
        steps = column.kind == "number" and column.unique <= 10 < table.rows  # 4, 6 or 8 cylinders: hardly a measure
        return (
            kind == len(slot.kinds),
            column.name in taken,
            not is_named,
            kind,
            looks_like_key or is_place,
            single,
            many,
            steps,
            column.missing,
        )

    return min(table.columns, key=rank).name


def _choice(name: str, slot: Slot, sentence: str, table: Table | None) -> Filled:
    """Choose by the longest of the choices' words that the sentence has beside the names of columns."""
    found = mentions(sentence, [c.name for c in table.columns]) if table else []
    covered = {i for m in found if m.end - m.start > 1 for i in range(m.start, m.end)}
    known = Vocabulary(t for words in slot.choices.values() for word in words for t in tokens(word))
    free = [known.meant(t) for i, t in enumerate(tokens(sentence)) if i not in covered]
    text, typed = f" {' '.join(stem(t) for t in free)} ", f" {' '.join(free)} "
    best, length = "", 0
    for choice, words in slot.choices.items():
        for word in words:
            phrase = " ".join(stem(t) for t in tokens(word))
            # "yearly" is no stem of "years": an adverb counts only as it is typed.
            is_said = f" {word} " in typed if word.endswith("ly") else f" {phrase} " in text
            if is_said and len(phrase) > length:
                best, length = choice, len(phrase)
    value = best or slot.default
    return Filled(slot=name, constant=slot.constant, value=value, source="sentence" if best else "default")


def _number(name: str, slot: Slot, sentence: str) -> Filled:
    """Take the whole number nearest to one of the slot's words: "20 bins", "a 7-day mean", "bins: 20"."""
    words = tokens(sentence)
    beside = {stem(w) for w in slot.beside}
    places = [i for i, word in enumerate(words) if stem(word) in beside]
    best, nearest = "", NEAR + 1
    for i, word in enumerate(words):
        distance = min((abs(i - place) for place in places), default=nearest)
        is_number = word in NUMBER_WORDS or (word.isdecimal() and len(word) < 4)  # four digits are a year
        if is_number and distance < nearest:
            best, nearest = word, distance
    value = NUMBER_WORDS.get(best) or int(best or slot.default or 0)
    return Filled(slot=name, constant=slot.constant, value=value, source="sentence" if best else "default")


def quoted_texts(sentence: str, names: set[str]) -> list[str]:
    """Return the quoted texts of a sentence that name no column, in order."""
    found = [next(g for g in match.groups() if g) for match in TEXTS.finditer(sentence)]
    return [text for text in found if text not in names]


def _text(name: str, slot: Slot, texts: list[str]) -> Filled:
    """Take the next quoted text."""
    value = texts.pop(0) if texts else slot.default
    return Filled(slot=name, constant=slot.constant, value=value, source="sentence" if value else "default")


def _formula(manifest: Manifest, sentence: str) -> dict[str, Filled]:
    """Find a formula written in the sentence, or one known by name."""
    slots = manifest.slots
    written = written_formula(sentence)
    text = f" {' '.join(stem(t) for t in tokens(sentence))} "
    inputs: dict[str, float] = {}
    formula, along, source = slots["formula"].default, "", "default"
    if written:
        formula, inputs, source = written, {}, "sentence"
    else:
        most = 0
        for known in manifest.known:
            phrases = {" ".join(stem(t) for t in tokens(word)) for word in known.words}
            told = sum(len(phrase) for phrase in phrases if f" {phrase} " in text)
            if told > most:
                formula, inputs, source, most = known.formula, dict(known.inputs), "sentence", told
                along = known.along
    origin: Literal["sentence", "default"] = "sentence" if source == "sentence" else "default"
    values: dict[str, Any] = {"formula": formula, "inputs": inputs, "input": _along(sentence, formula, along)}
    return {
        name: Filled(slot=name, constant=slot.constant, value=values[slot.type], source=origin)
        for name, slot in slots.items()
        if slot.type in values
    }


def _along(sentence: str, formula: str, usual: str) -> str:
    """Return the input that a plot is drawn along: the one named behind "over" or "varying", else the usual one."""
    names = [n.id for n in ast.walk(ast.parse(formula, mode="eval")) if isinstance(n, ast.Name)]
    names = [n for n in dict.fromkeys(names) if n not in FUNCTIONS | {"pi", "e"}]
    words = tokens(sentence)
    for position in range(len(words)):
        if _behind(words, position, ALONG):
            behind = [m.column for m in mentions(" ".join(words[position : position + 3]), names) if m.start == 0]
            if behind:
                return behind[0]
    times = [n for n in names if {stem(t) for t in tokens(n)} & TIMES]
    return next(iter([*([usual] if usual in names else []), *times, *names]), "")


def is_formula_written(sentence: str) -> bool:
    """Return whether a sentence holds a formula with at least one name."""
    return re.search(r"[^\W\d]", written_formula(sentence)) is not None


def written_formula(sentence: str) -> str:
    """Return the longest part of the sentence that is arithmetic with an operator, or an empty string."""
    text = sentence.replace("^", "**").replace("×", "*").replace("÷", "/")
    found = (_trimmed(text, run) for run in _runs(text) if len(run) <= LONGEST_FORMULA)
    return max((f for f in found if _is_arithmetic(f)), key=len, default="")


def _runs(text: str) -> list[list[re.Match[str]]]:
    """Return the runs of tokens that may be a formula: no two operands stand side by side in one."""
    runs: list[list[re.Match[str]]] = [[]]
    end = 0
    for token in FORMULA_TOKEN.finditer(text):
        before = runs[-1][-1][0] if runs[-1] else ""
        is_operand = token[0][0].isalnum() or token[0][0] in "_.("
        follows_operand = before[-1:].isalnum() or before[-1:] in {"_", ".", ")"}
        is_call = token[0] == "(" and before in FUNCTIONS
        if (runs[-1] and text[end : token.start()].strip()) or (
            is_operand and follows_operand and not is_call and before
        ):
            runs.append([])
        runs[-1].append(token)
        end = token.end()
    return runs


def _trimmed(text: str, run: list[re.Match[str]]) -> str:
    """Return the text of a run without operators and single brackets at its ends."""
    while run and run[-1][0] in {*OPERATORS, "("}:
        run = run[:-1]
    while run and run[0][0] in {*(OPERATORS - {"-"}), ")"}:
        run = run[1:]
    opened = sum(t[0] == "(" for t in run) - sum(t[0] == ")" for t in run)
    while opened < 0 and run and run[-1][0] == ")":
        run, opened = run[:-1], opened + 1
    while opened > 0 and run and run[0][0] == "(":
        run, opened = run[1:], opened - 1
    return text[run[0].start() : run[-1].end()] if run else ""


def _is_arithmetic(text: str) -> bool:
    # Words joined by a dash or a slash are words: to-do, and/or, km/h.
    if not re.search(r"\s[-/%]\s|[-/%][\d(]|[\d)][-/%]|[+*]", text):
        return False
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Load)
    nodes = list(ast.walk(tree))
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    if any(not isinstance(c.func, ast.Name) or c.func.id not in FUNCTIONS for c in calls):
        return False
    return all(isinstance(n, (*allowed, ast.Call)) for n in nodes) and any(isinstance(n, ast.BinOp) for n in nodes)
