"""Start, interrupt, restart, shutdown, crash: what Jupyter asks of a kernel's life."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.ioloop import AsyncIOLoopKernelManager
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_client.multikernelmanager import AsyncMultiKernelManager


def test_interrupt_reaches_the_cell_and_the_kernel_goes_on(project: Path, start_notebook: Any) -> None:
    started = start_notebook(project)
    try:
        seen: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                started.manager.interrupt_kernel()
            elif message["msg_type"] == "error":
                seen.append(message["content"]["ename"])

        reply = started.client.execute_interactive(
            "print('looping', flush=True)\nwhile True: pass", timeout=10, output_hook=hook
        )
        assert (reply["content"]["status"], seen) == ("error", ["KeyboardInterrupt"])
        assert started.run("1 + 1") == "2"
    finally:
        started.close()


def test_restart_forgets_everything_and_keeps_the_address(project: Path, start_notebook: Any) -> None:
    started = start_notebook(project)
    try:
        started.run("kept = 1")
        before = started.manager.get_connection_info()
        for now in (False, True):
            started.manager.restart_kernel(now=now)
            started.client.wait_for_ready(timeout=30)
            assert started.run("'kept' in globals()") == "False"
            assert started.manager.get_connection_info() == before
    finally:
        started.close()


def test_polite_shutdown_ends_with_code_zero_and_leaves_nothing(project: Path, start_notebook: Any) -> None:
    started = start_notebook(project)
    provisioner = started.manager.provisioner
    folder, bubble = provisioner._sockets.directory, provisioner._bubble
    assert sorted(path.name for path in folder.iterdir()) == ["k-1", "k-2", "k-3", "k-4", "k-5"]
    started.client.stop_channels()
    started.manager.shutdown_kernel()
    assert (bubble.returncode, folder.exists(), Path(f"/proc/{bubble.pid}").exists()) == (0, False, False)
    assert not Path(started.manager.connection_file).exists()


def test_no_descriptor_is_left_open(project: Path, start_notebook: Any) -> None:
    counts = set()
    for _ in range(3):
        started = start_notebook(project)
        started.client.stop_channels()
        started.manager.shutdown_kernel()
        counts.add(len(os.listdir("/proc/self/fd")))
    assert len(counts) == 1


def test_crash_is_told_truly(project: Path) -> None:
    async def crash(code: str) -> tuple[bool, int | None]:
        manager = AsyncKernelManager(kernel_name="nexus-python")
        await manager.start_kernel(cwd=str(project))
        assert await manager.is_alive()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=30)
        client.execute(code)
        exit_code = await asyncio.wait_for(manager.provisioner.wait(), 10)
        alive = await manager.is_alive()
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return alive, exit_code

    assert asyncio.run(crash("import os; os._exit(3)")) == (False, 3)
    assert asyncio.run(crash("import os; os.kill(os.getpid(), 9)")) == (False, 137)


def test_restarter_revives_a_dead_kernel(project: Path) -> None:
    async def revive() -> str:
        manager = AsyncIOLoopKernelManager(kernel_name="nexus-python")
        await manager.start_kernel(cwd=str(project))
        restarted = asyncio.Event()
        manager._restarter.stop()
        manager._restarter.time_to_dead = 0.1
        manager._restarter._pcallback = None
        manager.add_restart_callback(restarted.set)
        manager._restarter.start()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=30)
        client.execute("import os; os._exit(1)")
        await asyncio.wait_for(restarted.wait(), 20)
        await client.wait_for_ready(timeout=30)
        reply = await client.execute_interactive("1 + 1", timeout=20, output_hook=lambda message: None)
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return str(reply["content"]["status"])

    assert asyncio.run(revive()) == "ok"


def test_two_kernels_do_not_share_anything(project: Path) -> None:
    async def both() -> list[str]:
        kernels = AsyncMultiKernelManager(connection_dir=str(project.parent))
        ids = [await kernels.start_kernel(kernel_name="nexus-python", cwd=str(project)) for _ in range(2)]
        texts = []
        for kernel_id in ids:
            client = kernels.get_kernel(kernel_id).client()
            client.start_channels()
            await client.wait_for_ready(timeout=30)
            printed: list[str] = []
            await client.execute_interactive(
                "import os, glob; print(glob.glob('/tmp/mark*'), len(glob.glob('/proc/[0-9]*')));"
                "open('/tmp/mark', 'w').close()",
                timeout=20,
                output_hook=lambda m, printed=printed: printed.append(m["content"].get("text", "")),
            )
            texts.append("".join(printed).strip())
            client.stop_channels()
        await kernels.shutdown_all(now=True)
        return texts

    assert asyncio.run(both()) == ["[] 2", "[] 2"]


def test_kernel_lives_on_when_the_thread_that_started_it_ends(project: Path) -> None:
    """The operating system would end it: see `bubble.spawner`."""
    import threading

    manager = KernelManager(kernel_name="nexus-python")
    thread = threading.Thread(target=lambda: manager.start_kernel(cwd=str(project)))
    thread.start()
    thread.join()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    assert manager.is_alive()
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_kernel_ends_with_its_server(project: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = f"""
import os, signal
from nexus_jupyter.sandbox.provisioner import SandboxProvisioner
from importlib.metadata import EntryPoint
from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_client.manager import KernelManager
factory = KernelProvisionerFactory.instance()
factory.provisioners["nexus-sandbox"] = EntryPoint("nexus-sandbox",
    "nexus_jupyter.sandbox.provisioner:SandboxProvisioner", factory.GROUP_NAME)
manager = KernelManager(kernel_name="nexus-python")
manager.start_kernel(cwd={str(project)!r})
client = manager.client(); client.start_channels(); client.wait_for_ready(timeout=30)
bubble = manager.provisioner._bubble
info = open(f"/proc/self/fdinfo/{{bubble._kernel_fd}}").read()
print(next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:")), flush=True)
print(manager.provisioner._sockets.directory, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2]
    )
    pid, folder = done.stdout.split()
    try:
        watch = os.pidfd_open(int(pid))
    except ProcessLookupError:
        pass
    else:
        import select

        assert select.select([watch], [], [], 5)[0]
        os.close(watch)
    import shutil

    shutil.rmtree(folder)  # a server that is killed cannot clean up its empty folder


def test_names_of_live_objects_are_completed_without_reading_their_libraries(notebook: Any) -> None:
    notebook.run("import pandas as pd; frame = pd.DataFrame({'apples': [1], 'pears': [2]})")
    for code, match in {"frame.grou": "frame.groupby", "frame['ap": "apples", "pd.read_c": "pd.read_csv"}.items():
        notebook.client.complete(code, len(code))
        while (reply := notebook.client.get_shell_msg(timeout=20))["msg_type"] != "complete_reply":
            pass
        assert any(match.split(".")[-1] in m for m in reply["content"]["matches"])
    assert notebook.run("import sys; 'jedi.api' in sys.modules and len(__import__('parso').cache.parser_cache)") in (
        "0",
        "False",
    )
