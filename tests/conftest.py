"""A server with the extension, closed to strangers; and small real tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import end_broker, scripted_broker

pytest_plugins = ["pytest_jupyter.jupyter_server"]

TABLES = Path(__file__).parent / "fixtures" / "tables"


@pytest.fixture
def jp_server_config(tmp_path, monkeypatch):
    # pytest-jupyter hides the environment's kernels; ours is in the tree.
    monkeypatch.setenv("JUPYTER_PATH", str(Path(__file__).parents[1] / "jupyter-config"))
    monkeypatch.setenv("NEXUS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("NEXUS_LOCAL_PORTS", "")  # whatever else runs on this machine
    yield {
        "ServerApp": {
            "jpserver_extensions": {"nexus_jupyter": True},
            "allow_unauthenticated_access": False,
        },
        "NexusExtension": {"state_dir": str(tmp_path / "state"), "keep_warm": False},
    }
    end_broker(tmp_path / "state")


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A broker whose models answer from a script."""
    with scripted_broker(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def tables() -> Path:
    return TABLES
