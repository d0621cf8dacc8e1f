"""The guard on the kernel websocket, over a real sandboxed kernel."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from pathlib import Path

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from nexus_jupyter.sandbox import probe_tiers

BWRAP = probe_tiers()[0]
pytestmark = pytest.mark.skipif(not BWRAP.works, reason=BWRAP.reason)
ACTIVE = "from IPython.display import HTML\ndisplay(HTML('<b>shown</b><script>1</script>'))"
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"


class Channel:
    """A front end's connection to a kernel."""

    def __init__(self, socket, session):
        self.socket = socket
        self.session = session

    async def send(self, msg_type, content, channel="shell"):
        msg_id = uuid.uuid4().hex
        header = {"msg_id": msg_id, "msg_type": msg_type, "session": self.session, "username": "", "version": "5.3"}
        body = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel}
        await self.socket.write_message(json.dumps({**body, "buffers": []}))
        return msg_id

    async def until_idle(self, msg_id, seconds=30):
        """Give all messages up to the idle status that answers `msg_id`, reply included."""
        found, idle, reply = [], False, False
        while not (idle and reply):
            raw = await asyncio.wait_for(self.socket.read_message(), seconds)
            assert raw is not None, "the socket was closed"
            message = json.loads(raw if isinstance(raw, str) else b"{}")
            if not message or message["parent_header"].get("msg_id") != msg_id:
                continue
            found.append(message)
            idle = idle or message["content"].get("execution_state") == "idle"
            reply = reply or message["msg_type"].endswith("_reply")
        return found

    async def run(self, code):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        return await self.until_idle(await self.send("execute_request", content))


@pytest.fixture
def sandboxed(jp_fetch, jp_ws_fetch):
    @contextlib.asynccontextmanager
    async def start():
        answer = await jp_fetch("api", "kernels", method="POST", body=json.dumps({"name": "nexus-python"}))
        kernel = json.loads(answer.body)["id"]
        sockets = []

        async def connect(session):
            socket = await jp_ws_fetch("api", "kernels", kernel, "channels", params={"session_id": session})
            sockets.append(socket)
            channel = Channel(socket, session)
            await channel.until_idle(await channel.send("kernel_info_request", {}))
            return channel

        try:
            yield kernel, connect
        finally:
            for socket in sockets:
                socket.close()
            await jp_fetch("api", "kernels", kernel, method="DELETE")

    return start


def bundles(messages):
    return [m["content"]["data"] for m in messages if m["msg_type"] in {"display_data", "execute_result"}]


async def test_recipe_code_keeps_a_kernel_clean_and_other_code_does_not(sandboxed, jp_fetch):
    async with sandboxed() as (kernel, connect):
        front = await connect("front")

        async def clean():
            return json.loads((await jp_fetch("nexus", "api", "trust", "kernels", kernel)).body)["clean"]

        await front.run("DATA_FILE = 'a.csv'")
        assert await clean()
        shown = await front.run(ACTIVE)
        assert not await clean()
        assert bundles(shown) == [
            {
                "text/plain": "<IPython.core.display.HTML object>",
                "text/html": "<b>shown</b>",
            }
        ]


async def test_no_comm_reaches_a_front_end_but_an_app_view_gets_it(sandboxed):
    async with sandboxed() as (_kernel, connect):
        front, view = await connect("front"), await connect("nexus-app-1")
        messages = await front.run(WIDGET)
        assert not [m for m in messages if m["msg_type"].startswith("comm_")]
        data = bundles(messages)[0]
        assert set(data) == {"text/plain", "application/vnd.nexus.inert+json"}
        seen = set()
        while "execute_result" not in seen:
            raw = await asyncio.wait_for(view.socket.read_message(), 10)
            message = json.loads(raw)
            seen.add(message["msg_type"])
            if message["msg_type"] == "execute_result":
                assert "application/vnd.jupyter.widget-view+json" in message["content"]["data"]
        assert "comm_open" in seen


