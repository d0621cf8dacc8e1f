"""One chat: order, resumption, one answer at a time, and what happens when the server or the disk fails."""

from __future__ import annotations

import asyncio

import pytest

from nexus_jupyter.agents.chat import Chat
from nexus_jupyter.agents.exchange import CARD, Part, Progress, Request, Text
from nexus_jupyter.errors import Conflict, DataUnreadable, StorageFailed
from nexus_jupyter.store import ChatLog, Database

ASK = Request(text="hello")


class Scripted:
    """Answers with given events; a float waits, an exception is raised."""

    def __init__(self, *script):
        self.script = script
        self.last_data = []

    async def reply(self, request, *, last_data=(), history=()):
        self.last_data.append(last_data)
        for step in self.script:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step


class Panel:
    """Keeps what it was told, as a browser does."""

    def __init__(self, chat, since=0):
        self.events = []
        self.events += chat.follow(self.events.append, since)

    @property
    def entries(self):
        return [e for e in self.events if "seq" in e]

    @property
    def kinds(self):
        return [e["kind"] for e in self.events]

    @property
    def text(self):
        return "".join(e["body"]["text"] for e in self.entries if e["kind"] == "delta")


@pytest.fixture
def database():
    store = Database()
    yield store
    store.close()


@pytest.fixture
def make(database):
    def chat(*script):
        return Chat(ChatLog(database, "me", "main"), Scripted(*script))

    return chat


async def finish(chat):
    await asyncio.wait_for(asyncio.shield(chat._answer), 60)


async def test_an_answer_is_told_in_order_with_growing_numbers(make):
    chat = make(Progress(text="Reading"), Text(text="a"), Text(text="b"), Part(mime="x/y", data={"k": 1}))
    panel = Panel(chat)
    chat.send(ASK)
    await finish(chat)
    assert panel.kinds == [
        "hello", "start", "delta", "end",
        "start", "progress", "progress", "delta", "delta", "part", "progress", "end",
    ]  # fmt: skip
    assert [e["seq"] for e in panel.entries] == list(range(1, 9))
    assert panel.entries[-1]["body"] == {"status": "done"}
    assert {e["message_id"] for e in panel.entries[:3]}.isdisjoint({e["message_id"] for e in panel.entries[3:]})


async def test_a_second_question_while_answering_is_refused_in_a_sentence(make):
    chat = make(10.0)
    chat.send(ASK)
    with pytest.raises(Conflict, match="still answering") as refused:
        chat.send(ASK)
    assert refused.value.remedy
    await chat.stop()


@pytest.mark.parametrize("waits", [0, 0.05])
async def test_stop_ends_the_answer_and_keeps_what_it_said(make, waits):
    chat = make(Text(text="half"), 10.0)
    panel = Panel(chat)
    chat.send(ASK)
    if waits:
        await asyncio.sleep(waits)
    await chat.stop()
    assert panel.text == "hellohalf"
    assert panel.entries[-1]["body"] == {"status": "stopped"}
    assert not chat.is_busy
    await chat.stop()  # twice does no harm


@pytest.mark.parametrize(
    ("error", "says"),
    [(DataUnreadable("Bad `x`.", "Mend it."), "Bad `x`. Mend it."), (KeyError("secret"), "failed inside")],
)
async def test_an_answer_that_fails_says_so_and_the_next_one_works(make, error, says):
    chat = make(error)
    panel = Panel(chat)
    chat.send(ASK)
    await finish(chat)
    assert says in panel.text and "secret" not in panel.text
    assert panel.entries[-1]["body"] == {"status": "failed"}
    chat.send(ASK)
    await finish(chat)


async def test_a_panel_that_was_away_gets_what_it_missed_and_one_that_is_new_gets_joined_text(make):
    chat = make(Text(text="a"), Text(text="b"))
    chat.send(ASK)
    await finish(chat)
    away = Panel(chat, since=5)
    assert away.events[0] == {"kind": "hello", "reset": False, "last": 7, "busy": False}
    assert [e["seq"] for e in away.entries] == [6, 7]
    new = Panel(chat)
    assert new.events[0]["reset"] is True
    assert [(e["seq"], e["kind"]) for e in new.entries] == [
        (1, "start"), (2, "delta"), (3, "end"), (4, "start"), (6, "delta"), (7, "end"),
    ]  # fmt: skip
    assert new.entries[4]["body"]["text"] == "ab"
    assert Panel(chat, since=999).events[0]["reset"] is True


