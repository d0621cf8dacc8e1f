"""Files appear whole or not at all."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from nexus_jupyter.artifacts.contents import make_saves_atomic
from nexus_jupyter.errors import StorageFailed
from nexus_jupyter.files import atomic_writer, remove_stale, write_atomic

KILLS = 200


def test_write_replaces_content_and_keeps_mode(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_failure_while_writing_leaves_the_old_content_and_no_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="boom"), atomic_writer(path) as stream:
        stream.write("half")
        raise RuntimeError("boom")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_named_and_nothing_is_half_written(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="disk is full") as caught:
        write_atomic(path, b"new")
    assert "Free some space" in caught.value.remedy
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_killed_writer_left_is_removed_and_what_is_being_written_stays(tmp_path):
    old = time.time() - 7200
    (tmp_path / ".~nexus-ab~x.ipynb").touch()
    (tmp_path / ".~nexus-new-ab").mkdir()
    (tmp_path / ".~nexus-new-ab" / "data.csv").touch()
    (tmp_path / "mine.ipynb").touch()
    for path in tmp_path.iterdir():
        os.utime(path, (old, old))
    (tmp_path / ".~nexus-cd~y.ipynb").touch()
    assert remove_stale(tmp_path) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [".~nexus-cd~y.ipynb", "mine.ipynb"]


def _notebook(number: int) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("x" * 200_000, id="a")
    nb = nbformat.v4.new_notebook(cells=[cell])
    nb.metadata["number"] = number
    return nb


def _save_for_ever(root: Path, first: int, pipe: int) -> None:
    """Save through JupyterLab's contents manager; tell each answered save."""
    manager = AsyncLargeFileManager(root_dir=str(root))
    assert make_saves_atomic(manager)

    async def work() -> None:
        number = first
        while True:
            model = {"type": "notebook", "format": "json", "content": _notebook(number)}
            await manager.save(model, "a.ipynb")
            os.write(pipe, number.to_bytes(8, "big"))
            number += 1

    asyncio.run(work())


def test_killed_at_random_points_of_saving_no_notebook_is_cut_and_no_answered_save_is_lost(tmp_path):
    rng = random.Random(7)
    path = tmp_path / "a.ipynb"
    answered = 0
    for _ in range(KILLS):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _save_for_ever(tmp_path, answered + 1, writer)
            finally:
                os._exit(1)
        os.close(writer)
        select.select([reader], [], [], 20)  # the first save is through; now any moment
        time.sleep(rng.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = b""
        while chunk := os.read(reader, 65536):
            told += chunk
        os.close(reader)
        assert len(told) >= 8, "no save was answered"
        answered = int.from_bytes(told[-8:], "big")
        nb = nbformat.read(path, as_version=4)
        assert nb.metadata["number"] >= answered
        answered = nb.metadata["number"]
