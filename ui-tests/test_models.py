"""Models in a real JupyterLab: keys, choosing, asking, stopping, cells, costs."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from nexus import SLOW, code_app, forget_chat, open_app
from playwright.sync_api import expect

SHOTS = Path(__file__).parent / "shots"
CANARY = "sk-proj-canary0123456789abcdefWXYZ"
CHOOSE = """async model => {
    const token = new URLSearchParams(location.search).get('token');
    const xsrf = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
    await fetch('/nexus/api/models', { method: 'PUT', body: JSON.stringify({ model }), headers: { 'X-XSRFToken': xsrf } });
}"""


@pytest.fixture
def page(lab):
    page = lab.desk(size=(1280, 900))
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    page.wait_for_selector(".nx-ChatPanel textarea", timeout=SLOW)
    yield page
    page.evaluate(CHOOSE, "")
    forget_chat(page)


def show_models(page):
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-models')")
    panel = page.locator(".nx-Models:visible")
    expect(panel.get_by_role("radio", name="None: recipes only")).to_be_visible(timeout=SLOW)
    return panel


def use(page, name):
    show_models(page).get_by_role("radio", name=name).first.click()
    expect(page.locator(".nx-ChatHeader-name")).to_have_text(name)


def say(page, text):
    box = page.locator(".nx-ChatPanel .jp-chat-input-container textarea").first
    box.fill(text)
    box.press("Enter")


def chat(page):
    return page.locator(".nx-ChatPanel")


def asked(lab):
    """What the models were asked, the last message of each call."""
    log = lab.scripts.with_suffix(".log")
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line)["messages"][-1]["content"] for line in lines]


def notebook_with(page, source):
    """Open a new notebook with one cell."""
    page.evaluate(
        """async source => {
            const { commands, serviceManager, shell } = window.jupyterapp;
            const { path } = await serviceManager.contents.newUntitled({ type: 'notebook', path: '' });
            await commands.execute('docmanager:open', { path, factory: 'Notebook', kernel: { name: 'python3' } });
            const panel = shell.currentWidget;
            await panel.context.ready;
            await panel.sessionContext.ready;
            panel.content.model.cells.get(0).sharedModel.setSource(source);
        }""",
        source,
    )


def test_an_answer_comes_with_what_it_cost_and_is_given_again(page, lab):
    use(page, "wise")
    say(page, "what is the answer to everything?")
    expect(chat(page).locator(".nx-Footer-spent")).to_have_text("wise · 271 tokens", timeout=SLOW)
    expect(chat(page).locator("strong", has_text="answer")).to_be_visible()
    before = len(asked(lab))
    chat(page).get_by_role("button", name="Again").click()
    end = time.monotonic() + SLOW / 1000
    while len(asked(lab)) == before and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert len(asked(lab)) == before + 1
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)
    expect(chat(page).get_by_text("what is the answer to everything?")).to_have_count(1)


def test_a_message_is_changed_and_what_followed_goes(page):
    use(page, "wise")
    say(page, "what is the first thing?")
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)
    mine = chat(page).locator(".jp-chat-message", has_text="what is the first thing?")
    mine.hover()
    mine.get_by_role("button", name="Edit").click()
    box = chat(page).locator(".jp-chat-message textarea").first
    box.fill("what is the second thing?")
    box.press("Enter")
    expect(chat(page).get_by_text("what is the second thing?")).to_be_visible(timeout=SLOW)
    expect(chat(page).get_by_text("what is the first thing?")).to_have_count(0)
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)


def test_stop_ends_an_answer_and_the_next_question_is_answered(page):
    use(page, "slow")
    say(page, "why is it slow?")
    expect(chat(page).get_by_text("word word").first).to_be_visible(timeout=SLOW)
    chat(page).get_by_role("button", name="Stop", exact=True).click()
    expect(chat(page).get_by_text("Stopped.")).to_be_visible(timeout=SLOW)
    use(page, "cut")
    say(page, "why is it cut?")
    expect(chat(page).get_by_text("The answer was cut.")).to_be_visible(timeout=SLOW)


def test_an_error_is_fixed_with_what_the_owner_looks_at(page, lab):
    use(page, "wise")
    notebook_with(page, "total = 1 / 0")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    page.get_by_role("button", name="Fix with Nexus").click(timeout=SLOW)
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)
    assert "```python\ntotal = 1 / 0\n```" in asked(lab)[-1]
    assert "ZeroDivisionError" in asked(lab)[-1]
    chat(page).get_by_role("button", name="Replace selection (active cell)").click()
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === 'total = 42\\n'"
        " || window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === 'total = 42'"
    )


def test_the_chip_says_what_goes_along_and_leaves_it_out(page, lab):
    use(page, "wise")
    notebook_with(page, "secret_plan = 1")
    chip = chat(page).get_by_role("switch")
    expect(chip).to_contain_text("Sends cell 1 of")
    say(page, "what does it do?")
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)
    assert "secret_plan" in asked(lab)[-1]
    chip.click()
    expect(chip).to_have_attribute("aria-checked", "false")
    say(page, "what else does it do?")
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(2, timeout=SLOW)
    assert asked(lab)[-1] == "what else does it do?"
    chip.click()


def test_without_a_model_the_chat_asks_for_a_key_and_shows_only_its_end(page, lab):
    SHOTS.mkdir(exist_ok=True)
    say(page, "write a poem about penguins")
    card = chat(page).locator(".nx-Card", has_text="Connect a model")
    card.get_by_label("Provider").select_option("groq", timeout=SLOW)
    card.get_by_label("Key").fill(CANARY)
    expect(card.get_by_label("Key")).to_have_attribute("type", "password")
    page.screenshot(path=SHOTS / "key-card.png")
    card.get_by_role("button", name="Keep key").click()
    expect(card.get_by_role("status")).to_contain_text("Kept, ending in WXYZ.", timeout=SLOW)
    panel = show_models(page)
    row = panel.locator(".nx-Models-row", has_text="Groq")
    expect(row).to_contain_text("ends in WXYZ")
    expect(panel.get_by_role("radio", name="llama-3.3-70b-versatile")).to_be_visible()
    assert CANARY not in page.content()
    page.screenshot(path=SHOTS / "models.png")
    row.get_by_role("button", name="Forget").click()
    expect(panel.get_by_text("No keys yet.")).to_be_visible(timeout=SLOW)


def test_a_key_pasted_into_the_chat_is_masked(page, lab):
    say(page, f"my key is {CANARY}")
    expect(chat(page).get_by_text("••••WXYZ").first).to_be_visible(timeout=SLOW)
    expect(chat(page).get_by_text("I keep the openai key ending in")).to_be_visible(timeout=SLOW)
    assert CANARY not in page.content()
    state = lab.scripts.parent / "data" / "nexus"
    for file in [*state.rglob("*"), lab.scripts.parent / "server.log"]:
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    show_models(page).get_by_role("button", name="Forget OpenAI").click()
    expect(page.get_by_text("No keys yet.")).to_be_visible(timeout=SLOW)


class Office(BaseHTTPRequestHandler):
    """An OpenAI-compatible server, as an office or Ollama has one."""

    def do_GET(self):
        self._send(json.dumps({"object": "list", "data": [{"id": "office-7b", "object": "model"}]}), "application/json")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "office-7b"}
        parts = [{"delta": {"content": "Hello from the office."}}, {"delta": {}, "finish_reason": "stop"}]
        lines = [json.dumps({**chunk, "choices": [{"index": 0, **part}]}) for part in parts]
        self._send("".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]), "text/event-stream")

    def _send(self, text, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Be quiet."""