async def test_a_panel_that_comes_during_an_answer_sees_the_rest(make):
    chat = make(Text(text="a"), Progress(text="Running"), 0.05, Text(text="b"))
    chat.send(ASK)
    await asyncio.sleep(0.02)
    late = Panel(chat)
    assert late.events[0]["busy"] is True
    assert late.events[-1] == {"kind": "progress", "text": "Running"}
    await finish(chat)
    assert late.text == "helloab"


async def test_a_message_cut_by_a_dead_server_ends_as_interrupted(make, database):
    dead = ChatLog(database, "me", "main")
    dead.append("start", "m", {"sender": "nexus"})
    dead.append("delta", "m", {"text": "half"})
    panel = Panel(make())
    assert [(e["kind"], e["body"].get("status")) for e in panel.entries] == [
        ("start", None), ("delta", None), ("end", "interrupted"),
    ]  # fmt: skip


async def test_what_another_server_wrote_is_told_too_and_in_order(make, database):
    chat = make(Text(text="mine"))
    panel = Panel(chat)
    ChatLog(database, "me", "main").append("start", "theirs", {"sender": "user"})
    late = Panel(chat)
    ChatLog(database, "me", "main").append("end", "theirs", {"status": "done"})
    chat.send(ASK)
    await finish(chat)
    assert [e["seq"] for e in panel.entries] == [e["seq"] for e in late.entries] == list(range(1, 9))


async def test_a_panel_that_left_hears_no_more_and_the_answer_goes_on(make):
    chat = make(0.01, Text(text="a"))
    heard = []
    listen = heard.append
    chat.follow(listen, 0)
    chat.send(ASK)
    chat.leave(listen)
    known = len(heard)
    await finish(chat)
    assert len(heard) == known
    assert Panel(chat).text == "helloa"


async def test_clear_forgets_everywhere_and_an_old_number_resumes_nothing(make):
    chat = make(Text(text="a"))
    panel = Panel(chat)
    chat.send(ASK)
    await finish(chat)
    await chat.clear()
    assert panel.events[-1] == {"kind": "hello", "reset": True, "last": 7, "busy": False}
    chat.send(ASK)
    await finish(chat)
    back = Panel(chat, since=4)
    assert back.events[0]["reset"] is True
    assert [e["seq"] for e in back.entries] == list(range(8, 14))


async def test_the_data_of_the_last_app_is_offered_to_the_next_question(make):
    chat = make(Part(mime=CARD, data={"data": ["a.csv"]}))
    for _ in range(2):
        chat.send(ASK)
        await finish(chat)
    assert chat._replies.last_data == [(), ("a.csv",)]


async def test_a_full_disk_is_said_and_the_chat_goes_on_when_there_is_space(make, monkeypatch):
    chat = make(Text(text="a"), 0.03, Text(text="b"))
    panel = Panel(chat)

    def full(*_args):
        raise StorageFailed("The disk is full: the store could not be written.", "Free some space, then try again.")

    chat.send(ASK)
    await asyncio.sleep(0.01)
    monkeypatch.setattr(ChatLog, "append", full)
    await finish(chat)
    assert panel.events[-2:] == [
        {"kind": "progress", "text": ""},
        {
            "kind": "refused",
            "message": "The disk is full: the store could not be written.",
            "remedy": "Free some space, then try again.",
        },
    ]
    with pytest.raises(StorageFailed):
        chat.send(ASK)
    assert not chat.is_busy
    monkeypatch.undo()
    chat.send(ASK)
    await finish(chat)
    ends = [e["body"]["status"] for e in panel.entries if e["kind"] == "end"]
    assert ends == ["done", "failed", "done", "done"]
