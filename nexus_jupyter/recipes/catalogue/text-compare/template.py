# %% [markdown] role=doc id=title
# # {title}
#
# {description}

# %% role=setup id=choices
# slots

# %% role=setup id=compare
import difflib
import itertools
import re
from collections import Counter

MOST_WORK = 1_000_000  # comparisons; more would keep the reader waiting
MOST_CHANGES = 1000
MOST_ROWS = 3000
MOST_LETTERS = 20_000  # of one stretch
MOST_PIECES = 20_000  # more than this are folded
MOST_PAIRS = 1600  # of lines to be paired by how alike they are
ALIKE = 0.5
AROUND = {"Words": 20, "Lines": 3}  # pieces that stay visible beside a change


def words_of(text, ignore_spaces):
    """Cut a text into words, marks and spaces; together they are the whole text."""
    return re.findall(r"\s*(?:\w+|[^\w\s])\s*|\s+" if ignore_spaces else r"\w+|[^\w\s]|\s+", text)


def key_of(piece, ignore_case, ignore_spaces):
    """Return what counts of a piece when it is compared."""
    piece = " ".join(piece.split()) if ignore_spaces else piece
    return piece.casefold() if ignore_case else piece


def changes(first, second):
    """Return the stretches of two lists that are equal, removed, added or replaced, as `difflib` names them."""
    start = next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
    rest = list(zip(reversed(first[start:]), reversed(second[start:])))
    end = next((i for i, (a, b) in enumerate(rest) if a != b), len(rest))
    middle = first[start : len(first) - end], second[start : len(second) - end]
    # What occurs often says little about where two long texts match, but costs most of the time.
    most = MOST_WORK // max(1, len(middle[0]))
    frequent = {piece for piece, count in Counter(middle[1]).items() if count > most}
    matcher = difflib.SequenceMatcher(frequent.__contains__ if frequent else None, *middle, autojunk=False)
    found = [("equal", 0, start, 0, start)] if start else []
    found += [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in matcher.get_opcodes()]
    if end:
        found.append(("equal", len(first) - end, len(first), len(second) - end, len(second)))
    return found


def word_changes(first, second, options):
    """Return the words of both texts and their stretches; long texts are compared by sentence first."""
    spaces = options["ignore_spaces"]
    if len(first) + len(second) <= MOST_LETTERS:
        before, after = words_of(first, spaces), words_of(second, spaces)
        return before, after, changes([key_of(p, **options) for p in before], [key_of(p, **options) for p in after])
    before, after, found = [], [], []
    sentences = [re.findall(r"[^\n.!?]*[\n.!?]+\s*|[^\n.!?]+$", text) for text in (first, second)]
    for tag, a, b, c, d in changes(*([key_of(s, **options) for s in part] for part in sentences)):
        old = words_of("".join(sentences[0][a:b]), spaces)
        new = words_of("".join(sentences[1][c:d]), spaces)
        inside = [(tag, 0, len(old), 0, len(new))]
        if tag == "replace" and len(old) + len(new) <= MOST_PIECES:
            inside = changes([key_of(p, **options) for p in old], [key_of(p, **options) for p in new])
        x, y = len(before), len(after)
        found += [(t, x + i, x + j, y + k, y + m) for t, i, j, k, m in inside]
        before += old
        after += new
    return before, after, found


def counted(stretches, first, second, what):
    """Return how many pieces are equal, removed and added; `what` says which pieces count."""
    equal = removed = added = 0
    for tag, a, b, c, d in stretches:
        gone, new = (sum(1 for piece in part if what(piece)) for part in (first[a:b], second[c:d]))
        if tag == "equal":
            equal += new
        else:
            removed, added = removed + gone, added + new
    return equal, removed, added


# %% role=setup id=show
import html

GONE = "background: rgb(220 60 60 / 22%); border-radius: 3px"
NEW = "background: rgb(40 165 90 / 24%); border-radius: 3px; text-underline-offset: 3px"
CELL = "padding: 3px 8px; vertical-align: top; white-space: pre-wrap; overflow-wrap: anywhere"
NUMBER = "padding: 3px 4px; text-align: right; vertical-align: top; opacity: 0.6"


def clipped(text):
    """Return a text no longer than anyone reads in one piece."""
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …"


