"""A key is seen by its provider and by nobody else: whatever fails, whoever repeats it, however it is cut."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faultserver import FaultServer
from serving import Processes

from nexus_jupyter.broker.__main__ import _Cleaned
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker.endpoint import Endpoint, connect
from nexus_jupyter.broker.wire import request_bytes
from nexus_jupyter.secrets import Redactor, Secret
from nexus_jupyter.secrets.redaction import MASK, forms

KEY = "sk-canary-Zx81/pQ+0123456789=WXYZ"
FROM_OUTSIDE = "gsk_canary_from_the_environment_42"
REPEATED = f"Your key {KEY} and {FROM_OUTSIDE}."


class Told:
    """A broker in a process of its own, and every byte it said."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.client = BrokerClient(lambda: endpoint)
        self.bytes = b""

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> bytes:
        answer = b""
        with connect(self.endpoint.address, 60) as connection:
            connection.sendall(request_bytes(method, path, token or self.endpoint.token, body))
            while piece := connection.recv(65_536):
                answer += piece
        self.bytes += answer
        return answer

    def call(self, model: str, content: str, **more: Any) -> bytes:
        body = {"model": f"fault/{model}", "messages": [{"role": "user", "content": content}], **more}
        return self.ask("POST", "/v1/chat/completions", body)


@pytest.fixture
def broker(tmp_path: Path, processes: Processes, fault: FaultServer, monkeypatch: Any) -> Iterator[Told]:
    monkeypatch.setenv("GROQ_API_KEY", FROM_OUTSIDE)
    monkeypatch.setenv("LITELLM_LOG", "DEBUG")  # as somebody might who looks for a fault
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    told = Told(processes.ensure(tmp_path / "state"))
    told.client.ask("PUT", "/nexus/connections/fault", {"api_base": fault.base})
    told.client.ask("PUT", "/nexus/keys/fault", {"value": KEY})
    yield told


def joined(answer: bytes) -> str:
    """Return all that a stream said: its texts and its tools' arguments."""
    said = ""
    for line in answer.decode().splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:]).get("choices", []):
                said += choice["delta"].get("content") or ""
                said += "".join(c["function"].get("arguments", "") for c in choice["delta"].get("tool_calls", []))
    return said


def shown_in(content: bytes) -> set[str]:
    """Return the forms of the keys that some bytes hold."""
    return {form for key in (KEY, FROM_OUTSIDE) for form in forms(key) if form.encode() in content}


def test_only_the_provider_sees_a_key(broker: Told, fault: FaultServer, tmp_path: Path) -> None:
    state = tmp_path / "state"
    expected = f"Your key {MASK} and {MASK}."
    for cache in (True, True, False):  # the second is from the cache
        for model in ("echo", "echosplit-1", "echosplit-3", "echosplit-17", "echotools-1", "echotools-5"):
            assert joined(broker.call(model, REPEATED, stream=True, nexus_cache=cache)) == expected
            broker.call(model, REPEATED, nexus_cache=cache)
    for model in ("refused", "badkey", "unknown", "limited-60", "filtered"):
        for before in ("", "x" * 330, "x" * 3_970):
            for is_streamed in (True, False):
                broker.call(model, f"repeat: {before}{REPEATED}", stream=is_streamed)
    for model in ("html", "cut-2", "badjson-1", "error-1"):
        broker.call(model, REPEATED, stream=True)
    broker.ask("POST", "/v1/embeddings", {"model": "fault/refused", "input": KEY})
    broker.ask("POST", "/v1/chat/completions", {"model": f"fault/{KEY}", "messages": KEY})
    for name in (f"fault/{KEY}", f"nobody/{KEY}", KEY):
        broker.ask("POST", "/v1/chat/completions", {"model": name, "messages": [{"role": "user", "content": KEY}]})
    broker.call("ok", "hello", nexus_app=KEY)
    broker.ask("POST", "/v1/chat/completions", {"api_key": KEY, "messages": [{"role": KEY}]})
    broker.ask("PUT", "/nexus/keys/bad name", {"value": KEY})
    broker.ask("PUT", "/nexus/connections/x", {"api_base": f"https://u:{KEY}@h", "key": KEY})
    for path in ("/nexus/keys", "/nexus/models", "/nexus/usage", "/nexus/health", "/v1/models"):
        broker.ask("GET", path)
    broker.ask("POST", "/nexus/connections/fault")
    broker.ask("DELETE", "/nexus/keys/fault")
    assert {c.key for c in fault.calls} == {KEY}
    assert shown_in(broker.bytes) == set()
    assert MASK.encode() in broker.bytes
    os.kill(broker.endpoint.pid, signal.SIGABRT)  # a crash, with all that is in memory
    os.waitpid(broker.endpoint.pid, 0)
    files = [f for f in state.rglob("*") if f.is_file()]
    assert {"nexus.db", "broker.log", "keys.json"} <= {f.name for f in files}
    assert not [f for f in files if f.name.startswith("core")]
    log = (state / "broker.log").read_bytes()
    assert b"Fatal Python error" in log
    for file in files:
        assert shown_in(file.read_bytes()) == set(), file.name


def test_a_key_is_in_no_argument_and_no_answer_of_a_scoped_token(broker: Told) -> None:
    made = broker.client.ask("POST", "/nexus/tokens", {"id": "t", "label": "an app"})["token"]
    for path in ("/nexus/keys", "/nexus/usage", "/v1/models"):
        broker.ask("GET", path, token=made)
    broker.ask("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": REPEATED}]}, token=made)
    assert shown_in(broker.bytes) == set()
    process = Path("/proc") / str(broker.endpoint.pid)
    for shown in ("cmdline", "comm", "status", "limits"):
        content = (process / shown).read_bytes()
        assert shown_in(content) == set()
        assert broker.endpoint.token.encode() not in content


class Keys:
    """What the log's cleaner asks a broker for."""

    def redactor(self) -> Redactor:
        return Redactor([Secret(KEY)])


def test_whatever_is_printed_is_cleaned_line_by_line() -> None:
    shown = io.StringIO()
    cleaned = _Cleaned(shown)
    cleaned.write("before ")
    cleaned.broker = Keys()  # type: ignore[assignment]
    for piece in (KEY[:9], KEY[9:], "\nsecond", " line\nthird ", KEY):
        cleaned.write(piece)
    assert shown.getvalue() == f"before {MASK}\nsecond line\n"
    cleaned.close()
    assert shown.getvalue() == f"before {MASK}\nsecond line\nthird {MASK}"
    logging.StreamHandler(cleaned).emit(logging.LogRecord("a", 40, "f", 1, "the %s", (KEY,), None))
    assert shown.getvalue().endswith(f"the {MASK}\n")
