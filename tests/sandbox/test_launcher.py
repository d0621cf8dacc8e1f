"""The kernelspec's program refuses to run outside the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs_no_sandbox

ROOT = Path(__file__).parents[2]
SPEC = json.loads((ROOT / "jupyter-config/kernels/nexus-python/kernel.json").read_text())


def launch(**env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *SPEC["argv"][1:-1], "connection.json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT, env={**os.environ, **env})


def test_outside_it_says_what_is_wrong_and_what_to_do() -> None:
    done = launch()
    assert done.returncode == 69
    assert "not inside the sandbox" in done.stderr
    assert "nbclient" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sandboxs_environment_alone_does_not_fool_it() -> None:
    assert launch(HOME="/home/app", USER="app", TMPDIR="/tmp", NEXUS_SANDBOX="1").returncode == 69


def test_kernelspec_names_launcher_and_provisioner() -> None:
    assert SPEC["argv"] == ["python", "-m", "nexus_jupyter.sandbox.launcher", "-f", "{connection_file}"]
    assert SPEC["metadata"]["kernel_provisioner"]["provisioner_name"] == "nexus-sandbox"
    assert SPEC["interrupt_mode"] == "message"


def test_inside_nothing_is_missing_and_each_fact_is_asked_for(project: Path, start_notebook: Any) -> None:
    from nexus_jupyter.sandbox import probe_tiers

    if not probe_tiers()[0].works:
        pytest.skip(probe_tiers()[0].reason)
    from nexus_jupyter.sandbox.inside.evidence import missing_evidence

    assert len(missing_evidence()) >= 4
    started = start_notebook(project)
    try:
        code = "import sys; sys.path.append({!r})\nfrom nexus_jupyter.sandbox.inside.evidence import missing_evidence\nmissing_evidence()"
        assert started.run(code.format(str(ROOT))) == "[]"
        assert started.run("import sys; [name for name in sys.modules if 'pydantic' in name]") == "[]"
    finally:
        started.close()
