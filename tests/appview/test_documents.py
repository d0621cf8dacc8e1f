from __future__ import annotations

import base64
import hashlib
import re

import pytest

from nexus_jupyter.appview import documents

FRAME_URL = "http://127.0.0.1:8888/lab/nexus/api/appview/frame"


def directives(headers: dict[str, str]) -> dict[str, str]:
    policy = headers["Content-Security-Policy"]
    return dict((part.strip() + " ").split(" ", 1) for part in policy.split(";"))


def digests(html: bytes, tag: str) -> list[str]:
    """Hash every inline element as a browser does."""
    bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", html.decode(), re.S)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" for body in bodies]


def test_shell_allows_one_script_one_style_and_one_frame() -> None:
    policy = directives(documents.shell_headers(FRAME_URL))
    assert {name: value.strip() for name, value in policy.items()} == {
        "default-src": "'none'",
        "script-src": digests(documents.shell(), "script")[0],
        "style-src": digests(documents.shell(), "style")[0],
        "frame-src": FRAME_URL,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }
    assert len(digests(documents.shell(), "script")) == len(digests(documents.shell(), "style")) == 1


def test_frame_has_no_network_and_no_origin() -> None:
    policy = {name: value.strip() for name, value in directives(documents.frame_headers()).items()}
    assert policy["sandbox"] == "allow-scripts"
    assert policy["script-src"] == f"{digests(documents.frame(), 'script')[0]} blob:"
    for name in ("default-src", "connect-src", "form-action", "base-uri", "frame-src"):
        assert policy[name] == "'none'"
    for name, value in policy.items():
        assert not re.search(r"https?:|\*|'unsafe-eval'|'self'", value) or name == "frame-ancestors"
    assert "'unsafe-inline'" not in policy["script-src"]


def test_frame_takes_the_network_interfaces_away_before_anything_else() -> None:
    html = documents.frame().decode()
    for name in ("RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "RTCIceTransport", "WebTransport"):
        assert 0 < html.index(name) < html.index("import(")
    assert "configurable: false" in html


def test_inner_frame_of_the_shell_is_sandboxed_too() -> None:
    assert b'sandbox="allow-scripts" referrerpolicy="no-referrer" allow=""' in documents.shell()
    assert b"allow-same-origin" not in documents.shell()


def test_documents_are_constant_and_small() -> None:
    assert documents.shell() == documents.shell()
    assert len(documents.shell()) < 4096
    assert len(documents.frame()) < 4096
    for html in (documents.shell(), documents.frame()):
        assert not re.search(rb"https?://", html)


@pytest.mark.parametrize("headers", [documents.shell_headers(FRAME_URL), documents.frame_headers()])
def test_documents_leak_no_referrer_and_no_type(headers: dict[str, str]) -> None:
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=UTF-8"


@pytest.mark.parametrize("url", [FRAME_URL, "hub.example:443/user/a%40b/nexus/api/appview/frame", "https://h/f"])
def test_frame_address_may_be_any_base_url(url: str) -> None:
    assert f"frame-src {url};" in documents.shell_headers(url)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "*",
        "https:",
        "'self'",
        "data:text/html,x",
        "javascript:alert(1)",
        "http://a/f; script-src *",
        "http://a/f https://evil.example",
        "http://a/f,default-src *",
        "http://a/f\r\nSet-Cookie: a=b",
        "http://a/f\n",
        "http://*.example/f",
    ],
)
def test_frame_address_cannot_widen_the_policy(url: str) -> None:
    with pytest.raises(ValueError, match="content security policy"):
        documents.shell_headers(url)


def test_only_the_clients_modules_are_given_out() -> None:
    for name in ("headless.js", "../documents.py", "appview.js/../chart.js", ""):
        with pytest.raises(KeyError):
            documents.static_file(name)


@pytest.mark.skipif(not (documents.STATIC / "appview.js").is_file(), reason="the app client is not built")
def test_client_is_small_and_imports_nothing_from_the_network() -> None:
    import gzip

    assert len(gzip.compress(documents.static_file("appview.js"))) <= 45_000
    for name in documents.STATIC_NAMES:
        source = documents.static_file(name).decode()
        assert not re.search(r"\b(?:import|from)\s*\(?\s*['\"]https?:", source)
