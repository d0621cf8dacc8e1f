"""Models, keys and costs through the Jupyter server: passed on to the broker, and nothing more."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

CANARY = "sk-proj-canary0123456789abcdefWXYZ"


@pytest.fixture
def ask(script, jp_fetch):
    """Send a request and return its JSON."""

    async def send(method, *path, body=None):
        content = None if body is None else json.dumps(body)
        answer = await jp_fetch(
            "nexus", "api", *path, method=method, body=content, allow_nonstandard_methods=True, request_timeout=60
        )
        return json.loads(answer.body)

    return send


async def test_a_key_goes_in_and_only_its_end_comes_out(ask):
    assert await ask("PUT", "keys", "openai", body={"value": CANARY}) == {
        "name": "openai", "tail": "WXYZ", "source": "encrypted file", "is_fixed": False,
    }  # fmt: skip
    listed = await ask("GET", "keys")
    assert [k["tail"] for k in listed["keys"]] == ["WXYZ"]
    assert {"id": "openai", "label": "OpenAI"} in listed["providers"]
    found = await ask("GET", "models")
    assert CANARY not in json.dumps([listed, found])
    assert found["current"].startswith("openai/")
    assert (await ask("GET", "status"))["model"] == found["current"]
    await ask("DELETE", "keys", "openai")
    assert (await ask("GET", "models"))["current"] == ""


async def test_a_model_is_chosen_with_its_price_and_a_wrong_one_refused(ask, script):
    script.write({"wise": [{"text": "yes"}]})
    assert await ask("PUT", "models", body={"model": "scripted/wise"}) == {"model": "scripted/wise"}
    offered = {m["id"]: m for m in (await ask("GET", "models"))["models"]}
    assert offered["scripted/wise"]["input_price"] == 0
    await ask("PUT", "keys", "openai", body={"value": CANARY})
    with pytest.raises(HTTPClientError) as refused:
        await ask("PUT", "models", body={"model": "gpt-5-minni"})
    assert refused.value.code == 404
    assert "Did you mean `openai/gpt-5-mini`" in json.loads(refused.value.response.body)["remedy"]


async def test_readiness_names_the_step_that_fails_and_the_remedy(ask, script):
    nothing = await ask("GET", "models", "readiness")
    assert [(f["name"], f["ok"]) for f in nothing["findings"]] == [("Broker", True), ("Model", False)]
    await ask("PUT", "models", body={"model": "scripted/echo"})
    assert await ask("GET", "models", "readiness") | {"findings": None} == {"ok": True, "findings": None}
    await ask("PUT", "budgets", "day", body={"tokens": 0})
    spent = (await ask("GET", "models", "readiness"))["findings"][-1]
    assert (spent["name"], spent["ok"], spent["remedy"]) == ("Budget", False, "Raise today's budget.")
    assert script.seen == []  # it cost nothing


async def test_a_server_of_models_is_added_and_removed(ask):
    added = await ask("PUT", "connections", "office", body={"api_base": "localhost:1/v1", "label": "Office"})
    assert added == {"id": "office", "api_base": "http://localhost:1/v1"}
    tried = await ask("POST", "connections", "office", body={})
    assert tried["ok"] is False
    assert "cannot be reached" in tried["detail"] or "failed" in tried["detail"]
    await ask("DELETE", "connections", "office")
    with pytest.raises(HTTPClientError) as refused:
        await ask("PUT", "connections", "office", body={"api_base": "ftp://x"})
    assert refused.value.code == 400


async def test_what_was_spent_is_reported(ask, script):
    script.write({"wise": [{"text": "yes", "usage": [100, 20]}]})
    list(script.client.stream({"model": "scripted/wise", "messages": [{"role": "user", "content": "?"}]}))
    report = await ask("GET", "usage")
    assert (report["calls"], report["tokens"]) == (1, 120)
    assert [c["model"] for c in report["newest"]] == ["scripted/wise"]
