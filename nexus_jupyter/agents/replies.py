"""What Nexus answers without a model: apps from recipes, and plain words about its limits."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from nexus_jupyter.agents.builder import Builder, OutOfScope, route_result
from nexus_jupyter.agents.choosing import Fit, choose, fits
from nexus_jupyter.agents.exchange import CARD, CHOICES, Event, Part, Progress, Request, Text, Turn
from nexus_jupyter.errors import DataUnreadable, NexusError
from nexus_jupyter.models.run import MakeResult
from nexus_jupyter.recipes import manifest, routing
from nexus_jupyter.recipes.tables import SUFFIXES

_GREETING = r"(hi|hello|hey|good (morning|afternoon|evening)|thanks?|thank you)( nexus| there| a lot| very much| you)?"
_ABILITY = r"(help( me)?|what can (you|i|nexus) do( here)?|how does (this|it) work|who are you|what are you)"
HELP = re.compile(rf"\W*({_GREETING}|{_ABILITY}|{_GREETING}\W+{_ABILITY})\W*", re.I)
# How to do something, where something is: not a wish for an app, unless it names a column.
QUESTION = re.compile(
    r"\W*(how (do|can|could|would|should) (i|we|you|one)|how to|where|why|when|who|can (i|we|you)|do you|are you|is there)\b",
    re.I,
)
MAX_FILES = 40
MAX_LOOKED_AT = 12
MAX_OFFERED = 8
MAX_DEPTH = 3
SKIPPED = frozenset({"node_modules", "__pycache__"})


class RecipeReplies:
    """Answers requests by building recipe apps below one root."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.library = builder.library

    async def reply(
        self, request: Request, *, last_data: tuple[str, ...] = (), history: tuple[Turn, ...] = ()
    ) -> AsyncIterator[Event]:
        """Yield the answer to a request; what was said before plays no part but for its data."""
        try:
            async for event in self._reply(request, last_data):
                yield event
        except OutOfScope as error:
            yield Text(text=f"{error.message} Without one I build apps from recipes; the nearest are below.")
            data = list(request.data)
            yield Part(mime=CHOICES, data=_choices("Build one of these instead?", [
                (c.title, {"text": request.text, "data": data, "recipe": c.recipe}) for c in error.nearest
            ]))  # fmt: skip
        except NexusError as error:
            yield Text(text=str(error))

    async def _reply(self, request: Request, last_data: tuple[str, ...]) -> AsyncIterator[Event]:
        if HELP.fullmatch(request.text) and not request.recipe:
            yield Text(text=_help())
            return
        sentence = routing.check_prompt(request.text)
        available = await asyncio.to_thread(data_files, self.library.root)
        names = request.data or _named_files(sentence, available)
        is_named, note = bool(names), ""
        if not names:
            last = tuple(name for name in last_data if name in available)
            yield Progress(text="Looking at the tables")
            chosen, about = await self._fitting_file(_without_files(sentence, available), available, last)
            if not about and QUESTION.match(sentence) and not request.recipe:
                yield Text(text=_help())
                return
            names, note = chosen, _why(chosen, about, available, last)
        if names and not is_named and not self._needs_table(request.recipe, sentence, available):
            names, note = (), ""
        paths = [self.library.resolve(name) for name in names]
        table = None
        if paths:
            yield Progress(text=f"Reading {paths[0].name}")
            table = await self.builder.profile(paths[0])
        recipe = request.recipe
        if not recipe:
            found = route_result(_without_files(sentence, available), table)
            if not found.in_scope:
                raise OutOfScope(list(found.choices[:3]))
            if found.close:
                yield Text(text=f"{note}This can be more than one app.")
                yield Part(mime=CHOICES, data=_choices("Which one do you mean?", [
                    (c.title, {"text": sentence, "data": list(names), "recipe": c.recipe}) for c in found.choices[:3]
                ]))  # fmt: skip
                return
            recipe = found.choices[0].recipe
        if manifest.recipe(recipe).manifest.needs_table and table is None:
            if not available:
                raise DataUnreadable(
                    "This app needs a table.", "Attach a CSV, Excel, JSON or Parquet file and ask again."
                )
            newest = await asyncio.to_thread(_newest_first, self.library.root, available)
            more = len(newest) - MAX_OFFERED
            hint = f" These are the newest; to use another of the {more} more, name it." if more > 0 else ""
            yield Text(text=f"This app needs a table.{hint}")
            yield Part(mime=CHOICES, data=_choices("Which file?", [
                (name, {"text": f"{sentence} in {Path(name).name}", "data": [name], "recipe": recipe})
                for name in newest[:MAX_OFFERED]
            ]))  # fmt: skip
            return
        async for event in self._make(sentence, paths, recipe, request.name, note):
            yield event

    async def _fitting_file(
        self, sentence: str, available: list[str], last: tuple[str, ...]
    ) -> tuple[tuple[str, ...], list[Fit]]:
        """Return the file that a sentence without a file's name is about, and all that could be meant."""
        newest = await asyncio.to_thread(_newest_first, self.library.root, available)
        looked = list(dict.fromkeys([*last, *newest]))[:MAX_LOOKED_AT]
        columns = await self.builder.columns([self.library.resolve(name) for name in looked])
        found = fits(sentence, dict(zip(looked, columns, strict=True)))
        if found:
            chosen = choose(found, last)
            return ((chosen.file,) if chosen else ()), found
        return last or (tuple(available) if len(available) == 1 else ()), found

    async def is_about_a_table(self, sentence: str) -> bool:
        """Return whether a sentence names a table here, or a column of one."""
        available = data_files(self.library.root)
        if _named_files(sentence, available):
            return True
        _, about = await self._fitting_file(_without_files(sentence, available), available, ())
        return bool(about)

    def _needs_table(self, recipe: str, sentence: str, available: list[str]) -> bool:
        """Return whether the app that is asked for shows a table at all."""
        if recipe:
            return manifest.recipe(recipe).manifest.needs_table
        found = routing.route(_without_files(sentence, available))
        return not found.in_scope or manifest.recipe(found.choices[0].recipe).manifest.needs_table

    async def _make(self, sentence: str, paths: list[Path], recipe: str, name: str, note: str) -> AsyncIterator[Event]:
        steps: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.ensure_future(
            self.builder.make(sentence, data=paths, name=name, recipe=recipe, progress=steps.put_nowait)
        )
        task.add_done_callback(lambda _: steps.put_nowait(None))
        try:
            while (step := await steps.get()) is not None:
                yield Progress(text=step)
            result = await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        yield Text(text=note + describe(result))
        yield Part(mime=CARD, data=card(result, self.library.root, [p.relative_to(self.library.root) for p in paths]))


