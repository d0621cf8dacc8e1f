"""First apps, made over HTTP by a server and by the command line, and the same notebook run by nbclient alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.lab import PENGUINS, SENTENCE, Lab

_PEER = """
import sys, nbformat
from nbclient import NotebookClient
nb = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(nb, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
"""


def make_warm(lab: Lab) -> tuple[float, dict[str, float]]:
    """Make an app on a server whose standby is ready; return the seconds, and those of each stage."""
    lab.get("nexus/api/data")  # as the New App form does when it opens
    lab.wait_until_idle()
    begun = time.perf_counter()
    for line in lab.post("nexus/api/apps", {"prompt": SENTENCE, "data": [PENGUINS.name]}):
        if "result" in line:
            seconds = time.perf_counter() - begun
            result = line["result"]
            assert isinstance(result, dict) and result["status"] == "ok", result
            return seconds, result["stages"]
    raise RuntimeError(f"The app was not made: {line}")


def make_cold() -> tuple[float, dict[str, float]]:
    """Make an app with `nexus make`, from nothing; return the seconds, and those of each stage."""
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, "-m", "nexus_jupyter.cli", "make", SENTENCE, "--json"]
        begun = time.perf_counter()
        out = subprocess.run(
            [*command, "--data", str(PENGUINS), "--root", root], check=True, stdout=subprocess.PIPE, timeout=60
        ).stdout
        seconds = time.perf_counter() - begun
    return seconds, json.loads(out)["stages"]


def run_plain(notebook: Path) -> float:
    """Run a finished app's notebook in a plain kernel, with neither sandbox nor check; return the seconds."""
    command = [sys.executable, "-c", _PEER, str(notebook), str(notebook.parent)]
    for _ in range(3):
        begun = time.perf_counter()
        try:
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL, timeout=20)
        except subprocess.TimeoutExpired:  # about one plain run in twenty never ends; it is not counted
            continue
        return time.perf_counter() - begun
    raise RuntimeError("nbclient does not finish")


def stages_note(samples: list[dict[str, float]]) -> str:
    """Return the mean seconds of each stage."""
    means = {name: sum(s[name] for s in samples) / len(samples) for name in samples[0] if name != "total"}
    return "mean of stages: " + ", ".join(f"{name} {value:.2f}" for name, value in means.items())
