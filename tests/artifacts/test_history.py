"""The history of an app, beside and inside other people's repositories."""

from __future__ import annotations

import subprocess

import pytest

from nexus_jupyter.artifacts.history import History
from nexus_jupyter.errors import NotFound


def git(*arguments, cwd):
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, check=True, text=True)
    return done.stdout


def test_revisions_count_up_and_give_back_their_bytes(tmp_path):
    file = tmp_path / "a.ipynb"
    history = History(tmp_path)
    assert history.revisions() == []
    for text in ("one", "two"):
        file.write_text(text)
        history.commit(f"Say {text}", [file])
    assert [(r.number, r.message) for r in history.revisions()] == [(2, "Say two"), (1, "Say one")]
    assert history.read(1, "a.ipynb") == b"one"
    with pytest.raises(NotFound, match="no revision 9"):
        history.read(9, "a.ipynb")
    with pytest.raises(NotFound, match=r"no file `b\.ipynb`"):
        history.read(1, "b.ipynb")


def test_any_git_client_reads_it(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text("one")
    history = History(tmp_path)
    history.commit("Say one", [file])
    assert git("--git-dir", str(history.git_dir), "log", "--format=%s", cwd=tmp_path).strip() == "Say one"
    assert git("--git-dir", str(history.git_dir), "show", "main:a.ipynb", cwd=tmp_path) == "one"
    git("--git-dir", str(history.git_dir), "fsck", "--strict", cwd=tmp_path)


def test_a_users_own_repository_with_staged_changes_and_hooks_is_untouched(tmp_path):
    git("init", "-q", "-b", "trunk", cwd=tmp_path)
    git("config", "user.email", "a@b", cwd=tmp_path)
    git("config", "user.name", "a", cwd=tmp_path)
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/HOOK_RAN\nexit 1\n")
    hook.chmod(0o755)
    (tmp_path / "staged.txt").write_text("staged")
    git("add", "staged.txt", cwd=tmp_path)
    app = tmp_path / "app"
    app.mkdir()
    (app / "a.ipynb").write_text("one")

    def state():
        files = {p: p.read_bytes() for p in (tmp_path / ".git").rglob("*") if p.is_file()}
        return files, git("status", "--porcelain=v2", "--branch", "--untracked-files=no", cwd=tmp_path)

    before = state()
    History(app).commit("Say one", [app / "a.ipynb"])
    History(app).commit("Say it again", [app / "a.ipynb"])
    assert state() == before
    assert not (tmp_path / "HOOK_RAN").exists()
    assert History(app).revisions()[0].number == 2
