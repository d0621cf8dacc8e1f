"""A kernel that takes too much hurts only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, start_notebook: Any, nothing_left: None) -> Iterator[Any]:
    policy = {"memory_mb": 512, "pids": 48, "disk_mb": 16, "inodes": 500, "files": 128}
    started = start_notebook(tmp_path_factory.mktemp("app"), policy=policy)
    yield started
    started.close()


def test_memory_bomb_is_a_memory_error_in_a_live_kernel(small: Any) -> None:
    assert small.run("blocks = []\nwhile True: blocks.append(bytearray(50_000_000))").startswith("MemoryError")
    assert 5 <= int(small.run("len(blocks)")) <= 10
    assert small.run("blocks.clear(); 1 + 1") == "2"


def test_fork_bomb_stops_at_the_limit(small: Any) -> None:
    code = """
import os, signal
children = []
try:
    while len(children) < 200:
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except BlockingIOError:
    pass
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
print(0 < len(children) < 48)
"""
    assert small.run(code) == "True"
    assert small.run("1 + 1") == "2"


def test_disk_is_full_at_its_size_over_all_scratch_folders(small: Any) -> None:
    code = """
import os
written = 0
try:
    for number in range(100):
        for folder in ("/tmp", "/home/app", "/dev/shm"):
            with open(f"{folder}/fill{number}", "wb") as file:
                file.write(bytes(1 << 20))
            written += 1
except OSError as error:
    print(error.errno, 10 <= written <= 16)
for folder in ("/tmp", "/home/app", "/dev/shm"):
    for name in os.listdir(folder):
        if name.startswith("fill"):
            os.unlink(f"{folder}/{name}")
"""
    assert small.run(code) == "28 True"


def test_number_of_files_is_capped(small: Any) -> None:
    code = """
import os
made = []
try:
    for number in range(1000):
        made.append(f"/tmp/empty{number}")
        open(made[-1], "w").close()
except OSError as error:
    print(error.errno, len(made) <= 500)
    made.pop()
for path in made:
    os.unlink(path)
"""
    assert small.run(code) == "28 True"


def test_open_files_and_terminals_are_capped(small: Any) -> None:
    code = """
import os
opened = []
try:
    while len(opened) < 500:
        opened.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error.errno, len(opened) < 128)
for descriptor in opened:
    os.close(descriptor)
opened = []
try:
    while len(opened) < 40:
        opened += os.openpty()
except OSError:
    print(len(opened) // 2 <= 16)
for descriptor in opened:
    os.close(descriptor)
"""
    assert small.run(code) == "24 True\nTrue"


def test_processor_time_ends_a_process(small: Any) -> None:
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE))"
    assert small.run(code) == "(-1, -1) (0, 0)"


def test_wall_and_processor_limits_end_the_kernel(tmp_path: Any, start_notebook: Any) -> None:
    for policy in ({"wall_s": 12}, {"cpu_s": 6}):  # a slow machine has to start the kernel within them
        started = start_notebook(tmp_path, policy=policy)
        try:
            started.client.execute("while True: pass")
            asyncio.run(asyncio.wait_for(started.manager.provisioner.wait(), 60))
        finally:
            started.close()
