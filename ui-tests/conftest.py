"""Fixtures of the browser tests: one Chromium and one JupyterLab for the session.

Run by themselves (`pytest ui-tests`): pytest-jupyter's event loop and Playwright's do not share a session.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
]

NewPage = Callable[..., Page]
CLEAR = """async () => {
    const { serviceManager, shell } = window.jupyterapp;
    document.querySelectorAll('.jp-Dialog .jp-mod-reject, .jp-Dialog .jp-mod-accept').forEach(button => button.click());
    [...shell.widgets('main')].forEach(widget => widget.dispose());
    await serviceManager.sessions.shutdownAll();
    shell.activateById('filebrowser');
}"""


def chromium_path() -> str | None:
    """Find the browser: `NEXUS_CHROMIUM`, else the system's."""
    names = (os.environ.get("NEXUS_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def free_port() -> int:
    """Ask the system for a port nobody uses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("No Chromium here; set NEXUS_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Make pages in contexts of their own, with Playwright's context options."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Page:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@dataclass
class Lab:
    """A running JupyterLab, or Jupyter Notebook."""

    port: int
    token: str
    root: Path
    browser: Browser
    scripts: Path = Path()
    """What the models say; the calls they got are logged beside it."""
    _desk: Page | None = None
    profiles: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What the open pages complained of in the browser's console, and which script did."""

    def url(self, path: str = "lab") -> str:
        """Give an address with the token in it."""
        joint = "&" if "?" in path else "?"
        return f"http://127.0.0.1:{self.port}/{path.lstrip('/')}{joint}token={self.token}"

    @cached_property
    def context(self) -> BrowserContext:
        """The profile of most pages: JupyterLab's scripts are fetched and compiled once."""
        return self.profile()

    def profile(self) -> BrowserContext:
        """Make a browser profile: another person, or another machine."""
        context = self.browser.new_context()
        self.profiles.append(context)
        context.on("console", self._on_console)
        context.on("weberror", lambda e: self.errors.append(e.error.stack or str(e.error)))
        return context

    def page(
        self, path: str = "lab?reset", *, size: tuple[int, int] = (1280, 720), profile: BrowserContext | None = None
    ) -> Page:
        """Open `path` in a page of `size` (px) and wait until JupyterLab is there."""
        page = (profile or self.context).new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(self.url(path))
        page.wait_for_function("window.jupyterapp && window.jupyterapp.restored.then(() => true)")
        return page

    def desk(self, *, size: tuple[int, int] = (1280, 720)) -> Page:
        """Give the page that tests share, cleared: loading JupyterLab takes longer than most of them."""
        if self._desk is None or self._desk.is_closed():
            self._desk = self.page(size=size)
        else:
            self._desk.set_viewport_size({"width": size[0], "height": size[1]})
        return self._desk

    def tidy(self) -> None:
        """End what a test left, and forget what it complained of."""
        for page in [page for profile in self.profiles for page in profile.pages if page is not self._desk]:
            page.close()
        if self._desk is not None and not self._desk.is_closed():
            self._desk.evaluate(CLEAR)
        self.errors.clear()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")


SCRIPTS = {
    "wise": [{"pieces": ["The **answer** ", "is:\n\n", "```python\ntotal = 42\n```\n"], "usage": [230, 41]}],
    "slow": [{"pieces": ["word "] * 3000, "seconds": 0.02}],
    "cut": [{"pieces": ["half an"], "error": {"type": "AnswerCut", "message": "The answer was cut."}}],
}
COLLABORATION = ("@jupyter/collaboration-extension", "@jupyter/docprovider-extension")
COLLABORATION_SERVER = ("jupyter_server_ydoc", "jupyter_server_fileid", "jupyter_collaboration")


def _environment(folder: Path, *, collaboration: bool = False) -> dict[str, str]:
    """Give the server folders of its own, so that nothing of the developer's leaks in."""
    names = ("CONFIG", "DATA", "RUNTIME")
    env = {**os.environ, **{f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in names}}
    settings = folder / "settings"
    env["JUPYTERLAB_SETTINGS_DIR"] = str(settings)
    env["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    # The dialog about news would cover a corner of the page.
    notification = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notification.parent.mkdir(parents=True)
    notification.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    # Models answer from a script; nothing on this machine or in its environment is found instead.
    scripts = folder / "scripts.json"
    scripts.write_text(json.dumps(SCRIPTS))
    env |= {"NEXUS_SCRIPTS": str(scripts), "NEXUS_LOCAL_PORTS": "", "NEXUS_BROKER_IDLE": "120"}
    for name in [n for n in env if n.endswith("_API_KEY")]:
        del env[name]
    # jupyter-collaboration is installed for its own tests; elsewhere it is off, as for most people.
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    disabled = {} if collaboration else dict.fromkeys(COLLABORATION, True)
    (config / "labconfig" / "page_config.json").write_text(json.dumps({"disabledExtensions": disabled}))
    extensions = dict.fromkeys(COLLABORATION_SERVER, collaboration)
    server = {"ServerApp": {"jpserver_extensions": extensions}}
    (config / "jupyter_server_config.json").write_text(json.dumps(server))
    return env


def _wait(server: subprocess.Popen[bytes], url: str, log: Path, timeout: float = 90) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def lab_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from _serve(chromium, tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def collaboration_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from _serve(chromium, tmp_path_factory.mktemp("collab"), collaboration=True)


@pytest.fixture(scope="session")
def notebook_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    yield from _serve(chromium, tmp_path_factory.mktemp("notebook"), application="notebook")


def _serve(
    chromium: Browser, folder: Path, *, collaboration: bool = False, application: str = "jupyterlab"
) -> Iterator[Lab]:
    """Run a JupyterLab, or a Jupyter Notebook, until the session ends."""
    root = folder / "notebooks"
    root.mkdir()
    lab = Lab(free_port(), secrets.token_hex(16), root, chromium, folder / "scripts.json")
    command = [
        sys.executable,
        "-m",
        application,
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={lab.port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={lab.token}",
        "--expose-app-in-browser",
    ]
    log = folder / "server.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            command,
            cwd=root,
            env=_environment(folder, collaboration=collaboration),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(server, lab.url("api/status"), log)
        yield lab
    finally:
        _end_broker(folder / "data" / "nexus" / "broker.json")
        # Its kernels are in its session and go with it.
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(5)


def _end_broker(file: Path) -> None:
    """End the broker that a server started: it has a session of its own."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        os.kill(json.loads(file.read_text())["pid"], signal.SIGTERM)


@pytest.fixture
def lab(lab_server: Lab) -> Iterator[Lab]:
    """The session's JupyterLab; pages that a test opened are closed after it."""
    yield lab_server
    lab_server.tidy()


@pytest.fixture
def collaborative_lab(collaboration_server: Lab) -> Iterator[Lab]:
    """A JupyterLab with jupyter-collaboration."""
    yield collaboration_server
    collaboration_server.tidy()


@pytest.fixture
def notebook(notebook_server: Lab) -> Iterator[Lab]:
    """A Jupyter Notebook; its pages are `tree`, `notebooks/PATH`, `edit/PATH`."""
    yield notebook_server
    notebook_server.tidy()
