"""Brokers to test, and a provider that fails in every way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faultserver import FaultServer
from serving import Loop, Processes, Running

from nexus_jupyter.broker.events import Provider
from nexus_jupyter.broker.providers.litellm import LitellmProvider
from nexus_jupyter.secrets.places import VARIABLES


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of whoever runs the tests, no server of models on this machine."""
    monkeypatch.setenv("NEXUS_LOCAL_PORTS", "")
    for variable in (*VARIABLES.values(), "OPENAI_BASE_URL", "OPENAI_API_BASE", "NEXUS_SCRIPTS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def litellm_provider(loop: Loop) -> LitellmProvider:
    """The real provider, once a module: its import takes two seconds."""
    provider = LitellmProvider()
    loop.run(provider.warm())
    return provider


@pytest.fixture
def fault(loop: Loop) -> Iterator[FaultServer]:
    server = FaultServer()
    loop.run(server.start())
    yield server
    loop.run(server.stop())


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes([])
    yield made
    for endpoint in made.started:
        made.kill(endpoint)


@pytest.fixture
def serve(loop: Loop, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return what starts brokers in this process, one state folder for all unless told otherwise."""
    running: list[Running] = []

    def start(state: Path = tmp_path / "state", **providers: Provider) -> Running:
        running.append(Running(loop, state, {p.rstrip("_"): provider for p, provider in providers.items()}))
        return running[-1]

    yield start
    for one in running:
        one.close()
