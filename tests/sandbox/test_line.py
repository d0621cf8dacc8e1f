"""The line to the models takes calls, and nothing else that a kernel may send."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker.endpoint import Endpoint
from nexus_jupyter.errors import NexusError, TokenRefused
from nexus_jupyter.sandbox import line as lines
from nexus_jupyter.sandbox.identity import set_identify
from nexus_jupyter.sandbox.line import MOST_AT_ONCE, ModelLine

pytestmark = pytest.mark.needs_no_sandbox


@pytest.fixture
def line(script):
    script.choose("scripted/echo")
    made = ModelLine(Path("app.ipynb"), script.state)
    yield made
    made.close()


@pytest.fixture
def client(line):
    """A kernel's end."""
    return BrokerClient(lambda: Endpoint(f"line:{line.inner.fileno()}", ""))


CALL = {"messages": [{"role": "user", "content": "hello there"}]}


def test_calls_count_against_the_kernel_and_its_app(client, script):
    set_identify(lambda path: f"id-of-{path.stem}")
    try:
        answer = client.ask("POST", "/v1/chat/completions", CALL)
    finally:
        set_identify(None)
    assert answer["choices"][0]["message"]["content"] == "hello there"
    assert [c["app_id"] for c in script.client.ask("GET", "/nexus/usage")["newest"]] == ["id-of-app"]


def test_a_budget_of_the_kernel_ends_its_calls(client, script, monkeypatch):
    monkeypatch.setattr(lines, "MOST_TOKENS", 0)
    with pytest.raises(NexusError, match=r"budget of `the kernel of app\.ipynb` is spent"):
        client.ask("POST", "/v1/chat/completions", CALL)


def test_what_is_no_socket_or_no_request_is_closed(line, client):
    read, write = os.pipe()
    socket.send_fds(line.inner, [b"call"], [write])
    os.close(write)
    assert os.read(read, 1) == b""  # the other side has closed it too
    os.close(read)
    mine, theirs = socket.socketpair()
    socket.send_fds(line.inner, [b"call"], [theirs.fileno()])
    theirs.close()
    mine.sendall(b"x" * 300_000)
    assert b"403" in mine.recv(4096)
    mine.close()
    line.inner.send(b"no descriptor")
    assert client.ask("GET", "/v1/models")["data"]


def test_a_token_in_the_request_is_replaced(client, line):
    stranger = BrokerClient(lambda: Endpoint(f"line:{line.inner.fileno()}", "stolen"))
    assert stranger.ask("GET", "/v1/models")["data"]
    with pytest.raises(TokenRefused):
        stranger.ask("GET", "/nexus/keys")


def test_too_many_calls_at_once_are_refused(line, client):
    held = []
    for _ in range(MOST_AT_ONCE):
        mine, theirs = socket.socketpair()
        socket.send_fds(line.inner, [b"call"], [theirs.fileno()])
        theirs.close()
        held.append(mine)
    with pytest.raises(TokenRefused, match="Too many model calls"):
        client.ask("GET", "/v1/models")
    for one in held:
        one.close()


def test_closing_the_line_ends_its_thread(script):
    before = threading.active_count()
    made = ModelLine(None, script.state)
    assert threading.active_count() == before + 1
    made.close()
    for thread in threading.enumerate():
        if thread.name == "nexus-line":
            thread.join(10)
    assert threading.active_count() == before


def test_a_process_without_a_line_finds_the_users_broker(script, monkeypatch):
    monkeypatch.delenv(endpoint.LINE_VARIABLE, raising=False)
    assert endpoint.locate() == endpoint.read(script.state)
