"""What a magic shows: an answer that grows, a table, JSON, a card."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import Any

from nexus_jupyter.errors import ProviderFailed

CARD = "application/vnd.nexus.app-card+json"
MAKE = "application/vnd.nexus.make-request+json"
FENCE = re.compile(r"^(`{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
PAUSE = 0.1  # seconds between two drawings of a growing answer


class Growing:
    """An answer that is shown as it comes: Markdown that is replaced in a notebook, plain text in a terminal."""

    def __init__(self, shell: Any) -> None:
        self.text = ""
        self._in_notebook = is_notebook(shell)
        self._handle: Any = None
        self._drawn = 0.0

    def add(self, piece: str) -> None:
        """Add a piece."""
        self.text += piece
        if not self._in_notebook:
            sys.stdout.write(piece)
            sys.stdout.flush()
        elif time.monotonic() - self._drawn > PAUSE:
            self._draw(self.text)

    def replace(self, text: str) -> None:
        """Show something else in its place; a terminal shows it below."""
        self.text = text
        if self._in_notebook:
            self._draw(text)
        else:
            sys.stdout.write(f"\n{text}\n")

    def end(self, note: str = "") -> None:
        """Show all of it, and a note below."""
        if not self._in_notebook:
            sys.stdout.write(f"\n{note}\n" if note else "\n")
        else:
            self._draw(f"{self.text}\n\n*{note}*" if note else self.text)

    def _draw(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/markdown": text, "text/plain": text}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)
        self._drawn = time.monotonic()


def is_notebook(shell: Any) -> bool:
    """Return whether a front end draws what is displayed."""
    return hasattr(shell, "kernel")


def code_of(text: str) -> str:
    """Return the code of an answer: its fenced blocks, Python's first; all of it where there is none."""
    blocks = FENCE.findall(text)
    python = [code for _, language, code in blocks if language.lower() in {"python", "py", "python3", "ipython"}]
    chosen = python or [code for _, language, code in blocks if not language] or [code for _, _, code in blocks]
    return "\n".join(code.rstrip("\n") for code in chosen) if chosen else text.strip()


def json_of(text: str) -> Any:
    """Return the JSON of an answer, which may stand in a fence or between words.

    Raises
    ------
    ProviderFailed
        There is none.
    """
    decoder = json.JSONDecoder()
    for candidate in (text.strip(), *(code for _, _, code in FENCE.findall(text))):
        try:
            return json.loads(candidate)
        except ValueError:
            continue
    for start in (m.start() for m in re.finditer(r"[\[{]", text)):
        try:
            return decoder.raw_decode(text[start:])[0]
        except ValueError:
            continue
    raise ProviderFailed("The answer holds no JSON.", "Ask again, or without --json.")


def records(value: Any) -> list[dict[str, Any]]:
    """Return JSON as rows of a table.

    Raises
    ------
    ProviderFailed
        It is no table.
    """
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list)]
        value = lists[0] if len(lists) == 1 else [value]
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return [dict(row) for row in value]
    raise ProviderFailed("The answer holds no table.", "Ask for rows with named columns.")


def table_markdown(rows: list[dict[str, Any]]) -> str:
    """Return rows as a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row))

    def line(cells: list[Any]) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|").replace("\n", " ") for c in cells) + " |"

    return "\n".join(
        [line(names), line(["---"] * len(names)), *(line([row.get(n, "") for n in names]) for row in rows)]
    )


def show(shell: Any, bundle: dict[str, Any]) -> None:
    """Show a bundle; a terminal gets its plain text."""
    if is_notebook(shell):
        from IPython.display import display

        display(bundle, raw=True)  # type: ignore[no-untyped-call]
    else:
        sys.stdout.write(f"{bundle['text/plain']}\n")
