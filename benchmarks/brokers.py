"""A broker and a provider, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nexus_jupyter.broker import endpoint as endpoints
from nexus_jupyter.broker.client import BrokerClient

SERVER = Path(__file__).parents[1] / "tests" / "broker" / "faultserver.py"


@dataclass(frozen=True)
class Brokered:
    """Where both are."""

    client: BrokerClient
    base: str


def body(model: str = "ok", content: str = "hello", **more: Any) -> dict[str, Any]:
    """Return a call of the provider through the broker."""
    return {"model": f"fault/{model}", "messages": [{"role": "user", "content": content}], **more}


@contextlib.contextmanager
def brokered() -> Iterator[Brokered]:
    """Run both, warm."""
    os.environ["NEXUS_LOCAL_PORTS"] = ""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, str(SERVER)], text=True, **pipes) as server,  # type: ignore[call-overload]
    ):
        base = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        endpoint = endpoints.ensure(Path(folder))
        client = BrokerClient(lambda: endpoint)
        try:
            client.ask("PUT", "/nexus/connections/fault", {"api_base": base})
            client.ask("POST", "/nexus/warm")
            list(client.stream(body(nexus_cache=False)))
            yield Brokered(client, base)
        finally:
            endpoints.retire(endpoint)
            os.waitpid(endpoint.pid, 0)
            server.stdin.close()
