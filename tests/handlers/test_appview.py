"""The app view's modules over HTTP."""

from __future__ import annotations

import pytest
from tornado.httpclient import HTTPClientError

from nexus_jupyter.appview import documents

pytestmark = pytest.mark.skipif(not (documents.STATIC / "appview.js").is_file(), reason="the app client is not built")


async def test_a_module_is_sent_once_and_then_known(jp_fetch):
    where = ("nexus", "api", "appview", "static", "appview.js")
    first = await jp_fetch(*where)
    assert first.body == documents.static_file("appview.js")
    with pytest.raises(HTTPClientError) as unchanged:
        await jp_fetch(*where, headers={"If-None-Match": first.headers["Etag"]})
    assert unchanged.value.code == 304


async def test_an_unknown_module_is_not_found(jp_fetch):
    with pytest.raises(HTTPClientError) as missing:
        await jp_fetch("nexus", "api", "appview", "static", "other.js")
    assert missing.value.code == 404
