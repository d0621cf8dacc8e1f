"""The sidebar chat and New App in a real JupyterLab."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from nexus import PENGUINS, SLOW, forget_chat, frame_of, wait_for
from playwright.sync_api import expect

SHOTS = Path(__file__).parent / "shots"


@pytest.fixture
def page(lab):
    shutil.copyfile(PENGUINS, lab.root / "penguins.csv")
    page = lab.desk(size=(1280, 900))
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    page.wait_for_selector(".nx-ChatPanel textarea", timeout=SLOW)
    yield page
    forget_chat(page)


def say(page, text):
    box = page.locator(".nx-ChatPanel textarea").first
    box.fill(text)
    box.press("Enter")


def cards(page):
    return page.locator(".nx-ChatPanel .nx-Card", has=page.get_by_role("button", name="Open"))


def test_a_sentence_becomes_an_app_that_opens(page):
    SHOTS.mkdir(exist_ok=True)
    say(page, "compare body mass by species in penguins.csv")
    expect(page.locator(".nx-ActivityBar:visible")).to_have_count(1)
    expect(cards(page)).to_have_count(1, timeout=SLOW)
    expect(page.locator(".nx-ChatPanel")).to_contain_text("no model was used")
    expect(page.locator(".nx-ActivityBar:visible")).to_have_count(0)
    page.screenshot(path=SHOTS / "chat.png")
    cards(page).get_by_role("button", name="Open").click()
    wait_for(page, "running")
    assert frame_of(page).wait_for_selector(".nx-chart svg", timeout=SLOW)
    cards(page).get_by_role("button", name="Stop").click()
    wait_for(page, "stopped")
    cards(page).get_by_role("button", name="Run").click()
    wait_for(page, "running")


def test_apps_open_in_any_order(page):
    say(page, "compare body mass by species in penguins.csv")
    expect(cards(page)).to_have_count(1, timeout=SLOW)
    say(page, "a loan calculator")
    expect(cards(page)).to_have_count(2, timeout=SLOW)
    cards(page).first.get_by_role("button", name="Open").click()
    wait_for(page, "running")
    assert frame_of(page).wait_for_selector(".nx-chart svg", timeout=SLOW)


def test_clearing_the_chat_is_asked_for(page):
    say(page, "what can you do?")
    expect(page.locator(".nx-ChatPanel")).to_contain_text("Describe an app in a sentence and I build it", timeout=SLOW)
    page.get_by_role("button", name="Clear the chat").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator(".nx-ChatPanel")).to_contain_text("what can you do?")
    page.get_by_role("button", name="Clear the chat").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(".nx-ChatPanel")).not_to_contain_text("what can you do?", timeout=SLOW)


def test_out_of_scope_is_said_plainly_with_the_nearest_recipes(page):
    say(page, "write a poem about the moon")
    expect(page.locator(".nx-ChatPanel")).to_contain_text("I cannot build this without a model", timeout=SLOW)
    chips = page.locator(".nx-ChatPanel .nx-Card [role=group] button")
    expect(chips).to_have_count(3)


def test_a_chip_builds_what_it_says(page):
    say(page, "write a poem about the moon")
    chips = page.locator(".nx-ChatPanel .nx-Card [role=group] button")
    expect(chips).to_have_count(3, timeout=SLOW)
    chip = chips.filter(has_text=re.compile("Calculator|Quiz|Simulator|Compare texts")).first  # they need no table
    label = chip.inner_text()
    chip.click()
    expect(cards(page)).to_have_count(1, timeout=SLOW)
    expect(cards(page)).to_contain_text(label)
    expect(cards(page)).to_be_in_viewport(ratio=1)


def test_the_chat_survives_a_reload(page, lab):
    say(page, "what can you do?")
    expect(page.locator(".nx-ChatPanel")).to_contain_text("Describe an app in a sentence and I build it", timeout=SLOW)
    page.goto(lab.url("lab?reset"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored.then(() => true)")
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    expect(page.locator(".nx-ChatPanel")).to_contain_text("what can you do?", timeout=SLOW)
    expect(page.locator(".nx-ChatPanel")).to_contain_text("Describe an app in a sentence and I build it")


def test_the_newest_message_is_in_sight_unless_its_reader_scrolled_up(page, lab):
    messages = page.locator(".nx-ChatPanel .jp-chat-message")
    for count in range(1, 5):
        say(page, "what can you do?")
        expect(messages).to_have_count(2 * count, timeout=SLOW)
        expect(messages.last).to_contain_text("I build it")
    expect(messages.last).to_be_in_viewport()
    expect(messages.first).not_to_be_in_viewport()
    messages.first.scroll_into_view_if_needed()
    page.evaluate(  # somebody else's window asks
        """() => new Promise(done => {
            const socket = new WebSocket(location.origin.replace('http', 'ws') + '/nexus/api/chats/main/channel');
            const body = 'a loan calculator';
            socket.onopen = () => { socket.send(JSON.stringify({ kind: 'send', text: body, data: [] })); done(); };
        })"""
    )
    expect(cards(page)).to_have_count(1, timeout=SLOW)
    expect(messages.first).to_be_in_viewport()
    page.goto(lab.url("lab?reset"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored.then(() => true)")
    page.evaluate("() => window.jupyterapp.commands.execute('nexus:show-chat')")
    expect(cards(page)).to_be_in_viewport(timeout=SLOW)


def test_what_is_asked_before_the_server_answers_is_sent_once_it_does(lab):
    sockets = []

    def second_time_lucky(socket):
        sockets.append(socket)
        if len(sockets) > 1:
            socket.connect_to_server()
        else:
            socket.close()

    page = lab.page()
    page.route_web_socket("**/nexus/api/chats/**", second_time_lucky)
    page.goto(lab.url("lab?reset"))
    page.wait_for_function("window.jupyterapp && window.jupyterapp.restored.then(() => true)")
    page.evaluate("() => void window.jupyterapp.commands.execute('nexus:show-chat')")
    say(page, "what can you do?")
    expect(page.locator(".nx-ChatPanel")).to_contain_text("Describe an app in a sentence and I build it", timeout=SLOW)
    expect(page.locator(".nx-ChatPanel .jp-chat-message", has_text="what can you do?")).to_have_count(1)
    expect(page.locator(".nx-ChatPanel textarea").first).to_have_value("")


def test_stop_ends_the_answer_and_says_so(page):
    say(page, "compare body mass by species in penguins.csv")
    page.locator(".nx-ActivityBar").get_by_role("button", name="Stop").click(timeout=SLOW)
    expect(page.locator(".nx-ChatPanel")).to_contain_text("Stopped.", timeout=SLOW)
    expect(page.locator(".nx-ActivityBar:visible")).to_have_count(0)


def test_markup_in_a_message_stays_text(page):
    say(page, "<img src=x onerror=window.pwned=1> browse <script>window.pwned=1</script>")
    expect(page.locator(".nx-ChatPanel .jp-chat-message").first).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.pwned") is None


def test_new_app_from_the_palette_lands_in_the_canvas(page):
    page.evaluate("() => void window.jupyterapp.commands.execute('nexus:new-app')")
    dialog = page.locator(".jp-Dialog")
    expect(dialog.get_by_role("button", name="Build")).to_be_disabled()
    dialog.get_by_label("What should the app do?").fill("compare flipper length by island")
    dialog.get_by_label("Table").select_option("penguins.csv")
    page.screenshot(path=SHOTS / "new-app.png")
    dialog.get_by_role("button", name="Build").click()
    wait_for(page, "running")
    frame = frame_of(page)
    frame.wait_for_selector(".nx-chart svg", timeout=SLOW)
    chosen = frame.get_by_label("Compare").evaluate("node => node.selectedOptions[0].textContent")
    assert chosen == "flipper_length_mm"


def test_new_app_takes_a_table_of_the_own_machine(page, lab, tmp_path):
    table = tmp_path / "shoe sizes.csv"
    table.write_text("team,size\nA,41\nA,43\nB,38\n" * 100_000)  # more than one part
    page.evaluate("() => void window.jupyterapp.commands.execute('nexus:new-app')")
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_label("What should the app do?").fill("compare size by team")
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="Upload…").click()
    chooser.value.set_files(table)
    expect(dialog.get_by_label("Table")).to_have_value("shoe sizes.csv", timeout=SLOW)
    assert (lab.root / "shoe sizes.csv").read_bytes() == table.read_bytes()
    dialog.get_by_role("button", name="Build").click()
    wait_for(page, "running")
    frame_of(page).wait_for_selector(".nx-chart svg", timeout=SLOW)


def test_new_app_says_what_is_wrong(page):
    page.evaluate("() => void window.jupyterapp.commands.execute('nexus:new-app')")
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_label("What should the app do?").fill("compare `wingspan` by island")
    dialog.get_by_label("Table").select_option("penguins.csv")
    dialog.get_by_role("button", name="Build").click()
    expect(page.get_by_text("has no column `wingspan`").first).to_be_visible(timeout=SLOW)


def test_the_launcher_offers_a_new_app(page):
    expect(page.locator(".jp-LauncherCard", has_text="New App")).to_have_count(1)
