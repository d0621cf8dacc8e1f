"""The routes: whom they refuse, that no key can be read back, and that OpenAI's own client works with them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from serving import Running

from nexus_jupyter.broker.endpoint import connect
from nexus_jupyter.broker.http import BrokerHandler, application
from nexus_jupyter.broker.providers.scripted import ScriptedProvider
from nexus_jupyter.broker.wire import request_bytes
from nexus_jupyter.errors import BadRequest, NexusError, NotFound, StorageFailed, TokenRefused

CHOSEN = {"secret": "chosen-by-the-caller"}
KEY = "sk-canary-0123456789-WXYZ"
FOR_SCOPED = {"/v1/chat/completions", "/v1/embeddings", "/v1/models"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
SCRIPTS: dict[str, list[dict[str, Any]]] = {
    "hello": [{"pieces": ["Hello", " there"], "usage": [10, 5]}],
    "json": [{"text": '{"city": "Paris", "people": 2}'}],
    "tool": [{"tools": [{"id": "t1", "name": "look", "arguments": '{"where": "everywhere"}'}]}],
    "two": [
        {"tools": [{"id": "a", "name": "f", "arguments": '{"x": 1}'}, {"id": "b", "name": "g", "arguments": "{}"}]}
    ],
    "breaks": [{"pieces": ["half"], "error": {"type": "ProviderFailed", "message": "It broke."}}],
    **{
        name: [{"error": {"type": name, "message": "No."}}]
        for name in ("KeyRejected", "ModelUnknown", "QuotaExceeded", "ContextTooLong", "CallRefused", "ProviderFailed")
    },
}


@pytest.fixture
def broker(serve: Callable[..., Running]) -> Running:
    return serve(scripted=ScriptedProvider(SCRIPTS))


def routes(broker: Running) -> list[str]:
    """Return an address of every route that the application has."""
    found = []
    for rule in application(broker.desk).wildcard_router.rules:
        pattern = rule.matcher.regex.pattern.removesuffix("$")
        address = re.sub(
            r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "day" if "budgets" in pattern else "name", pattern
        )
        assert re.fullmatch(pattern, address)
        found.append(address)
    return found


def raw(broker: Running, method: str, path: str, token: str, body: Any = None) -> int:
    """Return the status of an answer."""
    with connect(broker.address) as connection:
        connection.sendall(request_bytes(method, path, token, body))
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return int(answer.split(b" ", 2)[1])


def token(broker: Running, name: str = "t", **more: Any) -> str:
    return str(broker.client.ask("POST", "/nexus/tokens", {"id": name, "label": "x", **more})["token"])


def test_every_route_is_known_here(broker: Running) -> None:
    assert len(routes(broker)) == 16
    assert set(routes(broker)) >= FOR_SCOPED


def test_every_route_refuses_who_shows_no_good_token(
    broker: Running, serve: Callable[..., Running], tmp_path: Any, monkeypatch: Any
) -> None:
    foreign = token(serve(tmp_path / "other"))
    removed = token(broker, "removed")
    assert broker.client.ask("DELETE", "/nexus/tokens/removed") == {"ok": True}
    expired = token(broker, "expired", seconds=1)
    good = token(broker, "good")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2)
    shown = [
        "",
        "x",
        "owner-token",
        foreign,
        removed,
        expired,
        good[:-1],
        good + "x",
        good.replace("good", "removed"),
        "é",
    ]
    for path in routes(broker):
        for method in METHODS:
            for one in shown:
                assert raw(broker, method, path, one, {}) == 403, (method, path, one)


def test_a_scoped_token_reaches_what_is_for_it_and_nothing_else(broker: Running) -> None:
    good = token(broker)
    for path in routes(broker):
        for method in METHODS:
            status = raw(broker, method, path, good, {})
            assert (status == 403) is (path not in FOR_SCOPED), (method, path)


def test_a_handler_that_says_nothing_is_for_the_owner_alone() -> None:
    assert BrokerHandler.owner_only is True


def test_a_key_can_be_entered_and_removed_and_never_read(broker: Running) -> None:
    assert broker.client.ask("PUT", "/nexus/keys/openai", {"value": KEY}) == {
        "name": "openai", "tail": "WXYZ", "source": "encrypted file", "is_fixed": False,
    }  # fmt: skip
    answers = []
    for path in routes(broker):
        path = path.replace("/keys/name", "/keys/openai")
        for method in ("GET", "POST", "PATCH", "HEAD", "OPTIONS"):
            if path not in {"/nexus/shutdown", "/nexus/warm"}:
                with connect(broker.address) as connection:
                    connection.sendall(request_bytes(method, path, broker.desk.token, {}))
                    while piece := connection.recv(65_536):
                        answers.append(piece)
    assert KEY[3:-4].encode() not in b"".join(answers)
    assert [k["tail"] for k in broker.client.ask("GET", "/nexus/keys")] == ["WXYZ"]
    assert broker.client.ask("DELETE", "/nexus/keys/openai") == {"ok": True}
    with pytest.raises(NotFound):
        broker.client.ask("DELETE", "/nexus/keys/openai")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/chat/completions", {}),
        ("POST", "/v1/chat/completions", {"messages": []}),
        ("POST", "/v1/chat/completions", {"messages": "hello"}),
        ("POST", "/v1/chat/completions", []),
        ("POST", "/v1/embeddings", {"input": {"a": 1}}),
        ("PUT", "/nexus/keys/openai", {"value": KEY + " x"}),
        ("PUT", "/nexus/keys/openai", {"value": [KEY]}),
        ("PUT", "/nexus/keys/openai", {"value": KEY, "name": KEY}),
        ("PUT", "/nexus/connections/mine", {"api_base": "ftp://x"}),
        ("PUT", "/nexus/connections/openai", {"api_base": "http://x", "kind": "groq"}),
        ("PUT", "/nexus/budgets/day", {"tokens": -1}),
        ("POST", "/nexus/tokens", {"id": "a_b", "label": "x"}),
        ("POST", "/nexus/redact", {"a": 1}),
    ],
)
def test_what_does_not_fit_is_refused_without_repeating_it(broker: Running, method: str, path: str, body: Any) -> None:
    with pytest.raises(BadRequest) as raised:
        broker.client.ask(method, path, body)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"nul\0", b'{"messages": [{"content": "\\ud800"}]}', b"[" * 50_000])
def test_bytes_that_are_no_json_are_a_bad_request(broker: Running, content: bytes) -> None:
    for path in ("/v1/chat/completions", "/nexus/redact", "/v1/embeddings", "/nexus/tokens"):
        head = request_bytes("POST", path, broker.desk.token).replace(b"Length: 0", b"Length: %d" % len(content))
        with connect(broker.address) as connection:
            connection.sendall(head + content)
            assert connection.recv(65_536).split(b" ", 2)[1] == b"400", path


def test_texts_are_redacted_whatever_characters_they_have(broker: Running) -> None:
    broker.broker.set_key("openai", KEY)
    assert broker.client.ask("POST", "/nexus/redact", ["\u2028 \U0001f600", f"é {KEY}", 5]) == {
        "texts": ["\u2028 \U0001f600", "é [key removed]", "5"]
    }
    content = b'["half \\ud83d"]'
    head = request_bytes("POST", "/nexus/redact", broker.desk.token).replace(b"Length: 0", b"Length: %d" % len(content))
    with connect(broker.address) as connection:
        connection.sendall(head + content)
        assert connection.recv(65_536).endswith(b'{"texts": ["half \\ud83d"]}')


def test_what_is_wrong_inside_is_not_told(broker: Running, monkeypatch: Any, caplog: Any) -> None:
    def fail() -> None:
        raise RuntimeError(f"with {KEY}")

    monkeypatch.setattr(broker.broker, "usage", fail)
    with pytest.raises(NexusError, match="failed inside") as raised:
        broker.client.ask("GET", "/nexus/usage")
    assert KEY not in str(raised.value)


def test_a_broken_file_of_keys_is_told_to_everybody_who_needs_one(broker: Running) -> None:
    broker.client.ask("PUT", "/nexus/keys/openai", {"value": KEY})
    (broker.state / "keys.json").write_text("{")
    broker.broker._redactor = None
    for method, path in (("GET", "/nexus/keys"), ("GET", "/nexus/models"), ("PUT", "/nexus/keys/groq")):
        with pytest.raises(StorageFailed, match=r"keys\.json` cannot be read") as raised:
            broker.client.ask(method, path, {"value": KEY} if method == "PUT" else None)
        assert "enter the keys again" in raised.value.remedy
    assert broker.client.ask("GET", "/nexus/usage")["calls"] == 0


def test_a_caller_who_leaves_at_any_time_leaves_nothing_behind(broker: Running) -> None:
    content = request_bytes(
        "POST", "/v1/chat/completions", broker.desk.token,
        {"model": "scripted/hello", "stream": True, "messages": [{"role": "user", "content": "x"}], "nexus_cache": False},
    )  # fmt: skip
    for sent in (1, len(content) // 2, len(content)):
        for received in (0, 1, 300):
            with connect(broker.address) as connection:
                connection.sendall(content[:sent])
                if received and sent == len(content):
                    connection.recv(received)
    end = time.monotonic() + 20
    while broker.desk.open_requests or broker.broker.calls.running:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert broker.broker.database.read("SELECT * FROM spend WHERE open_calls<>0") == []


# --- OpenAI's own client -----------------------------------------------------------------------------------


@pytest.fixture
def ours(broker: Running) -> Iterator[openai.OpenAI]:
    transport = httpx.HTTPTransport(uds=broker.address.removeprefix("unix:"))
    with httpx.Client(transport=transport) as http:
        yield openai.OpenAI(base_url="http://nexus/v1", api_key=token(broker), http_client=http, max_retries=0)


MESSAGES: Any = [{"role": "user", "content": "hello"}]
LOOK: Any = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]


def test_openais_client_gets_an_answer_and_a_stream(ours: openai.OpenAI) -> None:
    whole = ours.chat.completions.create(model="scripted/hello", messages=MESSAGES)
    assert whole.choices[0].message.content == "Hello there"
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage
    assert whole.usage.total_tokens == 15
    chunks = list(ours.chat.completions.create(model="scripted/hello", messages=MESSAGES, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello there"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert next(c for c in chunks if c.usage).model_extra == {
        "nexus": {"money": 0.0, "cached": True, "estimate": False}
    }


def test_a_stream_that_is_neither_wanted_nor_unwanted_is_not_one(broker: Running) -> None:
    body = {"model": "scripted/hello", "messages": MESSAGES, "stream": None}
    assert broker.client.ask("POST", "/v1/chat/completions", body)["object"] == "chat.completion"


def test_openais_client_gets_tool_calls_in_one_piece_and_as_they_come(ours: openai.OpenAI) -> None:
    whole = ours.chat.completions.create(model="scripted/tool", messages=MESSAGES, tools=LOOK)
    (call,) = whole.choices[0].message.tool_calls or []
    assert (call.id, call.function.name, call.function.arguments) == ("t1", "look", '{"where": "everywhere"}')  # type: ignore[union-attr]
    with ours.chat.completions.stream(model="scripted/two", messages=MESSAGES) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls or []
    assert [(c.id, c.function.name, json.loads(c.function.arguments)) for c in calls] == [
        ("a", "f", {"x": 1}),
        ("b", "g", {}),
    ]


def test_openais_client_parses_an_answer_by_a_schema(ours: openai.OpenAI) -> None:
    from pydantic import BaseModel

    class Trip(BaseModel):
        city: str
        people: int

    answer = ours.chat.completions.parse(model="scripted/json", messages=MESSAGES, response_format=Trip)
    assert answer.choices[0].message.parsed == Trip(city="Paris", people=2)


def test_openais_client_gets_vectors_and_the_list_of_models(ours: openai.OpenAI) -> None:
    vectors = ours.embeddings.create(model="scripted/hello", input=["a", "b", "a"], encoding_format="float").data
    assert [v.index for v in vectors] == [0, 1, 2]
    assert vectors[0].embedding == vectors[2].embedding != vectors[1].embedding
    assert len(ours.embeddings.create(model="scripted/hello", input="a").data[0].embedding) == 8  # as it asks by itself
    assert "scripted/hello" in [m.id for m in ours.models.list()]


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("KeyRejected", openai.AuthenticationError),
        ("ModelUnknown", openai.NotFoundError),
        ("QuotaExceeded", openai.RateLimitError),
        ("ContextTooLong", openai.APIStatusError),
        ("CallRefused", openai.BadRequestError),
        ("ProviderFailed", openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_openais_client_raises_its_own_errors(ours: openai.OpenAI, model: str, kind: type, is_streamed: bool) -> None:
    with pytest.raises(kind) as raised:
        ours.chat.completions.create(model=f"scripted/{model}", messages=MESSAGES, stream=is_streamed)
    assert raised.value.body["message"] == ("The key for `scripted` was rejected." if model == "KeyRejected" else "No.")
    assert raised.value.body["type"] == model


def test_openais_client_notices_an_answer_that_broke(ours: openai.OpenAI) -> None:
    stream = ours.chat.completions.create(model="scripted/breaks", messages=MESSAGES, stream=True)
    with pytest.raises(openai.APIError, match="It broke"):
        list(stream)


def test_openais_client_is_refused_with_a_wrong_token(ours: openai.OpenAI) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="does not know this token"):
        ours.with_options(api_key="nxs_t_wrong").models.list()
    with pytest.raises(openai.NotFoundError):
        ours.chat.completions.create(model="nobody/nothing", messages=MESSAGES)


def test_the_owner_makes_and_ends_tokens(broker: Running) -> None:
    caller = broker.as_caller(token(broker, **CHOSEN))
    assert token(broker, **CHOSEN) == "nxs_t_chosen-by-the-caller"
    caller.ask("GET", "/v1/models")
    broker.client.ask("DELETE", "/nexus/tokens/t")
    with pytest.raises(TokenRefused):
        caller.ask("GET", "/v1/models")
    assert broker.broker.database.read("SELECT count(*) FROM broker_tokens") == [(0,)]
