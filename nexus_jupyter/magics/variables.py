"""`{{name}}` in a prompt: the value of a variable, as text, and not more of it than was allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MARK = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
ROWS = 5
SHORT = 200  # characters of a value that may stand within a sentence


def filled(text: str, variables: Mapping[str, Any], limit: int) -> tuple[str, list[str], list[str]]:
    """Return a text with the variables that it names, their names, and the names that are no variables.

    Only `{{name}}` counts; any other brace stays as it is.
    """
    used: list[str] = []
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables:
            unknown.append(name)
            return match[0]
        used.append(name)
        return _marked(_cut(shown(variables[name]), limit))

    return MARK.sub(value, text), used, unknown


def shown(value: object) -> str:
    """Return a value as text for a model: a table as its columns and first rows."""
    try:
        if isinstance(value, str):
            return value
        if hasattr(value, "dtypes") and hasattr(value, "head"):
            return _table(value)
        return repr(value)
    except Exception as error:  # noqa: BLE001  a broken __repr__ must not end the cell
        return f"<{type(value).__name__}, which cannot be shown: {type(error).__name__}>"


def _table(value: Any) -> str:
    head = value.head(ROWS)
    rows = head.to_csv() if hasattr(head, "to_csv") else repr(head)
    shape = " x ".join(map(str, value.shape))
    kinds = value.dtypes
    columns = ", ".join(f"{name} ({kind})" for name, kind in kinds.items()) if hasattr(kinds, "items") else str(kinds)
    return f"A {type(value).__name__} of {shape}. Columns: {columns}. First rows:\n{rows}"


def _marked(text: str) -> str:
    """Return a value as it stands in a prompt: a long one apart, and marked as data that is not to be obeyed."""
    if len(text) <= SHORT and "\n" not in text:
        return text
    return f"\n<untrusted>\n{text.replace('<untrusted>', '').replace('</untrusted>', '')}\n</untrusted>\n"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text) - limit:,} more characters)"
