"""With jupyter-collaboration: whichever view opens first, the document stays shared."""

from __future__ import annotations

import pytest
from nexus import SLOW, frame_of, open_app, recipe_app, wait_for
from playwright.sync_api import expect


@pytest.mark.parametrize("order", [("Notebook", "Nexus app"), ("Nexus app", "Notebook")], ids=" then ".join)
def test_two_people_edit_one_document_in_both_opening_orders(collaborative_lab, order):
    lab = collaborative_lab
    path = recipe_app(lab.root)
    pages = [lab.page(f"lab/workspaces/w{i}{order[0][0]}?reset", profile=lab.profile()) for i in range(2)]
    opened = """async ([path, first, second]) => {
        const open = factory => window.jupyterapp.commands.execute('docmanager:open', { path, factory });
        const a = await open(first);
        await a.context.ready;
        const b = await open(second);
        await b.context.ready;
        window.panel = b;
        return a.context === b.context && b.context.model.collaborative;
    }"""
    for page in pages:
        assert page.evaluate(opened, [path, *order]) is True
    pages[0].evaluate("() => window.panel.content.model.cells.get(1).sharedModel.setSource('# shared')")
    seen = "() => window.panel.content.model.cells.get(1).sharedModel.getSource() === '# shared'"
    pages[1].wait_for_function(seen, timeout=SLOW)


def test_an_app_runs_with_collaboration_on(collaborative_lab):
    path = recipe_app(collaborative_lab.root)
    page = collaborative_lab.page("lab/workspaces/run?reset")
    open_app(page, path, start=True)
    wait_for(page, "running")
    frame = frame_of(page)
    frame.wait_for_selector(".nx-chart svg", timeout=SLOW)
    frame.get_by_label("Compare").select_option(label="flipper_length_mm")
    expect(frame.locator(".nx-chart")).to_have_attribute("aria-label", "Average of flipper_length_mm by species")
