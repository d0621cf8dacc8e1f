"""The canvas in a real JupyterLab: an app is used, built, stopped, reloaded."""

from __future__ import annotations

from pathlib import Path

from nexus import SLOW, frame_of, open_app, recipe_app, report, wait_for
from playwright.sync_api import expect

SHOTS = Path(__file__).parent / "shots"


def bars(frame):
    """Give the labels of the drawn bars, which say their values."""
    frame.wait_for_selector(".nx-chart svg path", timeout=SLOW)
    return frame.eval_on_selector_all(
        ".nx-chart svg [aria-roledescription=bar], .nx-chart svg .mark-rect path",
        "nodes => nodes.map(n => n.getAttribute('d'))",
    )


def test_a_control_changes_the_chart(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame = frame_of(page)
    before = bars(frame)
    assert len(before) == 3
    frame.get_by_label("Compare").select_option("flipper_length_mm")
    frame.wait_for_function("() => document.querySelector('.nx-chart').getAttribute('aria-label').includes('flipper')")
    assert bars(frame) != before
    frame.get_by_text("Boxes", exact=True).click()
    frame.wait_for_function("() => document.querySelector('.nx-chart').getAttribute('aria-label').includes('Median')")
    frame.wait_for_selector(".nx-main table")
    drawn = report(page)
    assert drawn["marks"] >= 9
    assert [t["rows"] for t in drawn["tables"]] == [3]
    assert drawn["errors"] == []


def test_rows_can_be_downloaded_out_of_the_frame(lab):
    page = lab.desk()
    open_app(page, recipe_app(lab.root, "table-explorer", "browse the table"), start=True)
    wait_for(page, "running")
    frame = frame_of(page)
    frame.get_by_label("Search").fill("gentoo")
    frame.get_by_label("Search").press("Enter")
    expect(frame.locator(".nx-main")).to_contain_text("124 rows", timeout=SLOW)
    frame.get_by_role("button", name="Prepare download").click()
    with page.expect_download(timeout=SLOW) as waited:
        frame.get_by_role("link", name="Download 124 rows").press("Enter")
    assert waited.value.suggested_filename == "rows.csv"
    rows = Path(waited.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 125 and rows[0].startswith("species,")


def test_build_is_the_same_session_with_live_widgets(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame_of(page).get_by_label("Compare").select_option("bill_depth_mm")
    page.get_by_role("tab", name="Build", exact=True).click()
    notebook = page.locator(".nx-Canvas .jp-Notebook:visible")
    # The widget in the notebook follows the one in the app view: one kernel, one model.
    menu = notebook.locator(".widget-dropdown select").first
    menu.scroll_into_view_if_needed(timeout=SLOW)
    expect(menu).to_have_value("bill_depth_mm", timeout=SLOW)
    expect(notebook.locator(".nx-ChartRenderer svg")).to_have_count(1, timeout=SLOW)


def test_a_kernel_that_ran_nothing_is_no_running_app(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    opened = (
        "async path => { await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' }); }"
    )
    page.evaluate(opened, path)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.kernelDisplayStatus === 'idle'", timeout=SLOW
    )
    page.locator(".jp-NotebookPanel-toolbar:visible").get_by_role("button", name="App", exact=True).click()
    wait_for(page, "stopped")
    page.locator(".nx-CanvasBar:visible").get_by_role("button", name="Start").click()
    wait_for(page, "running")
    assert len(bars(frame_of(page))) == 3


def test_keyboard_switches_views_and_runs_cells(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    page.get_by_role("tab", name="App", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Build", exact=True)).to_have_attribute("aria-selected", "true")
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(1).executionCount > 6", timeout=SLOW
    )


def test_stop_start_and_restart_tell_the_truth(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path)
    wait_for(page, "stopped")
    kernels = "() => fetch('/api/kernels').then(r => r.json()).then(k => k.map(x => x.id).sort())"
    before = page.evaluate(kernels)
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(page, "running")
    started = page.evaluate(kernels)
    assert len(started) == len(before) + 1
    page.get_by_role("button", name="Restart", exact=True).click()
    wait_for(page, "starting")
    wait_for(page, "running")
    assert page.evaluate(kernels) == started
    assert report(page)["marks"] == 3
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for(page, "stopped")
    assert page.evaluate(kernels) == before


def test_changed_code_is_said_until_the_app_runs_it(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    status = page.locator(".nx-CanvasBar:visible .nx-CanvasBar-status")
    expect(status).to_have_text("Running")
    page.evaluate(
        """() => { const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
        const cell = cells.find(c => c.sharedModel.getSource().includes('description="Compare"'));
        const source = cell.sharedModel.getSource().replace('description="Compare"', 'description="Measure"');
        cell.sharedModel.setSource(source); }"""
    )
    expect(status).to_have_text("Changed")
    expect(status).to_have_attribute("title", "The notebook has changed since the app started. Restart to apply it.")
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(frame_of(page).get_by_label("Measure")).to_be_visible(timeout=SLOW)
    wait_for(page, "running")
    expect(status).to_have_text("Running")


def test_killed_kernel_is_reported(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    page.get_by_role("tab", name="Build", exact=True).click()
    page.evaluate(
        """() => { const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
        kernel.requestExecute({ code: 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)' }); }"""
    )
    # Jupyter Server starts a dead kernel again, without anything of the app in it.
    wait_for(page, "failed")
    page.locator(".jp-Dialog").get_by_role("button", name="Ok").click(timeout=SLOW)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'", timeout=SLOW
    )
    page.get_by_role("button", name="Restart", exact=True).click()
    wait_for(page, "running")
    page.get_by_role("tab", name="App", exact=True).click()
    assert len(bars(frame_of(page))) == 3


def test_a_reload_shows_the_running_app_again(lab):
    path = recipe_app(lab.root)
    page = lab.desk()
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame = frame_of(page)
    frame.get_by_label("Compare").select_option("bill_length_mm")
    frame.wait_for_function(
        "() => document.querySelector('.nx-chart').getAttribute('aria-label').includes('bill_length')"
    )
    page.wait_for_timeout(1500)  # JupyterLab saves its layout a second after the last change
    page.goto(lab.url("lab"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored.then(() => true)")
    page.wait_for_selector(".nx-CanvasBar", timeout=SLOW)
    wait_for(page, "running")
    again = frame_of(page)
    again.wait_for_selector(".nx-chart svg", timeout=SLOW)
    assert again.get_by_label("Compare").input_value() == frame_value(again)
    label = again.get_attribute(".nx-chart", "aria-label")
    assert label and "bill_length" in label
    tabs = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=".ipynb")
    assert tabs.count() == 1, "the app was restored twice"


def frame_value(frame):
    """Give the chosen column as the page has it."""
    return frame.eval_on_selector("select", "node => node.value")


def test_the_notebook_opened_first_or_second_shares_the_document(lab):
    for first, second in (("Notebook", "Nexus app"), ("Nexus app", "Notebook")):
        path = recipe_app(lab.root)
        page = lab.page()
        shared = page.evaluate(
            """async ([path, first, second]) => {
                const open = factory => window.jupyterapp.commands.execute('docmanager:open', { path, factory });
                const a = await open(first);
                await a.context.ready;
                const b = await open(second);
                await b.context.ready;
                a.content.model.cells.get(1).sharedModel.setSource('# changed');
                return a.context === b.context && b.content.model.cells.get(1).sharedModel.getSource() === '# changed';
            }""",
            [path, first, second],
        )
        assert shared is True


def test_on_a_phone_an_app_has_the_width_to_itself(lab):
    path = recipe_app(lab.root)
    page = lab.desk(size=(420, 800))
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    open_app(page, path, start=True)
    wait_for(page, "running")
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    width = page.locator(".nx-AppFrame:visible").bounding_box()["width"]
    assert width > 340


def test_it_looks_right_light_dark_and_narrow(lab):
    SHOTS.mkdir(exist_ok=True)
    path = recipe_app(lab.root)
    page = lab.desk(size=(1280, 900))
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame_of(page).wait_for_selector(".nx-chart svg", timeout=SLOW)
    page.screenshot(path=SHOTS / "canvas-light.png")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    frame_of(page).wait_for_selector("html[data-theme=dark], body[data-theme=dark], [data-theme=dark]")
    page.screenshot(path=SHOTS / "canvas-dark.png")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_timeout(500)
    page.screenshot(path=SHOTS / "canvas-narrow.png")
    width = frame_of(page).evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, "the app is wider than its frame"
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
    page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
