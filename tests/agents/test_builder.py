"""The builder reads data in a process of its own and builds checked apps."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from nexus_jupyter.agents.builder import Builder, OutOfScope
from nexus_jupyter.agents.runner import _look_often
from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.errors import BadRequest, Conflict, DataUnreadable, StorageFailed
from nexus_jupyter.recipes.tables import profile
from nexus_jupyter.sandbox.doctor import probe_tiers

DATA = Path(__file__).parents[2] / "notebooks" / "data"
needs_sandbox = pytest.mark.skipif(not probe_tiers()[0].works, reason="bubblewrap does not work here")


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(ArtifactLibrary(tmp_path))


def make(builder: Builder, sentence: str, **kwargs: Any) -> Any:
    return asyncio.run(builder.make(sentence, **kwargs))


def test_the_reader_process_says_what_this_one_would(builder: Builder) -> None:
    path = DATA / "penguins.csv"
    assert asyncio.run(builder.profile(path)) == profile(path)


def test_errors_of_the_reader_process_arrive(builder: Builder, tmp_path: Path) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\3\4")
    with pytest.raises(DataUnreadable, match=r"broken\.xlsx"):
        asyncio.run(builder.profile(path))


def test_a_table_without_rows_is_refused_and_nothing_is_stored(builder: Builder, tmp_path: Path) -> None:
    path = tmp_path / "head.csv"
    path.write_text("size,colour\n")
    with pytest.raises(DataUnreadable, match=r"`head\.csv` names columns but has no rows"):
        make(builder, "compare size by colour", data=[path])
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_that_takes_too_long_is_stopped(builder: Builder, monkeypatch: Any) -> None:
    monkeypatch.setattr("nexus_jupyter.agents.builder.PROFILE_SECONDS", 0.01)
    with pytest.raises(DataUnreadable, match="takes too long"):
        asyncio.run(builder.profile(DATA / "penguins.csv"))


@needs_sandbox
@pytest.mark.parametrize(
    ("sentence", "file", "recipe"),
    [
        ("plot temp_max over time", "seattle-weather.csv", "chart-builder"),
        ("browse the penguins", "penguins.csv", "table-explorer"),
    ],
)
def test_apps_work_in_the_sandbox(builder: Builder, sentence: str, file: str, recipe: str) -> None:
    steps: list[str] = []
    result = make(builder, sentence, data=[DATA / file], progress=steps.append)
    assert (result.status, result.recipe, result.check.problems) == ("ok", recipe, ())
    assert Path(result.path).is_file()
    assert (Path(result.path).parent / file).read_bytes() == (DATA / file).read_bytes()
    assert steps[0] == f"Reading {file}"
    assert sum(v for k, v in result.stages.items() if k != "total") == pytest.approx(result.stages["total"], rel=0.2)


def test_out_of_scope_stores_nothing(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(OutOfScope) as caught:
        make(builder, "write a chess game")
    assert len(caught.value.nearest) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused_only_if_asked_for(builder: Builder, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "calculator").mkdir()
    with pytest.raises(Conflict):
        make(builder, "calculate a + b", name="calculator")

    async def stop(nb: Any, path: Path, **_: Any) -> Any:
        raise RuntimeError(path.name)

    monkeypatch.setattr("nexus_jupyter.agents.builder.check", stop)
    with pytest.raises(RuntimeError, match=r"calculator-2\.ipynb"):
        make(builder, "calculate a + b")


def test_a_full_disk_leaves_nothing(builder: Builder, tmp_path: Path, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nexus_jupyter.artifacts.library.shutil.copyfile", full)
    with pytest.raises(StorageFailed, match="disk is full"):
        make(builder, "compare body mass by species", data=[DATA / "penguins.csv"])
    assert list(tmp_path.iterdir()) == []


def test_two_files_of_one_name_are_refused(builder: Builder) -> None:
    with pytest.raises(BadRequest, match=r"penguins\.csv"):
        make(builder, "compare body mass by species", data=[DATA / "penguins.csv", DATA / "penguins.csv"])


def test_a_message_that_no_event_tells_of_is_found() -> None:
    class Channel:
        """Like a socket whose event was lost: it sees a message only when it begins to look."""

        arrives = time.monotonic() + 0.1

        async def get_msg(self, timeout: float) -> str:
            if time.monotonic() < self.arrives:
                await asyncio.sleep(timeout)
                raise Empty
            return "reply"

    channel: Any = Channel()
    _look_often(channel)
    started = time.monotonic()
    assert asyncio.run(channel.get_msg(timeout=60)) == "reply"
    assert time.monotonic() - started < 40
    channel.arrives = time.monotonic() + 60
    with pytest.raises(Empty):
        asyncio.run(channel.get_msg(timeout=0.05))
