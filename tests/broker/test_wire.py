"""Bytes to events: however a stream is cut into pieces, it says the same, and a part of it is never the whole."""

from __future__ import annotations

import inspect
import json
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexus_jupyter import errors
from nexus_jupyter.broker import wire
from nexus_jupyter.broker.events import Done, Event, Failed, Text, ToolDelta, Usage
from nexus_jupyter.broker.wire import Answer, EventStream, Response
from nexus_jupyter.errors import AnswerCut, BadRequest, BrokerUnavailable, NexusError, ProviderFailed

THOROUGH = settings(max_examples=1_000, deadline=None, derandomize=True)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
LINES = st.one_of(
    st.builds("data: {}".format, st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=12)),
    st.sampled_from(
        [
            "",
            "",
            "",
            "data",
            "data:",
            "data:  x",
            ": keep-alive",
            ":",
            "event: m",
            "id: 4",
            "retry: 1",
            "x:y",
            "datax: 1",
        ]
    ),
)
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=20).map(lambda lines: "".join(a + b for a, b in lines).encode())
EVENTS = st.one_of(
    st.builds(Text, st.text(min_size=1)),
    st.builds(ToolDelta, st.integers(0, 3), st.text(), st.text(), st.text()),
    st.builds(
        Usage,
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        st.none() | st.floats(0, 1e6),
        st.booleans(),
        st.booleans(),
    ),
)
REASONS = st.sampled_from(["stop", "length", "tool_calls", "content_filter"])


def pieces(content: bytes, seed: int) -> list[bytes]:
    """Cut bytes at random places, among them empty pieces."""
    random_ = random.Random(seed)
    cuts = sorted(random_.choices(range(len(content) + 1), k=random_.choice([0, 1, 3, 12, len(content)])))
    return [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]


def by_the_book(content: bytes) -> list[str]:
    """Return the data of a stream's events, read in one piece as the standard says."""
    lines = content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    found: list[str] = []
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        if not line:
            found += ["\n".join(data)] if data else []
            data = []
        elif name == "data":
            data.append(value.removeprefix(" "))
    return found


def sse(events: list[Event], seed: int = 0) -> bytes:
    """Return the stream of some events, with the liberties that servers take."""
    random_ = random.Random(seed)
    said = []
    for event in events:
        end = random_.choice(["\n", "\r\n", "\r"])
        body = wire.chunk(event, call_id="c", model="m", created=1)
        said.append(f"data: {json.dumps(body, ensure_ascii=random_.random() < 0.5)}{end}{end}")
        if random_.random() < 0.2:
            said.append(f": keep-alive{end}{end}")
    done = "data: [DONE]\n\n" if any(isinstance(e, Done) for e in events) else ""
    return ("".join(said) + done).encode("utf-8", "surrogatepass")


def read(parts: list[bytes]) -> list[Event]:
    answer = Answer()
    return [e for part in parts for e in answer.feed(part)] + list(answer.end())


@THOROUGH
@given(STREAMS, st.integers(0, 10**6))
@example(b"data: a\r\n\r\ndata: b\r\r", 3)
@example(b"data: a\r\r\ndata: b\n\n", 3)
def test_any_split_of_a_stream_gives_the_same_events(content: bytes, seed: int) -> None:
    stream = EventStream()
    assert [data for piece in pieces(content, seed) for data in stream.feed(piece)] == by_the_book(content)


@THOROUGH
@given(st.lists(EVENTS, max_size=8), REASONS, st.integers(0, 10**6))
def test_what_was_said_is_what_is_read(events: list[Event], reason: Any, seed: int) -> None:
    told = [*events, Done(reason)]
    whole = read(pieces(sse(told, seed), seed))
    # A tool's piece that says nothing but its number is still said; empty texts do not occur.
    assert whole == told


@THOROUGH
@given(st.lists(EVENTS, min_size=1, max_size=6), st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_stream_that_was_cut_never_ends_in_done(events: list[Event], seed: int, share: float) -> None:
    content = sse([*events, Done()], seed)
    content = content[: int(share * (len(content) - 1))]  # without at least the last line end
    said = read(pieces(content, seed))
    assert said[:-1] == events[: len(said) - 1]
    assert isinstance(said[-1], Failed)
    assert type(said[-1].error) is AnswerCut


@THOROUGH
@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda t: f"data: {t}\n\n".encode("utf-8", "replace")))
@example(b'data: {"choices": [{"delta": {"tool_calls": [{"index": Infinity}]}}]}\n\n')
@example(b'data: {"usage": {"prompt_tokens": 1e999, "completion_tokens": 1}}\n\n')
@example(b"data: " + b"[" * 100_000 + b"\n\n")
@example(b'data: {"error": 5}\n\n')
@example(b'data: {"error": {"type": "nexus_jupyter", "message": 1}}\n\n')
@example(b'data: "error"\n\ndata: [DONE]\n\n')
@example(b"data: [DONE]\n\n")
def test_whatever_comes_is_an_event_or_an_error_and_ends_once(content: bytes) -> None:
    said = read([content])
    ends = [e for e in said if isinstance(e, Done | Failed)]
    assert ends == said[-1:]


@THOROUGH
@given(st.binary(max_size=60), st.integers(0, 10**6))
def test_an_answer_is_the_same_in_any_pieces(body: bytes, seed: int) -> None:
    head = b"HTTP/1.1 402 Payment Required\r\ncontent-LENGTH: %d\r\nX: y\r\n\r\n" % len(body)
    response = Response()
    assert b"".join(response.feed(p) for p in pieces(head + body, seed)) == body
    assert (response.status, response.length) == (402, len(body))
    response.check_whole()


@pytest.mark.parametrize("content", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234"])
def test_an_answer_that_is_not_whole_is_noticed(content: bytes) -> None:
    response = Response()
    response.feed(content)
    with pytest.raises(BrokerUnavailable, match="in the middle"):
        response.check_whole()


@pytest.mark.parametrize("content", [b"no HTTP\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n", b"x" * 70_000])
def test_what_is_no_http_is_refused(content: bytes) -> None:
    with pytest.raises(BrokerUnavailable, match="no answer that can be read"):
        Response().feed(content)


def every_error() -> list[type[NexusError]]:
    return [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, NexusError)]


@pytest.mark.parametrize("kind", every_error())
def test_an_error_arrives_as_itself(kind: type[NexusError]) -> None:
    body = json.loads(json.dumps(wire.error_body(kind("What is wrong.", "What helps."))))
    error = wire.error_from(body)
    assert (type(error), error.message, error.remedy) == (kind, "What is wrong.", "What helps.")


@pytest.mark.parametrize(
    "body", [None, [], "x", {"error": None}, {"error": {"type": "Exception"}}, {"error": {"type": "re"}}]
)
def test_what_tells_no_error_of_ours_is_a_failed_provider(body: Any) -> None:
    assert type(wire.error_from(body, 502)) is ProviderFailed


def test_a_request_that_is_too_large_is_not_sent() -> None:
    with pytest.raises(BadRequest, match="The request has 70 MB"):
        wire.request_bytes("POST", "/p", "t", "x" * 70_000_000)


def test_a_request_is_its_bytes() -> None:
    assert wire.request_bytes("POST", "/p", "t", {"a": "é"}) == (
        b"POST /p HTTP/1.0\r\nHost: nexus\r\nAuthorization: Bearer t\r\nContent-Length: 11\r\n"
        b'Content-Type: application/json\r\n\r\n{"a": "\xc3\xa9"}'
    )
    assert wire.request_bytes("POST", "/p", "t", ["half \ud83d"]).endswith(b'["half ?"]')
