"""What untrusted code sends never acts in JupyterLab's origin; each probe has a control that would notice."""

from __future__ import annotations

import json

import pytest
from nexus import SLOW, code_app, frame_of, open_app, wait_for
from playwright.sync_api import expect

ESM = "window.pwned = 'esm'; fetch('/api/contents'); export default { render({ el }) { window.pwned = 'render'; el.textContent = 'drawn' } }"

PROBES = {
    "bare comm_open with _esm": f"""
from comm import create_comm
create_comm(target_name="jupyter.widget", data={{"state": {{
    "_model_module": "anywidget", "_model_name": "AnyModel", "_model_module_version": "~0.11.0",
    "_view_module": "anywidget", "_view_name": "AnyView", "_view_module_version": "~0.11.0",
    "_anywidget_id": "x.y", "_esm": {ESM!r}, "layout": None}}, "buffer_paths": []}},
    metadata={{"version": "2.1.0"}})
""",
    "anywidget displayed": f"""
import anywidget
class W(anywidget.AnyWidget):
    _esm = {ESM!r}
display(W())
""",
    "javascript": "from IPython.display import Javascript\ndisplay(Javascript(\"window.pwned='js'; fetch('/api/contents')\"))",
    "html script": "from IPython.display import HTML\ndisplay(HTML(\"<b>shown</b><script>window.pwned='html'</script><img src=x onerror=\\\"window.pwned='img'\\\">\"))",
    "svg": "from IPython.display import SVG\ndisplay(SVG(\"<svg xmlns='http://www.w3.org/2000/svg' onload=\\\"window.pwned='svg'\\\"><script>window.pwned='svg2'</script><rect width='9' height='9'/></svg>\"))",
    "markdown": "from IPython.display import Markdown\ndisplay(Markdown(\"**shown** <img src=x onerror=\\\"window.pwned='md'\\\"> [x](javascript:window.pwned='link')\"))",
    "command linker": "from IPython.display import HTML\ndisplay(HTML(\"<button data-commandlinker-command='nexus:probe' data-commandlinker-args='{}'>press</button>\"))",
    "nested inert": "display({'application/vnd.nexus.inert+json': {'bundle': {'text/html': \"<img src=x onerror=\\\"window.pwned='inert'\\\">\"}}, 'text/html': \"<script>window.pwned='h'</script>\"}, raw=True)",
    "forged card": "display({'application/vnd.nexus.app-card+json': {'path': 'x', 'title': \"<img src=x onerror=\\\"window.pwned='card'\\\">\", 'recipe_title': 'x', 'status': 'ok', 'tier': 'x', 'data': []}}, raw=True)",
    "vega that loads an address": "display({'application/vnd.vegalite.v5+json': {'data': {'url': '/api/contents'}, 'mark': 'bar', 'encoding': {}}}, raw=True)",
    "set_next_input payload": "get_ipython().set_next_input('window.pwned', replace=False)",
}
PLANT = """() => {
    window.pwned = null;
    window.apiCalls = [];
    window.jupyterapp.commands.addCommand('nexus:probe', { execute: () => { window.pwned = 'command' } });
    // What the probes ask for; JupyterLab's own requests carry a slash and parameters.
    new PerformanceObserver(list => list.getEntries().forEach(entry => {
        if (entry.name.endsWith('/api/contents')) window.apiCalls.push(entry.name);
    })).observe({ entryTypes: ['resource'] });
}"""


@pytest.fixture(scope="module")
def pages(lab_server):
    """One page for all probes; each opens an app of its own in it."""
    page = lab_server.page()
    page.evaluate(PLANT)
    yield page
    lab_server.tidy()


@pytest.fixture
def clean_slate(pages):
    yield
    pages.evaluate("() => window.jupyterapp.commands.execute('application:close-all')")
    pages.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


@pytest.mark.usefixtures("clean_slate")
@pytest.mark.parametrize("name", PROBES)
def test_untrusted_output_does_not_act_in_build(pages, lab_server, name):
    page = pages
    page.evaluate("() => { window.pwned = null; window.apiCalls = []; }")
    cells_before = 1
    path = code_app(lab_server.root, "hostile", PROBES[name] + "\nprint('ran')")
    open_app(page, path)
    page.get_by_role("tab", name="Build", exact=True).last.click()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.session.start()")
    wait_for(page, "running")
    output = page.locator(".nx-Canvas:visible .jp-OutputArea").first
    expect(output).to_contain_text("ran", timeout=SLOW)
    for button in page.locator(".nx-Canvas:visible .jp-OutputArea button, .nx-Canvas:visible .jp-OutputArea a").all():
        if "Show in the app" not in (button.text_content() or ""):
            button.click(timeout=1000)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.pwned") is None
    assert page.evaluate("() => window.apiCalls") == []
    count = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.cells.length")
    assert count == cells_before
    expect(page.locator(".nx-TrustBar:visible")).to_have_count(1)


@pytest.mark.parametrize("name", ["javascript", "html script", "anywidget displayed"])
def test_the_same_output_acts_from_a_kernel_without_a_sandbox(lab, name):
    """The control: in a stock notebook on a plain kernel these probes do act, so the test above would see it."""
    page = lab.page()
    page.evaluate(PLANT)
    path = code_app(lab.root, "control", PROBES[name])
    file = lab.root / path
    nb = json.loads(file.read_text())
    nb["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file.write_text(json.dumps(nb))
    page.evaluate(
        """async path => {
            const panel = await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
            await panel.context.ready;
            await panel.context.sessionContext.ready;
            await panel.context.sessionContext.session.kernel.info;
            panel.content.activeCellIndex = 0;
            await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        path,
    )
    page.wait_for_function("() => window.pwned !== null", timeout=SLOW)


def test_the_app_view_shows_what_build_does_not(lab):
    path = code_app(lab.root, "widget", PROBES["anywidget displayed"])
    page = lab.page()
    page.evaluate(PLANT)
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame_of(page).get_by_text("drawn").wait_for(timeout=SLOW)
    assert page.evaluate("() => window.pwned") is None


def test_trusting_the_code_shows_it_in_build_and_a_change_ends_the_trust(lab):
    source = "import ipywidgets\ndisplay(ipywidgets.IntSlider(description='mine'))"
    path = code_app(lab.root, "trusted", source)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    page.get_by_role("tab", name="Build", exact=True).click()
    slider = page.locator(".nx-Canvas:visible .jp-OutputArea .widget-slider")
    expect(page.get_by_text("An interactive output")).to_be_visible(timeout=SLOW)
    expect(slider).to_have_count(0)
    page.get_by_role("button", name="Trust this code").click()
    expect(slider).to_have_count(1, timeout=SLOW)
    expect(page.locator(".nx-TrustBar:visible")).to_have_count(0)
    page.evaluate(
        f"() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).sharedModel.setSource({json.dumps(source + '  # changed')})"
    )
    page.get_by_role("button", name="Restart", exact=True).click()
    wait_for(page, "starting")
    wait_for(page, "running")
    expect(page.locator(".nx-TrustBar:visible")).to_have_count(1, timeout=SLOW)
    expect(slider).to_have_count(0)
