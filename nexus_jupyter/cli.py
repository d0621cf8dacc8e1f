"""The `nexus` command (also `jupyter nexus`)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from nexus_jupyter import __version__
from nexus_jupyter.errors import (
    AppFailed,
    BadRequest,
    BrokerUnavailable,
    KernelDied,
    ModelError,
    NexusError,
    SandboxUnavailable,
    StorageFailed,
)

T = TypeVar("T")
STOP_AGAIN_SECONDS = 5.0
OK, FAILED, USAGE, ENVIRONMENT = 0, 1, 2, 3
VISUAL = {"application/vnd.jupyter.widget-view+json", "application/vnd.vegalite.v5+json"}


class Stopped(NexusError):
    """The user pressed Ctrl-C."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises what it finds wrong, for `main` to say in the form asked for."""

    def error(self, message: str) -> NoReturn:
        raise BadRequest(f"{message[:1].upper()}{message[1:]}.", f"Run: {self.prog} --help") from None


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    root = _Parser(prog="nexus", description="Describe an app in a sentence, get a notebook app.")
    root.add_argument("--version", action="version", version=f"nexus {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--json", action="store_true", help="print one JSON object")
        command.set_defaults(run=run)
        return command

    make = add("make", _make, "Build an app from a sentence, run it in the sandbox and check what it shows.")
    make.add_argument("prompt", metavar="PROMPT")
    make.add_argument("--data", metavar="FILE", type=Path, action="append", default=[], help="data file (repeatable)")
    make.add_argument("--name", metavar="SLUG", default="", help="folder and file name of the app")
    make.add_argument("--root", metavar="DIR", type=Path, default=Path(), help="where apps are kept (default: here)")
    make.add_argument("--recipe", metavar="ID", default="", help="recipe to use, instead of the best one")

    route = add("route", _route, "Rank the recipes for a sentence.")
    route.add_argument("prompt", metavar="PROMPT")
    route.add_argument("--data", metavar="FILE", type=Path)

    check = add("check", _check, "Run a notebook in a clean sandbox and check what it shows; nothing is written.")
    check.add_argument("path", metavar="PATH", type=Path)
    check.add_argument("--timeout", metavar="SECONDS", type=float, default=120, help="per cell (default: 120)")

    run = add("run", _run, "Run a notebook in the sandbox and keep its outputs in the file.")
    run.add_argument("path", metavar="PATH", type=Path)
    run.add_argument("--timeout", metavar="SECONDS", type=float, default=120, help="per cell (default: 120)")

    from nexus_jupyter.cli_models import add_commands

    add_commands(add)
    add("doctor", _doctor, "Say what works here, and how to mend what does not.")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 ok, 1 the app failed, 2 usage, 3 environment."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    # jsonschema's check of IRIs builds a grammar for 2 s of CPU when imported; no schema here has an IRI.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None means: not importable
    # nbclient and jupyter_client report through logging; what matters reaches the user as a sentence.
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    try:
        options = parser().parse_args(given)
        as_json = options.json
        code: int = options.run(options)
    except NexusError as error:
        _print_error(error, as_json=as_json)
        return exit_code(error)
    except KeyboardInterrupt:
        _print_error(Stopped("Stopped.", "Files are whole; an app that was stored already stays."), as_json=as_json)
        return FAILED
    except BrokenPipeError:
        sys.stdout = None  # the reader is gone: nothing is left to flush to
        return FAILED
    except Exception as error:
        if os.environ.get("NEXUS_DEBUG"):
            raise
        reason = " ".join(str(error).split())[:200]
        _print_error(
            NexusError(
                f"Nexus failed inside: {type(error).__name__}{f': {reason}' if reason else ''}.",
                "Set NEXUS_DEBUG=1 to see where, and report it.",
            ),
            as_json=as_json,
        )
        return FAILED
    return code


