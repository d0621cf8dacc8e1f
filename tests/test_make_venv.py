"""`make` finds a Python that works, whatever else bears its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "make_venv.sh"


def _shim(folder: Path, name: str, line: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{line}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path_with(tmp_path, monkeypatch):
    """Put scripts before everything else on the path: name -> its one line."""

    def make(scripts: dict[str, str], rest: str = "/usr/bin:/bin") -> dict[str, str]:
        for name, line in scripts.items():
            _shim(tmp_path / "bin", name, line)
        return {**os.environ, "PATH": f"{tmp_path / 'bin'}:{rest}"}

    return make


def _make(venv: Path, environment: dict[str, str], *python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), str(venv), *python], env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_shim_without_its_python_is_passed_over(tmp_path, path_with):
    dead = "echo 'no such version' >&2; exit 127"
    environment = path_with({"python3.13": dead, "python3.12": dead, "python3.11": f'exec {sys.executable} "$@"'})
    made = _make(tmp_path / "venv", environment)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "venv" / "bin" / "pip").exists()


def test_an_old_python_is_named_with_the_remedy(tmp_path, path_with):
    old = path_with({"python3": "exit 1"})
    made = _make(tmp_path / "venv", old, "python3")
    assert made.returncode == 1
    assert "3.11 or newer" in made.stderr and "in python3" in made.stderr and "apt-get install" in made.stderr
    assert not (tmp_path / "venv").exists()
