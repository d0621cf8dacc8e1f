"""Every subcommand in every place where it may be typed, as docs/users/magics.md promises."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.sandbox import probe_tiers

DOCS = Path(__file__).parents[2] / "docs" / "users" / "magics.md"
CARD = "application/vnd.nexus.app-card+json"
MAKE = "application/vnd.nexus.make-request+json"
CODE = "```python\nx = 1\n```"
# What is typed -> what is seen in a plain kernel, in a sandboxed one, in a terminal: a text, or a kind of bundle.
CELLS: dict[str, tuple[str, str, str, str]] = {
    "status": ("%nexus status", "in a plain kernel", "in a sandboxed kernel", "in a plain kernel"),
    "models": ("%nexus models", "scripted/other", "scripted/wise", "scripted/other"),
    "model": ("%nexus model scripted/wise", "Now used: scripted/wise.", "Now used: scripted/wise.", "Now used: scripted/wise."),
    "keys": ("%nexus keys", "No keys.", "A sandboxed kernel has no keys.", "No keys."),
    "apps": ("%nexus apps", "`bmi`", "No apps here.", "`bmi`"),
    "open": ("%nexus open bmi", CARD, "There is no app `bmi` here.", "in JupyterLab"),
    "new": ("%nexus new", "begins anew", "begins anew", "begins anew"),
    "help": ("%nexus help", "%%nexus make", "%%nexus make", "%%nexus make"),
    "chat": ("%%nexus chat\nwhat is it?", "x = 1", "x = 1", "x = 1"),
    "make": ("%%nexus make\na calculator for speed", CARD, MAKE, "works"),
    "explain": ("%%nexus explain\ny = 2", "x = 1", "x = 1", "x = 1"),
    "fix": ("%%nexus fix\ny = 1/0", "x = 1", "x = 1", "x = 1"),
    "cell": ("%%nexus cell\nset x", "x = 1", "x = 1", "x = 1"),
}  # fmt: skip


def test_the_table_in_the_docs_names_exactly_these() -> None:
    rows = re.findall(r"^\| `%+nexus (\w+)", DOCS.read_text(), re.MULTILINE)
    assert rows == list(CELLS)


@pytest.fixture(scope="module")
def wise(tmp_path_factory):
    """A chosen model, an app, and a broker for all of this module."""
    from scripted import scripted_broker

    folder = tmp_path_factory.mktemp("places")
    patch = pytest.MonkeyPatch()
    with scripted_broker(folder, patch) as script:
        slow = [{"pieces": ["a "] * 2000, "seconds": 0.02}]
        script.write({"wise": [{"text": CODE}], "other": [{"text": "other"}], "slow": slow})
        script.choose("scripted/wise")
        (folder / "root").mkdir()
        make = [sys.executable, "-m", "nexus_jupyter.cli", "make", "a calculator for body mass index", "--name", "bmi"]
        subprocess.run(make, cwd=folder / "root", check=True, capture_output=True)
        yield folder / "root"
    patch.undo()


class Kernel:
    """A kernel that has the magics, and what its cells show."""

    def __init__(self, name: str, folder: Path) -> None:
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.run("%load_ext nexus_jupyter")

    def run(self, code: str, timeout: float = 60) -> str:
        """Run a cell; give its texts, and the kinds of its bundles."""
        seen: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                seen.append(content["text"])
            elif kind in {"display_data", "update_display_data", "execute_result"}:
                seen.extend([*content["data"], str(content["data"].get("text/plain", ""))])
            elif kind == "error":
                seen.append(content["evalue"])

        self.reply = self.client.execute_interactive(code, timeout=timeout, output_hook=hook)
        return "\n".join(seen)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def plain(wise):
    kernel = Kernel("python3", wise)
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def sandboxed(wise, tmp_path_factory):
    if not probe_tiers()[0].works:
        pytest.skip(probe_tiers()[0].reason)
    project = tmp_path_factory.mktemp("app")
    (project / ".nexus").mkdir()
    kernel = Kernel("nexus-python", project)
    yield kernel
    kernel.close()


@pytest.mark.parametrize("verb", CELLS)
def test_in_a_plain_kernel(plain, verb):
    assert CELLS[verb][1] in plain.run(CELLS[verb][0])


@pytest.mark.parametrize("verb", CELLS)
def test_in_a_sandboxed_kernel(sandboxed, verb):
    assert CELLS[verb][2] in sandboxed.run(CELLS[verb][0])


@pytest.mark.parametrize("verb", CELLS)
def test_in_a_terminal(wise, verb):
    script = f"get_ipython().run_cell({CELLS[verb][0]!r})"
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "--ext=nexus_jupyter", "-c", script]
    done = subprocess.run(command, cwd=wise, capture_output=True, text=True, timeout=120, check=False)
    assert CELLS[verb][3] in done.stdout + done.stderr


def test_a_cell_becomes_the_next_one_in_a_plain_kernel(plain):
    plain.run("%%nexus cell\nset x")
    assert plain.reply["content"]["payload"][0]["text"] == "x = 1"


def test_a_sandboxed_kernel_reaches_models_and_nothing_else(sandboxed, wise):
    code = """
