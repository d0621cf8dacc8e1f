"""What may pass into JupyterLab's page, without a kernel."""

from __future__ import annotations

import pytest

from nexus_jupyter.sandbox.inert import INERT, MAKE, inert_bundle

pytestmark = pytest.mark.needs_no_sandbox


def test_a_wish_for_an_app_passes_as_short_texts_and_nothing_else() -> None:
    wish = {
        "text": "x" * 5000,
        "data": ["a.csv", {"evil": 1}, *["b"] * 20],
        "name": ["n"],
        "onclick": "steal()",
        "recipe": "<script>",
    }
    safe = inert_bundle({MAKE: wish, "text/plain": "a wish"})
    assert safe == {
        MAKE: {"text": "x" * 2000, "data": ["a.csv", "{'evil': 1}", "b", "b", "b"], "name": "['n']"},
        "text/plain": "a wish",
    }


@pytest.mark.parametrize("wish", [None, "text", [1], 3, {}])
def test_a_wish_of_any_form_is_made_one_of_texts(wish: object) -> None:
    assert inert_bundle({MAKE: wish})[MAKE] == {"text": "", "data": [], "name": ""}


def test_what_is_active_beside_a_wish_stays_inert() -> None:
    safe = inert_bundle({MAKE: {"text": "a"}, "application/javascript": "steal()", INERT: {"bundle": {}}})
    assert safe[INERT] == {"bundle": {"application/javascript": "steal()"}}
    assert set(safe) == {MAKE, INERT, "text/plain"}


def test_markdown_keeps_its_structure_and_nothing_that_acts() -> None:
    markdown = "# A\n\n**b** [link](https://x.example/?data) ![i](https://x.example/i.png)\n\n```python\n1 < 2\n```\n<script>1</script>"
    safe = inert_bundle({"text/markdown": markdown})
    html = safe["text/html"]
    assert "<h1>A</h1>" in html
    assert "<strong>b</strong>" in html
    assert "1 &lt; 2" in html
    for word in ("href", "src", "<img", "<a", "<script"):
        assert word not in html
    assert safe[INERT] == {"bundle": {"text/markdown": markdown}}


def test_markdown_does_not_take_the_place_of_html() -> None:
    assert inert_bundle({"text/markdown": "*a*", "text/html": "<b>b</b>"})["text/html"] == "<b>b</b>"
