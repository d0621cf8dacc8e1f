"""Kernels that are not ours: they speak TCP, and get no network all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager


def wrapped(folder: Path, argv: list[str], **spec: Any) -> KernelManager:
    """Return a manager of a kernelspec, made in `folder`, that names our provisioner."""
    kernel = folder / "wrapped"
    kernel.mkdir()
    provisioner = {"provisioner_name": "nexus-sandbox", "config": {}}
    facts = {"argv": argv, "display_name": "W", "language": "x", "metadata": {"kernel_provisioner": provisioner}}
    (kernel / "kernel.json").write_text(json.dumps({**facts, **spec}))
    specs = KernelSpecManager(kernel_dirs=[str(folder)])
    return KernelManager(kernel_name="wrapped", kernel_spec_manager=specs)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, nothing_left: None) -> Iterator[KernelManager]:
    """Plain ipykernel as any other kernel: a program that reads a connection file and is interrupted by a signal."""
    argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager = wrapped(tmp_path_factory.mktemp("kernels"), argv, env={"FLAVOUR": "${HOME}-x"})
    project = tmp_path_factory.mktemp("app")
    (project / ".nexus").mkdir()
    manager.start_kernel(cwd=str(project))
    yield manager
    manager.shutdown_kernel(now=True)


def run(manager: KernelManager, code: str, hook: Any = None, timeout: float = 30) -> tuple[str, str]:
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        texts: list[str] = []

        def collect(message: dict[str, Any]) -> None:
            content = message["content"]
            texts.append(content.get("text", "") or content.get("data", {}).get("text/plain", ""))
            if hook:
                hook(message)

        reply = client.execute_interactive(code, timeout=timeout, output_hook=collect)
        return reply["content"]["status"], "".join(texts).strip()
    finally:
        client.stop_channels()


def test_plain_kernel_runs_behind_the_forwarder(python: KernelManager) -> None:
    code = """
import os, socket
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(os.getcwd(), [name for _, name in socket.if_nameindex()], status["Seccomp"].strip(), os.environ["FLAVOUR"],
      int(status["CapBnd"], 16), "NEXUS_CANARY" in os.environ)
"""
    assert run(python, code) == ("ok", "/project ['lo'] 2 /home/app-x 0 False")
    assert python.transport == "ipc"


def test_forwarder_cannot_be_looked_into(python: KernelManager) -> None:
    code = """
import glob, os
for path in glob.glob("/proc/[0-9]*/mem"):
    pid = int(path.split("/")[2])
    if pid != os.getpid():
        try:
            os.close(os.open(path, os.O_RDONLY))
            print("opened", pid, open(f"/proc/{pid}/comm").read())
        except OSError as error:
            print(error.errno)
"""
    assert run(python, code) == ("ok", "13\n13")


def test_signal_interrupt_reaches_it(python: KernelManager) -> None:
    def hook(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            python.interrupt_kernel()

    assert run(python, "print('go', flush=True)\nwhile True: pass", hook, 10)[0] == "error"
    assert run(python, "1 + 1") == ("ok", "2")


def test_large_outputs_pass(python: KernelManager) -> None:
    status, text = run(python, "print('x' * 3_000_000)")
    assert (status, len(text)) == ("ok", 3_000_000)


def test_crash_of_the_program_ends_the_sandbox(tmp_path: Path) -> None:
    import asyncio

    manager = wrapped(tmp_path, ["python", "-c", "raise SystemExit(7)", "{connection_file}"])
    manager.start_kernel(cwd=str(tmp_path))
    try:
        assert asyncio.run(asyncio.wait_for(manager.provisioner.wait(), 10)) == 7
    finally:
        manager.shutdown_kernel(now=True)


def test_deno_computes(tmp_path: Path) -> None:
    deno = pytest.importorskip("deno").find_deno_bin()
    manager = wrapped(
        tmp_path,
        [deno, "jupyter", "--kernel", "--conn", "{connection_file}"],
        language="typescript",
        env={"NO_COLOR": "1"},
    )
    manager.start_kernel(cwd=str(tmp_path))
    try:
        # Deno now and then says that it is idle before it sends the result.
        assert ("ok", "2") in {run(manager, "1 + 1") for _ in range(3)}
        code = "(() => { try { return Deno.readTextFileSync('/etc/shadow') } catch (e) { return e.name } })()"
        assert any("NotFound" in run(manager, code)[1] for _ in range(3))
        code = "await fetch('http://1.1.1.1/').then(() => 'reached', () => 'no network')"
        assert any("no network" in run(manager, code)[1] for _ in range(3))
    finally:
        manager.shutdown_kernel(now=True)
