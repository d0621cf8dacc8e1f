"""Whatever a provider does, the caller gets an answer or a clear error, and the ledger says what it cost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faultserver import ARGUMENTS, HUGE, KEY, REFUSALS, TEXT, FaultServer
from serving import Loop, Running

from nexus_jupyter import errors
from nexus_jupyter.broker import calls as calls_module
from nexus_jupyter.broker.events import Done, Event, Failed, Text, ToolDelta, Usage
from nexus_jupyter.broker.providers import litellm as provider_module
from nexus_jupyter.broker.providers.litellm import LitellmProvider
from nexus_jupyter.errors import AnswerCut, NexusError, ProviderFailed, ProviderUnreachable, QuotaExceeded

pytestmark = pytest.mark.filterwarnings("ignore")  # of litellm and what it uses
TOLD = Usage(7, 5, money=0.0)


@pytest.fixture
def broker(serve: Callable[..., Running], fault: FaultServer, litellm_provider: LitellmProvider) -> Iterator[Running]:
    running = serve(_=litellm_provider)
    running.client.ask("PUT", "/nexus/connections/fault", {"api_base": fault.base})
    running.client.ask("PUT", "/nexus/keys/fault", {"value": KEY})
    yield running
    wait_until(lambda: running.desk.open_requests == running.broker.calls.running == 0)
    assert running.broker.database.read("SELECT * FROM spend WHERE open_calls<>0 OR reserved_tokens<>0") == []


def told(broker: Running, model: str, **body: Any) -> tuple[str, list[Event]]:
    """Return an answer's text, or its tool call's arguments, and its other events."""
    events = broker.events(model=f"fault/{model}", **body)
    said = [e.text if isinstance(e, Text) else e.arguments for e in events if isinstance(e, Text | ToolDelta)]
    return "".join(said), [e for e in events if not isinstance(e, Text | ToolDelta)]


def failure(broker: Running, model: str) -> NexusError:
    """Return the error of a call that fails before its answer begins."""
    with pytest.raises(NexusError) as raised:
        broker.events(model=f"fault/{model}")
    return raised.value


def newest(broker: Running) -> tuple[str, int, int, float | None]:
    call = broker.broker.ledger.calls(most=1)[0]
    return call.status, call.prompt_tokens, call.completion_tokens, call.money


@pytest.mark.parametrize(
    "model", ["ok", "crlf", "cr", "keepalive", "undone", "drip", *(f"bytes-{n}" for n in (2, 3, 7, 64)), "slow-1"]
)
def test_however_an_answer_is_sent_it_is_the_same(broker: Running, model: str) -> None:
    assert told(broker, model) == (TEXT, [TOLD, Done("stop")])
    assert newest(broker) == ("done", 7, 5, 0.0)


@pytest.mark.parametrize("size", [*range(1, 12), 100])
def test_arguments_of_a_tool_are_whole_wherever_they_were_split(broker: Running, size: int) -> None:
    text, rest = told(broker, f"tools-{size}")
    assert (text, rest) == (ARGUMENTS, [TOLD, Done("tool_calls")])
    assert json.loads(text)["city"] == "Zürich ☕"
    first = next(e for e in broker.events(model=f"fault/tools-{size}") if isinstance(e, ToolDelta))
    assert first == ToolDelta(0, "call_1", "weather")


def test_arguments_that_are_no_json_are_passed_on_for_the_caller_to_judge(broker: Running) -> None:
    assert told(broker, "badtools") == ('{"city": oops', [TOLD, Done("tool_calls")])


@pytest.mark.parametrize("chunks", range(6))
def test_an_answer_cut_after_any_chunk_is_never_taken_for_whole(broker: Running, chunks: int) -> None:
    if not chunks:
        assert type(failure(broker, "cut-0")) is AnswerCut
        assert newest(broker) == ("failed", 0, 0, 0.0)
        return
    text, (usage, end) = told(broker, f"cut-{chunks}")
    assert TEXT.startswith(text)
    assert isinstance(usage, Usage)
    assert usage.is_estimate
    assert isinstance(end, Failed)
    assert type(end.error) is AnswerCut
    assert newest(broker)[0] == "failed"
    assert newest(broker)[2] > 0


@pytest.mark.parametrize("chunks", [6, 7, 8])
def test_an_answer_whose_end_was_said_is_whole_though_the_connection_ended_early(broker: Running, chunks: int) -> None:
    text, rest = told(broker, f"cut-{chunks}")
    assert (text, rest[-1]) == (TEXT, Done("stop"))


@pytest.mark.parametrize(
    ("model", "kind", "says"),
    [
        ("unended", AnswerCut, "the provider ended in the middle"),
        ("badjson-2", AnswerCut, "sent a part that cannot be read"),
        ("error-2", ProviderFailed, "The model ran out of memory."),
        ("stall-2", ProviderUnreachable, "does not answer"),
        ("flood", AnswerCut, "longer than four million characters"),
    ],
)
def test_what_goes_wrong_midway_is_said_after_what_came(
    broker: Running, model: str, kind: type[NexusError], says: str, monkeypatch: Any
) -> None:
    if model == "stall-2":
        monkeypatch.setattr(provider_module, "SILENCE_SECONDS", 0.5)
    text, (usage, end) = told(broker, model)
    assert text
    assert isinstance(usage, Usage)
    assert isinstance(end, Failed)
    assert type(end.error) is kind
    assert says in end.error.message


KINDS = {
    "badkey": (errors.KeyRejected, "nexus keys set fault"),
    "forbidden": (errors.KeyRejected, "nexus keys set fault"),
    "unknown": (errors.ModelUnknown, "nexus models"),
    "limited": (QuotaExceeded, "Wait"),
    "broke": (QuotaExceeded, "plan"),
    "long": (errors.ContextTooLong, "less context"),
    "refused": (errors.CallRefused, "Change the request"),
    "filtered": (errors.CallRefused, "Change the request"),
    "broken": (ProviderFailed, "Try again"),
    "busy": (ProviderFailed, "Try again"),
    "html": (AnswerCut, "/v1"),
    "json": (AnswerCut, "/v1"),
    "silent": (ProviderUnreachable, "Try again"),
    "drop": (ProviderUnreachable, "Check its address"),
    "error-0": (ProviderFailed, "Try again"),
    "badjson-0": (AnswerCut, "Ask again"),
}


@pytest.mark.parametrize("model", KINDS)
def test_a_refusal_says_what_is_wrong_and_what_helps_and_costs_nothing(
    broker: Running, model: str, monkeypatch: Any
) -> None:
    if model == "silent":
        monkeypatch.setattr(provider_module, "FIRST_SECONDS", 0.6)
        monkeypatch.setattr(calls_module, "RETRY_SECONDS", 0.6)
    kind, remedy = KINDS[model]
    error = failure(broker, model)
    assert type(error) is kind
    assert remedy in error.remedy
    assert newest(broker) == ("failed", 0, 0, 0.0)
    said = REFUSALS.get(model, (0, "", ""))[2]
    if type(error) in (QuotaExceeded, errors.CallRefused, ProviderFailed):
        assert said in error.message


def test_every_refusal_of_the_server_is_tried() -> None:
    assert REFUSALS.keys() <= KINDS.keys()


@pytest.mark.parametrize(
    ("model", "tries"),
    [("ok", 1), ("retry-2", 3), ("fails-1", 2), ("retry-3", 3), ("busy", 3), ("badkey", 1), ("refused", 1), ("html", 1), ("cut-2", 1)],
)  # fmt: skip
def test_only_what_passes_is_tried_again_and_only_by_one_layer(
    broker: Running, fault: FaultServer, model: str, tries: int
) -> None:
    try:
        broker.events(model=f"fault/{model}")
    except NexusError:
        assert model not in {"ok", "retry-2", "fails-1", "cut-2"}
    assert [c.model for c in fault.calls] == [model] * tries
    assert len(broker.broker.ledger.calls()) == 1


@pytest.mark.parametrize(
    "kind",
    ["azure", "deepinfra", "deepseek", "groq", "hosted_vllm", "huggingface", "lm_studio", "mistral", "openai", "openrouter",
     "perplexity", "together_ai", "xai"],
)  # fmt: skip
def test_every_provider_that_speaks_this_protocol_is_spoken_to_alike(
    broker: Running, fault: FaultServer, kind: str
) -> None:
    broker.client.ask("PUT", "/nexus/connections/other", {"api_base": fault.base, "kind": kind})
    broker.client.ask("PUT", "/nexus/keys/other", {"value": KEY})
    text = "".join(e.text for e in broker.events(model="other/ok") if isinstance(e, Text))
    assert text == TEXT
    assert isinstance(broker.events(model="other/cut-3")[-1], Failed)
    for model, error, says in (
        ("badkey", errors.KeyRejected, "The key for `other` was rejected."),
        ("unknown", errors.ModelUnknown, "The model `unknown` is unknown to"),
        ("limited-5", QuotaExceeded, "allows no more calls now: "),
        ("long", errors.ContextTooLong, "more text than `long` takes"),
        ("busy", ProviderFailed, "Overloaded."),
    ):
        with pytest.raises(error) as raised:
            broker.events(model=f"other/{model}")
        assert says in raised.value.message
        assert "{" not in raised.value.message
    assert {c.key for c in fault.calls} == {KEY}
    assert len(fault.calls) == 2 + 3 + 2 * 3
    assert broker.waited[:2] == [5.0, 5.0]


def test_the_provider_says_how_long_to_wait_unless_that_is_too_long(broker: Running) -> None:
    assert told(broker, "retry-1")[0] == TEXT
    assert broker.waited == [7.0]
    error = failure(broker, "limited-3600")
    assert broker.waited == [7.0]
    assert isinstance(error, QuotaExceeded)


def test_a_provider_that_took_long_to_fail_is_not_asked_again(
    broker: Running, fault: FaultServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(provider_module, "FIRST_SECONDS", 0.6)
    monkeypatch.setattr(calls_module, "RETRY_SECONDS", 0.6)
    failure(broker, "silent")
    assert len(fault.calls) == 1


def test_a_server_that_is_not_there_cannot_be_reached(broker: Running, fault: FaultServer, loop: Loop) -> None:
    loop.run(fault.stop())
    error = failure(broker, "ok")
    assert (type(error), len(broker.waited)) == (ProviderUnreachable, 2)
    checked = broker.client.ask("POST", "/nexus/connections/fault")
    assert checked["ok"] is False
    assert "cannot be reached" in checked["detail"]


def test_a_huge_message_is_passed_on_both_ways(broker: Running, fault: FaultServer) -> None:
    text, rest = told(broker, "huge")
    assert (len(text), rest[-1]) == (HUGE, Done("stop"))
    question = "é" * HUGE
    assert "".join(e.text for e in broker.events(question, model="fault/echo") if isinstance(e, Text)) == question
    assert fault.calls[-1].body["messages"] == [{"role": "user", "content": question}]


@pytest.mark.parametrize(("model", "text"), [("emoji", "A \U0001f600 B"), ("surrogate", "A \ufffd B")])
def test_half_a_character_is_joined_with_its_other_half_or_replaced(broker: Running, model: str, text: str) -> None:
    assert told(broker, model) == (text, [TOLD, Done("stop")])
    assert told(broker, model)[0] == text  # from the cache


def test_what_the_provider_did_not_count_is_marked_as_an_estimate(broker: Running) -> None:
    text, (usage, end) = told(broker, "bare")
    assert (text, end) == (TEXT, Done("stop"))
    assert isinstance(usage, Usage)
    assert usage.is_estimate
    assert usage.completion_tokens > 0


TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}}}


def test_the_key_and_the_base_are_the_owners_whatever_the_caller_sends(broker: Running, fault: FaultServer) -> None:
    sent = {
        "api_base": "http://127.0.0.1:9", "base_url": "http://127.0.0.1:9", "api_key": "sk-of-the-caller", "key": "x",
        "extra_headers": {"X-Evil": "1"}, "headers": {"X-Evil": "1"}, "custom_llm_provider": "anthropic", "n": 5,
        "extra_body": {"api_key": "x"}, "mock_response": "mocked", "num_retries": 9, "fallbacks": ["openai/ok"],
        "metadata": {"a": "b"}, "timeout": 0.001, "temperature": 0.5, "seed": 3, "max_tokens": 9, "stop": ["#"],
        "tools": TOOLS, "tool_choice": "auto", "response_format": SCHEMA,
    }  # fmt: skip
    assert told(broker, "ok", **sent)[0] == TEXT
    (call,) = fault.calls
    assert call.key == KEY
    assert not {"x-evil"} & call.headers.keys()
    assert call.body == {
        "model": "ok", "messages": [{"role": "user", "content": "hello"}], "stream": True,
        "stream_options": {"include_usage": True}, "temperature": 0.5, "seed": 3, "max_tokens": 9, "stop": ["#"],
        "tools": TOOLS, "tool_choice": "auto", "response_format": SCHEMA,
    }  # fmt: skip


def test_a_caller_who_leaves_stops_the_provider_and_pays_what_came(broker: Running, fault: FaultServer) -> None:
    stream = broker.client.stream({"model": "fault/slow-150", "messages": [{"role": "user", "content": "hello"}]})
    assert next(stream) == Text("The ")
    stream.close()
    wait_until(lambda: broker.broker.calls.running == 0)
    status, _, completion, _ = newest(broker)
    assert (status, completion > 0) == ("stopped", True)
    wait_until(lambda: not fault._tasks or not fault.calls[0].is_whole)
    assert fault.calls[0].chunks < 7


def test_a_provider_that_hangs_is_left_when_the_caller_leaves(broker: Running) -> None:
    with endpoints_connection(broker) as connection:
        connection.sendall(request("fault/silent", broker.desk.token))
        wait_until(lambda: broker.broker.calls.running == 1)
    wait_until(lambda: broker.broker.calls.running == 0)
    assert newest(broker)[0] == "stopped"
    wait_until(lambda: broker.desk.open_requests == 0)


def test_embeddings_and_the_list_of_models_come_from_the_server(broker: Running, fault: FaultServer) -> None:
    body = {"model": "fault/ok", "input": ["abc", "d"]}
    answer = broker.client.ask("POST", "/v1/embeddings", body)
    assert [item["embedding"] for item in answer["data"]] == [[3.0, 0.5], [1.0, 0.5]]
    assert newest(broker) == ("done", 3, 0, 0.0)
    with pytest.raises(errors.KeyRejected):
        broker.client.ask("POST", "/v1/embeddings", {"model": "fault/badkey", "input": "abc"})
    listed = broker.client.ask("GET", "/v1/models")["data"]
    assert [m["id"] for m in listed] == ["fault/echo", "fault/ok", "fault/tools"]
    assert broker.client.ask("POST", "/nexus/connections/fault")["ok"] is True
    broker.client.ask("PUT", "/nexus/keys/fault", {"value": "sk-bad-key-0123456789"})
    assert "rejected" in broker.client.ask("POST", "/nexus/connections/fault")["detail"]
    # The path of an address is kept: not every server has its list at `/v1/models`.
    broker.client.ask("PUT", "/nexus/connections/deep", {"api_base": f"{fault.base}/deep/v2/"})
    broker.client.ask("POST", "/nexus/connections/deep")
    assert fault.calls[-1].path == "/v1/deep/v2/models"


@pytest.mark.parametrize(
    "content", [5, None, {"a": 1}, [{"type": "text"}], [[]], [{"type": "image_url", "image_url": 3}]]
)
def test_odd_messages_are_an_error_or_an_answer_and_nothing_stays_open(broker: Running, content: Any) -> None:
    body = {"messages": [{"role": "user", "content": content}, {"odd": 1}, {"role": 7, "content": "x"}]}
    try:
        events = list(broker.client.stream({"model": "fault/ok", **body}))
    except NexusError as error:
        assert "inside" not in error.message
    else:
        assert isinstance(events[-1], Done)


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def endpoints_connection(broker: Running) -> Any:
    from nexus_jupyter.broker import endpoint

    return endpoint.connect(broker.address)


def request(model: str, token: str) -> bytes:
    from nexus_jupyter.broker.wire import request_bytes

    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    return request_bytes("POST", "/v1/chat/completions", token, body)