def removed_html(text):
    return f'<del style="{GONE}">{html.escape(clipped(text))}</del>' if text else ""


def added_html(text):
    return f'<ins style="{NEW}">{html.escape(clipped(text))}</ins>' if text else ""


def folded(count, unit):
    """Return a note in place of what did not change."""
    return f'<em style="opacity: 0.7">… {count:,} unchanged {unit.lower()} …</em>'


def visible(length, unit, fold, is_first, is_last):
    """Return how many pieces of an equal stretch stay visible at its begin and at its end."""
    head, tail = 0 if is_first else AROUND[unit], 0 if is_last else AROUND[unit]
    return (length, 0) if not fold or length <= head + tail + 1 else (head, tail)


def words_html(stretches, first, second, fold):
    """Return the running text: what was removed is struck through, what was added underlined."""
    parts = []
    for place, (tag, a, b, c, d) in enumerate(stretches):
        if tag == "equal":
            head, tail = visible(d - c, "Words", fold, place == 0, place == len(stretches) - 1)
            parts.append(html.escape("".join(second[c : c + head])))
            if head < d - c:
                parts += [f" {folded(d - c - head - tail, 'Words')} ", html.escape("".join(second[d - tail : d]))]
        else:
            parts += [removed_html("".join(first[a:b])), added_html("".join(second[c:d]))]
    return f'<div style="white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7">{"".join(parts)}</div>'


def pair_html(old, new, options):
    """Return two versions of a line, with the words that differ marked."""
    before, after = (words_of(line, options["ignore_spaces"]) for line in (old, new))
    left, right = [], []
    for tag, a, b, c, d in changes([key_of(p, **options) for p in before], [key_of(p, **options) for p in after]):
        removed, added = "".join(before[a:b]), "".join(after[c:d])
        left.append(html.escape(removed) if tag == "equal" else removed_html(removed))
        right.append(html.escape(added) if tag == "equal" else added_html(added))
    return "".join(left), "".join(right)


def aligned(old, new, options):
    """Return which old line became which new one: the pairs most alike, in order, None where a line stands alone."""
    if len(old) == len(new) or len(old) * len(new) > MOST_PAIRS:
        return list(itertools.zip_longest(range(len(old)), range(len(new))))
    likeness = {}
    for i, j in itertools.product(range(len(old)), range(len(new))):
        ratio = difflib.SequenceMatcher(None, *(key_of(line, **options) for line in (old[i], new[j]))).ratio()
        likeness[i, j] = ratio if ratio >= ALIKE else -1
    best = {}  # (i, j): how alike the lines from i and from j on can be made, and the first step to it
    for i, j in itertools.product(range(len(old), -1, -1), range(len(new), -1, -1)):
        steps = [(best[i + 1, j][0], (i, None))] if i < len(old) else []
        steps += [(best[i, j + 1][0], (None, j))] if j < len(new) else []
        if (i, j) in likeness:
            steps.append((best[i + 1, j + 1][0] + likeness[i, j], (i, j)))
        best[i, j] = max(steps, key=lambda step: step[0], default=(0, None))
    i, j, pairs = 0, 0, []
    while best[i, j][1]:
        pairs.append(best[i, j][1])
        i, j = i + (pairs[-1][0] is not None), j + (pairs[-1][1] is not None)
    return pairs


