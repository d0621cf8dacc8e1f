"""Every route of ours, from the live router: closed to strangers, and to users who may not."""

from __future__ import annotations

import ast
import json
import warnings
from pathlib import Path

import pytest
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

import nexus_jupyter.handlers
from nexus_jupyter.appview import documents

HANDLERS = Path(nexus_jupyter.handlers.__file__).parent
VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
FRAME = "/nexus/api/appview/frame"
CHANNEL = "/nexus/api/chats/([^/]+)/channel"
# Each pattern of the router, with a path that it takes. A new route belongs here.
ROUTES = {
    "/nexus/api/status": "/nexus/api/status",
    "/nexus/api/apps": "/nexus/api/apps",
    "/nexus/api/apps/state": "/nexus/api/apps/state?path=a.ipynb",
    "/nexus/api/apps/(start|stop|restart)": "/nexus/api/apps/start",
    "/nexus/api/recipes": "/nexus/api/recipes",
    "/nexus/api/route": "/nexus/api/route",
    "/nexus/api/data": "/nexus/api/data",
    CHANNEL: "/nexus/api/chats/main/channel",
    "/nexus/api/models": "/nexus/api/models",
    "/nexus/api/models/readiness": "/nexus/api/models/readiness",
    "/nexus/api/keys": "/nexus/api/keys",
    "/nexus/api/keys/((?:apps/[A-Za-z0-9_-]{1,64}/)?[A-Za-z0-9_.-]{1,64})": "/nexus/api/keys/openai",
    "/nexus/api/connections/([A-Za-z0-9_.-]{1,64})": "/nexus/api/connections/openai",
    "/nexus/api/usage": "/nexus/api/usage",
    "/nexus/api/budgets/(day|app:[A-Za-z0-9_.-]{1,64})": "/nexus/api/budgets/day",
    "/nexus/api/trust": "/nexus/api/trust",
    "/nexus/api/trust/kernels/([^/]+)": "/nexus/api/trust/kernels/0",
    "/nexus/api/appview/shell": "/nexus/api/appview/shell",
    FRAME: FRAME,
    r"/nexus/api/appview/static/([a-z]+\.js)": "/nexus/api/appview/static/appview.js",
}


def rules(router):
    """Give all rules of a router, those of routers inside it too."""
    for rule in router.rules:
        if hasattr(rule.target, "rules"):
            yield from rules(rule.target)
        else:
            yield rule


@pytest.fixture
def routes(jp_serverapp, jp_base_url):
    """Our patterns and their handlers."""
    base = jp_base_url.rstrip("/")
    return {
        rule.matcher.regex.pattern.removesuffix("$").removeprefix(base): rule.target
        for rule in rules(jp_serverapp.web_app.default_router)
        if hasattr(rule.matcher, "regex") and "/nexus/" in rule.matcher.regex.pattern
    }


def verbs(handler):
    return [v for v in VERBS if getattr(handler, v) is not RequestHandler._unimplemented_method]


@pytest.fixture
def ask(http_server_client, jp_http_port, jp_base_url):
    """Send a request with exactly these headers, redirects not followed."""

    async def send(verb, path, headers=None):
        url = f"http://localhost:{jp_http_port}{jp_base_url.rstrip('/')}{path}"
        body = "{}" if verb in {"post", "put", "patch"} else None
        return await AsyncHTTPClient().fetch(
            url, method=verb.upper(), headers=headers or {}, body=body, follow_redirects=False, raise_error=False
        )

    return send


async def test_every_route_is_covered_here(routes):
    assert set(routes) == set(ROUTES)


@pytest.mark.parametrize("credentials", [{}, {"Authorization": "token wrong"}], ids=["none", "wrong"])
async def test_a_stranger_gets_nothing_but_the_frame(routes, ask, credentials):
    asked = []
    for pattern, handler in routes.items():
        for verb in verbs(handler):
            answer = await ask(verb, ROUTES[pattern], credentials)
            asked.append((pattern, verb))
            if pattern == FRAME:
                continue
            if verb == "options":  # Jupyter's answer to a browser's preflight
                assert (answer.code, answer.body) == (200, b""), pattern
            else:
                to_login = answer.code == 302 and "/login?" in answer.headers["Location"]
                assert to_login or answer.code in {401, 403}, (pattern, verb, answer.code)
                assert "version" not in answer.body.decode(), pattern
    assert {pattern for pattern, verb in asked if verb != "options"} == set(ROUTES)


async def test_a_stranger_opens_no_websocket(http_server_client, jp_http_port, jp_base_url):
    address = f"ws://localhost:{jp_http_port}{jp_base_url.rstrip('/')}{ROUTES[CHANNEL]}"
    for end in ("", "?token=wrong"):
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(address + end)
        assert refused.value.code == 403