def exit_code(error: NexusError) -> int:
    """Return the exit code that an error means."""
    if isinstance(error, SandboxUnavailable | StorageFailed | BrokerUnavailable | ModelError):
        return ENVIRONMENT
    return FAILED if isinstance(error, AppFailed | KernelDied) else USAGE


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; Ctrl-C cancels it.

    Raises
    ------
    KeyboardInterrupt
        It was cancelled by Ctrl-C, and tidied up.
    """
    is_stopped = False

    async def main() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            nonlocal is_stopped
            is_stopped = True
            if not task.done():
                task.cancel()
                # Python 3.11's `wait_for` loses a cancellation that meets its answer: say it again.
                loop.call_later(STOP_AGAIN_SECONDS, stop)

        with contextlib.suppress(NotImplementedError):  # Windows: asyncio's own way
            loop.add_signal_handler(signal.SIGINT, stop)
        return await task

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if is_stopped:
            raise KeyboardInterrupt from None
        raise


def _print_error(error: NexusError, *, as_json: bool) -> None:
    if as_json:
        body: dict[str, Any] = {
            "status": "error",
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
        }
        nearest = getattr(error, "nearest", None)
        if nearest:
            body["nearest"] = [c.model_dump() for c in nearest]
        _print_json(body)
    else:
        sys.stderr.write(f"nexus: {error}\n")


def _print_json(body: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def _progress(*, as_json: bool) -> Callable[[str], None]:
    """Return where progress goes: one rewritten line on a terminal, nowhere in a script."""

    def say(text: str) -> None:
        if not as_json and sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text} ...")
            sys.stderr.flush()

    return say


def _end_progress(*, as_json: bool) -> None:
    if not as_json and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def _make(options: argparse.Namespace) -> int:
    from nexus_jupyter.agents.builder import Builder
    from nexus_jupyter.artifacts.library import ArtifactLibrary

    builder = Builder(ArtifactLibrary(options.root))
    try:
        result = _finish(
            builder.make(
                options.prompt,
                data=options.data,
                name=options.name,
                recipe=options.recipe,
                progress=_progress(as_json=options.json),
            )
        )
    finally:
        _end_progress(as_json=options.json)
    if options.json:
        _print_json(result.model_dump(mode="json"))
    else:
        sys.stdout.write("\n".join(_made(result)) + "\n")
    return OK if result.status == "ok" else FAILED


def _made(result: Any) -> list[str]:
    """Return what was made, as lines for people."""
    shown = os.path.relpath(result.path)
    path = shown if not shown.startswith("..") else result.path
    slots = ", ".join(f"{name} = {value}" for name, value in result.slots.items() if value not in ("", {}))
    works = "works" if result.status == "ok" else "was built, but does not work"
    tier = "without a sandbox" if result.check.tier == "process" else f"in the sandbox ({result.check.tier})"
    lines = [
        f"“{result.title}” {works}.",
        f"  file    {path}",
        f"  recipe  {result.recipe}, no model used",
        *([f"  chosen  {slots}"] if slots else []),
        f"  ran     {tier}, {result.stages['total']:.1f} s in all",
    ]
    lines += [f"  note    {note}" for note in result.notes]
    lines += _failures(result.check.model_dump())
    if result.status == "ok":
        lines.append(f"Open it in JupyterLab: jupyter lab {shlex.quote(path)}")
    return lines


def _failures(check: dict[str, Any]) -> list[str]:
    lines = [f"  problem: {p}" for p in check["problems"]]
    if check["error"]:
        error = check["error"]
        lines.append(f"  error in cell `{error['cell_id']}`: {error['name']}: {error['message']}")
    return lines


def _route(options: argparse.Namespace) -> int:
    from nexus_jupyter.agents.builder import Builder
    from nexus_jupyter.artifacts.library import ArtifactLibrary

    result = _finish(Builder(ArtifactLibrary(Path())).route(options.prompt, options.data))
    if options.json:
        _print_json(result.model_dump(mode="json"))
    else:
        for choice in result.choices:
            sys.stdout.write(f"{choice.score:5.2f}  {choice.recipe:16} {choice.title}\n")
        if not result.in_scope:
            sys.stdout.write("None of these fits: Nexus cannot build this without a model.\n")
    return OK


def _check(options: argparse.Namespace) -> int:
    from nexus_jupyter.agents.checker import check
    from nexus_jupyter.agents.runner import run_notebook

    path, nb = _notebook(options.path)
    try:
        runner = functools.partial(run_notebook, timeout=options.timeout)
        result = _finish(check(nb, path, progress=_progress(as_json=options.json), runner=runner))
    finally:
        _end_progress(as_json=options.json)
    if options.json:
        _print_json(result.model_dump(mode="json"))
    else:
        shown = ", ".join(f"{n} {k}" for k, n in result.shown.model_dump().items() if n)
        lines = [
            f"{path.name}: {'works' if result.status == 'ok' else 'FAILED'}",
            f"  shows {shown or 'nothing'}",
        ]
        sys.stdout.write("\n".join([*lines, *_failures(result.model_dump())]) + "\n")
    return OK if result.status == "ok" else FAILED


def _notebook(path: Path) -> tuple[Path, Any]:
    """Return the notebook at a path, or in an app's folder; one of a newer format is refused."""
    from nexus_jupyter.artifacts.metadata import is_app, read_app
    from nexus_jupyter.artifacts.notebook import read_notebook

    path = path.resolve()
    if path.is_dir():
        path = path / f"{path.name}.ipynb"
    nb = read_notebook(path)
    if is_app(nb):
        read_app(nb, name=path.name)
    return path, nb


def _run(options: argparse.Namespace) -> int:
    from nexus_jupyter.agents.runner import run_notebook
    from nexus_jupyter.artifacts.notebook import write_notebook

    path, nb = _notebook(options.path)
    try:
        run = _finish(run_notebook(nb, path, _progress(as_json=options.json), timeout=options.timeout))
    finally:
        _end_progress(as_json=options.json)
    write_notebook(path, nb)
    body = {
        "path": str(path),
        "status": "failed" if run.error else "ok",
        "tier": run.tier,
        "cells": [c.model_dump() for c in run.cells],
        "error": run.error.model_dump() if run.error else None,
        "stages": {k: round(v, 4) for k, v in run.seconds.items()},
    }
    if options.json:
        _print_json(body)
    else:
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if not VISUAL & data.keys():  # their text is a stand-in
                    text = output.get("text") or data.get("text/plain", "")
                    sys.stdout.write(text.rstrip("\n") + "\n" if text else "")
        if run.error:
            sys.stderr.write(f"nexus: error in cell `{run.error.cell_id}`: {run.error.name}: {run.error.message}\n")
    return FAILED if run.error else OK


def _doctor(options: argparse.Namespace) -> int:
    from nexus_jupyter.agents.doctor import examine

    findings = examine()
    if options.json:
        _print_json({"ok": all(f.ok for f in findings), "findings": [f.model_dump() for f in findings]})
    else:
        for finding in findings:
            sys.stdout.write(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.name}: {finding.detail}\n")
            if not finding.ok and finding.remedy:
                sys.stdout.write(f"         {finding.remedy}\n")
    return OK if all(f.ok for f in findings) else ENVIRONMENT


if __name__ == "__main__":
    raise SystemExit(main())
