"""A server with the extension, closed to strangers; and small real tables."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]

TABLES = Path(__file__).parent / "fixtures" / "tables"


@pytest.fixture
def jp_server_config(tmp_path):
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
