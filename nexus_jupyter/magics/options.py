"""The words of a magic's line: a verb, its arguments, flags."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass, field

from nexus_jupyter.errors import BadRequest

CELL_VERBS = ("chat", "make", "explain", "fix", "cell")
LINE_VERBS = ("status", "models", "model", "keys", "apps", "open", "new", "help")
SWITCHES = ("json", "table", "preview", "fresh")
VALUES = ("model", "data", "name", "system", "limit")
LIMIT = 4_000


@dataclass
class Options:
    """What a line asks for.

    Parameters
    ----------
    words
        What follows the verb.
    limit
        Characters of a variable's value that are sent at the most.
    """

    verb: str
    words: list[str] = field(default_factory=list)
    model: str = ""
    data: list[str] = field(default_factory=list)
    name: str = ""
    system: str = ""
    limit: int = LIMIT
    json: bool = False
    table: bool = False
    preview: bool = False
    fresh: bool = False


def parse(line: str, *, is_cell: bool) -> Options:
    """Return a line's options; without a verb a cell is a chat, and a line asks for the status.

    Raises
    ------
    BadRequest
        A word is not understood.
    """
    words = _words(line)
    verb = "chat" if is_cell else "status"
    if words and not words[0].startswith("-"):
        known = CELL_VERBS if is_cell else (*LINE_VERBS, *CELL_VERBS)
        if words[0] in known:
            verb = words.pop(0)
        elif is_cell:
            raise BadRequest(f"`{words[0][:40]}` is no command of `%%nexus`.", _near(words[0], known))
        elif len(words) == 1 and not words[0].endswith("?"):  # more likely a slip than a question
            raise BadRequest(f"`{words[0][:40]}` is no command of `%nexus`.", _near(words[0], known))
        else:
            verb = "chat"  # `%nexus what is a p-value?`
    options = Options(verb)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            options.words.append(word)
            continue
        flag, has_value, value = word[2:].partition("=")
        if flag in SWITCHES and not has_value:
            setattr(options, flag, True)
        elif flag in VALUES:
            if not has_value:
                if not words:
                    raise BadRequest(f"`--{flag}` needs a value.", f"For example: --{flag} ...")
                value = words.pop(0)
            _set(options, flag, value)
        else:
            flags = tuple(f"--{f}" for f in (*SWITCHES, *VALUES))
            raise BadRequest(f"`{word[:40]}` is no flag of `%nexus`.", _near(f"--{flag}", flags))
    return options


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=False)
    except ValueError:  # an apostrophe in a question is no quotation
        return line.split()


def _set(options: Options, flag: str, value: str) -> None:
    if flag == "data":
        options.data.append(value)
    elif flag == "limit":
        if not value.isdecimal() or int(value) == 0:
            raise BadRequest(f"`--limit {value[:20]}` is no number of characters.", "For example: --limit 10000")
        options.limit = int(value)
    elif flag == "name" and not value.replace("-", "_").isidentifier():
        raise BadRequest(f"`{value[:40]}` cannot be a name.", "Use letters, digits and dashes.")
    else:
        setattr(options, flag, value)


def _near(word: str, known: tuple[str, ...]) -> str:
    found = difflib.get_close_matches(word, known, 1)
    return f"Did you mean `{found[0]}`?" if found else f"There are {', '.join(known)}."
