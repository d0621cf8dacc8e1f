"""An IPython shell with the magics, in this process."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell


class Shell:
    """Runs cells and says what they showed."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.shown: CapturingDisplayPublisher = shell.display_pub  # type: ignore[assignment]

    def run(self, code: str) -> Any:
        """Run a cell; return its error, if it ended with one."""
        return self.shell.run_cell(code, store_history=True).error_in_exec

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """The bundles shown, an update in the place of what it updates."""
        kept: dict[str, dict[str, Any]] = {}
        for number, output in enumerate(self.shown.outputs):
            kept[(output.get("transient") or {}).get("display_id") or str(number)] = output["data"]
        return list(kept.values())

    @property
    def text(self) -> str:
        """The last bundle's plain text."""
        return str(self.bundles[-1]["text/plain"]) if self.bundles else ""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell as in a notebook, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance(colors="nocolor", history_manager=None)
    made.kernel = object()  # what a notebook's shell has
    made.display_pub = CapturingDisplayPublisher()
    made.run_line_magic("load_ext", "nexus_jupyter")
    yield Shell(made)
    InteractiveShell.clear_instance()
    for name in ("last_value", "last_type", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