def lines_html(stretches, first, second, fold, options):
    """Return both texts side by side, line by line."""
    rows = []

    def row(a, left, c, right):
        if len(rows) >= MOST_ROWS:
            return
        numbers = ["" if n is None else f"{n + 1:,}" for n in (a, c)]
        rows.append(
            f'<tr><td style="{NUMBER}">{numbers[0]}</td><td style="{CELL}">{left}</td>'
            f'<td style="{NUMBER}">{numbers[1]}</td><td style="{CELL}">{right}</td></tr>'
        )

    for place, (tag, a, b, c, d) in enumerate(stretches):
        if tag == "equal":
            head, tail = visible(b - a, "Lines", fold, place == 0, place == len(stretches) - 1)
            for i in range(b - a):
                if i < head or i >= b - a - tail:
                    row(a + i, html.escape(first[a + i]), c + i, html.escape(second[c + i]))
                elif i == head:
                    rows.append(
                        f'<tr><td></td><td colspan="3" style="{CELL}">{folded(b - a - head - tail, "Lines")}</td></tr>'
                    )
            continue
        for i, j in aligned(first[a:b], second[c:d], options):
            old, new = (None if i is None else a + i), (None if j is None else c + j)
            if old is not None and new is not None:
                left, right = pair_html(first[old], second[new], options)
            else:
                left = removed_html(first[old]) if old is not None else ""
                right = added_html(second[new]) if new is not None else ""
            row(old, left, new, right)
    if len(rows) >= MOST_ROWS:
        rows.append(
            f'<tr><td></td><td colspan="3" style="{CELL}"><em>Only {MOST_ROWS:,} lines are shown.</em></td></tr>'
        )
    widths = '<colgroup><col style="width: 3em"><col><col style="width: 3em"><col></colgroup>'
    style = "width: 100%; table-layout: fixed; border-collapse: collapse; font-family: monospace"
    return f'<table style="{style}">{widths}{"".join(rows)}</table>'


# %% role=app id=app
import ipywidgets as widgets
from IPython.display import display

half = widgets.Layout(flex="1 1 320px")
first = widgets.Textarea(
    value=FIRST_TEXT, description="First text", placeholder="Paste or type the first text", rows=7, layout=half
)
second = widgets.Textarea(
    value=SECOND_TEXT, description="Second text", placeholder="Paste or type the second text", rows=7, layout=half
)
unit = widgets.ToggleButtons(options=["Words", "Lines"], value=UNIT, description="Compare")
ignore_case = widgets.Checkbox(value=CASE == "Ignore", description="Ignore capitals", indent=False)
ignore_spaces = widgets.Checkbox(value=SPACES == "Ignore", description="Ignore spaces", indent=False)
only_changes = widgets.Checkbox(value=False, description="Fold what did not change", indent=False)
summary = widgets.HTML()
result = widgets.HTML()


def compare(_=None):
    """Show what differs between the texts."""
    if not first.value and not second.value:
        summary.value, result.value = "<p>Put a text into each field; what differs appears here.</p>", ""
        return
    options = {"ignore_case": ignore_case.value, "ignore_spaces": ignore_spaces.value}
    before, after, stretches = word_changes(first.value, second.value, options)
    equal, removed, added = counted(stretches, before, after, str.strip)
    total = 2 * equal + removed + added
    share = 2 * equal / total if total else 1
    if unit.value == "Lines":
        before, after = first.value.splitlines(), second.value.splitlines()
        stretches = changes([key_of(p, **options) for p in before], [key_of(p, **options) for p in after])
        equal, removed, added = counted(stretches, before, after, lambda line: True)
    notes = []
    if len(after) + len(before) > MOST_PIECES and not only_changes.value:
        notes.append("The texts are long: what did not change is folded.")
    fold = only_changes.value or bool(notes)
    shown = [s for s in stretches if s[0] != "equal"][:MOST_CHANGES]
    if shown and len(stretches) > 2 * MOST_CHANGES + 1:
        stretches = stretches[: stretches.index(shown[-1]) + 1]
        notes.append(f"The first {MOST_CHANGES:,} changes are shown.")
    what = "lines" if unit.value == "Lines" else "words and marks"
    if all(tag == "equal" for tag, *_ in stretches):
        text = f"<strong>No differences</strong> in {equal:,} {what}."
    elif share == 1:
        text = "<strong>Only spaces differ.</strong>"
    else:
        text = f"<strong>{min(99, round(100 * share))} % alike</strong>, word by word. "
        text += f"{removed:,} {what} removed, {added:,} added, {equal:,} unchanged."
    summary.value = f'<p role="status">{" ".join([text, *notes])}</p>'
    if unit.value == "Words":
        result.value = words_html(stretches, before, after, fold)
    else:
        result.value = lines_html(stretches, before, after, fold, options)


for control in (first, second, unit, ignore_case, ignore_spaces, only_changes):
    control.observe(compare, "value")
compare()
display(
    widgets.VBox(
        [
            widgets.HBox([first, second]),
            widgets.HBox([unit, ignore_case, ignore_spaces, only_changes]),
            summary,
            result,
        ]
    )
)

# %% [markdown] role=doc id=about
# shared: about
