"""Jupyter Notebook 7 opens the same documents: as notebooks, and as apps on pages of their own."""

from __future__ import annotations

from pathlib import Path

from nexus import SLOW, frame_of, recipe_app, report, wait_for
from playwright.sync_api import expect

SHOTS = Path(__file__).parent / "shots"
AS_APP = "?factory=Nexus%20app"
OPEN = "([path, start]) => void window.jupyterapp.commands.execute('nexus:open-app', { path, start })"
# The shortcuts meet settings that are not loaded yet, with or without Nexus.
KNOWN = "reading 'schema'"


def ours(notebook):
    """Give the complaints of our own scripts, and those about our server."""
    return [error for error in notebook.errors if "nexus" in error]


def shows_its_chart(page):
    """Wait until the app on this page runs and has drawn its bars."""
    wait_for(page, "running")
    frame_of(page).wait_for_selector(".nx-chart svg path", timeout=SLOW)
    assert report(page)["marks"] == 3
    return True


def test_every_page_opens_without_complaint(notebook):
    path = recipe_app(notebook.root)
    files = notebook.page("tree")
    expect(files.get_by_text("penguins.csv")).to_be_visible(timeout=SLOW)
    document = notebook.page(f"notebooks/{path}")
    expect(document.locator(".jp-Notebook h1", has_text="Body mass by species")).to_be_visible(timeout=SLOW)
    expect(document.locator(".nx-CanvasBar")).to_have_count(0)
    # Where the file browser's "Open With" leads.
    app = notebook.page(f"edit/{path}{AS_APP}")
    expect(app.locator(".nx-CanvasBar")).to_be_visible(timeout=SLOW)
    for page in (files, document, app):
        page.wait_for_timeout(1000)
    assert [error for error in notebook.errors if KNOWN not in error] == []


def test_a_notebook_becomes_an_app_in_the_same_tab(notebook):
    SHOTS.mkdir(exist_ok=True)
    path = recipe_app(notebook.root)
    page = notebook.page(f"notebooks/{path}", size=(1280, 900))
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel", timeout=SLOW)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).sharedModel.setSource('# Not saved yet')"
    )
    page.get_by_title("Show this notebook as an app").click()
    page.wait_for_url(f"**/notebooks/{path}{AS_APP}")
    expect(page.locator(".nx-CanvasBar")).to_be_visible(timeout=SLOW)
    assert len(page.context.pages) == 1
    frame_of(page).wait_for_selector("h1:has-text('Not saved yet')", timeout=SLOW)
    page.get_by_role("button", name="Start", exact=True).click()  # the notebook started its kernel, no cell ran
    wait_for(page, "starting")
    assert shows_its_chart(page)
    page.screenshot(path=SHOTS / "notebook7.png")
    page.get_by_role("tab", name="Build", exact=True).click()
    expect(page.locator(".nx-Canvas .jp-Notebook:visible .nx-ChartRenderer svg")).to_have_count(1, timeout=SLOW)
    # The toolbar knows that there is a current notebook.
    expect(page.get_by_title("Show this notebook as an app")).to_be_enabled()
    assert ours(notebook) == []


def test_an_app_is_started_in_a_new_tab_but_not_by_a_link(notebook):
    path = recipe_app(notebook.root)
    link = notebook.page(f"notebooks/{path}{AS_APP}&start=true")
    wait_for(link, "stopped")
    link.close()
    page = notebook.page("tree")
    with page.expect_popup() as opened:
        page.evaluate(OPEN, [path, True])
    app = opened.value
    assert shows_its_chart(app)
    app.evaluate(OPEN, [path, True])  # it is here already
    app.wait_for_timeout(500)
    assert len(page.context.pages) == 2
    expect(app.locator(".nx-CanvasBar")).to_be_visible()
    assert ours(notebook) == []


def test_new_app_in_the_file_menu_leads_to_the_app(notebook):
    recipe_app(notebook.root)  # and with it a table
    page = notebook.page("tree")
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator("#jp-mainmenu-file .lm-Menu-item", has_text="New").first.hover()
    page.get_by_role("menuitem", name="New App", exact=True).click(timeout=SLOW)
    page.locator(".jp-Dialog textarea").fill("compare flipper length by species")
    page.locator(".jp-Dialog select").select_option("penguins.csv")
    with page.expect_popup(timeout=SLOW) as opened:
        page.locator(".jp-Dialog").get_by_role("button", name="Build").click()
    assert shows_its_chart(opened.value)
    assert ours(notebook) == []


def test_the_chat_is_in_the_sidebar_and_survives_a_forbidden_tab(notebook):
    other = recipe_app(notebook.root)
    page = notebook.page(f"notebooks/{other}", size=(1280, 900))
    page.evaluate(
        "() => void window.jupyterapp.commands.execute('nexus:ask', { text: 'compare bill length by species in penguins.csv' })"
    )
    card = page.locator("#nexus-chat .nx-Card", has_text="Bill length by species")
    expect(card).to_be_visible(timeout=SLOW)
    page.evaluate("() => { window.reallyOpen = window.open; window.open = () => null; }")
    card.get_by_role("button", name="Open", exact=True).click()
    offer = page.get_by_role("button", name="Open the app")
    expect(offer).to_be_visible()
    page.evaluate("() => { window.open = window.reallyOpen; }")
    with page.expect_popup() as opened:
        offer.click()
    assert shows_its_chart(opened.value)
    assert ours(notebook) == []


def test_models_and_keys_are_shown_in_a_dialog_and_the_chat_fits_its_sidebar(notebook):
    page = notebook.page("tree", size=(1100, 800))
    page.evaluate("() => void window.jupyterapp.commands.execute('nexus:show-models')")
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_role("radio", name="None: recipes only")).to_be_visible(timeout=SLOW)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    panel = page.locator(".nx-ChatPanel")
    expect(panel.get_by_role("button", name="Clear the chat")).to_be_visible(timeout=SLOW)
    too_wide = page.evaluate(
        """() => { const panel = document.querySelector('.nx-ChatSidebar');
        return document.querySelector('.nx-ChatPanel .jp-chat-widget').getBoundingClientRect().right
            - panel.getBoundingClientRect().right; }"""
    )
    assert too_wide <= 1
