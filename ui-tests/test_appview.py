"""The app client in a real browser: its documents, a host page and a fake kernel on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from conftest import Lab, NewPage
from playwright.sync_api import FrameLocator, Page, expect

from nexus_jupyter.appview import documents

# Speaks the protocol as the relay does; the kernel behind it echoes what it is told.
HOST_PAGE = """<!doctype html><meta charset="utf-8"><title>Host</title>
<style>html,body,iframe{margin:0;height:100%;width:100%;border:0;display:block}</style>
<script>
window.secret = "parent-secret";
document.cookie = "login=cookie-secret";
const log = [];
const waiting = new Map();
let port = null;
let count = 0;
const kernel = { models: {}, cells: [], onUpdate: null, onCustom: null, silent: false };
const post = message => port.postMessage(message);
const output = (msg_type, content, parent_id) => post({ type: "output", msg_type, content, parent_id });
const update = (comm_id, state, parent_id = "") =>
  post({ type: "comm_msg", comm_id, data: { method: "update", state, buffer_paths: [] }, buffers: [], parent_id });
function take(message) {
  log.push(message);
  if (message.type === "ready") {
    post({ type: "status", state: "idle" });
    post({ type: "models", states: kernel.models });
    post({ type: "outputs", cells: kernel.cells });
  } else if (message.type === "need") {
    fetch(`/nexus/api/appview/static/${message.name}.js`).then(answer => answer.text())
      .then(source => post({ type: "module", name: message.name, source }));
  } else if (message.type === "comm_msg" && !kernel.silent) {
    const { comm_id, data, id } = message;
    post({ type: "status", state: "busy", parent_id: id });
    if (data.method === "update") {
      Object.assign(kernel.models[comm_id].state, data.state);
      post({ type: "comm_msg", comm_id, parent_id: id, buffers: [],
             data: { method: "echo_update", state: data.state, buffer_paths: [] } });
      if (kernel.onUpdate) kernel.onUpdate(comm_id, data.state, id);
    } else if (kernel.onCustom) {
      kernel.onCustom(comm_id, data.content, id);
    }
    post({ type: "status", state: "idle", parent_id: id });
  } else if (message.type === "report") {
    waiting.get(message.id)(message.report);
  }
}
async function showApp(init) {
  const source = await (await fetch("/nexus/api/appview/static/appview.js")).text();
  const frame = document.createElement("iframe");
  frame.title = "App";
  frame.src = "/nexus/api/appview/shell";
  frame.addEventListener("load", () => {
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = event => take(event.data);
    post({ type: "init", title: "", description: "", layout: "column", strings: {},
           theme: { dark: false, vars: {} }, source: { appview: source }, ...init });
    frame.contentWindow.postMessage("nexus:port", location.origin, [channel.port2]);
  });
  document.body.append(frame);
}
function inspect() {
  const id = String(++count);
  return new Promise(resolve => { waiting.set(id, resolve); post({ type: "inspect", id }); });
}
</script><body></body>
"""


@dataclass
class Site:
    """A running server of the app view's documents."""

    port: int
    requests: list[str] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


