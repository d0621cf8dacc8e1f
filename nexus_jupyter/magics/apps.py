"""Apps from a kernel: those that lie around, a new one, a card that opens one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nexus_jupyter.errors import BadRequest, NexusError, NotFound

MAX_DEPTH = 3
SKIPPED = {"node_modules", "__pycache__"}


def apps(root: Path) -> list[dict[str, str]]:
    """Return the apps below a folder: id, name, title and path, by path."""
    found: list[dict[str, str]] = []
    for folder, names, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in SKIPPED) if depth < MAX_DEPTH else []
        if (Path(folder) / ".nexus").is_dir():
            found += [app for file in sorted(files) if file.endswith(".ipynb") and (app := _app(Path(folder, file)))]
    return found


def _app(path: Path) -> dict[str, str] | None:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["nexus"]
        return {"id": str(about["id"]), "name": str(about["name"]), "title": str(about["title"]), "path": str(path)}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find(root: Path, wanted: str) -> dict[str, str]:
    """Return the app with an id, a name or a path.

    Raises
    ------
    NotFound
        There is none.
    """
    every = apps(root)
    for app in every:
        if wanted in (app["id"], app["name"], app["path"], os.path.relpath(app["path"], root)):
            return app
    names = ", ".join(f"`{app['name']}`" for app in every[:8])
    raise NotFound(f"There is no app `{wanted[:80]}` here.", f"There are {names}." if names else "See: %nexus apps")


def card(app: dict[str, str]) -> dict[str, Any]:
    """Return what JupyterLab draws as the app's card."""
    return {
        "path": server_path(Path(app["path"])),
        "app_id": app["id"],
        "title": app["title"],
        "recipe_title": app.get("recipe_title", ""),
        "status": "ok",
        "tier": app.get("tier", ""),
        "data": [],
    }


def server_path(path: Path) -> str:
    """Return a notebook's path as the Jupyter server names it.

    A kernel knows where it is (its folder) and what the server calls it (`JPY_SESSION_NAME`).
    """
    session = os.environ.get("JPY_SESSION_NAME", "")
    here = Path.cwd().resolve()
    root = here
    if session and not Path(session).is_absolute():
        for _ in Path(session).parent.parts:
            root = root.parent
    return Path(os.path.relpath(path.resolve(), root)).as_posix()


def make(prompt: str, data: list[str], name: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Build an app by `nexus make` in a process of its own, and return what it reports.

    Raises
    ------
    NexusError
        It says why not.
    """
    command = [sys.executable, "-m", "nexus_jupyter.cli", "make", prompt, "--json"]
    for file in data:
        command += ["--data", file]
    if name:
        command += ["--name", name]
    say("Building…")
    # The new app is another notebook than this one, which the kernel's environment names.
    env = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        output, errors = process.communicate()
    except BaseException:  # an interrupt of the cell ends the build too
        process.terminate()
        process.wait(10)
        raise
    try:
        report: dict[str, Any] = json.loads(output)
    except ValueError:
        raise NexusError(f"Nexus ended without a word: {errors.decode(errors='replace')[-300:]}") from None
    if report.get("status") == "error":
        raise BadRequest(report["message"], report["remedy"])
    return report