import json, os
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker import endpoint
client = BrokerClient(endpoint.locate)
print(json.dumps([m["id"] for m in client.ask("GET", "/v1/models")["data"]]))
for method, path in [("GET", "/nexus/keys"), ("PUT", "/nexus/keys/openai"), ("GET", "/nexus/health"), ("POST", "/nexus/tokens"),
                     ("POST", "/nexus/shutdown"), ("GET", "/v1/../nexus/keys")]:
    try:
        print(path, client.ask(method, path, {"value": "sk-stolen-12345678"}))
    except Exception as error:
        print(path, type(error).__name__)
print(client.ask("POST", "/v1/chat/completions", {"model": "scripted/other", "messages": [{"role": "user", "content": "x"}]}))
"""
    seen = sandboxed.run(code)
    assert '["scripted/wise"]' in seen
    assert seen.count("TokenRefused") == 6
    assert "may not use `scripted/other`" in seen
    assert "token" not in sandboxed.run("import os; print(sorted(os.environ.values()))").lower()


def test_make_from_a_notebook_builds_an_app_that_works(plain, wise):
    """The kernel's environment names its own notebook, which is not the app's."""
    (wise / "mine.ipynb").write_text("{}")
    table = wise / "sizes.csv"
    table.write_text("team,size\nA,41\nA,43\nB,38\n")
    plain.run(f"import os; os.environ['JPY_SESSION_NAME'] = {str(wise / 'mine.ipynb')!r}")
    try:
        assert "” works." in plain.run("%%nexus make --data sizes.csv --name by-team\ncompare size by team")
    finally:
        plain.run("del os.environ['JPY_SESSION_NAME']")


def test_no_kernel_has_a_key_in_its_environment(wise, plain, sandboxed):
    canary = "sk-canary-of-kernels-0123456789"
    broker = BrokerClient(endpoint.locate)
    broker.ask("PUT", "/nexus/keys/office", {"value": canary})
    seen = 'import os; print(sorted(os.environ.values()), open("/proc/self/environ").read())'
    try:
        for kernel in (plain, sandboxed):
            assert "canary-of-kernels" not in kernel.run(seen)
    finally:
        broker.ask("DELETE", "/nexus/keys/office")


def test_interrupting_the_kernel_stops_the_answer(wise, plain, sandboxed):
    broker = BrokerClient(endpoint.locate)
    for kernel in (plain, sandboxed):
        broker.ask("PUT", "/nexus/models", {"model": "scripted/slow"})
        stopped = []

        def hook(message, kernel=kernel, stopped=stopped):
            if message["msg_type"] == "display_data":
                kernel.manager.interrupt_kernel()
            elif message["msg_type"] == "error":
                stopped.append(message["content"]["ename"])

        begun = time.monotonic()
        kernel.client.execute_interactive("%%nexus --fresh\ntell me", timeout=60, output_hook=hook)
        assert stopped == ["Stopped"]
        assert time.monotonic() - begun < 30  # the whole answer takes longer
        assert "begins anew" in kernel.run("%nexus new")
    broker.ask("PUT", "/nexus/models", {"model": "scripted/wise"})
