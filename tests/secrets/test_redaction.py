"""Secrets do not come through: raw, encoded, split; and innocent text does."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from nexus_jupyter.secrets import Redactor, Secret
from nexus_jupyter.secrets.redaction import MASK

COUNT = 2_000  # 10,000 in `make soak`
KINDS = ("sk-", "sk-ant-api03-", "AIza", "gsk_", "hf_", "xai-", "")
LETTERS = string.ascii_letters + string.digits + "-_"
ODD = LETTERS + "+/=.:$!%\\\"'&#äß€"


def secret(random_: random.Random) -> str:
    alphabet = ODD if random_.random() < 0.2 else LETTERS
    return random_.choice(KINDS) + "".join(random_.choices(alphabet, k=random_.randint(16, 120)))


def surrounding(random_: random.Random) -> str:
    return "".join(random_.choices(string.ascii_letters + string.digits + "  \n.,:", k=random_.randint(0, 40)))


def encodings(random_: random.Random) -> dict[str, Callable[[str], str]]:
    """Return ways in which a secret, with or without neighbours, gets into a text."""
    before, after = surrounding(random_).encode(), surrounding(random_).encode()
    return {
        "raw": str,
        "hex": lambda s: (before + s.encode() + after).hex(),
        "HEX": lambda s: (before + s.encode() + after).hex().upper(),
        "base64": lambda s: base64.b64encode(before + s.encode() + after).decode(),
        "base64 for URLs": lambda s: base64.urlsafe_b64encode(before + s.encode() + after).decode(),
        "URL": lambda s: quote(s, safe=""),
        "form": quote_plus,
        "JSON": json.dumps,
        "JSON in JSON": lambda s: json.dumps(json.dumps({"key": s})),
        "JSON with letters": lambda s: json.dumps(s, ensure_ascii=False),
    }


def shows(text: str, value: str) -> bool:
    """Return whether a text still tells most of a secret, read as each encoding."""
    core = value[4:-4]
    readings = [text]
    for decode in (bytes.fromhex, base64.b64decode, base64.urlsafe_b64decode):
        try:
            readings.append(decode(text).decode("utf-8", "replace"))
        except ValueError:
            continue
    return any(core in reading for reading in readings)


def test_every_form_of_random_secrets_is_removed() -> None:
    random_ = random.Random(3)
    missed: dict[str, int] = {}
    for _ in range(COUNT):
        value = secret(random_)
        redactor = Redactor([Secret(value), Secret(secret(random_))])
        for name, encode in encodings(random_).items():
            text = encode(value)
            cleaned = redactor.clean(f"{surrounding(random_)}{text}{surrounding(random_)}")
            missed[name] = missed.get(name, 0) + (MASK not in cleaned or shows(redactor.clean(text), value))
    assert missed.pop("raw") <= COUNT * 0.001
    assert {name: n for name, n in missed.items() if n > COUNT * 0.01} == {}


def test_a_secret_in_two_pieces_is_removed_and_nothing_else_is_lost() -> None:
    random_ = random.Random(4)
    for _ in range(COUNT):
        value = secret(random_)
        redactor = Redactor([Secret(value)])
        before, after = surrounding(random_), surrounding(random_)
        text = f"{before}{value}{after}"
        cuts = sorted(random_.choices(range(len(text) + 1), k=random_.randint(1, 6)))
        stream = redactor.stream()
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        shown = "".join(stream.feed(p) for p in pieces) + stream.end()
        assert shown == f"{before}{MASK}{after}"


def test_a_secret_that_goes_on_where_another_ends_is_removed_whole() -> None:
    random_ = random.Random(6)
    short = "sk-abc12345"
    values = [short, f"{short}-and-more-of-it", f"x{short}"[:9] + "zzzz"]
    redactor = Redactor(map(Secret, values))
    for _ in range(COUNT):
        text = "".join(random_.choices([*values, short[:7], values[1][:14], "-and", " ", "é"], k=5))
        cuts = sorted(random_.choices(range(len(text) + 1), k=random_.choice([0, 2, len(text)])))
        stream = redactor.stream()
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert "".join(stream.feed(p) for p in pieces) + stream.end() == redactor.clean(text)


def test_innocent_text_is_left_alone_and_shown_at_once() -> None:
    random_ = random.Random(5)
    redactor = Redactor([Secret(secret(random_)) for _ in range(20)])
    wrong = late = 0
    for _ in range(COUNT):
        text = " ".join(secret(random_) if random_.random() < 0.1 else surrounding(random_) for _ in range(20))
        wrong += redactor.clean(text) != text
        stream = redactor.stream()
        late += len(text) - len(stream.feed(text)) > 8
    assert wrong <= COUNT * 0.001
    assert late <= COUNT * 0.01


@pytest.mark.parametrize("text", ["", "a", "é" * 10_000])
def test_without_secrets_everything_passes(text: str) -> None:
    redactor = Redactor()
    assert redactor.clean(text) == text
    assert redactor.stream().feed(text) == text


def test_a_secret_does_not_show_itself() -> None:
    value = Secret("sk-do-not-show-me")
    assert [str(value), repr(value), f"{value}", f"{value:>40}"] == ["***", "Secret(***)", "***", "***"]
    with pytest.raises(TypeError):
        json.dumps(value)
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(value)
