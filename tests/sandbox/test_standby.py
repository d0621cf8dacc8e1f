"""The warm kernel: used once, quick, and as walled in as a cold one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import make_project, start
from jupyter_client.manager import AsyncKernelManager

from nexus_jupyter.errors import SandboxUnavailable
from nexus_jupyter.sandbox import Standby, bubble, current_standby, enable_standby

SECRET = "secret-of-another-app"  # noqa: S105


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    make_project(root / "mine")
    make_project(root / "other")
    (root / "other" / "secret.txt").write_text(SECRET)
    (root / "secret.txt").write_text(SECRET)
    return root


@pytest.fixture(scope="module")
def standby(root: Path, nothing_left: None) -> Iterator[Standby]:
    standby = enable_standby(root, delay=0)
    yield standby
    asyncio.run(standby.close())
    assert current_standby() is None


@pytest.fixture(scope="module")
def warm(root: Path, standby: Standby) -> Iterator[Any]:
    """A kernel that was claimed from the standby."""
    assert asyncio.run(standby.ready())
    before = standby.claims
    started = start(root / "mine")
    assert standby.claims == before + 1
    yield started
    started.close()


def test_claimed_kernel_has_its_project_and_the_libraries(warm: Any) -> None:
    assert warm.run("import os, sys; os.getcwd(), sorted(os.listdir('.')), 'pandas' in sys.modules") == (
        "('/project', ['.nexus', 'data.csv'], True)"
    )
    assert warm.run("import pandas as pd; int(pd.read_csv('data.csv').sum().sum())") == "3"


def test_libraries_that_start_threads_do_not_keep_a_kernel_cold(warm: Any) -> None:
    pytest.importorskip("pyarrow")
    assert warm.run("'pyarrow' in sys.modules, len(os.listdir('/proc/1/task'))").startswith("(True")


def test_a_module_that_starts_a_thread_is_left_to_the_apps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    usual = bubble.environment

    def environment(*args: Any) -> dict[str, str]:
        return {name: value for name, value in usual(*args).items() if "ARROW" not in name}

    monkeypatch.setattr(bubble, "environment", environment)
    standby = Standby(root, ["json", "pyarrow", "decimal"], 0)
    try:
        assert asyncio.run(standby.ready())
        assert standby._preload == ("json", "decimal")
    finally:
        asyncio.run(standby.close())


def test_widgets_talk_to_the_front_end(warm: Any) -> None:
    assert warm.run("import ipywidgets; ipywidgets.IntSlider().comm is not None") == "True"
    assert "jupyter.widget.control" in warm.run("import comm; print(list(comm.get_comm_manager().targets))")


def test_other_folders_are_out_of_reach(warm: Any, root: Path) -> None:
    code = f"""
import ctypes, os
found = []

def look(top):
    for folder, folders, files in os.walk(top):
        if folder.count("/") - top.count("/") > 8 or folder.startswith(("/proc", "/usr", "/sys")) and top == "/":
            folders[:] = []
        for name in files:
            if name == "secret.txt":
                found.append(os.path.join(folder, name))

look("/")
for pid in [name for name in os.listdir("/proc") if name.isdigit()] + ["self"]:
    for part in ("root", "cwd"):
        if int(pid if pid != "self" else os.getpid()) != os.getpid() or part == "cwd":
            look(f"/proc/{{pid}}/{{part}}")
    try:
        for name in os.listdir(f"/proc/{{pid}}/fd"):
            target = f"/proc/{{pid}}/fd/{{name}}"
            if os.path.isdir(target):
                look(target)
                look(target + "/..")
    except OSError:
        pass
libc = ctypes.CDLL(None)
for place in ("/", "/project", "/tmp", "/home/app", "/dev/shm", "/proc", "/dev", "/usr"):
    assert libc.umount2(place.encode(), 2) == -1
for path in ({str(root)!r}, "/nexus", "/nexus/root", "/oldroot", "/newroot", "/project/../other", "../other"):
    if os.path.lexists(path):
        found.append(path)
print(found, [(line.split()[3].split("/")[-1], line.split()[4]) for line in open("/proc/self/mountinfo") if "/{root.name}" in line.split()[3]])
"""
    assert warm.run(code) == "[] [('mine', '/project')]"


def test_pid_1_which_still_sees_the_root_cannot_be_looked_into(warm: Any) -> None:
    code = """
import os
descriptors = [f"fd/{number}" for number in os.listdir("/proc/1/fd")]
assert descriptors
for part in ("root/", "cwd/", "environ", "mem", "maps", "ns/mnt", *descriptors):
    try:
        os.close(os.open(f"/proc/1/{part}", os.O_RDONLY))
        print("opened", part)
    except OSError as error:
        print(error.errno)
