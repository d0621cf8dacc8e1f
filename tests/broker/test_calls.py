"""One call, from the request to the settled ledger: cache, tries, budgets, tokens, and no key in what is said."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Running

from nexus_jupyter.broker import calls as calls_module
from nexus_jupyter.broker.cleaning import Cleaner, mended
from nexus_jupyter.broker.events import Done, Event, Failed, ModelCall, Text, ToolDelta, Usage
from nexus_jupyter.broker.providers.scripted import ScriptedProvider
from nexus_jupyter.errors import (
    AnswerCut,
    BudgetSpent,
    CallRefused,
    ModelNotConnected,
    ModelUnknown,
    NexusError,
    ProviderFailed,
    QuotaExceeded,
    StorageFailed,
    TokenRefused,
)
from nexus_jupyter.secrets import Redactor, Secret

KEY = "sk-canary-0123456789-WXYZ"
MASK = "[key removed]"
SCRIPTS: dict[str, list[dict[str, Any]]] = {
    "hello": [{"pieces": ["Hello", " there"], "usage": [10, 5]}],
    "turns": [{"text": "one"}, {"text": "two"}],
    "tool": [{"tools": [{"id": "t1", "name": "look", "arguments": '{"where": "everywhere"}'}]}],
    "slow": [{"pieces": ["a ", "b ", "c "], "seconds": 0.15}],
    "refuses": [{"error": {"type": "CallRefused", "message": "No."}}],
    "breaks": [{"pieces": ["half"], "error": {"type": "ProviderFailed", "message": "It broke."}}],
    "twice": [
        {"error": {"type": "ProviderFailed", "message": "It broke."}},
        {"error": {"type": "ProviderUnreachable", "message": "It is away."}},
        {"text": "at last"},
    ],
    "quota": [{"error": {"type": "QuotaExceeded", "message": "Too many."}}],
    "keyed": [{"text": "It fits.", "key": KEY}],
    "big": [{"text": "x", "usage": [60, 40], "seconds": 0.01}],
}


class Recording(ScriptedProvider):
    """Keeps each call as it came."""

    def __init__(self, scripts: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(scripts)
        self.calls: list[ModelCall] = []

    async def stream(self, call: ModelCall) -> Any:
        self.calls.append(call)
        async for event in super().stream(call):
            yield event


class Saying:
    """A provider that says given events."""

    def __init__(self, *said: Event) -> None:
        self.said = said

    async def stream(self, call: ModelCall) -> Any:
        for event in self.said:
            yield event


@pytest.fixture
def provider() -> Recording:
    return Recording(SCRIPTS)


@pytest.fixture
def broker(serve: Callable[..., Running], provider: Recording) -> Running:
    return serve(scripted=provider)


def ask(broker: Running, model: str, content: str = "hello", **body: Any) -> list[Event]:
    return broker.events(content, model=f"scripted/{model}", **body)


def text(events: list[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Text))


def scoped(broker: Running, **more: Any) -> Any:
    told = broker.client.ask("POST", "/nexus/tokens", {"id": "t", "label": "the sales app", **more})
    return broker.as_caller(told["token"])


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- the cache ---------------------------------------------------------------------------------------------


def test_the_same_call_again_is_answered_from_the_cache_and_says_so(broker: Running, provider: Recording) -> None:
    first, again = ask(broker, "hello"), ask(broker, "hello")
    assert first == [Text("Hello"), Text(" there"), Usage(10, 5), Done()]
    assert again == [Text("Hello there"), Usage(10, 5, money=0.0, is_cached=True), Done()]
    assert len(provider.calls) == 1
    assert [(c.status, c.prompt_tokens) for c in broker.broker.ledger.calls()] == [("cached", 0), ("done", 10)]
    assert broker.client.ask("GET", "/nexus/usage")["tokens"] == 15


def test_tool_calls_come_from_the_cache_too(broker: Running) -> None:
    ask(broker, "tool")
    assert ask(broker, "tool") == [
        ToolDelta(0, "t1", "look"),
        ToolDelta(0, arguments='{"where": "everywhere"}'),
        Usage(1, 0, money=0.0, is_cached=True),
        Done("tool_calls"),
    ]


@pytest.mark.parametrize(
    "body", [{"temperature": 0.5}, {"tools": []}, {"max_tokens": 7}, {"nexus_cache": False}, {"content": "other"}]
)
def test_another_call_is_not_answered_from_the_cache(
    broker: Running, provider: Recording, body: dict[str, Any]
) -> None:
    ask(broker, "hello")
    ask(broker, "hello", **body)
    assert len(provider.calls) == 2


def test_what_the_broker_drops_or_adds_makes_no_other_call(broker: Running, provider: Recording) -> None:
    ask(broker, "hello", user="me")
    broker.broker.budgets.set("day", 100_000, None)  # the answer gets a limit now
    assert ask(broker, "hello", api_base="http://x")[-2] == Usage(10, 5, money=0.0, is_cached=True)
    ask(broker, "turns")
    ask(broker, "turns")
    assert len(provider.calls) == 2


@pytest.mark.parametrize("model", ["breaks", "refuses"])
def test_what_failed_is_not_kept(broker: Running, provider: Recording, model: str) -> None:
    for _ in range(2):
        try:
            ask(broker, model)
        except CallRefused:
            continue
    assert len(provider.calls) == 2


def test_a_kept_answer_ends_with_its_time_and_one_from_the_future_is_not_used(
    broker: Running, provider: Recording, monkeypatch: Any
) -> None:
    now = time.time()
    ask(broker, "hello")
    for jump, is_kept in ((6 * 86_400, True), (8 * 86_400, False), (-86_400, False)):
        monkeypatch.setattr(time, "time", lambda at=now + jump: at)
        before = len(provider.calls)
        ask(broker, "hello")
        assert (len(provider.calls) == before) is is_kept
        monkeypatch.undo()
        monkeypatch.setenv("NEXUS_LOCAL_PORTS", "")


# --- tries -------------------------------------------------------------------------------------------------


def test_what_fails_in_passing_is_tried_again_unseen(broker: Running, provider: Recording) -> None:
    assert text(ask(broker, "twice")) == "at last"
    assert len(provider.calls) == 3
    assert [0.4 <= broker.waited[0] <= 0.6, 0.8 <= broker.waited[1] <= 1.2] == [True, True]
    assert [c.status for c in broker.broker.ledger.calls()] == ["done"]


def test_after_three_tries_the_error_is_told(broker: Running, provider: Recording) -> None:
    with pytest.raises(QuotaExceeded, match="Too many"):
        ask(broker, "quota")
    assert len(provider.calls) == 3


def test_nothing_is_tried_again_once_an_answer_has_begun_or_when_it_would_fail_again(
    broker: Running, provider: Recording
) -> None:
    events = ask(broker, "breaks")
    assert isinstance(events[-1], Failed)
    assert type(events[-1].error) is ProviderFailed
    with pytest.raises(CallRefused):
        ask(broker, "refuses")
    assert (len(provider.calls), broker.waited) == (2, [])


def test_a_provider_that_ends_without_a_word_is_a_cut_answer(serve: Callable[..., Running]) -> None:
    broker = serve(scripted=Saying(Text("half")))
    events = ask(broker, "any")
    assert events[:2] == [Text("half"), Usage(10, 2, is_estimate=True)]
    assert isinstance(events[-1], Failed)
    assert type(events[-1].error) is AnswerCut


# --- errors and ends ---------------------------------------------------------------------------------------


def test_an_error_before_the_answer_is_a_status_and_after_it_an_event(broker: Running) -> None:
    for is_streamed in (True, False):
        body = {"model": "scripted/refuses", "stream": is_streamed, "messages": [{"role": "user", "content": "x"}]}
        with pytest.raises(CallRefused):
            broker.client.ask("POST", "/v1/chat/completions", body)
    body = {"model": "scripted/breaks", "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(ProviderFailed, match="It broke"):  # without a stream there is no half an answer
        broker.client.ask("POST", "/v1/chat/completions", body)


def test_an_answer_in_one_piece_is_the_stream_put_together(broker: Running) -> None:
    body = {"messages": [{"role": "user", "content": "x"}]}
    told = broker.client.ask("POST", "/v1/chat/completions", {"model": "scripted/tool", **body})
    function = {"name": "look", "arguments": '{"where": "everywhere"}'}
    assert told["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "t1", "type": "function", "function": function}],
            },
            "finish_reason": "tool_calls",
        }
    ]
    assert told["usage"] == {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1}
    assert told["nexus"] == {"money": None, "cached": False, "estimate": False}
    assert (told["object"], told["model"]) == ("chat.completion", "scripted/tool")


def test_stopping_settles_at_what_came(broker: Running) -> None:
    stream = broker.client.stream({"model": "scripted/slow", "messages": [{"role": "user", "content": "hello"}]})
    assert next(stream) == Text("a ")
    stream.close()
    wait_until(lambda: broker.desk.open_requests == 0)
    (call,) = broker.broker.ledger.calls()
    assert (call.status, call.prompt_tokens, call.completion_tokens) == ("stopped", 10, 1)
    assert broker.broker.database.read("SELECT open_calls, reserved_tokens FROM spend") == [(0, 0)]


def test_an_answer_is_in_the_ledger_before_its_end_is_told(broker: Running) -> None:
    for event in broker.client.stream({"model": "scripted/hello", "messages": [{"role": "user", "content": "x"}]}):
        if isinstance(event, Done):
            assert [c.status for c in broker.broker.ledger.calls()] == ["done"]


def test_on_a_full_disk_an_answer_goes_on_and_is_settled_when_there_is_space(broker: Running) -> None:
    database = broker.broker.database
    stream = broker.client.stream({"model": "scripted/slow", "messages": [{"role": "user", "content": "x"}]})
    assert next(stream) == Text("a ")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE filler (a TEXT)")
    full = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count={full}")
    settle = broker.broker.ledger.settle

    def fail(*args: Any, **facts: Any) -> None:
        raise StorageFailed("The disk is full: the store could not be written.", "Free some space, then try again.")

    broker.broker.ledger.settle = fail  # type: ignore[method-assign]
    assert list(stream)[-1] == Done()
    assert [c.status for c in broker.broker.ledger.calls()] == ["open"]
    with pytest.raises(StorageFailed, match="disk is full") as raised:
        for number in range(5_000):  # until the store is really full
            ask(broker, "hello", str(number) * 50, nexus_cache=False)
    assert raised.value.status == 507
    broker.broker.ledger.settle = settle  # type: ignore[method-assign]
    database.read("PRAGMA max_page_count=1000000")
    assert ask(broker, "hello", nexus_cache=False)[-1] == Done()
    assert {c.status for c in broker.broker.ledger.calls(most=9_000)} == {"done"}
    assert database.read("SELECT open_calls, reserved_tokens FROM spend") == [(0, 0)]


# --- keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0, 1, 5, len(KEY) - 1])
def test_a_key_in_an_answer_is_removed_wherever_it_is_split(serve: Callable[..., Running], cut: int) -> None:
    said = f"x {KEY} y"
    pieces = [said[: cut + 2], said[cut + 2 :]]
    tool = [ToolDelta(0, KEY, KEY[:cut]), ToolDelta(0, name=KEY[cut:]), *(ToolDelta(0, arguments=p) for p in pieces)]
    broker = serve(scripted=Saying(*map(Text, pieces), *tool, Usage(1, 1), Done()))
    broker.broker.set_key("openai", KEY)
    for _ in range(2):  # from the provider, then from the cache
        events = ask(broker, "any")
        assert text(events) == f"x {MASK} y"
        tools = [e for e in events if isinstance(e, ToolDelta)]
        assert (tools[0].id, tools[0].name) == (MASK, MASK)
        assert "".join(t.arguments for t in tools) == f"x {MASK} y"
    assert KEY not in "".join(str(row) for row in broker.broker.database.read("SELECT * FROM completions"))


@pytest.mark.parametrize("before", [0, 380, 395, 10_000])
def test_a_key_in_an_error_is_removed_also_where_the_error_is_shortened(
    serve: Callable[..., Running], before: int
) -> None:
    broker = serve(scripted=Saying(Failed(CallRefused(f"{'x' * before} {KEY}", f"Not {KEY}"))))
    broker.broker.set_key("openai", KEY)
    with pytest.raises(CallRefused) as raised:
        ask(broker, "any")
    for size in range(6, len(KEY)):
        assert KEY[:size] not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_key_removed_while_an_answer_comes_is_still_kept_out_of_it(serve: Callable[..., Running]) -> None:
    broker = serve(scripted=Saying(Text("a "), Text(KEY), Failed(ProviderFailed(KEY))))
    broker.broker.set_key("openai", KEY)
    broker.broker.redactor()
    broker.broker.remove_key("openai")
    events = ask(broker, "any")
    assert KEY not in repr(events)
    broker.broker.set_key("openai", KEY)
    broker.broker.set_key("openai", "sk-the-next-one-0000")
    assert broker.client.ask("POST", "/nexus/redact", [f"a {KEY} b"]) == {"texts": [f"a {MASK} b"]}


def test_a_key_revoked_in_the_middle_ends_nothing_and_the_next_call_is_refused(
    serve: Callable[..., Running], provider: Recording
) -> None:
    broker = serve(_=provider)
    broker.broker.set_key("openai", KEY)
    body = {"model": "openai/slow", "messages": [{"role": "user", "content": "x"}]}
    stream = broker.client.stream(body)
    assert next(stream) == Text("a ")
    broker.client.ask("DELETE", "/nexus/keys/openai")
    assert text([*stream]) == "b c "
    with pytest.raises(ModelNotConnected, match="no key for OpenAI") as raised:
        list(broker.client.stream({**body, "nexus_cache": False}))
    assert "nexus keys set openai" in raised.value.remedy
    assert provider.calls[0].key == KEY
    assert KEY not in repr(provider.calls)


def test_an_apps_own_key_is_used_for_its_calls_alone(serve: Callable[..., Running], provider: Recording) -> None:
    broker = serve(_=provider)
    broker.broker.set_key("openai", "sk-of-the-owner-000")
    broker.broker.set_key("apps/sales/openai", KEY)
    body = {"model": "openai/keyed", "messages": [{"role": "user", "content": "x"}]}
    assert text(list(scoped(broker, app_id="sales").stream(body))) == "It fits."
    with pytest.raises(NexusError, match="`openai` was rejected"):
        broker.events("y", model="openai/keyed", nexus_app="other")


PIECES = st.sampled_from(
    [KEY, KEY[:9], KEY[9:], KEY[:-1], "sk-", " ", "a", "é", "\U0001f600", "\ud83d", "\ude00", MASK]
)
SAID = st.lists(
    st.one_of(
        PIECES.map(Text),
        st.builds(
            ToolDelta, st.integers(0, 2), st.sampled_from(["", "id", KEY]), st.sampled_from(["", "f", KEY[:9]]), PIECES
        ),
    ),
    max_size=12,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(SAID)
def test_what_is_shown_is_what_was_said_without_keys_each_text_and_each_tool_by_itself(said: list[Event]) -> None:
    redactor = Redactor([Secret(KEY)])
    cleaner = Cleaner(redactor)
    shown = [c for event in said for c in cleaner.feed(event)] + cleaner.end()
    assert KEY not in repr(shown)
    json.dumps([repr(e) for e in shown], ensure_ascii=False).encode()  # no half characters are left
    assert text(shown) == redactor.clean(mended(text(said)))
    for index in range(3):
        before = [e for e in said if isinstance(e, ToolDelta) and e.index == index]
        after = [e for e in shown if isinstance(e, ToolDelta) and e.index == index]
        assert bool(after) == bool(before)
        assert [(e.id, e.name) for e in after[1:]] == [("", "")] * len(after[1:])  # said once, first
        arguments = "".join(e.arguments for e in before)
        assert "".join(e.arguments for e in after) == redactor.clean(mended(arguments))


# --- what a scoped token may do ----------------------------------------------------------------------------


def test_a_scoped_token_is_for_its_models_and_its_app(broker: Running) -> None:
    caller = scoped(broker, models=["scripted/hello"], app_id="sales")
    body = {"messages": [{"role": "user", "content": "hello"}], "nexus_app": "another"}
    assert list(caller.stream(body))[-1] == Done()  # its only model need not be named
    assert [c.app_id for c in broker.broker.ledger.calls()] == ["sales"]
    with pytest.raises(TokenRefused, match="`the sales app` may not use `scripted/turns`"):
        list(caller.stream({"model": "scripted/turns", **body}))
    with pytest.raises(TokenRefused):
        caller.ask("POST", "/v1/embeddings", {"model": "scripted/turns", "input": "x"})
    assert [m["id"] for m in caller.ask("GET", "/v1/models")["data"]] == ["scripted/hello"]


def test_a_token_has_a_budget_over_its_whole_life_and_an_end(broker: Running, monkeypatch: Any) -> None:
    caller = scoped(broker, max_tokens=150, seconds=60)
    body = {"model": "scripted/big", "nexus_cache": False, "messages": [{"role": "user", "content": "x"}]}
    for _ in range(2):
        assert list(caller.stream(body))[-1] == Done()
    with pytest.raises(BudgetSpent, match="The budget of `the sales app` is spent: 200 tokens of 150 tokens"):
        list(caller.stream(body))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    with pytest.raises(TokenRefused, match="has ended"):
        list(caller.stream(body))


def test_a_days_budget_begins_anew_with_the_day_and_survives_a_clock_set_back(
    broker: Running, monkeypatch: Any
) -> None:
    day = ["2026-03-01"]
    monkeypatch.setattr(calls_module, "today", lambda: day[0])
    broker.broker.budgets.set("day", 100, None)
    ask(broker, "big", nexus_cache=False)
    with pytest.raises(BudgetSpent):
        ask(broker, "big", nexus_cache=False)
    day[0] = "2026-03-02"
    ask(broker, "big", nexus_cache=False)
    day[0] = "2026-03-01"
    with pytest.raises(BudgetSpent, match="of today is spent"):
        ask(broker, "big", nexus_cache=False)


def test_two_hundred_callers_at_once_pass_a_budget_by_one_call_at_the_most(
    broker: Running, provider: Recording
) -> None:
    broker.broker.budgets.set("app:sales", 2_000, None)

    def call(number: int) -> int:
        try:
            ask(broker, "big", str(number), nexus_app="sales", max_tokens=100)
        except BudgetSpent:
            return 0
        return 1

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        made = sum(pool.map(call, range(200)))
    assert made == len(provider.calls)
    spent = broker.broker.ledger.spend("app:sales")
    assert (spent.calls, spent.tokens) == (made, made * 100)
    assert 0 < spent.tokens <= 2_000 + 100


@pytest.mark.parametrize("limit", [5, 2.0, "many", 1e400, -3, 0, None, True, [1]])
def test_an_answer_without_a_limit_gets_one_where_a_budget_applies(
    broker: Running, provider: Recording, limit: Any
) -> None:
    broker.broker.budgets.set("day", 1_000_000, None)
    ask(broker, "hello", max_completion_tokens=limit)
    (call,) = provider.calls
    is_limited = isinstance(limit, int | float) and 0 < limit < 1e9
    assert (call.options.get("max_tokens") == 4096) is not is_limited


PICTURE = {"type": "image_url", "image_url": {"url": "http://192.168.1.1/admin"}}
INLINE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("content", "tools", "is_allowed"),
    [
        ([{"type": "text", "text": "See http://example.org"}, INLINE], [FUNCTION], True),
        ("See http://example.org", None, True),
        ([PICTURE], None, False),
        ([{"type": "image_url", "image_url": " HTTPS://evil.example/x"}], None, False),
        ([{"type": "file", "file": {"file_id": "gs://bucket/x"}}], None, False),
        (["file:///etc/passwd"], None, False),
        ("x", [{"type": "web_search_20250305", "name": "web_search"}], False),
        ("x", [{"type": "mcp", "server_url": "http://evil.example"}], False),
        ("x", {"type": "mcp"}, False),
    ],
)
def test_an_app_cannot_reach_the_network_through_a_model_and_its_owner_can(
    broker: Running, content: Any, tools: Any, is_allowed: bool
) -> None:
    body = {"model": "scripted/hello", "messages": [{"role": "user", "content": content}], "tools": tools}
    assert list(broker.client.stream(body))[-1] == Done()
    caller = scoped(broker)
    if is_allowed:
        assert list(caller.stream(body))[-1] == Done()
    else:
        with pytest.raises(CallRefused):
            list(caller.stream(body))


def test_an_unknown_model_is_told_with_the_nearest_names(serve: Callable[..., Running]) -> None:
    broker = serve(_=Saying(Failed(ModelUnknown("The model `gpt-4o-minny` is unknown."))))
    broker.broker.set_key("openai", KEY)
    with pytest.raises(ModelUnknown) as raised:
        broker.events(model="openai/gpt-4o-minny")
    assert "Did you mean `openai/gpt-4o-mini`" in raised.value.remedy


def test_known_prices_are_counted_and_limit_money(serve: Callable[..., Running], provider: Recording) -> None:
    broker = serve(_=Saying(Text("x"), Usage(1_000_000, 100_000), Done()))
    broker.broker.set_key("openai", KEY)
    broker.broker.budgets.set("day", None, 0.30)
    for content in ("a", "b"):
        broker.events(content, model="openai/gpt-4o-mini")
        if content == "a":
            assert broker.client.ask("GET", "/nexus/usage")["money"] == pytest.approx(0.15 + 0.06)
    with pytest.raises(BudgetSpent, match=r"\$0\.4200 of \$0\.3000"):
        broker.events("c", model="openai/gpt-4o-mini")


def test_two_owners_on_one_host_share_nothing(serve: Callable[..., Running], tmp_path: Path) -> None:
    one = serve(tmp_path / "one", scripted=Recording(SCRIPTS))
    two = serve(tmp_path / "two", scripted=Recording(SCRIPTS))
    one.broker.set_key("openai", KEY)
    ask(one, "hello")
    told = one.client.ask("POST", "/nexus/tokens", {"id": "t", "label": "x"})["token"]
    assert two.client.ask("GET", "/nexus/keys") == []
    assert ask(two, "hello")[-2] == Usage(10, 5)  # not from the other's cache
    with pytest.raises(TokenRefused):
        two.as_caller(told).ask("GET", "/v1/models")
    assert [json.loads(f.read_text()) for f in (tmp_path / "two").glob("keys.json")] == []
