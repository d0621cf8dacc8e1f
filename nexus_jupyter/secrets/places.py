"""The places that keep keys: an encrypted file, the system's keyring, environment variables."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nexus_jupyter.errors import BadRequest, StorageFailed
from nexus_jupyter.files import write_atomic
from nexus_jupyter.secrets.backend import Secret, SecretBackend

#: Where each provider's own tools look for its key.
VARIABLES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "azure": "AZURE_API_KEY",
    "cohere": "COHERE_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "groq": "GROQ_API_KEY",
    "huggingface": "HF_TOKEN",
    "mistral": "MISTRAL_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "perplexity": "PERPLEXITYAI_API_KEY",
    "together_ai": "TOGETHERAI_API_KEY",
    "xai": "XAI_API_KEY",
}
SERVICE = "nexus-jupyter"


class EnvironmentKeys:
    """Keys in the variables that providers' own tools read."""

    source = "environment"
    is_fixed = True

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def names(self) -> list[str]:
        """Return the providers whose variable is set."""
        return [name for name, variable in VARIABLES.items() if self._environ.get(variable, "").strip()]

    def get(self, name: str) -> Secret | None:
        """Return a provider's key."""
        value = self._environ.get(VARIABLES.get(name, ""), "").strip()
        return Secret(value) if value else None

    def set(self, name: str, value: Secret) -> None:
        """Refuse: variables are set outside."""
        raise BadRequest("Environment variables are set outside Nexus.")

    def remove(self, name: str) -> bool:
        """Remove nothing."""
        return False


class FileKeys:
    """Keys in one file, each encrypted (AES-256-GCM) with a key of this installation.

    Whoever can read both files can read the keys: this keeps them out of
    backups of either and out of sight, not from the owner's own programs.

    Parameters
    ----------
    folder
        Holds `keys.json` and `keys.secret`, readable by the owner only.
    """

    source = "encrypted file"
    is_fixed = False

    def __init__(self, folder: Path) -> None:
        self._file = folder / "keys.json"
        self._secret = folder / "keys.secret"

    def names(self) -> list[str]:
        """Return the names in the file."""
        return sorted(self._read())

    def get(self, name: str) -> Secret | None:
        """Decrypt one; what another installation wrote counts as absent."""
        from cryptography.exceptions import InvalidTag

        entry = self._read().get(name)
        key = self._key()
        if entry is None or key is None:
            return None
        try:
            sealed = base64.b64decode(entry)
            # The name is authenticated too: an entry moved to another name does not open.
            return Secret(_cipher(key).decrypt(sealed[:12], sealed[12:], name.encode()).decode())
        except (InvalidTag, ValueError):
            return None

    def set(self, name: str, value: Secret) -> None:
        """Encrypt and keep one."""
        key = self._key() or self._new_key()
        nonce = secrets.token_bytes(12)
        sealed = nonce + _cipher(key).encrypt(nonce, value.reveal().encode(), name.encode())
        self._write({**self._read(), name: base64.b64encode(sealed).decode()})

    def remove(self, name: str) -> bool:
        """Forget one."""
        entries = self._read()
        if entries.pop(name, None) is None:
            return False
        self._write(entries)
        return True

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StorageFailed(
                f"`{self._file}` cannot be read: {error}.", "Remove it and enter the keys again."
            ) from error
        return content if isinstance(content, dict) else {}

    def _write(self, entries: dict[str, str]) -> None:
        self._private(self._file)
        write_atomic(self._file, json.dumps(entries, indent=1, sort_keys=True).encode())

    def _key(self) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return base64.b64decode(self._secret.read_bytes())
        return None

    def _new_key(self) -> bytes:
        key = secrets.token_bytes(32)
        self._private(self._secret)
        write_atomic(self._secret, base64.b64encode(key))
        return key

    @staticmethod
    def _private(path: Path) -> None:
        """Make the file before anything is in it: a replacement keeps its mode."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.chmod(0o600)
        except OSError as error:
            raise StorageFailed(
                f"`{path}` cannot be written: {error.strerror}.", "Check the folder and its disk."
            ) from error


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


class KeyringKeys:
    """Keys in the system's keyring (Secret Service, macOS Keychain, Windows Credential Locker)."""

    source = "system keyring"
    is_fixed = False

    def __init__(self, ring: Any, index: Path) -> None:
        self._ring = ring
        self._index = index  # keyrings do not list: the names are kept beside, without values

    def names(self) -> list[str]:
        """Return the names that were set here."""
        try:
            return sorted(json.loads(self._index.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return []

    def get(self, name: str) -> Secret | None:
        """Ask the keyring for one."""
        value = self._ring.get_password(SERVICE, name) if name in self.names() else None
        return Secret(value) if value else None

    def set(self, name: str, value: Secret) -> None:
        """Give one to the keyring."""
        self._ring.set_password(SERVICE, name, value.reveal())
        write_atomic(self._index, json.dumps(sorted({*self.names(), name})).encode())

    def remove(self, name: str) -> bool:
        """Take one out."""
        if name not in self.names():
            return False
        with contextlib.suppress(Exception):  # gone already, by another tool
            self._ring.delete_password(SERVICE, name)
        write_atomic(self._index, json.dumps(sorted({*self.names()} - {name})).encode())
        return True


def system_keyring(folder: Path) -> KeyringKeys | None:
    """Return the system's keyring, if one works without asking anybody anything.

    Headless machines have none; then some installations offer a plain-text
    file instead, which is refused.
    """
    try:
        import keyring
        from keyring.backends import fail

        ring = keyring.get_keyring()
        kind = f"{type(ring).__module__}.{type(ring).__qualname__}"
        if isinstance(ring, fail.Keyring) or "null" in kind or "Plaintext" in kind or ring.priority <= 0:
            return None
        ring.get_password(SERVICE, "probe")
    except Exception:  # noqa: BLE001  a keyring fails in as many ways as there are desktops
        return None
    return KeyringKeys(ring, folder / "keyring.json")


def default_places(folder: Path, environ: Mapping[str, str] | None = None) -> list[SecretBackend]:
    """Return the places in the order they are asked: what the owner gave Nexus comes before the environment."""
    ring = system_keyring(folder)
    return [*([ring] if ring else []), FileKeys(folder), EnvironmentKeys(environ)]