async def test_an_app_view_may_not_execute(sandboxed):
    async with sandboxed() as (_kernel, connect):
        view = await connect("nexus-app-1")
        front = await connect("front")
        content = {"code": "MARK = 1", "silent": False, "store_history": True, "user_expressions": {}}
        await view.send("execute_request", content)
        await view.send("debug_request", {"type": "request", "seq": 1, "command": "evaluate"}, channel="control")
        await view.send("shutdown_request", {"restart": False}, channel="control")
        messages = await front.run("print('MARK' in globals())")
        assert [m["content"]["text"] for m in messages if m["msg_type"] == "stream"] == ["False\n"]


async def test_payloads_and_expressions_are_left_out(sandboxed):
    async with sandboxed() as (_kernel, connect):
        front = await connect("front")
        await front.run("x = 1")
        reply = next(
            m for m in await front.run("get_ipython().set_next_input('evil')") if m["msg_type"] == "execute_reply"
        )
        assert not reply["content"].get("payload")
        assert reply["content"]["status"] == "ok"


async def test_a_restarted_kernel_is_clean_again(sandboxed, jp_fetch):
    async with sandboxed() as (kernel, connect):
        front = await connect("front")
        await front.run("x = 1")
        await jp_fetch("api", "kernels", kernel, "restart", method="POST", body="{}")
        answer = json.loads((await jp_fetch("nexus", "api", "trust", "kernels", kernel)).body)
        assert answer["clean"]


async def test_outputs_that_an_output_widget_took_are_not_shown_twice(sandboxed):
    async with sandboxed() as (_kernel, connect):
        front = await connect("front")
        await front.run("import ipywidgets\nout = ipywidgets.Output()")
        messages = await front.run("with out:\n    print('inside')\nprint('outside')")
        texts = [m["content"]["text"] for m in messages if m["msg_type"] == "stream"]
        assert texts == ["outside\n"]


@pytest.fixture
def no_sandbox(monkeypatch):
    """A machine without bubblewrap."""
    from nexus_jupyter.sandbox.doubles import no_programs
    from nexus_jupyter.sandbox.provisioner import SandboxProvisioner

    monkeypatch.setattr(SandboxProvisioner, "probe", staticmethod(lambda: probe_tiers(no_programs)))


async def test_without_a_sandbox_only_recipe_apps_start_and_run(no_sandbox, jp_serverapp, jp_fetch, jp_ws_fetch):
    root = Path(jp_serverapp.root_dir)
    for name, source in (("ours", "FORMULA = '1 + 1'"), ("theirs", "print('mine')")):
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="c")])
        (root / f"{name}.ipynb").write_text(nbformat.writes(nb))

    async def start(name):
        body = {
            "path": f"{name}.ipynb",
            "type": "notebook",
            "name": f"{name}.ipynb",
            "kernel": {"name": "nexus-python"},
        }
        return json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))).body)

    with pytest.raises(HTTPClientError) as refusal:
        await start("theirs")
    assert "only unmodified recipe apps" in json.loads(refusal.value.response.body)["message"]
    session = await start("ours")
    kernel = session["kernel"]["id"]
    assert jp_serverapp.kernel_manager.get_kernel(kernel).provisioner.tier == "process"
    socket = await jp_ws_fetch("api", "kernels", kernel, "channels", params={"session_id": "front"})
    front = Channel(socket, "front")
    await front.until_idle(await front.send("kernel_info_request", {}))
    reply = next(m for m in await front.run("FORMULA = '1 + 1'") if m["msg_type"] == "execute_reply")
    assert reply["content"]["status"] == "ok"
    refused = next(m for m in await front.run("import os; print(os.getcwd())") if m["msg_type"] == "execute_reply")
    assert refused["content"]["ename"] == "SandboxUnavailable"
    assert "Install bubblewrap" in refused["content"]["evalue"]
    socket.close()
    await jp_fetch("api", "sessions", session["id"], method="DELETE")
