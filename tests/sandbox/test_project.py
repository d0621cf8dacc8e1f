"""Which of the user's files a kernel start may see."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.sandbox import project_mounts
from nexus_jupyter.sandbox.layout import Mount

pytestmark = pytest.mark.needs_no_sandbox


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app" / ".nexus").mkdir(parents=True)
    (tmp_path / "app" / "app.ipynb").write_text("{}")
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "one.ipynb").write_text("{}")
    (tmp_path / "loose" / "data.csv").write_text("a\n")
    return tmp_path


def test_app_folder_is_shown_whole(root: Path) -> None:
    whole = [Mount(root / "app", "/project")]
    assert project_mounts(root / "app") == whole
    assert project_mounts(root / "app", str(root / "app" / "app.ipynb")) == whole


def test_of_any_other_folder_only_the_notebook_is_shown(root: Path) -> None:
    only = [Mount(root / "loose" / "one.ipynb", "/project/one.ipynb")]
    assert project_mounts(root / "loose", "one.ipynb") == only
    assert project_mounts(root, str(root / "loose" / "one.ipynb")) == only


def test_unknown_notebook_shows_nothing(root: Path) -> None:
    assert project_mounts(root / "loose") == []
    assert project_mounts(root / "loose", "missing.ipynb") == []
    assert project_mounts(root / "loose", "data.csv") == []


def test_notebook_of_an_app_folder_wins_over_the_working_directory(root: Path) -> None:
    assert project_mounts(root, "app/app.ipynb") == [Mount(root / "app", "/project")]


def test_home_and_server_root_are_never_shown_whole(root: Path) -> None:
    (root / ".nexus").mkdir()
    (root / "one.ipynb").write_text("{}")
    assert project_mounts(root, never_whole=[root]) == []
    assert project_mounts(root, "one.ipynb", never_whole=[root]) == [Mount(root / "one.ipynb", "/project/one.ipynb")]
    assert project_mounts(root, never_whole=[root / "deeper" / "home"]) == []
    assert project_mounts(root, never_whole=[root / "app"]) == []


def test_links_do_not_widen_the_project(root: Path) -> None:
    (root / "loose" / "link.ipynb").symlink_to(root / "app" / "app.ipynb")
    (root / "loose" / ".nexus").symlink_to(root / "app" / ".nexus")
    assert project_mounts(root / "loose", "link.ipynb") == []
    assert project_mounts(root / "loose") == []


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux only")
def test_kernel_of_a_loose_notebook_sees_only_the_notebook(root: Path, start_notebook: Any) -> None:
    from nexus_jupyter.sandbox import probe_tiers

    if not probe_tiers()[0].works:
        pytest.skip(probe_tiers()[0].reason)
    env = {"JPY_SESSION_NAME": str(root / "loose" / "one.ipynb")}
    started = start_notebook(root / "loose", env=env)
    try:
        assert started.run("import os; os.listdir('.'), os.environ['JPY_SESSION_NAME']") == (
            "(['one.ipynb'], '/project/one.ipynb')"
        )
        assert started.manager.resolve_path("one.ipynb") == str(root / "loose" / "one.ipynb")
    finally:
        started.close()
