"""Keys by name: the interface of a place that keeps them, and the places asked in turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from nexus_jupyter.errors import BadRequest, NotFound

NAME = re.compile(r"(apps/[A-Za-z0-9_-]{1,64}/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SHORTEST, LONGEST = 8, 4096  # a shorter value would be found in innocent text


class Secret:
    """A value that does not show itself: only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value."""
        return self._value

    @property
    def tail(self) -> str:
        """The last four characters, which may be shown."""
        return self._value[-4:]

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled.")


@dataclass(frozen=True, kw_only=True)
class StoredKey:
    """What may be shown of a key.

    Parameters
    ----------
    name
        A connection's id (`openai`), or `apps/<app id>/<name>` for one app.
    tail
        The value's last four characters.
    source
        The backend that keeps it.
    is_fixed
        Whether it can only be changed outside Nexus.
    """

    name: str
    tail: str
    source: str
    is_fixed: bool = False


class SecretBackend(Protocol):
    """A place that keeps secrets: the file, the system's keyring, the environment, or a vault's client."""

    source: str
    is_fixed: bool

    def names(self) -> list[str]:
        """Return the names of all secrets here."""

    def get(self, name: str) -> Secret | None:
        """Return one, or None."""

    def set(self, name: str, value: Secret) -> None:
        """Keep one; raises `NexusError` where that is not possible."""

    def remove(self, name: str) -> bool:
        """Forget one; return whether it was there."""


class KeyRing:
    """Every key of one owner. The first backend that has a name wins; new ones go to the first that can be changed."""

    def __init__(self, backends: Sequence[SecretBackend]) -> None:
        self._backends = tuple(backends)

    def get(self, name: str, app_id: str = "") -> Secret | None:
        """Return a key; an app's own comes before the owner's."""
        wanted = [f"apps/{app_id}/{name}", name] if app_id else [name]
        return next((s for n in wanted for b in self._backends if (s := b.get(n)) is not None), None)

    def set(self, name: str, value: str) -> StoredKey:
        """Keep a key.

        Raises
        ------
        BadRequest
            The name or the value is not a key's.
        """
        if not NAME.fullmatch(name):
            raise BadRequest(f"`{name[:70]}` cannot be a key's name.", "Use a provider's name, for example `openai`.")
        secret = Secret(checked_value(value))
        backend = next(b for b in self._backends if not b.is_fixed)
        backend.set(name, secret)
        return StoredKey(name=name, tail=secret.tail, source=backend.source)

    def remove(self, name: str) -> None:
        """Forget a key.

        Raises
        ------
        NotFound
            There is none.
        BadRequest
            It comes from a place that Nexus does not write.
        """
        removed = [b.remove(name) for b in self._backends if not b.is_fixed]
        if any(removed):
            return
        fixed = next((b for b in self._backends if b.is_fixed and b.get(name) is not None), None)
        if fixed is not None:
            raise BadRequest(f"The key `{name}` comes from the {fixed.source}.", "Unset the variable there.")
        raise NotFound(f"There is no key `{name}`.", "See: nexus keys list")

    def stored(self) -> list[StoredKey]:
        """Return what may be shown of each key, by name."""
        found: dict[str, StoredKey] = {}
        for backend in self._backends:
            for name in backend.names():
                secret = backend.get(name) if name not in found else None
                if secret is not None:
                    found[name] = StoredKey(
                        name=name, tail=secret.tail, source=backend.source, is_fixed=backend.is_fixed
                    )
        return sorted(found.values(), key=lambda k: k.name)

    def values(self) -> list[Secret]:
        """Return every secret, for the redactor."""
        return [s for backend in self._backends for name in backend.names() if (s := backend.get(name)) is not None]


def checked_value(value: str) -> str:
    """Return a key without the space and quotes that come along when it is pasted.

    Raises
    ------
    BadRequest
        It cannot be a key.
    """
    value = value.strip().strip("\"'`").strip()
    if not SHORTEST <= len(value) <= LONGEST:
        raise BadRequest(
            f"A key has {SHORTEST} to {LONGEST:,} characters; this has {len(value):,}.", "Copy it again, whole."
        )
    if any(c.isspace() or not c.isprintable() for c in value):
        raise BadRequest("A key has no spaces or line ends in it.", "Copy it again, alone.")
    return value
