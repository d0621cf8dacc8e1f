"""Chats over a real websocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from nexus_jupyter.agents.exchange import Part, Text
from nexus_jupyter.sandbox import probe_tiers
from nexus_jupyter.store import ChatLog

BWRAP = probe_tiers()[0]
PENGUINS = Path(__file__).parents[2] / "notebooks" / "data" / "penguins.csv"


class Panel:
    """A browser's end of the chat."""

    def __init__(self, socket):
        self.socket = socket
        self.events = []

    async def next(self, seconds=20):
        raw = await asyncio.wait_for(self.socket.read_message(), seconds)
        assert raw is not None, "the socket was closed"
        self.events.append(json.loads(raw))
        return self.events[-1]

    async def until(self, kind, **body):
        while True:
            event = await self.next()
            if event["kind"] == kind and body.items() <= event.get("body", {}).items():
                return event

    async def answered(self):
        """Wait for the end of the owner's message, then of the answer."""
        await self.until("end")
        return await self.until("end")

    async def say(self, **order):
        await self.socket.write_message(json.dumps(order))

    @property
    def entries(self):
        return [e for e in self.events if "seq" in e]


@pytest.fixture
def panel(jp_ws_fetch):
    """Open a panel; all are closed at the end."""

    @contextlib.asynccontextmanager
    async def connect(since=0, chat="main"):
        socket = await jp_ws_fetch("nexus", "api", "chats", chat, "channel", params={"since": since})
        try:
            yield Panel(socket)
        finally:
            socket.close()

    return connect


@pytest.fixture
def services(jp_serverapp):
    return jp_serverapp.extension_manager.extension_apps["nexus_jupyter"].pop().services


class Scripted:
    """Answers at once, or after a wait, without building anything."""

    def __init__(self, *script):
        self.script = script

    async def reply(self, request, *, last_data=(), history=()):
        for step in self.script:
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step


async def test_an_answer_comes_in_order_and_a_reload_shows_the_same(panel):
    async with panel() as one:
        assert await one.next() == {"kind": "hello", "reset": True, "last": 0, "busy": False}
        await one.say(kind="send", text="hello")
        await one.answered()
        assert [e["seq"] for e in one.entries] == list(range(1, len(one.entries) + 1))
        assert [e["kind"] for e in one.entries] == ["start", "delta", "end", "start", "delta", "end"]
        assert one.entries[0]["body"] == {"sender": "user", "data": []}
        assert "compare body mass by species" in one.entries[4]["body"]["text"]
    async with panel() as reloaded:
        await reloaded.answered()
        assert reloaded.entries == one.entries


async def test_a_panel_that_was_away_gets_only_what_it_missed(panel, services):
    async with panel() as one:
        await one.next()
        services.chat("main")._replies = Scripted(Text(text="a"), Text(text="b"), Part(mime="x/y", data={}))
        await one.say(kind="send", text="hello")
        await one.answered()
    async with panel(since=5) as back:
        await back.until("end")
        assert back.events[0] == {"kind": "hello", "reset": False, "last": 8, "busy": False}
        assert back.entries == one.entries[5:]
    for odd in ("-1", "x", "²", "9" * 30):
        async with panel(since=odd) as lost:
            assert (await lost.next())["reset"] is True
            await lost.answered()
            assert [e["body"].get("text") for e in lost.entries] == [None, "hello", None, None, "ab", None, None]


async def test_two_panels_see_the_same_and_a_second_question_is_refused(panel, services):
    async with panel() as one, panel() as two:
        await one.next()
        await two.next()
        services.chat("main")._replies = Scripted(0.2, Text(text="a"))
        await one.say(kind="send", text="first")
        await one.until("end")
        await two.say(kind="send", text="second")
        refused = await two.until("refused")
        assert "still answering" in refused["message"] and refused["remedy"]
        await one.until("end")
        await two.until("end", status="done")
        assert one.entries == two.entries
        assert [e["body"].get("text") for e in one.entries if e["kind"] == "delta"] == ["first", "a"]


@pytest.mark.parametrize(
    "frame",
    [
        "", "null", "[]", "3", '"x"', "{", "{}", '{"kind": 3}', '{"kind": "dance"}', '{"kind": "send"}',
        '{"kind": "send", "text": 3}', '{"kind": "send", "text": "a", "more": 1}', '{"kind": "send", "text": "", "data": "x"}',
        "[" * 100_000, b"\xff\xfe\x00", "x" * 999_000,
    ],
    ids=lambda f: repr(f[:30]),
)  # fmt: skip
async def test_garbage_is_refused_in_a_sentence_and_the_panel_goes_on(panel, frame):
    async with panel() as one:
        await one.next()
        await one.socket.write_message(frame, binary=isinstance(frame, bytes))
        refused = await one.next()
        assert refused == {
            "kind": "refused",
            "message": "The panel sent something unreadable.",
            "remedy": "Reload the page.",
        }
        await one.say(kind="send", text="hello")
        await one.answered()


async def test_a_frame_of_a_megabyte_costs_the_panel_its_socket_and_nobody_else(panel):
    async with panel() as one, panel() as two:
        await one.next()
        await two.next()
        await one.socket.write_message("x" * 1_100_000)
        assert await asyncio.wait_for(one.socket.read_message(), 10) is None
        await two.say(kind="send", text="hello")
        await two.answered()


