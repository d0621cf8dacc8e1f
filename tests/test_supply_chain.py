"""What must not be installed is noticed, and what is installed is in order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import supply_chain

    yield supply_chain
    del sys.modules["supply_chain"]


def test_this_tree_and_this_environment_are_in_order(check: Any) -> None:
    assert check.problems(ROOT) == []


def project(folder: Path, requirement: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(f'[project]\nname = "x"\ndependencies = ["{requirement}"]\n')
    return path


@pytest.mark.parametrize(
    ("requirement", "says"),
    [
        ("litellm>=1.80", ["allows litellm 1.82.7", "allows litellm 1.82.8"]),
        ("litellm==1.82.8", ["allows litellm 1.82.8"]),
        ("litellm>=1.80,!=1.82.7,!=1.82.8", []),
        ("LiteLLM[proxy]>=1.102", ["asks for litellm's `proxy`"]),
        ("litellm[extra_proxy]>=1.102", ["asks for litellm's `extra-proxy`"]),
        ("other", []),
    ],
)
def test_a_requirement_that_allows_a_bad_release_is_noticed(
    check: Any, tmp_path: Path, requirement: str, says: list[str]
) -> None:
    found = check.declared(project(tmp_path, requirement))
    assert [part in problem.replace("_", "-") for part, problem in zip(says, found, strict=True)] == [True] * len(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("litellm==1.82.7 \\\n    --hash=sha256:00\n", "pins litellm 1.82.7"),
        ("litellm[caching]==1.82.8 \\\n    --hash=sha256:00\n", "pins litellm 1.82.8"),
        ("litellm[proxy]==1.102.4 \\\n    --hash=sha256:00\n", "installs litellm's proxy"),
        ("litellm-proxy-extras==0.4.97 \\\n    --hash=sha256:00\n", "installs litellm's proxy"),
        ("litellm==1.102.4\n", "has no hashes"),
        ("litellm==1.102.4 \\\n    --hash=sha256:00\n", ""),
        ("litellm==1.82.70 \\\n    --hash=sha256:00\n", ""),
    ],
)
def test_a_bad_pin_is_noticed(check: Any, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "run.txt").write_text(text)
    found = check.locked(tmp_path)
    assert len(found) == bool(says)
    assert says in "".join(found)


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        ("litellm", "1.82.7", "steals credentials"),
        ("LiteLLM", "1.82.8", "steals credentials"),
        ("litellm_proxy_extras", "0.4.97", "proxy is not to be"),
        ("litellm", "1.102.4", ""),
    ],
)
def test_a_bad_package_is_noticed_where_it_is_installed(
    check: Any, tmp_path: Path, name: str, version: str, says: str
) -> None:
    folder = tmp_path / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    found = check.installed([tmp_path])
    assert len(found) == bool(says)
    assert says in "".join(found)


@pytest.mark.parametrize(
    ("name", "content", "is_fine"),
    [
        ("litellm_init.pth", "import os; os.system('x')", False),
        ("anything.pth", "/some/folder", False),
        ("distutils-precedence.pth", "import os; os.system('x')", False),
        ("_editable_impl_nexus_jupyter.pth", "/some/folder\nimport os", False),
        ("_editable_impl_nexus_jupyter.pth", "/some/folder", True),
        ("_virtualenv.pth", "import _virtualenv\n", True),
        ("sitecustomize.py", "", False),
        ("usercustomize.py", "", False),
    ],
)
def test_a_file_that_runs_at_every_start_is_noticed(
    check: Any, tmp_path: Path, name: str, content: str, is_fine: bool
) -> None:
    (tmp_path / name).write_text(content)
    assert (check.installed([tmp_path]) == []) is is_fine
