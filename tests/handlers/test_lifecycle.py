"""Apps start, stop and restart in the server's own sessions, and say so in events."""

from __future__ import annotations

import asyncio
import json

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.artifacts.metadata import make_app
from nexus_jupyter.sandbox import probe_tiers
from nexus_jupyter.services import APP_STATE

BWRAP = probe_tiers()[0]
pytestmark = pytest.mark.skipif(not BWRAP.works, reason=BWRAP.reason)


@pytest.fixture
def app(jp_root_dir):
    """Make an app of code; give its path."""

    def make(name, *sources):
        cells = [nbformat.v4.new_code_cell(s, id=f"cell{i}") for i, s in enumerate(sources)]
        kernel = {"name": "nexus-python", "display_name": "Nexus", "language": "python"}
        nb = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        make_app(nb, title=name, name=name)
        library = ArtifactLibrary(jp_root_dir)
        return library.create(nb, [], message="Create it").path.relative_to(library.root).as_posix()

    return make


@pytest.fixture
def events(jp_serverapp):
    """Collect our events as a subscriber of all events gets them, from before the first app starts."""
    found = []

    async def listen(logger, schema_id, data):
        if schema_id == APP_STATE:
            found.append((data["path"], data["status"]))

    jp_serverapp.event_logger.add_listener(listener=listen)
    return found


@pytest.fixture
def call(jp_fetch):
    async def act(verb, path):
        answer = await jp_fetch("nexus", "api", "apps", verb, method="POST", body=json.dumps({"path": path}))
        return json.loads(answer.body)

    return act


@pytest.fixture
def state(jp_fetch):
    async def ask(path):
        return json.loads((await jp_fetch("nexus", "api", "apps", "state", params={"path": path})).body)

    return ask


@pytest.fixture
def sessions(jp_fetch):
    async def ask():
        return json.loads((await jp_fetch("api", "sessions")).body)

    return ask


async def settled(state, path, seconds=30):
    """Wait until an app starts no more."""
    async with asyncio.timeout(seconds):
        while (now := await state(path))["status"] == "starting":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return now


async def test_an_app_starts_in_a_session_that_jupyterlab_sees_and_stops(
    app, call, state, sessions, events, jp_root_dir
):
    path = app("good", "print(6 * 7)")
    assert (await state(path))["status"] == "stopped"
    begun = await call("start", path)
    assert begun["status"] == "starting"
    now = await settled(state, path)
    assert (now["status"], now["tier"]) == ("running", "bwrap")
    (session,) = await sessions()
    assert (session["id"], session["path"], session["type"]) == (now["session_id"], path, "notebook")
    assert session["kernel"]["id"] == now["kernel_id"] == begun["kernel_id"]
    outputs = nbformat.read(jp_root_dir / path, as_version=4).cells[0]["outputs"]
    assert [o["text"] for o in outputs] == ["42\n"]
    assert (await call("start", path)) == now  # it runs already
    assert (await call("stop", path))["status"] == "stopped"
    assert await sessions() == []
    assert (await state(path))["status"] == "stopped"
    assert events == [(path, s) for s in ("starting", "starting", "running", "stopped")]


async def test_two_tabs_that_start_an_app_at_once_share_its_session_and_restart_makes_another(
    app, call, state, sessions
):
    path = app("shared", "1")
    first, second = await asyncio.gather(call("start", path), call("start", path))
    assert first["session_id"] == second["session_id"]
    assert len(await sessions()) == 1
    await settled(state, path)
    assert (await call("restart", path))["kernel_id"] != first["kernel_id"]
    assert (await settled(state, path))["status"] == "running"
    assert len(await sessions()) == 1
    await call("stop", path)


async def test_an_app_that_fails_says_which_cell_and_why(app, call, state, events):
    path = app("bad", "1", "1 / 0")
    await call("start", path)
    now = await settled(state, path)
    assert (now["status"], now["detail"]) == ("failed", "Cell `cell1`: ZeroDivisionError: division by zero")
    assert events[-1] == (path, "failed")
    await call("stop", path)


async def test_stop_while_it_starts_ends_it(app, call, state, sessions, events):
    path = app("slow", "import time\ntime.sleep(60)")
    await call("start", path)
    await asyncio.sleep(0.3)
    async with asyncio.timeout(10):
        assert (await call("stop", path))["status"] == "stopped"
    assert (await state(path))["status"] == "stopped"
    assert await sessions() == []
    assert events[-1] == (path, "stopped")


async def test_what_is_no_app_is_not_found(call, state, jp_root_dir):
    for act in (lambda: call("start", "none.ipynb"), lambda: call("stop", "none.ipynb"), lambda: state("none.ipynb")):
        with pytest.raises(HTTPClientError) as missing:
            await act()
        assert missing.value.code == 404
        assert set(json.loads(missing.value.response.body)) == {"error", "message", "remedy"}
    with pytest.raises(HTTPClientError) as outside:
        await call("start", "../x.ipynb")
    assert outside.value.code == 400
    with pytest.raises(HTTPClientError) as verb:
        await call("explode", "a.ipynb")
    assert verb.value.code == 404


@pytest.fixture
def lifecycle(jp_serverapp):
    return _services(jp_serverapp).lifecycle


def _services(serverapp):
    return next(iter(serverapp.extension_manager.extension_apps["nexus_jupyter"])).services


@pytest.fixture
def run_new(lifecycle, app, jp_root_dir):
    """Make an app of code and run it as a new one; give its path and its run."""

    async def make(name, source):
        path = app(name, source)
        nb = nbformat.read(jp_root_dir / path, as_version=4)
        return path, await lifecycle.run_new(nb, jp_root_dir / path)

    return make


async def test_the_newest_apps_go_on_running_and_those_that_somebody_has_open(run_new, state, lifecycle, jp_serverapp):
    paths = []
    for name in ("one", "two", "three", "four"):
        path, run = await run_new(name, "1 + 1")
        assert run.error is None and run.seconds["start"] > 0
        paths.append(path)
        await lifecycle._stopping
    assert [(await state(p))["status"] for p in paths] == ["stopped", "running", "running", "running"]
    jp_serverapp.kernel_manager.notify_connect((await state(paths[1]))["kernel_id"])
    await run_new("five", "1")
    await lifecycle._stopping
    assert (await state(paths[1]))["status"] == "running"


async def test_a_new_app_that_fails_keeps_what_it_said_and_no_kernel(run_new, state, events, jp_fetch, jp_root_dir):
    path, run = await run_new("broken", "print('before')\n1 / 0")
    assert run.error.name == "ZeroDivisionError"
    assert "ZeroDivisionError" in (await state(path))["detail"]
    assert events[-1] == (path, "failed")
    outputs = nbformat.read(jp_root_dir / path, as_version=4).cells[0]["outputs"]
    assert [o["output_type"] for o in outputs] == ["stream", "error"]
    assert json.loads((await jp_fetch("api", "sessions")).body) == []
