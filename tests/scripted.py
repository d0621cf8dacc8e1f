"""A broker whose model is a script: what tests of everything above it use."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient


class Script:
    """Turns that the models `scripted/<name>` answer with; each broker started meanwhile reads them."""

    def __init__(self, state: Path, file: Path) -> None:
        self.state = state
        self.file = file
        self.client = BrokerClient(lambda: endpoint.ensure(state))
        self.write({})

    def write(self, turns: dict[str, list[dict[str, Any]]]) -> None:
        """Set what the models say; a running broker is replaced."""
        end_broker(self.state)
        self.file.write_text(json.dumps(turns))

    def choose(self, model: str) -> None:
        """Use a model."""
        self.client.ask("PUT", "/nexus/models", {"model": model})

    @property
    def seen(self) -> list[dict[str, Any]]:
        """The calls so far, as the model got them."""
        log = self.file.with_suffix(".log")
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def end_broker(state: Path) -> None:
    """End the broker of a state folder, if one runs."""
    found = endpoint.read(state)
    if found is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
        end = time.monotonic() + 20
        while endpoint.is_alive(found) and time.monotonic() < end:
            time.sleep(0.02)


@contextlib.contextmanager
def scripted_broker(folder: Path, monkeypatch: Any) -> Iterator[Script]:
    """Let brokers of `folder / state` answer from a script, and end them afterwards."""
    state, file = folder / "state", folder / "scripts.json"
    monkeypatch.setenv("NEXUS_STATE_DIR", str(state))
    monkeypatch.setenv("NEXUS_LOCAL_PORTS", "")
    monkeypatch.setenv("NEXUS_SCRIPTS", str(file))
    monkeypatch.setenv("NEXUS_BROKER_IDLE", "120")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    try:
        yield Script(state, file)
    finally:
        end_broker(state)