@pytest.mark.parametrize("name", ["a b", "a" * 65, "..%2Fx", "é"])
async def test_a_chat_has_a_plain_name(jp_ws_fetch, name):
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("nexus", "api", "chats", name, "channel")
    assert refused.value.code in {400, 404}


async def test_clear_empties_every_panel(panel):
    async with panel() as one, panel() as two:
        for each in (one, two):
            await each.next()
        await one.say(kind="send", text="hello")
        for each in (one, two):
            await each.answered()
        await one.say(kind="clear")
        for each in (one, two):
            while (event := await each.next())["kind"] != "hello":
                pass
            assert event["reset"] is True
    async with panel() as again:
        await again.next()
        await again.say(kind="stop")  # asks for nothing; what follows the greeting comes before its effect
        await again.say(kind="dance")
        await again.until("refused")
        assert again.entries == []


async def test_an_answer_cut_by_the_servers_end_is_interrupted(panel, services):
    async with panel() as one:
        await one.next()
        services.chat("main")._replies = Scripted(Text(text="half"), 60.0)
        await one.say(kind="send", text="hello")
        await one.until("delta", text="half")
        # The next server: another chat on the same store, while nobody ended the message.
        cut = services._chats.pop("main")
    async with panel(since=5) as back:
        end = await back.until("end")
        assert (end["seq"], end["body"]) == (6, {"status": "interrupted"})
    cut._listeners.clear()
    cut._answer.cancel()
    await asyncio.gather(cut._answer, return_exceptions=True)


async def test_chats_of_another_root_are_not_mixed_in(panel, services):
    ChatLog(services.database, "local", "/elsewhere:main").append("start", "m", {"sender": "nexus"})
    async with panel() as one:
        assert (await one.next())["last"] == 0


@pytest.mark.skipif(not BWRAP.works, reason=BWRAP.reason)
async def test_a_sentence_becomes_an_app_with_its_card(panel, jp_root_dir):
    shutil.copyfile(PENGUINS, jp_root_dir / "penguins.csv")
    async with panel() as one:
        await one.next()
        await one.say(kind="send", text="compare body mass by species", data=["penguins.csv"])
        end = await one.answered()
        assert end["body"] == {"status": "done"}
        card = next(e["body"] for e in one.entries if e["kind"] == "part")
        assert card["mime"] == "application/vnd.nexus.app-card+json"
        assert (card["data"]["status"], card["data"]["tier"]) == ("ok", "bwrap")
        assert (jp_root_dir / card["data"]["path"]).is_file()
        steps = [e["text"] for e in one.events if e["kind"] == "progress"]
        assert steps[0] == "Thinking" and "Starting the sandbox" in steps and steps[-1] == ""


@pytest.mark.skipif(not BWRAP.works, reason=BWRAP.reason)
async def test_stop_ends_a_build_at_any_step(panel, jp_root_dir):
    shutil.copyfile(PENGUINS, jp_root_dir / "penguins.csv")
    async with panel() as one:
        await one.next()
        for step in ("Reading penguins.csv", "Starting the sandbox"):
            await one.say(kind="send", text="compare body mass by species", data=["penguins.csv"])
            while (await one.next()).get("text") != step:
                pass
            await one.say(kind="stop")
            await one.until("end", status="stopped")
        assert [p.name for p in jp_root_dir.iterdir() if p.name.startswith(".~")] == []


async def test_a_live_key_of_any_form_is_taken_out_before_a_message_is_kept(script, panel, jp_serverapp):
    script.client.ask("PUT", "/nexus/keys/office", {"value": "no-usual-form-of-a-key"})
    async with panel() as mine:
        cell = {"source": "key = 'no-usual-form-of-a-key'"}
        await mine.say(kind="send", text="use no-usual-form-of-a-key please", context=cell)
        await mine.answered()
    told = json.dumps(mine.entries)
    assert "no-usual-form" not in told
    assert "use [key removed] please" in told


async def test_an_answer_is_asked_for_again_and_a_message_changed(script, panel):
    script.write({"wise": [{"text": "one"}, {"text": "two"}, {"text": "three"}]})
    script.choose("scripted/wise")
    async with panel() as mine:
        await mine.say(kind="send", text="who counts?")
        answer = await mine.answered()
        assert answer["body"]["spent"]["model"] == "scripted/wise"
        await mine.say(kind="regenerate", message_id=answer["message_id"])
        await mine.until("retract")
        await mine.until("end")
        asked = next(e for e in mine.entries if e["kind"] == "start")["message_id"]
        await mine.say(kind="send", text="who counts now?", instead_of=asked)
        await mine.answered()
        await mine.say(kind="regenerate", message_id="nothing")
        refused = await mine.until("refused")
        assert "nothing to answer again" in refused["message"]
    async with panel() as other:
        await other.until("end")
        await other.until("end")
    said = [e["body"]["text"] for e in other.entries if e["kind"] == "delta"]
    assert said == ["who counts now?", "three"]


async def test_a_key_that_is_known_already_is_kept_again_when_it_is_pasted(script, panel):
    canary = "sk-proj-canary0123456789abcdefWXYZ"
    script.client.ask("PUT", "/nexus/keys/groq", {"value": canary})
    async with panel() as mine:
        await mine.say(kind="send", text=f"for openai: {canary}")
        await mine.answered()
    assert canary not in json.dumps(mine.entries)
    assert "••••WXYZ" in json.dumps(mine.entries, ensure_ascii=False)
    assert {k["name"] for k in script.client.ask("GET", "/nexus/keys")} == {"groq", "openai"}