class Listener:
    """Counts whatever reaches a port over TCP or UDP: connections, requests, packets."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.hits: list[str] = []
        for target in (self._accept, self._receive):
            threading.Thread(target=target, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(3)
            try:
                first = connection.recv(2048).split(b"\r\n")[0].decode(errors="replace")
            except OSError:
                first = ""
            self.hits.append(first or "tcp connection")
            answer = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok"
            try:
                connection.sendall(answer)
            except OSError:
                return

    def _receive(self) -> None:
        while True:
            try:
                self.udp.recvfrom(2048)
            except OSError:
                return
            self.hits.append("udp packet")

    def close(self) -> None:
        self.tcp.close()
        self.udp.close()


def make_site(site: Site) -> tornado.web.Application:
    """Serve the documents as the server extension does, and the host page."""

    class Served(tornado.web.RequestHandler):
        def get(self, path: str) -> None:
            site.requests.append(self.request.uri or "")
            if path == "nexus/api/appview/shell":
                self._send(documents.shell(), documents.shell_headers(site.url("nexus/api/appview/frame")))
            elif path == "nexus/api/appview/frame":
                self._send(documents.frame(), documents.frame_headers())
            elif path.startswith("nexus/api/appview/static/"):
                name = path.rsplit("/", 1)[1]
                self._send(documents.static_file(name), {"Content-Type": "text/javascript"})
            elif path == "host":
                self._send(HOST_PAGE.encode(), {"Content-Type": "text/html"})
            else:
                self._send(b"", {"Content-Type": "text/html"})

        def _send(self, body: bytes, headers: dict[str, str]) -> None:
            for name, value in headers.items():
                self.set_header(name, value)
            self.finish(body)

    return tornado.web.Application([(r"/(.*)", Served)])


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    started = threading.Event()
    state: dict[str, Any] = {}

    async def serve() -> None:
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        state["site"] = Site(sockets[0].getsockname()[1])
        state["loop"] = asyncio.get_running_loop()
        state["stop"] = asyncio.Event()
        server = tornado.httpserver.HTTPServer(make_site(state["site"]))
        server.add_sockets(sockets)
        started.set()
        await state["stop"].wait()
        server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(10)
    yield state["site"]
    state["loop"].call_soon_threadsafe(state["stop"].set)
    thread.join(5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.close()


OpenApp = Callable[..., tuple[Page, FrameLocator]]


@pytest.fixture
def open_app(site: Site, new_page: NewPage) -> OpenApp:
    """Open an app from widget states and cells; gives the host page and the frame."""

    def make(
        models: dict[str, Any],
        cells: list[dict[str, Any]],
        init: dict[str, Any] | None = None,
        script: str = "",
        **context: Any,
    ) -> tuple[Page, FrameLocator]:
        page = new_page(**context)
        page.goto(site.url("host"))
        start = "async ([models, cells, init]) => { Object.assign(kernel, { models, cells }); await showApp(init); }"
        page.evaluate(f"() => {{ {script} }}")
        page.evaluate(start, [models, cells, init or {}])
        return page, page.frame_locator("iframe").frame_locator("iframe")

    return make


def model(name: str, view: str | None = None, **state: Any) -> dict[str, Any]:
    """Make a widget state of `@jupyter-widgets/controls`, or of anywidget for `AnyModel`."""
    module = "anywidget" if name == "AnyModel" else "@jupyter-widgets/controls"
    module = "@jupyter-widgets/output" if name == "OutputModel" else module
    common = {"_model_name": name, "_model_module": module, "_view_module": module}
    return {
        "model_name": name,
        "model_module": module,
        "model_module_version": "2.0.0",
        "state": {**common, "_view_name": view or name.replace("Model", "View"), **state},
    }


def shows(*ids: str) -> list[dict[str, Any]]:
    """Make cells that show these widgets, one each."""
    mime = "application/vnd.jupyter.widget-view+json"
    return [
        {
            "id": f"cell-{one}",
            "role": "app",
            "cell_type": "code",
            "outputs": [{"output_type": "display_data", "data": {mime: {"model_id": one}}, "metadata": {}}],
        }
        for one in ids
    ]


def sent(page: Page) -> list[dict[str, Any]]:
    """Give the comm messages the client has sent."""
    found: list[dict[str, Any]] = page.evaluate("log.filter(message => message.type === 'comm_msg')")
    return found


# --- what a person does ---------------------------------------------------------------------------


def test_dropdown_tells_the_kernel_which_option(open_app: OpenApp) -> None:
    models = {"d": model("DropdownModel", description="Region:", _options_labels=["North", "South"], index=0)}
    page, app = open_app(models, shows("d"))
    app.get_by_label("Region").select_option("South")
    page.wait_for_function("kernel.models.d.state.index === 1")
    message = sent(page)[0]
    assert message["data"] == {"method": "update", "state": {"index": 1}, "buffer_paths": []}
    page.evaluate("update('d', { index: 0 })")
    expect(app.get_by_label("Region")).to_have_value("0")


def test_slider_keeps_one_update_in_flight_and_ends_on_the_last(open_app: OpenApp) -> None:
    models = {"s": model("IntSliderModel", description="Year", min=0, max=50, step=1, value=0)}
    page, app = open_app(models, shows("s"), script="kernel.silent = true")
    slider = app.get_by_label("Year")
    slider.focus()
    for _ in range(9):
        slider.press("ArrowRight")
    expect(app.locator("output")).to_have_text("9")
    assert len(sent(page)) == 1, "the kernel is still busy with the first"
    page.evaluate("post({ type: 'status', state: 'idle', parent_id: log.at(-1).id })")
    page.wait_for_function("log.filter(message => message.type === 'comm_msg').length === 2")
    assert sent(page)[1]["data"]["state"] == {"value": 9}


def test_button_sends_click_and_its_failure_is_said(open_app: OpenApp) -> None:
    script = """kernel.onCustom = (comm, content, id) =>
        output("error", { ename: "NameError", evalue: "x is not defined", traceback: [] }, id)"""
    page, app = open_app({"b": model("ButtonModel", description="Run")}, shows("b"), script=script)
    app.get_by_role("button", name="Run").click()
    expect(app.get_by_role("alert")).to_contain_text("NameError: x is not defined")
    assert sent(page)[0]["data"] == {"method": "custom", "content": {"event": "click"}}


CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "description": "Sales by product",
    "data": {"values": [{"product": "Tea", "sales": 3}, {"product": "Cocoa", "sales": 5}]},
    "mark": "bar",
    "encoding": {
        "x": {"field": "product", "type": "nominal"},
        "y": {"field": "sales", "type": "quantitative"},
    },
}

# As `interactive_output` does it: the Output listens, is cleared and gets a new chart.
REDRAW = """kernel.onUpdate = (comm, state, id) => {
  if (comm !== "d" || !("index" in state)) return;
  const spec = structuredClone(window.spec);
  spec.data.values = spec.data.values.slice(0, state.index);
  update("out", { msg_id: id }, id);
  output("clear_output", { wait: true }, id);
  output("stream", { name: "stdout", text: "drawing " }, id);
  output("stream", { name: "stdout", text: "now" }, id);
  output("display_data", { data: { "application/vnd.vegalite.v5+json": spec }, metadata: {} }, id);
  update("out", { msg_id: "" }, id);
};"""


def test_output_captures_a_chart_and_writes_it_back(open_app: OpenApp) -> None:
    models = {
        "d": model("DropdownModel", description="Rows", _options_labels=["none", "one", "two"], index=0),
        "out": model("OutputModel", msg_id="", outputs=[]),
    }
    page, app = open_app(models, shows("d", "out"), script=f"window.spec = {json.dumps(CHART)}; {REDRAW}")
    for choice, marks in (("two", 2), ("one", 1)):
        app.get_by_label("Rows").select_option(choice)
        expect(app.locator(".nx-chart .mark-rect.role-mark path")).to_have_count(marks)
        expect(app.locator(".nx-output > .nx-pre")).to_have_text("drawing now")
        assert page.evaluate("inspect()")["chart_marks"] == [marks]
    expect(app.get_by_role("figure", name="Sales by product")).to_be_visible()
    written = [m["data"]["state"] for m in sent(page) if m["comm_id"] == "out"]
    assert [output["output_type"] for output in written[-1]["outputs"]] == ["stream", "display_data"]


COUNTER = """
export default {
  initialize({ model }) { model.set("started", true); },
  render({ model, el }) {
    const button = document.createElement("button");
    const show = () => { button.textContent = `count is ${model.get("count")}`; };
    button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
    model.on("change:count", show);
    show();
    el.append(button);
    return () => { document.title = "cleaned"; };
  }
};
"""


def test_anywidget_runs_its_module_and_cleans_up(open_app: OpenApp) -> None:
    models = {"a": model("AnyModel", "AnyView", _esm=COUNTER, _css="button { color: rgb(1, 2, 3); }", count=1)}
    page, app = open_app(models, shows("a"))
    button = app.get_by_role("button")
    expect(button).to_have_css("color", "rgb(1, 2, 3)")
    button.click()
    expect(button).to_have_text("count is 2")
    page.wait_for_function("kernel.models.a.state.count === 2")
    page.evaluate("update('a', { count: 40 })")
    expect(button).to_have_text("count is 40")
    page.evaluate("post({ type: 'outputs', cells: [] })")
    expect(app.get_by_text("This app shows nothing yet.")).to_be_visible()
    assert app.locator("title").text_content() == "cleaned"


def test_anywidget_that_wants_the_network_says_so(open_app: OpenApp) -> None:
    esm = "import x from 'https://esm.sh/x'; export default { render() {} };"
    _, app = open_app({"a": model("AnyModel", "AnyView", _esm=esm)}, shows("a"))
    expect(app.get_by_text("This part wants code from the network")).to_be_visible()


def test_unknown_widget_is_named_calmly(open_app: OpenApp) -> None:
    one = model("PlotModel", "PlotView")
    one["state"]["_view_module"] = "bqplot"
    _, app = open_app({"p": one}, shows("p"))
    expect(app.get_by_role("note")).to_contain_text("PlotView · bqplot")


def test_stopped_kernel_keeps_the_page_and_says_so(open_app: OpenApp) -> None:
    page, app = open_app({"b": model("ButtonModel", description="Run")}, shows("b"))
    expect(app.get_by_role("button", name="Run")).to_be_visible()
    page.evaluate("post({ type: 'status', state: 'stopped' })")
    expect(app.get_by_text(re.compile("This app (has stopped|is not running)."))).to_be_visible()
    expect(app.get_by_role("button", name="Run")).to_be_visible()


def test_links_do_not_take_the_frame_away(open_app: OpenApp) -> None:
    html = '<a href="/host" id="out">out</a><form action="/host"><button>send</button></form>'
    page, app = open_app({"h": model("HTMLModel", value=html)}, shows("h"))
    app.get_by_text("out").click()
    app.get_by_role("button", name="send").click()
    page.wait_for_timeout(200)
    expect(app.get_by_text("out")).to_be_visible()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_wider_than_the_screen(open_app: OpenApp, width: int) -> None:
    models = {
        "d": model("DropdownModel", description="Region", _options_labels=["x" * 80], index=0),
        "s": model("IntRangeSliderModel", description="Years", min=0, max=9, step=1, value=[2, 5]),
        "box": model("HBoxModel", children=["IPY_MODEL_d", "IPY_MODEL_s"]),
    }
    table = "<table><tbody><tr>" + "<td>wide cell</td>" * 30 + "</tr></tbody></table>"
    cells = shows("box")
    cells[0]["outputs"].append({"output_type": "display_data", "data": {"text/html": table}, "metadata": {}})
    cells[0]["outputs"].append(
        {"output_type": "display_data", "data": {"application/vnd.vegalite.v5+json": CHART}, "metadata": {}}
    )
    _, app = open_app(models, cells, viewport={"width": width, "height": 800})
    expect(app.locator(".nx-chart .mark-rect.role-mark path")).to_have_count(2)
    assert app.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth")


# --- what a hostile app does ----------------------------------------------------------------------

# Each runs in an app's own module and, as the control, in an ordinary page of the same server.
REACH = {
    "fetch": "fetch(url).catch(() => {})",
    "xhr": "const x = new XMLHttpRequest(); x.open('GET', url); x.send()",
    "img": "new Image().src = url",
    "websocket": "new WebSocket(url.replace('http', 'ws'))",
    "eventsource": "new EventSource(url)",
    "beacon": "navigator.sendBeacon(url, 'x')",
    "script": "const s = document.createElement('script'); s.src = url; document.head.append(s)",
    "import": "import(url).catch(() => {})",
    "stylesheet": "document.head.insertAdjacentHTML('beforeend', `<link rel=stylesheet href='${url}'>`)",
    "css-import": "const s = document.createElement('style'); s.textContent = `@import '${url}'`; document.head.append(s)",
    "css-url": "document.body.style.backgroundImage = `url(${url})`",
    "prefetch": "document.head.insertAdjacentHTML('beforeend', `<link rel=prefetch href='${url}'>`)",
    "modulepreload": "document.head.insertAdjacentHTML('beforeend', `<link rel=modulepreload href='${url}'>`)",
    "iframe": "const f = document.createElement('iframe'); f.src = url; document.body.append(f)",
    "srcdoc": "const f = document.createElement('iframe'); f.srcdoc = `<img src='${url}'>`; document.body.append(f)",
    "object": "const o = document.createElement('object'); o.data = url; document.body.append(o)",
    "video": "const v = document.createElement('video'); v.src = url; document.body.append(v); v.load()",
    "svg-image": "document.body.insertAdjacentHTML('beforeend', `<svg><image href='${url}'/></svg>`)",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${url}')`], { type: 'text/javascript' })))",
    "font": "new FontFace('f', `url(${url})`).load().catch(() => {})",
}

# These take the document away, so each gets a page of its own.
LEAVE = {
    "location": "location.href = url",
    "meta-refresh": "document.head.insertAdjacentHTML('beforeend', `<meta http-equiv=refresh content='0;url=${url}'>`)",
    "form": "const f = document.createElement('form'); f.action = url; document.body.append(f); f.submit()",
    "link": "const a = document.createElement('a'); a.href = url; document.body.append(a); a.click()",
    "popup": "const w = window.open(url); if (!w) throw new Error('no popup')",
    "top": "top.location.href = url",
}

WEBRTC = """const c = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${port}` }] });
c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o))"""


def attack(code: str, name: str, port: int) -> str:
    """Make one statement that tries and never throws."""
    url = f"http://127.0.0.1:{port}/{name}"
    return f"try {{ const url = {url!r}, port = {port}; {code} }} catch (error) {{}}\n"


def hostile(body: str) -> dict[str, Any]:
    """Make an anywidget that does `body` and then says so."""
    esm = f"export default {{ render({{ el }}) {{ {body}\n el.textContent = 'tried'; }} }};"
    return {"a": model("AnyModel", "AnyView", _esm=esm)}


def on_click(code: str, name: str, port: int) -> str:
    """Make a button that tries on a real click, which a browser allows more."""
    start = "const go = document.createElement('button'); go.textContent = 'go'; el.prepend(go);"
    return f"{start} go.onclick = () => {{ {attack(code, name, port)} }};"


def reached(listener: Listener) -> set[str]:
    """Give the names of the attacks that arrived."""
    return {hit.split()[1].strip("/?") if " /" in hit else hit for hit in listener.hits}


def test_no_request_of_an_app_reaches_the_network(
    open_app: OpenApp, site: Site, new_page: NewPage, listener: Listener
) -> None:
    control, target = Listener(), listener
    page = new_page()
    page.goto(site.url("host"))
    for name, code in REACH.items():
        page.evaluate(f"() => {{ {attack(code, name, control.port)} }}")
    page.wait_for_timeout(1500)
    control.close()
    assert reached(control) >= set(REACH), "the control must arrive, or the test proves nothing"

    body = "".join(attack(code, name, target.port) for name, code in REACH.items())
    page, app = open_app(hostile(body), shows("a"))
    expect(app.get_by_text("tried")).to_be_visible()
    page.wait_for_timeout(1500)
    assert target.hits == []


@pytest.mark.parametrize("name", LEAVE)
def test_an_app_cannot_navigate(
    open_app: OpenApp, site: Site, new_page: NewPage, listener: Listener, name: str
) -> None:
    control = Listener()
    page = new_page()
    page.goto(site.url("host"))
    page.evaluate(f"() => {{ const el = document.body; {on_click(LEAVE[name], name, control.port)} }}")
    page.get_by_role("button").click()
    for _ in range(50):
        if name not in reached(control):
            page.context.pages[0].wait_for_timeout(100)
    control.close()
    assert name in reached(control)

    body = on_click(LEAVE[name], name, listener.port)
    page, app = open_app(
        {"a": model("AnyModel", "AnyView", _esm=f"export default {{ render({{ el }}) {{ {body} }} }};")}, shows("a")
    )
    app.get_by_role("button").click()
    page.wait_for_timeout(2000 if name == "popup" else 1000)
    assert listener.hits == []
    assert page.url == site.url("host")
    assert len(page.context.pages) == 1


def test_webrtc_is_gone(open_app: OpenApp, site: Site, new_page: NewPage, listener: Listener) -> None:
    control = Listener()
    page = new_page()
    page.goto(site.url("host"))
    page.evaluate(f"() => {{ {attack(WEBRTC, 'webrtc', control.port)} }}")
    page.wait_for_timeout(1500)
    control.close()
    assert "udp packet" in control.hits

    body = attack(WEBRTC, "webrtc", listener.port)
    fresh = "const f = document.createElement('iframe'); document.body.append(f); const RTCPeerConnection = "
    body += attack(f"{fresh} f.contentWindow.RTCPeerConnection; {WEBRTC}", "webrtc", listener.port)
    body += attack(f"delete self.RTCPeerConnection; {WEBRTC}", "webrtc", listener.port)
    page, app = open_app(hostile(body), shows("a"))
    expect(app.get_by_text("tried")).to_be_visible()
    page.wait_for_timeout(1500)
    assert listener.hits == []


SECRETS = {
    "cookie": ("document.cookie", "login=cookie-secret"),
    "parent": ("parent.secret ?? parent.parent.secret", "parent-secret"),
    "parent-dom": ("(parent.document, 'seen')", "seen"),
    "storage": ("(localStorage.x = 'kept', localStorage.x)", "kept"),
    "indexeddb": ("(indexedDB.open('x'), 'opened')", "opened"),
    "origin": ("self.origin", "http://127.0.0.1"),
    "eval": ("new Function('return 7')()", "7"),
}


def test_an_app_sees_nothing_of_its_host(open_app: OpenApp, site: Site, new_page: NewPage) -> None:
    tries = "".join(
        f"try {{ seen[{name!r}] = String({code}); }} catch (error) {{ seen[{name!r}] = error.name; }}\n"
        for name, (code, _) in SECRETS.items()
    )
    page = new_page()
    page.goto(site.url("host"))
    control = page.evaluate(f"() => {{ const seen = {{}}; {tries} return seen; }}")
    assert all(expected in control[name] for name, (_, expected) in SECRETS.items())

    esm = f"export default {{ render({{ el }}) {{ const seen = {{}}; {tries} el.textContent = JSON.stringify(seen); }} }};"
    _, app = open_app({"a": model("AnyModel", "AnyView", _esm=esm)}, shows("a"))
    expect(app.locator(".nx-esm")).to_contain_text("{")
    seen = json.loads(app.locator(".nx-esm").text_content() or "{}")
    assert seen == {
        "cookie": "SecurityError",
        "parent": "SecurityError",
        "parent-dom": "SecurityError",
        "storage": "SecurityError",
        "indexeddb": "SecurityError",
        "origin": "null",
        "eval": "EvalError",
    }


def test_html_outputs_are_inert(open_app: OpenApp) -> None:
    html = "<p>before</p><img src=x onerror='document.title=\"owned\"'><script>document.title='owned'</script>"
    cells = shows("h")
    cells[0]["outputs"].append({"output_type": "display_data", "data": {"text/html": html}, "metadata": {}})
    _, app = open_app({"h": model("HTMLModel", value=html)}, cells)
    expect(app.get_by_text("before")).to_have_count(2)
    assert app.locator("title").text_content() != "owned"
    assert app.locator("main script, main [onerror]").count() == 0


# --- the real relay, a real server and a real kernel ----------------------------------------------

PACKAGE = Path(__file__).parents[1] / "labextension"

# A page of its own around AppFrame: cells run on one connection, the app view has another.
HOST_SCRIPT = """
import { KernelManager, ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { AppFrame } from './src/core/frame';

window.startApp = async code => {
  const serverSettings = ServerConnection.makeSettings();
  const kernels = new KernelManager({ serverSettings });
  const kernel = await kernels.startNew({ name: 'python3' }, { handleComms: false });
  const clientId = `nexus-app-${Math.random().toString(36).slice(2)}`;
  const view = kernels.connectTo({ model: kernel.model, clientId, handleComms: false });
  await Promise.all([kernel.info, view.info]);
  const source = { cells: [], changed: null };
  source.changed = new Signal(source);
  const init = { title: 'Real app', description: '', layout: 'column', strings: {} };
  const frame = new AppFrame({ source, init, themeManager: null, serverSettings });
  frame.node.style.cssText = 'position: fixed; inset: 0; z-index: 99999; background: white';
  const run = async text => {
    const outputs = [];
    const future = kernel.requestExecute({ code: text });
    future.onIOPub = ({ header, content }) => {
      const isView = content.data && 'application/vnd.jupyter.widget-view+json' in content.data;
      if (isView || header.msg_type === 'error') {
        outputs.push({ output_type: header.msg_type, ...content });
      }
    };
    await future.done;
    source.cells = [{ id: 'c', role: 'app', cell_type: 'code', outputs }];
    source.changed.emit(null);
  };
  frame.relay.kernel = view;
  // The cells run while the frame is still loading: nothing they print may be lost.
  const ran = run(code);
  Widget.attach(frame, document.body);
  await ran;
  Object.assign(window, { frame, kernel, run });
};
"""

REAL_APP = """
import anywidget, traitlets
import ipywidgets as w
from IPython.display import display

rows = w.IntSlider(description="Rows", value=3, max=6)

def draw(n):
    print("rows", n)
    spec = {"data": {"values": [{"x": i, "y": i + 1} for i in range(n)]}, "mark": "bar", "encoding": {
        "x": {"field": "x", "type": "ordinal"}, "y": {"field": "y", "type": "quantitative"}}}
    display({"application/vnd.vegalite.v5+json": spec}, raw=True)

class Counter(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { const b = document.createElement('button');" \
        "const show = () => { b.textContent = 'n=' + model.get('n'); }; show(); model.on('change:n', show);" \
        "b.onclick = () => { model.set('n', model.get('n') + 1); model.save_changes(); }; el.append(b); } }"
    n = traitlets.Int(1).tag(sync=True)

out = w.interactive_output(draw, {"n": rows})
counter, upload, fail, label = Counter(), w.FileUpload(), w.Button(description="Fail"), w.Label()
link = w.jslink((rows, "value"), (counter, "n"))
fail.on_click(lambda _: 1 / 0)
upload.observe(lambda change: setattr(label, "value", bytes(change.new[0].content).decode()), "value")
display(w.VBox([rows, out, counter, upload, label, fail]))
"""


BUNDLE = """
import { build } from 'esbuild';
const empty = Object.fromEntries(['.css', '.woff', '.woff2', '.ttf', '.eot'].map(kind => [kind, 'empty']));
await build({
  alias: { path: 'path-browserify' },
  bundle: true,
  define: { 'process.env.NODE_ENV': '"production"', 'process.platform': '"linux"' },
  loader: { ...empty, '.svg': 'text' },
  logLevel: 'error',
  stdin: { contents: process.argv[1], loader: 'ts', resolveDir: process.cwd() }
});
"""


@pytest.fixture(scope="session")
def host_script() -> str:
    node = shutil.which("node")
    if node is None or not (PACKAGE / "node_modules" / "esbuild").exists():
        pytest.skip("The labextension's packages are not installed.")
    command = [node, "--input-type=module", "--eval", BUNDLE, HOST_SCRIPT]
    return subprocess.run(command, cwd=PACKAGE, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_real_kernel_drives_an_app(lab: Lab, host_script: str) -> None:
    page = lab.page()
    page.evaluate(host_script)
    page.evaluate("code => startApp(code)", REAL_APP)
    app = page.frame_locator("iframe[title='Real app']").frame_locator("iframe")
    bars, slider = app.locator(".nx-chart .mark-rect.role-mark path"), app.get_by_role("slider", name="Rows")
    expect(bars).to_have_count(3)

    slider.press("ArrowRight")
    expect(bars).to_have_count(4)
    expect(app.locator(".nx-output > .nx-pre")).to_have_text("rows 4\n")
    app.get_by_role("button", name="n=4").click()
    expect(bars).to_have_count(5)

    app.locator("input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"from a file"}
    )
    expect(app.locator("[data-view=LabelView]")).to_have_text("from a file")
    app.get_by_role("button", name="Fail").click()
    expect(app.get_by_role("alert")).to_contain_text("ZeroDivisionError")

    # Moving the widget in the page loads its frame again: everything comes back from the kernel.
    page.evaluate("() => { const home = frame.node.parentNode; frame.node.remove(); home.append(frame.node); }")
    expect(bars).to_have_count(5)
    assert page.evaluate("frame.inspect()")["chart_marks"] == [5]

    page.evaluate("kernel.restart()")
    page.evaluate("code => run(code)", REAL_APP)
    expect(bars).to_have_count(3)
    page.evaluate("kernel.shutdown()")
    expect(app.get_by_text(re.compile("This app (has stopped|is not running)."))).to_be_visible()
