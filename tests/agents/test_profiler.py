"""Data files are read in processes of their own, warm or not."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from nexus_jupyter.agents.profiler import Profiler
from nexus_jupyter.errors import DataUnreadable


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a \n é.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    return path


async def test_a_warm_reader_reads_quicker_and_each_file_has_its_own(table):
    profiler = Profiler(keep_warm=True)
    begun = time.monotonic()
    first = await profiler.read(table)
    cold = time.monotonic() - begun
    await asyncio.sleep(0.1)
    waiting = await profiler._next
    time.sleep(1.5)  # noqa: ASYNC251  it imports meanwhile
    begun = time.monotonic()
    assert await profiler.read(table) == first
    assert time.monotonic() - begun < cold
    assert first["table"]["rows"] == 2
    await asyncio.sleep(0.1)
    assert (await profiler._next).pid != waiting.pid
    await profiler.close()
    assert profiler._next is None


async def test_the_next_reader_waits_for_its_time_and_never_starts_after_the_end(table):
    profiler = Profiler(keep_warm=True, delay=0.2)
    await profiler.read(table)
    assert profiler._next is None
    await asyncio.sleep(0.4)
    assert profiler._next is not None
    await profiler.read(table)
    await profiler.close()
    await asyncio.sleep(0.4)
    assert profiler._next is None


async def test_a_reader_that_died_while_it_waited_is_replaced(table):
    profiler = Profiler()
    profiler.warm()
    process = await profiler._next
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert (await profiler.read(table))["table"]["rows"] == 2


async def test_a_file_that_takes_too_long_is_a_sentence_and_ends_its_reader(table):
    profiler = Profiler()
    profiler.warm()
    process = await profiler._next
    with pytest.raises(DataUnreadable, match="too long"):
        await profiler.read(table, seconds=0.001)
    assert process.returncode is not None


async def test_what_is_no_table_is_told_as_an_error(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    answer = await Profiler().read(tmp_path / "a.csv")
    assert answer["error"] == "DataUnreadable" and answer["remedy"]