def describe(result: MakeResult) -> str:
    """Return what was built, in words."""
    title = manifest.recipe(result.recipe).manifest.title
    if result.status != "ok":
        why = result.check.error.message if result.check.error else " ".join(result.check.problems)
        return f"I built **{_plain(result.title)}**, but it does not work: {_plain(why)}"
    lines = [f"**{_plain(result.title)}** is ready. Built from the recipe “{title}”; no model was used."]
    lines += [f"- {note}" for note in result.notes]
    return "\n\n".join([lines[0], "\n".join(lines[1:])]).strip()


def _plain(text: str) -> str:
    """Return a text as Markdown shows it literally."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", text)


def card(result: MakeResult, root: Path, data: list[Path]) -> dict[str, Any]:
    """Return the app card's data; `path` and `data` are relative to the server's root."""
    status: Literal["ok", "failed"] = result.status
    return {
        "path": Path(os.path.relpath(result.path, root)).as_posix(),
        "app_id": result.app_id,
        "title": result.title,
        "recipe": result.recipe,
        "recipe_title": manifest.recipe(result.recipe).manifest.title,
        "status": status,
        "tier": result.check.tier,
        "seconds": result.stages.get("total", 0.0),
        "data": [d.as_posix() for d in data],
    }


def _choices(question: str, options: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {"question": question, "choices": [{"label": label, "request": request} for label, request in options]}


def _help() -> str:
    titles = ", ".join(f"“{r.manifest.title}”" for r in manifest.catalogue().values())
    return (
        "Describe an app in a sentence and I build it as a notebook: for example *compare body mass by species*. "
        f"Without a model I build from recipes: {titles}. Attach a data file, or name one in your sentence."
    )


def data_files(root: Path) -> list[str]:
    """Return data files below the root (app folders left out), nearest first, as relative paths."""
    found: list[str] = []
    for folder, names, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        if (Path(folder) / ".nexus").is_dir() and depth:
            names.clear()
            continue
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in SKIPPED) if depth < MAX_DEPTH else []
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if suffix in SUFFIXES and suffix != ".txt" and not name.startswith("."):
                found.append((Path(folder) / name).relative_to(root).as_posix())
        if len(found) >= MAX_FILES:
            break
    return sorted(found, key=lambda p: (p.count("/"), p))[:MAX_FILES]


def _named_files(sentence: str, available: list[str]) -> tuple[str, ...]:
    """Return the files that a sentence names, with ending or as a whole word without."""
    text = sentence.casefold()
    full = [f for f in available if Path(f).name.casefold() in text]
    if full:
        return tuple(full[:1])
    stems = [f for f in available if re.search(rf"\b{re.escape(Path(f).stem.casefold())}\b", text)]
    return tuple(stems[:1])


def _newest_first(root: Path, files: list[str]) -> list[str]:
    def changed(file: str) -> float:
        try:
            return (root / file).stat().st_mtime
        except OSError:  # it went away meanwhile
            return 0

    return sorted(files, key=changed, reverse=True)


def _why(chosen: tuple[str, ...], found: list[Fit], available: list[str], last: tuple[str, ...]) -> str:
    """Say which file is used, where that is not plain."""
    if not chosen or chosen[0] in last:
        return ""
    if len(available) == 1:
        return f"I use `{chosen[0]}`, the only table here.\n\n"
    columns = next((f.columns for f in found if f.file == chosen[0]), ())
    listed = " and ".join(f"`{c}`" for c in columns[:3])
    return f"I use `{chosen[0]}`{f', which has {listed}' if listed else ''}.\n\n"


def _without_files(sentence: str, available: list[str]) -> str:
    """Return the sentence without file names, which say nothing about the kind of app."""
    for name in available:
        sentence = re.sub(re.escape(Path(name).name), " ", sentence, flags=re.IGNORECASE)
    return sentence.strip() or "browse the table"