async def test_another_site_cannot_use_a_browsers_login_to_open_a_websocket(
    ask, jp_auth_header, jp_http_port, jp_base_url
):
    login = await ask("get", f"/api/status?token={jp_auth_header['Authorization'].split()[1]}")
    cookies = "; ".join(c.split(";")[0] for c in login.headers.get_list("Set-Cookie"))
    address = f"ws://localhost:{jp_http_port}{jp_base_url.rstrip('/')}{ROUTES[CHANNEL]}"

    def from_site(origin):
        return websocket_connect(HTTPRequest(address, headers={"Cookie": cookies, "Origin": origin}))

    (await from_site(f"http://localhost:{jp_http_port}")).close()
    with pytest.raises(HTTPClientError) as refused:
        await from_site("http://evil.example")
    assert refused.value.code == 403


async def test_a_user_whom_the_authorizer_refuses_gets_nothing(jp_serverapp, jp_auth_header, routes, ask, monkeypatch):
    asked = []

    def refuse(_handler, _user, action, resource):
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", refuse)
    for pattern, handler in routes.items():
        for verb in set(verbs(handler)) - {"options"}:
            if pattern != FRAME:
                answer = await ask(verb, ROUTES[pattern], jp_auth_header)
                assert answer.code == 403, (pattern, verb)
    assert set(asked) == {
        ("read", "nexus:status"),
        ("read", "nexus:apps"),
        ("write", "nexus:apps"),
        ("execute", "nexus:apps"),
        ("read", "nexus:recipes"),
        ("read", "nexus:keys"),
        ("write", "nexus:keys"),
        ("read", "nexus:models"),
        ("write", "nexus:models"),
        ("read", "nexus:data"),
        ("execute", "nexus:chats"),
        ("read", "nexus:trust"),
        ("write", "nexus:trust"),
        ("read", "nexus:appview"),
    }


async def test_the_frame_is_constant_bytes_for_everybody(ask, jp_auth_header):
    answers = [
        await ask("get", FRAME),
        await ask("get", f"{FRAME}?token=x&a=<script>"),
        await ask("get", FRAME, {**jp_auth_header, "Cookie": "a=b", "Referer": "http://evil.example/<x>"}),
    ]
    assert {answer.code for answer in answers} == {200}
    assert {answer.body for answer in answers} == {documents.frame()}
    for answer in answers:
        assert not answer.headers.get_list("Set-Cookie")
        assert answer.headers["Content-Security-Policy"] == answers[0].headers["Content-Security-Policy"]
    assert (await ask("post", FRAME)).code in {403, 405}


async def test_jupyter_server_finds_no_endpoint_that_forgot_its_login(jp_serverapp, routes):
    app = jp_serverapp.web_app
    forgotten = [name for pattern, handler in routes.items() for name in app._check_handler_auth(pattern, handler)]
    assert forgotten == []
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        app.add_handlers(".*$", [(pattern, handler) for pattern, handler in routes.items()])


def concrete_methods():
    """Give each method in the source that answers HTTP: its name, and its decorators."""
    for path in sorted(HANDLERS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name in VERBS:
                        yield f"{node.name}.{item.name}", item.decorator_list


def test_every_method_says_who_may_call_it_in_literals():
    found = dict(concrete_methods())
    assert len(found) >= len(ROUTES)
    free = found.pop("FrameHandler.get")
    assert [ast.unparse(d) for d in free] == ["allow_unauthenticated"]
    for name, decorators in found.items():
        assert len(decorators) == 2, name
        login, permission = decorators
        assert ast.unparse(login) in {"authenticated", "ws_authenticated"}, name
        assert isinstance(permission, ast.Call) and ast.unparse(permission.func) == "authorized", name
        words = {k.arg: ast.literal_eval(k.value) for k in permission.keywords}
        assert set(words) == {"action", "resource"} and not permission.args, name
        assert words["action"] in {"read", "write", "execute"}, name
        assert words["resource"].startswith("nexus:"), name


async def test_an_unknown_address_below_ours_is_not_found(jp_fetch):
    with pytest.raises(HTTPClientError) as missing:
        await jp_fetch("nexus", "api", "nothing")
    assert missing.value.code == 404


async def test_errors_inside_say_nothing_of_the_inside(jp_serverapp, ask, jp_auth_header, monkeypatch):
    from nexus_jupyter.sandbox import doctor

    def fail():
        raise RuntimeError("secret detail")

    monkeypatch.setattr(doctor, "probe_tiers", fail)
    answer = await ask("get", "/nexus/api/status", jp_auth_header)
    assert answer.code == 500
    assert b"secret" not in answer.body
    assert set(json.loads(answer.body)) == {"error", "message", "remedy"}
