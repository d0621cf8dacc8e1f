"""Keeps live secrets out of text, also where they come encoded or in two pieces."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from nexus_jupyter.secrets.backend import SHORTEST, Secret

MASK = "[key removed]"


def forms(value: str) -> set[str]:
    """Return a secret as it may stand in text: raw, hex, URL-encoded, JSON-escaped, base64 at any alignment."""
    raw = value.encode()
    found = {
        value,
        value[::-1],
        raw.hex(),
        raw.hex().upper(),
        " ".join(f"{b:02x}" for b in raw),
        ":".join(f"{b:02x}" for b in raw),
        "".join(f"\\x{b:02x}" for b in raw),
        "".join(f"\\u{ord(c):04x}" for c in value),
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        "".join(f"%{b:02X}" for b in raw),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(value)[1:-1])[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
    }
    found |= {re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), f) for f in tuple(found) if "%" in f}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # Inside longer base64, the characters that also hold bits of the neighbours differ: leave them out.
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            start = (0, 2, 3)[offset]
            end = len(text) - (0 if (offset + len(raw)) % 3 == 0 else 1)
            found.add(text[start:end])
    # What is left of a short secret in base64 may be too short to tell from innocent text.
    return {f for f in found if len(f) >= SHORTEST}


class Redactor:
    """Replaces every form of some secrets by a mask."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        every = set().union(*(forms(s.reveal()) for s in secrets))
        # The longest first: a form may begin with another.
        ordered = sorted(every, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._forms = ordered
        self.longest = max(map(len, every), default=0)

    def clean(self, text: str) -> str:
        """Return a text without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def held_back(self, text: str) -> int:
        """Return how many of the last characters may be the beginning of a secret."""
        # Form by form, so that memory does not grow with the square of a key's length.
        held = 0
        for form in self._forms:
            start = max(0, len(text) - len(form) + 1)
            while (start := text.find(form[0], start, len(text) - held)) >= 0:
                if form.startswith(text[start:]):
                    held = len(text) - start
                    break
                start += 1
        return held

    def certain(self, text: str) -> int:
        """Return how many characters can be cleaned whatever follows: no secret that is cut, or may go on, begins there."""
        end = len(text) - self.held_back(text)
        if end < len(text) and self._pattern:
            across = (m.start() for m in self._pattern.finditer(text) if m.start() < end < m.end())
            end = next(across, end)
        return end

    def stream(self) -> StreamRedactor:
        """Return a redactor for a text that comes in pieces."""
        return StreamRedactor(self)


class StreamRedactor:
    """Cleans a text that comes in pieces; holds back only what may be the beginning of a secret."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._rest = ""

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be shown of all that came."""
        text = self._rest + piece
        end = self._redactor.certain(text)
        self._rest = text[end:]
        return self._redactor.clean(text[:end])

    def end(self) -> str:
        """Return what was held back: nothing followed that made it a secret."""
        rest, self._rest = self._rest, ""
        return self._redactor.clean(rest)
