"""Keys are kept where only the owner reads them, and show four characters."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.errors import BadRequest, NotFound, StorageFailed
from nexus_jupyter.secrets import KeyRing
from nexus_jupyter.secrets.places import EnvironmentKeys, FileKeys, KeyringKeys, system_keyring

CANARY = "sk-canary-0123456789-WXYZ"


def ring(folder: Path, environ: dict[str, str] | None = None) -> KeyRing:
    return KeyRing([FileKeys(folder), EnvironmentKeys(environ or {})])


def test_a_key_is_kept_encrypted_for_its_owner_alone(tmp_path: Path) -> None:
    stored = ring(tmp_path / "state").set("openai", f'  "{CANARY}"\n')
    assert (stored.tail, stored.source) == ("WXYZ", "encrypted file")
    again = ring(tmp_path / "state").get("openai")
    assert again is not None
    assert again.reveal() == CANARY
    for file in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert CANARY.encode() not in file.read_bytes()
        assert CANARY[3:12].encode() not in file.read_bytes()


def test_an_apps_own_key_comes_before_the_owners(tmp_path: Path) -> None:
    keys = ring(tmp_path)
    keys.set("openai", CANARY)
    keys.set("apps/app-1/openai", "sk-of-the-app-000")
    found = [keys.get("openai", app_id=a) for a in ("app-1", "app-2", "")]
    assert [s and s.tail for s in found] == ["-000", "WXYZ", "WXYZ"]


def test_what_was_set_comes_before_the_environment_which_cannot_be_removed(tmp_path: Path) -> None:
    keys = ring(tmp_path, {"OPENAI_API_KEY": "sk-from-outside-1111", "GROQ_API_KEY": " "})
    assert [(k.name, k.tail, k.is_fixed) for k in keys.stored()] == [("openai", "1111", True)]
    keys.set("openai", CANARY)
    assert [(k.name, k.tail, k.is_fixed) for k in keys.stored()] == [("openai", "WXYZ", False)]
    keys.remove("openai")
    with pytest.raises(BadRequest, match="comes from the environment"):
        keys.remove("openai")
    with pytest.raises(NotFound):
        keys.remove("groq")


@pytest.mark.parametrize("value", ["", "short", "two words here", "line\nend-of-it", "x" * 5000, "nul\0nul\0nul"])
def test_what_is_no_key_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadRequest) as raised:
        ring(tmp_path).set("openai", value)
    assert not value or value not in str(raised.value)


@pytest.mark.parametrize("name", ["", "../x", "a b", "apps//x", "x" * 80, "apps/a/b/c"])
def test_odd_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        ring(tmp_path).set(name, CANARY)


def test_a_file_of_another_installation_or_moved_entries_do_not_open(tmp_path: Path) -> None:
    keys = ring(tmp_path)
    keys.set("openai", CANARY)
    file = tmp_path / "keys.json"
    file.write_text(file.read_text().replace("openai", "groq"))
    assert keys.get("groq") is None
    (tmp_path / "keys.secret").unlink()
    assert keys.stored() == []
    file.write_text("{")
    with pytest.raises(StorageFailed, match=r"keys\.json"):
        keys.stored()


class FakeRing:
    """A system keyring in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.held[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        del self.held[service, name]


def test_a_system_keyring_holds_the_values_and_we_the_names(tmp_path: Path) -> None:
    held = FakeRing()
    keys = KeyRing([KeyringKeys(held, tmp_path / "keyring.json")])
    keys.set("openai", CANARY)
    assert CANARY not in (tmp_path / "keyring.json").read_text()
    assert [k.source for k in keys.stored()] == ["system keyring"]
    held.held.clear()  # removed by another tool
    assert keys.get("openai") is None
    keys.remove("openai")
    assert keys.stored() == []


def test_no_keyring_or_one_in_plain_text_is_not_used(tmp_path: Path, monkeypatch: Any) -> None:
    import keyring
    from keyring.backends import null

    monkeypatch.setattr(keyring, "get_keyring", null.Keyring)
    assert system_keyring(tmp_path) is None

    def broken() -> None:
        raise RuntimeError("no session bus")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    assert system_keyring(tmp_path) is None