"""
    assert set(warm.run(code).split("\n")) == {"13"}


def test_claimed_kernel_gave_up_the_same_rights_as_a_cold_one(warm: Any) -> None:
    code = """
from pathlib import Path
status = Path("/proc/self/status").read_text()
print([line for line in status.splitlines() if line.startswith(("CapBnd", "CapEff", "NoNewPrivs", "Seccomp:"))])
import os
print(os.stat("/project").st_dev == os.stat("/").st_dev, bool(os.statvfs("/").f_flag & 1), bool(os.statvfs("/project").f_flag & 1))
"""
    assert warm.run(code) == (
        "['CapEff:\\t0000000000000000', 'CapBnd:\\t0000000000000000', 'NoNewPrivs:\\t1', 'Seccomp:\\t2']\n"
        "False True True"
    )


def test_environment_and_policy_are_those_of_the_claim(root: Path, standby: Standby) -> None:
    assert asyncio.run(standby.ready())
    claims = standby.claims
    policy = {"pids": 40, "disk_mb": 9, "env": {"set": {"COLOUR": "blue"}, "allow": ["NEXUS_CANARY"]}}
    started = start(root / "other", policy=policy)
    try:
        code = """
import os, resource
print(os.environ["COLOUR"], os.environ["NEXUS_CANARY"], resource.getrlimit(resource.RLIMIT_NPROC)[0],
      os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize >> 20, open("secret.txt").read())
"""
        assert started.run(code) == f"blue canary-of-the-server 40 9 {SECRET}"
        assert standby.claims == claims + 1
    finally:
        started.close()


def test_each_claim_is_a_new_process_and_a_restart_claims_anew(root: Path, standby: Standby) -> None:
    seen = set()
    for _ in range(2):
        assert asyncio.run(standby.ready())
        started = start(root / "mine")
        seen.add(started.manager.provisioner._bubble.pid)
        assert started.run("'kept' in globals(), __import__('os').path.exists('/tmp/kept')") == "(False, False)"
        started.run("kept = 1; open('/tmp/kept', 'w').close()")
        assert asyncio.run(standby.ready())
        started.manager.restart_kernel(now=True)
        started.client.wait_for_ready(timeout=30)
        seen.add(started.manager.provisioner._bubble.pid)
        assert started.run("'kept' in globals(), __import__('os').path.exists('/tmp/kept')") == "(False, False)"
        started.close()
    assert len(seen) == 4


def test_project_outside_the_root_starts_cold(standby: Standby, tmp_path: Path) -> None:
    assert asyncio.run(standby.ready())
    claims = standby.claims
    started = start(make_project(tmp_path / "elsewhere"))
    try:
        assert started.run("open('data.csv').read()") == "'a,b\\n1,2\\n'"
        assert standby.claims == claims
    finally:
        started.close()


def test_dead_standby_is_replaced_by_a_cold_start(root: Path, standby: Standby) -> None:
    assert asyncio.run(standby.ready())
    assert standby._bubble is not None
    standby._bubble.kill()
    standby._bubble.reap()
    started = start(root / "mine")
    try:
        assert started.run("1 + 1") == "2"
    finally:
        started.close()
    assert asyncio.run(standby.ready())


def test_standby_that_cannot_isolate_is_replaced_by_a_cold_start(
    root: Path, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asyncio.run(standby.ready())
    assert standby._bubble is not None

    def fail(*args: Any) -> None:
        raise SandboxUnavailable("no")

    broken = standby._bubble
    monkeypatch.setattr(broken, "settle", fail)
    try:
        started = start(root / "mine")
        assert started.manager.provisioner._bubble is not broken
        assert started.run("1 + 1") == "2"
        started.close()
    finally:
        broken.close()


def test_concurrent_starts_get_one_warm_and_one_cold(root: Path, standby: Standby) -> None:
    async def both() -> list[str]:
        assert await standby.ready()
        managers = [AsyncKernelManager(kernel_name="nexus-python") for _ in range(2)]
        await asyncio.gather(*(manager.start_kernel(cwd=str(root / "mine")) for manager in managers))
        pids = {manager.provisioner._bubble.pid for manager in managers}
        answers = [str(len(pids))]
        for manager in managers:
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=30)
            answers.append("ready")
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
        return answers

    assert asyncio.run(both()) == ["2", "ready", "ready"]


def test_only_one_standby_per_process(root: Path, standby: Standby) -> None:
    with pytest.raises(RuntimeError):
        enable_standby(root)
    assert current_standby() is standby
    assert os.getpid() != standby.claims
