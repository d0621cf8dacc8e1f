"""A server with the extension, closed to strangers; and small real tables."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]

TABLES = Path(__file__).parent / "fixtures" / "tables"


@pytest.fixture
def jp_server_config(tmp_path, monkeypatch):
    # pytest-jupyter hides the environment's kernels; ours is in the tree.
    monkeypatch.setenv("JUPYTER_PATH", str(Path(__file__).parents[1] / "jupyter-config"))
    return {
        "ServerApp": {
            "jpserver_extensions": {"nexus_jupyter": True},
            "allow_unauthenticated_access": False,
        },
        "NexusExtension": {"state_dir": str(tmp_path / "state"), "keep_warm": False},
    }


@pytest.fixture
def tables() -> Path:
    return TABLES
