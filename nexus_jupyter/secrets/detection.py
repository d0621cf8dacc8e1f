"""Keys that somebody pasted into ordinary text, by the forms that providers give them."""

from __future__ import annotations

import re

from nexus_jupyter.secrets.backend import Secret

#: Provider -> form, the more particular first. An empty name is a key of nobody in particular.
FORMS = (
    ("anthropic", r"sk-ant-[A-Za-z0-9_-]{20,}"),
    ("openrouter", r"sk-or-(?:v1-)?[A-Za-z0-9]{20,}"),
    ("openai", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}"),
    ("openai", r"sk-[A-Za-z0-9]{40,}"),
    ("gemini", r"AIza[A-Za-z0-9_-]{35}"),
    ("groq", r"gsk_[A-Za-z0-9]{20,}"),
    ("huggingface", r"hf_[A-Za-z0-9]{20,}"),
    ("xai", r"xai-[A-Za-z0-9]{20,}"),
    ("perplexity", r"pplx-[A-Za-z0-9]{20,}"),
    ("", r"sk-[A-Za-z0-9_-]{16,}"),
    ("", r"(?:ghp|gho|github_pat|glpat|xox[abp])[_-][A-Za-z0-9_-]{20,}"),
    ("", r"AKIA[A-Z0-9]{16}"),
)
_ANY = re.compile("|".join(rf"(?<![A-Za-z0-9_-])({form})(?![A-Za-z0-9_-])" for _, form in FORMS))


def take_keys(text: str) -> tuple[str, tuple[tuple[str, Secret], ...]]:
    """Return a text with its keys masked, and the keys with the provider each looks like."""
    found: list[tuple[str, Secret]] = []

    def mask(match: re.Match[str]) -> str:
        assert match.lastindex is not None
        secret = Secret(match[0])
        found.append((FORMS[match.lastindex - 1][0], secret))
        return f"••••{secret.tail}"

    return _ANY.sub(mask, text), tuple(found)