@contextlib.contextmanager
def office():
    server = HTTPServer(("127.0.0.1", 0), Office)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()


def test_a_server_is_connected_by_its_address_and_answers_through_litellm(page):
    with office() as address:
        panel = show_models(page)
        panel.get_by_label("Name").fill("office")
        panel.get_by_label("Address of an OpenAI-compatible server").fill(address)
        panel.get_by_role("button", name="Connect").click()
        expect(panel.get_by_text("office answers and offers one model.")).to_be_visible(timeout=SLOW)
        use(page, "office-7b")
        say(page, "who are you, then?")
        expect(chat(page).get_by_text("Hello from the office.")).to_be_visible(timeout=SLOW)
        show_models(page).get_by_role("button", name="Forget office").click()
        expect(page.get_by_role("radio", name="office-7b")).to_have_count(0, timeout=SLOW)


def test_a_budget_that_is_spent_is_said_with_the_way_out(page):
    use(page, "wise")
    panel = show_models(page)
    panel.get_by_label("The most to spend a day").fill("0")
    panel.get_by_role("button", name="Set").click()
    say(page, "may I ask one more thing?")
    expect(chat(page).get_by_text("The budget of today is spent")).to_be_visible(timeout=SLOW)
    panel.get_by_label("The most to spend a day").fill("")
    panel.get_by_role("button", name="Set").click()


def test_readiness_is_looked_at_step_by_step(page, lab):
    panel = show_models(page)
    panel.get_by_role("button", name="Would it answer?").click()
    expect(panel.get_by_text("Model: none is chosen.")).to_be_visible(timeout=SLOW)
    use(page, "wise")
    before = len(asked(lab))
    panel.get_by_role("button", name="Would it answer?").click()
    expect(panel.get_by_text("Yes: runs;")).to_be_visible(timeout=SLOW)
    assert len(asked(lab)) == before


def test_the_model_list_works_by_keyboard(page):
    panel = show_models(page)
    panel.get_by_label("Find a model").fill("wise")
    expect(panel.get_by_role("radio")).to_have_count(1)
    panel.get_by_label("Find a model").fill("")
    panel.get_by_role("radio", name="echo").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("radio", checked=True)).not_to_have_text("None: recipes only")


def test_a_sandboxed_notebook_asks_and_wishes_for_an_app(page, lab):
    use(page, "wise")
    source = "%load_ext nexus_jupyter\nget_ipython().run_cell_magic('nexus', 'make', 'a calculator for speed')"
    path = code_app(lab.root, "wishes", source)
    open_app(page, path, start=True)
    page.get_by_role("tab", name="Build", exact=True).click()
    card = page.locator(".nx-Card", has_text="This notebook asks for an app")
    expect(card).to_contain_text("a calculator for speed", timeout=SLOW)
    card.get_by_role("button", name="Build").click()
    expect(chat(page).locator(".nx-Card", has=page.get_by_role("button", name="Open"))).to_have_count(1, timeout=SLOW)


def test_it_looks_right_dark_and_narrow(page):
    use(page, "wise")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    say(page, "what is the answer?")
    expect(chat(page).locator(".nx-Footer-spent")).to_have_count(1, timeout=SLOW)
    show_models(page)
    page.wait_for_timeout(500)  # the theme's colours fade in
    page.screenshot(path=SHOTS / "models-dark.png")
    page.set_viewport_size({"width": 420, "height": 800})
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.screenshot(path=SHOTS / "models-narrow.png")
    width = page.evaluate(
        "() => document.querySelector('.nx-Models').scrollWidth - document.querySelector('.nx-Models').clientWidth"
    )
    assert width <= 0
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
