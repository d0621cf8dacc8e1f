"""What the tests of JupyterLab share: an app on disk, the canvas, the frame in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from playwright.sync_api import Frame, Page, expect

from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.artifacts.metadata import make_app, read_app, write_app
from nexus_jupyter.recipes.instantiate import instantiate
from nexus_jupyter.recipes.manifest import recipe
from nexus_jupyter.recipes.slots import fill
from nexus_jupyter.recipes.tables import profile

PENGUINS = Path(__file__).parents[1] / "notebooks" / "data" / "penguins.csv"
STATUS = ".nx-CanvasBar[data-status={}]"
SLOW = 30_000


def recipe_app(root: Path, recipe_id: str = "group-compare", sentence: str = "compare body mass by species") -> str:
    """Make a recipe app below `root`; give its path."""
    table_file = root / "penguins.csv"
    shutil.copyfile(PENGUINS, table_file)
    table = profile(table_file)
    chosen = recipe(recipe_id)
    library = ArtifactLibrary(root)
    nb = instantiate(chosen, fill(chosen.manifest, sentence, table), table, sentence=sentence)
    app = read_app(nb)
    write_app(nb, app.model_copy(update={"name": library.free_name(app.name)}))
    return library.create(nb, [table_file], message="Create it").path.relative_to(root).as_posix()


def code_app(root: Path, name: str, *sources: str) -> str:
    """Make an app of code that nobody trusts; give its path."""
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s, id=f"cell{i}") for i, s in enumerate(sources)],
        metadata={"kernelspec": {"name": "nexus-python", "display_name": "Nexus", "language": "python"}},
    )
    library = ArtifactLibrary(root)
    make_app(nb, title=name, name=library.free_name(name))
    return library.create(nb, [], message="Create it").path.relative_to(root).as_posix()


def open_app(page: Page, path: str, *, start: bool = False) -> None:
    """Open an app in the canvas."""
    page.evaluate(
        "([path, start]) => void window.jupyterapp.commands.execute('nexus:open-app', { path, start })", [path, start]
    )
    expect(page.locator(".nx-CanvasBar:visible")).to_have_count(1, timeout=SLOW)


def wait_for(page: Page, status: str) -> None:
    """Wait until the current canvas says that its app has this status."""
    expect(page.locator(STATUS.format(status) + ":visible")).to_have_count(1, timeout=SLOW)


def frame_of(page: Page) -> Frame:
    """Give the opaque frame of the last opened app view."""
    page.wait_for_function("() => document.querySelector('.nx-AppFrame iframe')")
    for _ in range(100):
        frames = [f for f in page.frames if f.url.endswith("/nexus/api/appview/frame")]
        if frames:
            return frames[-1]
        page.wait_for_timeout(50)
    raise AssertionError("the app view has no frame")


def report(page: Page) -> dict[str, object]:
    """Ask the current app view what it drew."""
    answer: dict[str, object] = page.evaluate(
        "() => [...window.jupyterapp.shell.widgets('main')].find(w => w.frame && w.isVisible).frame.inspect()"
    )
    return answer


FORGET = """() => new Promise(done => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/nexus/api/chats/main/channel');
    let hellos = 0;
    socket.onmessage = event => { if (JSON.parse(event.data).kind === 'hello' && ++hellos === 2) { socket.close(); done(); } };
    socket.onopen = () => ['stop', 'clear'].forEach(kind => socket.send(JSON.stringify({ kind })));
})"""


def forget_chat(page):
    """Stop what is being answered, and clear the chat: the server has done so when this returns."""
    page.evaluate(FORGET)
