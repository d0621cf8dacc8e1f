"""Making and listing apps over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from nexus_jupyter.agents.builder import Builder
from nexus_jupyter.sandbox import probe_tiers

BWRAP = probe_tiers()[0]
needs_sandbox = pytest.mark.skipif(not BWRAP.works, reason=BWRAP.reason)
PENGUINS = Path(__file__).parents[2] / "notebooks" / "data" / "penguins.csv"
ORDER = {"prompt": "compare body mass by species", "data": ["penguins.csv"]}


@pytest.fixture
def root(jp_root_dir):
    shutil.copyfile(PENGUINS, jp_root_dir / "penguins.csv")
    return jp_root_dir


@pytest.fixture
def post(jp_fetch):
    async def send(*parts, body):
        text = body if isinstance(body, str) else json.dumps(body)
        return await jp_fetch("nexus", "api", *parts, method="POST", body=text, request_timeout=60)

    return send


@pytest.fixture
def refused(post, jp_fetch):
    """Send a request that must fail; give the status and the error."""

    async def send(*parts, body=None):
        with pytest.raises(HTTPClientError) as caught:
            await (jp_fetch("nexus", "api", *parts) if body is None else post(*parts, body=body))
        error = json.loads(caught.value.response.body)
        assert set(error) >= {"error", "message", "remedy"}
        assert error["message"].endswith((".", "?"))
        return caught.value.code, error

    return send


def lines(answer):
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def tree(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if ".nexus" not in p.parts)


def commands_below(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{c}/cmdline").read_bytes() for c in children if Path(f"/proc/{c}").exists()]


@needs_sandbox
async def test_making_an_app_tells_its_steps_then_the_result_and_then_it_is_listed(post, jp_fetch, root):
    answer = await post("apps", body=ORDER)
    assert (answer.code, answer.headers["Content-Type"]) == (202, "application/x-ndjson")
    *steps, last = lines(answer)
    assert [list(s) for s in steps] == [["progress"]] * len(steps)
    assert steps[0] == {"progress": "Reading penguins.csv"}
    result = last["result"]
    assert (result["status"], result["recipe"], result["check"]["tier"]) == ("ok", "group-compare", "bwrap")
    assert result["check"]["shown"]["marks"] > 0
    listed = json.loads((await jp_fetch("nexus", "api", "apps")).body)["apps"]
    assert [(a["path"], a["title"]) for a in listed] == [(result["path"], result["title"])]
    assert (root / result["path"]).is_file()
    state = json.loads((await jp_fetch("nexus", "api", "apps", "state", params={"path": result["path"]})).body)
    assert (state["status"], state["tier"]) == ("running", "bwrap")  # who opens it sees it at once


async def test_steps_come_while_the_app_is_made(
    http_server_client, jp_http_port, jp_base_url, jp_auth_header, root, monkeypatch
):
    gate = asyncio.Event()

    async def make(self, sentence, *, progress, **_):
        progress("Step one")
        await asyncio.wait_for(gate.wait(), 10)
        raise ValueError("secret detail")

    monkeypatch.setattr(Builder, "make", make)
    seen = []

    def chunk(data):
        seen.append(json.loads(data))
        gate.set()  # the first line is here although the app is not made

    url = f"http://localhost:{jp_http_port}{jp_base_url}nexus/api/apps"
    await AsyncHTTPClient().fetch(
        url, method="POST", headers=jp_auth_header, body=json.dumps(ORDER), streaming_callback=chunk, request_timeout=20
    )
    inside = {"error": "Failed", "message": "Nexus failed inside; the server's log says where.", "remedy": ""}
    assert seen == [{"progress": "Step one"}, inside]


async def test_an_app_that_no_recipe_makes_is_an_error_line_with_the_nearest(post, root):
    answer = await post("apps", body={"prompt": "train a neural network on images of cats"})
    (line,) = lines(answer)
    assert line["error"] == "OutOfScope" and line["remedy"]
    assert len(line["nearest"]) == 3
    assert tree(root) == ["penguins.csv"]


@pytest.mark.parametrize(
    "body",
    ["", "no json", "[]", "{}", {"prompt": 3}, {"prompt": "a", "more": 1}, {"prompt": "a", "data": "x"},
     {"prompt": "a", "data": ["x"] * 21}, {"prompt": "x" * 200_001}],
    ids=lambda b: str(b)[:20],
)  # fmt: skip
async def test_a_wrong_body_is_a_sentence(refused, root, body):
    code, error = await refused("apps", body=body)
    assert (code, error["error"]) == (400, "BadRequest")
    assert tree(root) == ["penguins.csv"]


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/passwd", "a/../../outside.csv", "link.csv", "a\0b"])
@pytest.mark.parametrize("where", ["apps", "route"])
async def test_a_path_outside_the_root_is_refused(refused, root, path, where):
    (root.parent / "outside.csv").write_text("a,b\n1,2\n")
    (root / "link.csv").symlink_to(root.parent / "outside.csv")
    code, error = await refused(where, body={"prompt": "compare a", "data": [path] if where == "apps" else path})
    assert (code, error["error"]) == (400, "PathRefused")


@needs_sandbox
@pytest.mark.parametrize("step", ["Reading", "Building", "Starting the sandbox", "Running cell 1"])
async def test_a_client_that_goes_away_stops_the_build_and_leaves_nothing_half_written(
    http_server_client, jp_fetch, jp_http_port, jp_base_url, jp_auth_header, root, step, monkeypatch
):
    ended = asyncio.Event()
    make = Builder.make

    async def watched(self, *args, **kwargs):
        try:
            return await make(self, *args, **kwargs)
        except asyncio.CancelledError:
            ended.set()
            raise

    monkeypatch.setattr(Builder, "make", watched)
    reader, writer = await asyncio.open_connection("localhost", jp_http_port)
    body = json.dumps(ORDER)
    head = f"POST {jp_base_url}nexus/api/apps HTTP/1.1\r\nHost: localhost:{jp_http_port}\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Authorization: {jp_auth_header['Authorization']}\r\n\r\n{body}".encode())
    while step not in (await asyncio.wait_for(reader.readline(), 60)).decode():
        pass
    writer.close()
    await asyncio.wait_for(ended.wait(), 60)
    await asyncio.sleep(0.1)
    # Nothing at all, or the whole app: one folder, its notebook, its data.
    app = [
        "body-mass-by-species",
        "body-mass-by-species/body-mass-by-species.ipynb",
        "body-mass-by-species/penguins.csv",
    ]
    assert tree(root) in (["penguins.csv"], [*app, "penguins.csv"])
    if len(tree(root)) > 1:
        assert json.loads((root / app[1]).read_text())["nbformat"] == 4
    assert not [c for c in commands_below(os.getpid()) if b"recipes.tables" in c]
    assert json.loads((await jp_fetch("api", "sessions")).body) == []
    assert json.loads((await jp_fetch("api", "kernels")).body) == []


async def test_data_files_are_listed_without_those_of_apps_and_hidden_ones(jp_fetch, root):
    for name in ("sub/b.tsv", ".hidden/c.csv", "node_modules/d.csv", "note.txt", "app/e.csv"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("a\n1\n")
    (root / "app" / ".nexus").mkdir()
    body = json.loads((await jp_fetch("nexus", "api", "data")).body)
    assert body == {"files": ["penguins.csv", "sub/b.tsv"]}


async def test_recipes_are_listed_with_an_example_that_routes_to_them(jp_fetch, post, root):
    recipes = json.loads((await jp_fetch("nexus", "api", "recipes")).body)["recipes"]
    assert {r["id"] for r in recipes} >= {"group-compare", "table-explorer", "chart-builder", "calculator"}
    for recipe in recipes:
        assert set(recipe) == {"id", "title", "description", "needs_table", "example"}
        found = json.loads((await post("route", body={"prompt": recipe["example"]})).body)
        assert found["choices"][0]["recipe"] == recipe["id"]


async def test_route_ranks_with_the_data_in_view(post, root):
    found = json.loads((await post("route", body={"prompt": ORDER["prompt"], "data": "penguins.csv"})).body)
    assert found["in_scope"] is True
    assert found["choices"][0]["recipe"] == "group-compare"


async def test_a_broken_notebook_does_not_hide_the_list(jp_fetch, root):
    (root / "broken.ipynb").write_text("{")
    (root / "foreign.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert json.loads((await jp_fetch("nexus", "api", "apps")).body) == {"apps": []}
