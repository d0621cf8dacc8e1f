"""A kernel to talk to, and the proof that each test leaves nothing behind."""

from __future__ import annotations

import os
import select
import tempfile
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from nexus_jupyter.sandbox import probe_tiers

KERNELS = Path(__file__).parents[2] / "jupyter-config" / "kernels"
BWRAP = probe_tiers()[0]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that also mean something where no sandbox works."""
    config.addinivalue_line("markers", "needs_no_sandbox: runs where bubblewrap does not work")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where no sandbox works, skip what needs one, and say why."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not BWRAP.works and "needs_no_sandbox" not in item.keywords:
            item.add_marker(pytest.mark.skip(reason=BWRAP.reason))


class Notebook:
    """A started kernel that runs code and says what it printed."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=60)
        except RuntimeError:
            self.close()
            raise

    def run(self, code: str, timeout: float = 30) -> str:
        texts: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                texts.append(content["text"])
            elif kind == "execute_result":
                texts.append(content["data"]["text/plain"])
            elif kind == "error":
                texts.append(f"{content['ename']}: {content['evalue']}")

        self.client.execute_interactive(code, timeout=timeout, output_hook=hook)
        return "".join(texts).strip()

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session", autouse=True)
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let Jupyter find the kernelspec and the provisioner of this checkout, and nothing of the user's."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("jupyter")
    share = home / "share"
    share.mkdir()
    (share / "kernels").symlink_to(KERNELS)
    patch.setenv("JUPYTER_PATH", str(share))
    patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
    patch.setattr(tempfile, "tempdir", tempfile.mkdtemp(prefix="t", dir="/tmp"))
    patch.setenv("NEXUS_CANARY", "canary-of-the-server")
    factory = KernelProvisionerFactory.instance()
    factory.provisioners["nexus-sandbox"] = EntryPoint(
        "nexus-sandbox", "nexus_jupyter.sandbox.provisioner:SandboxProvisioner", factory.GROUP_NAME
    )
    yield
    Path(tempfile.gettempdir()).rmdir()
    patch.undo()


def leftovers(grace: float = 0) -> set[str]:
    """Processes and temporary folders of sandboxes; a process that is just ending is given `grace` seconds."""
    found = {str(path) for path in Path(tempfile.gettempdir()).glob("nexus-*")}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().decode(errors="replace")
            ours = "bwrap" in command or "nexus_jupyter.sandbox" in command
            if ours and _parent(path) in (1, os.getpid()) and not _ends(int(path.name), grace):
                found.add(f"{path.name} {command}")
        except OSError:
            continue
    return found


def _parent(process: Path) -> int:
    """Another server on this machine may have sandboxes too; an orphan's parent is process 1."""
    return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])


def _ends(pid: int, grace: float) -> bool:
    watch = os.pidfd_open(pid)
    try:
        return bool(select.select([watch], [], [], grace)[0])
    finally:
        os.close(watch)


@pytest.fixture(scope="module", autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a module that leaves a process, a socket or a folder behind."""
    before = leftovers()
    yield
    assert leftovers(grace=2) - before == set()


def start(cwd: Path, kernel: str = "nexus-python", policy: dict[str, Any] | None = None, **kwargs: Any) -> Notebook:
    """Start a kernel for the project `cwd`, with a policy of its own if one is given."""
    manager = KernelManager(kernel_name=kernel)
    if policy:
        manager.kernel_spec.metadata["kernel_provisioner"]["config"] = {"policy": policy}
    manager.start_kernel(cwd=str(cwd), **kwargs)
    return Notebook(manager)


@pytest.fixture(scope="session")
def start_notebook() -> Any:
    """The function `start`."""
    return start


def make_project(folder: Path) -> Path:
    """Make an app folder with one data file."""
    (folder / ".nexus").mkdir(parents=True)
    (folder / "data.csv").write_text("a,b\n1,2\n")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An app folder."""
    return make_project(tmp_path / "app")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, nothing_left: None) -> Iterator[Notebook]:
    """One kernel for all tests of a module that only look."""
    folder = make_project(tmp_path_factory.mktemp("root") / "app")
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "secret.txt").write_text("secret-of-another-app")
    started = start(folder)
    yield started
    started.close()
