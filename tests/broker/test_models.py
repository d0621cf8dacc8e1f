"""From a model's name to who serves it: keys, servers the owner added, servers found on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faultserver import FaultServer
from serving import Loop, Running

from nexus_jupyter.broker import prices, routing
from nexus_jupyter.broker.events import Done
from nexus_jupyter.broker.providers.litellm import LitellmProvider
from nexus_jupyter.broker.routing import DEFAULTS, LABELS, ModelRouter, checked_base, is_on_this_machine
from nexus_jupyter.errors import BadRequest, ModelNotConnected, ModelUnknown, NotFound
from nexus_jupyter.secrets import KeyRing
from nexus_jupyter.secrets.places import VARIABLES, EnvironmentKeys, FileKeys
from nexus_jupyter.store import Connection, Connections, Database

BAD_KEY = "sk-bad-key-0123456789"
KEY = "sk-canary-0123456789-WXYZ"
pytestmark = pytest.mark.filterwarnings("ignore")  # of litellm and what it uses


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing([FileKeys(tmp_path / "keys"), EnvironmentKeys({})])


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    database = Database(tmp_path / "nexus.db")
    yield Connections(database, "me")
    database.close()


@pytest.fixture
def router(connections: Connections, keys: KeyRing) -> ModelRouter:
    return ModelRouter(connections, keys, ports=lambda: "")


def resolve(router: ModelRouter, model: str) -> tuple[str, str, str, str]:
    target = asyncio.run(router.resolve(model))
    return target.model, target.connection.kind, target.connection.api_base, target.name


def test_a_providers_models_can_be_used_once_its_key_is_there(router: ModelRouter, keys: KeyRing) -> None:
    with pytest.raises(ModelNotConnected, match="no key for OpenAI") as raised:
        resolve(router, "openai/gpt-4o-mini")
    assert raised.value.remedy == "Enter one: nexus keys set openai"
    with pytest.raises(ModelNotConnected, match="No model is connected"):
        resolve(router, "anything")
    keys.set("openai", KEY)
    expected = ("openai/gpt-4o-mini", "openai", "", "gpt-4o-mini")
    assert resolve(router, "openai/gpt-4o-mini") == expected
    assert resolve(router, "gpt-4o-mini") == expected  # the provider need not be named
    assert resolve(router, "openai/not-yet-in-our-table")[3] == "not-yet-in-our-table"
    keys.remove("openai")
    with pytest.raises(ModelNotConnected):
        resolve(router, "openai/gpt-4o-mini")


def test_a_local_server_that_does_not_run_needs_no_key_but_a_start(router: ModelRouter) -> None:
    with pytest.raises(ModelNotConnected, match="Ollama does not answer on this machine") as raised:
        resolve(router, "ollama/llama3")
    assert "Start it" in raised.value.remedy


def test_a_name_with_slashes_belongs_to_who_is_named_first(router: ModelRouter, keys: KeyRing) -> None:
    keys.set("openrouter", KEY)
    assert resolve(router, "openrouter/openai/gpt-4o-mini") == (
        "openrouter/openai/gpt-4o-mini", "openrouter", "", "openai/gpt-4o-mini",
    )  # fmt: skip


def test_an_apps_key_connects_nothing_for_others(router: ModelRouter, keys: KeyRing) -> None:
    keys.set("apps/sales/openai", KEY)
    assert router.every() == []


def test_an_added_server_is_used_as_its_owner_said(
    router: ModelRouter, connections: Connections, keys: KeyRing
) -> None:
    connections.put(Connection(id="work", kind="openai", api_base="https://models.example/v1"))
    assert resolve(router, "work/any/model") == ("work/any/model", "openai", "https://models.example/v1", "any/model")
    # A plain name is the provider's, not any compatible server's.
    keys.set("openai", KEY)
    assert resolve(router, "gpt-4o-mini")[2] == ""


def test_an_unknown_model_is_told_with_the_nearest_names(router: ModelRouter, keys: KeyRing) -> None:
    keys.set("openai", KEY)
    with pytest.raises(ModelUnknown, match="no model `gpt4o-mini`") as raised:
        resolve(router, "gpt4o-mini")
    assert "`openai/gpt-4o-mini`" in raised.value.remedy
    with pytest.raises(ModelUnknown) as raised:
        resolve(router, "zzzzzz" * 40)
    assert raised.value.remedy == "See: nexus models"
    assert len(raised.value.message) < 120


@pytest.mark.parametrize(
    ("given", "tidied"),
    [
        ("https://models.example.org/v1/", "https://models.example.org/v1"),
        (" models.example.org ", "https://models.example.org"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("HTTPS://EXAMPLE.org", "HTTPS://EXAMPLE.org"),
    ],
)
def test_an_address_is_tidied(given: str, tidied: str) -> None:
    assert checked_base(given) == tidied


@pytest.mark.parametrize(
    "address",
    ["", " ", "/", "ftp://x", "file:///etc/passwd", "http://", "http://user:secret@host/v1", "http://h:99999", "http://h:x",
     "javascript:alert(1)", "http://host/v1?key=secret", "http://host/#x", "http://ho st/v1", "http://host/\nv1", "x" * 3_000 + "://"],
)  # fmt: skip
def test_what_is_no_servers_address_is_refused(address: str) -> None:
    with pytest.raises(BadRequest) as raised:
        checked_base(address)
    assert len(raised.value.message) < 200
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("http://localhost:1/v1", True), ("http://127.0.0.1", True), ("http://[::1]:8", True), ("http://127.0.0.2:8", True),
        ("https://example.org", False), ("http://localhost.example.org", False), ("http://0x7f.1", False), ("", False),
    ],
)  # fmt: skip
def test_what_runs_on_this_machine_is_told_from_what_does_not(address: str, is_local: bool) -> None:
    assert is_on_this_machine(address) is is_local


# --- servers on this machine -------------------------------------------------------------------------------


def test_a_server_on_this_machine_is_found_and_free(
    serve: Callable[..., Running], fault: FaultServer, litellm_provider: LitellmProvider, monkeypatch: Any
) -> None:
    monkeypatch.setenv("NEXUS_LOCAL_PORTS", f"ollama={fault.port}, broken, lmstudio=1, x=y")
    broker = serve(_=litellm_provider)
    listed = broker.client.ask("GET", "/nexus/models")
    assert [m["id"] for m in listed["models"]] == ["ollama/echo", "ollama/ok", "ollama/tools"]
    assert {m["input_price"] for m in listed["models"]} == {0.0}
    assert listed["connections"] == [
        {
            "id": "ollama", "label": "Ollama", "kind": "openai", "api_base": fault.base,
            "has_key": False, "is_local": True, "is_added": False,
        }
    ]  # fmt: skip
    for name in ("ollama/ok", "ok"):
        assert broker.events(name, model=name)[-1] == Done()
    assert {c.key for c in fault.calls} == {"none"}
    assert [c.money for c in broker.broker.ledger.calls()] == [0.0, 0.0]
    assert broker.client.ask("PUT", "/nexus/models", {"model": "ok"}) == {"model": "ollama/ok"}
    assert broker.events("by choice")[-1] == Done()
    with pytest.raises(NotFound):
        broker.client.ask("DELETE", "/nexus/connections/ollama")


def test_a_local_server_does_not_take_a_providers_name(
    connections: Connections, keys: KeyRing, fault: FaultServer, loop: Loop
) -> None:
    keys.set("openai", KEY)
    router = ModelRouter(connections, keys, ports=lambda: f"openai={fault.port}")
    loop.run(router.look_around())
    assert [c.api_base for c in router.every()] == [""]


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 404 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>", b"SSH-2.0\r\n", None]
)
def test_whatever_else_listens_is_no_server_of_models(
    connections: Connections, keys: KeyRing, loop: Loop, answer: bytes | None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(routing, "LOOK_SECONDS", 0.2)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await asyncio.sleep(1)
        else:
            writer.write(answer)
        writer.close()

    async def look() -> list[Connection]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        router = ModelRouter(connections, keys, ports=lambda: f"ollama={port}")
        await router.look_around()
        server.close()
        return router.every()

    assert loop.run(look()) == []


def test_who_asks_while_others_look_around_waits_for_what_is_found(
    connections: Connections, keys: KeyRing, fault: FaultServer, loop: Loop
) -> None:
    router = ModelRouter(connections, keys, ports=lambda: f"ollama={fault.port}")

    async def both() -> list[str]:
        return [t.model for t in await asyncio.gather(*(router.resolve("ollama/ok") for _ in range(5)))]

    assert loop.run(both()) == ["ollama/ok"] * 5
    assert len(fault.calls) == 1


# --- what is known of models -------------------------------------------------------------------------------


def test_prices_are_those_of_the_table() -> None:
    assert prices.money("openai", "gpt-4o-mini", 1_000_000, 1_000_000) == pytest.approx(0.75)
    assert prices.money("openai", "gpt-4o-mini", 1_000_000, 0, cached_prompt=1_000_000) == pytest.approx(0.075)
    assert prices.money("openai", "nobody-knows", 1, 1) is None
    assert prices.money("anthropic", "gpt-4o-mini", 1, 1) is None  # another provider's model
    known = prices.facts("openai", "gpt-4o-mini")
    assert (known.context, known.answer, known.has_tools) == (128_000, 16_384, True)


@pytest.mark.parametrize("kind", sorted(VARIABLES))
def test_every_provider_that_takes_a_key_has_a_name_and_models(kind: str) -> None:
    assert kind in LABELS
    if kind not in {"huggingface"}:  # its models are too many for a table
        assert prices.known_models(kind)


def test_a_usual_model_is_one_of_the_table() -> None:
    for kind, names in DEFAULTS.items():
        assert set(names) & set(prices.known_models(kind)), kind


def test_entering_the_first_key_chooses_a_model_and_removing_it_chooses_none(serve: Callable[..., Running]) -> None:
    broker = serve()
    broker.client.ask("PUT", "/nexus/keys/openai", {"value": KEY})
    chosen = broker.client.ask("GET", "/nexus/models")["current"]
    assert chosen.removeprefix("openai/") in DEFAULTS["openai"]
    broker.client.ask("PUT", "/nexus/keys/groq", {"value": KEY})
    assert broker.client.ask("GET", "/nexus/models")["current"] == chosen
    broker.client.ask("DELETE", "/nexus/keys/openai")
    with pytest.raises(ModelNotConnected, match="No model is chosen"):
        broker.events()
    with pytest.raises(ModelNotConnected):
        broker.client.ask("PUT", "/nexus/models", {"model": "openai/gpt-4o-mini"})
    assert broker.client.ask("PUT", "/nexus/models", {"model": ""}) == {"model": ""}


def test_a_providers_key_is_checked_without_a_call(
    serve: Callable[..., Running], fault: FaultServer, litellm_provider: LitellmProvider, monkeypatch: Any
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", fault.base)  # in the place of OpenAI
    broker = serve(_=litellm_provider)
    for key, detail in ((KEY, "OpenAI answers and offers 3 models."), (BAD_KEY, "The key for `openai` was rejected.")):
        broker.client.ask("PUT", "/nexus/keys/openai", {"value": key})
        assert broker.client.ask("POST", "/nexus/connections/openai")["detail"] == detail
    assert [(c.path, c.key) for c in fault.calls] == [("/v1/models", KEY), ("/v1/models", BAD_KEY)]


def test_an_added_server_is_listed_checked_and_forgotten(
    serve: Callable[..., Running], fault: FaultServer, litellm_provider: LitellmProvider
) -> None:
    broker = serve(_=litellm_provider)
    added = broker.client.ask("PUT", "/nexus/connections/mine", {"api_base": f"{fault.base}/", "label": "Mine"})
    assert added == {"id": "mine", "api_base": fault.base}
    assert broker.client.ask("POST", "/nexus/connections/mine") == {
        "ok": True, "detail": "Mine answers and offers 3 models.", "remedy": "", "models": ["echo", "ok", "tools"],
    }  # fmt: skip
    broker.client.ask("PUT", "/nexus/models", {"model": "mine/ok"})
    assert broker.client.ask("DELETE", "/nexus/connections/mine") == {"ok": True}
    assert json.loads(json.dumps(broker.client.ask("GET", "/nexus/models"))) == {
        "current": "",
        "models": [],
        "connections": [],
    }
    with pytest.raises(NotFound, match="not connected"):
        broker.client.ask("POST", "/nexus/connections/mine")
