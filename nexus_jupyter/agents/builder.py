"""The recipe strategy: a sentence and a table become a checked app, without a model."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from nexus_jupyter import errors
from nexus_jupyter.agents.checker import check
from nexus_jupyter.agents.profiler import Profiler
from nexus_jupyter.agents.runner import Progress, Runner, run_notebook
from nexus_jupyter.artifacts.library import Artifact, ArtifactLibrary
from nexus_jupyter.artifacts.metadata import read_app, slug, write_app
from nexus_jupyter.errors import BadRequest, Conflict, DataUnreadable
from nexus_jupyter.models.run import MakeResult, RecipeChoice, RouteResult
from nexus_jupyter.models.table import Table
from nexus_jupyter.recipes import manifest, routing
from nexus_jupyter.recipes.instantiate import instantiate
from nexus_jupyter.recipes.slots import fill
from nexus_jupyter.recipes.tables import check_file

PROFILE_SECONDS = 60
NAME_ATTEMPTS = 20


class OutOfScope(BadRequest):
    """No recipe fits the sentence."""

    def __init__(self, nearest: list[RecipeChoice]) -> None:
        names = ", ".join(f"“{c.title}” (--recipe {c.recipe})" for c in nearest)
        super().__init__(
            "I cannot build this without a model.",
            f"The nearest apps I have are {names}. To connect a model: nexus keys set openai",
        )
        self.nearest = nearest


class Builder:
    """Builds apps below one root folder.

    Parameters
    ----------
    profiler
        Reads data files; a server's keeps the next reader warm.
    runner
        Runs a new app for its check; a server's leaves it running.
    """

    def __init__(
        self, library: ArtifactLibrary, profiler: Profiler | None = None, runner: Runner = run_notebook
    ) -> None:
        self.library = library
        self._runner = runner
        self._profiler = profiler or Profiler()

    async def profile(self, path: Path) -> Table:
        """Describe a data file, read in a process of its own.

        Raises
        ------
        DataUnreadable
            It cannot be read as a table, or not within a minute.
        """
        check_file(path)
        answer = await self._profiler.read(path, seconds=PROFILE_SECONDS)
        if "error" in answer:
            raise getattr(errors, answer["error"])(answer["message"], answer["remedy"])
        return Table.model_validate(answer["table"])

    async def columns(self, paths: list[Path]) -> list[list[str]]:
        """Return the names of the columns of each file; none for what cannot be read."""
        try:
            return await self._profiler.columns(paths) if paths else []
        except DataUnreadable:
            return [[] for _ in paths]

    async def route(self, sentence: str, data: Path | None = None) -> RouteResult:
        """Rank the recipes for a sentence over a data file."""
        routing.check_prompt(sentence)
        return route_result(sentence, await self.profile(data) if data else None)

    async def make(
        self,
        sentence: str,
        *,
        data: list[Path] | None = None,
        name: str = "",
        recipe: str = "",
        progress: Progress | None = None,
    ) -> MakeResult:
        """Build, store, run and check a new app.

        Parameters
        ----------
        sentence
            What the app should do.
        data
            Data files to copy into the app's folder; the first is the one it shows.
        name
            Folder and file name; else made from the title, with a number if taken.
        recipe
            Recipe id; else the best for the sentence.

        Raises
        ------
        OutOfScope
            No recipe fits.
        NexusError
            The input is wrong, or the environment does not allow it; nothing is stored then.
        """
        say = progress or (lambda _: None)
        stages: dict[str, float] = {}
        begun = clock = time.perf_counter()

        def lap(stage: str) -> None:
            nonlocal clock
            stages[stage], clock = round(time.perf_counter() - clock, 4), time.perf_counter()

        sentence = routing.check_prompt(sentence)
        files = data or []
        _check_names(files, name)
        table = None
        if files:
            say(f"Reading {files[0].name}")
            table = await self.profile(files[0])
        lap("profile")
        if not recipe:
            found = route_result(sentence, table)
            if not found.in_scope:
                raise OutOfScope(list(found.choices[:3]))
            recipe = found.choices[0].recipe
        chosen = manifest.recipe(recipe)
        lap("route")
        if chosen.manifest.needs_table and table is not None and table.rows == 0:
            raise DataUnreadable(f"`{table.file}` names columns but has no rows.", "Add rows to it, then ask again.")
        filling = fill(chosen.manifest, sentence, table)
        say(f"Building “{chosen.manifest.title}”")
        nb = instantiate(chosen, filling, table, sentence=sentence, name=name)
        message = f"Create “{read_app(nb).title}” from the recipe {recipe}"
        artifact = await self._create(nb, files, message, is_named=bool(name))
        app = artifact.app
        lap("build")
        result = await check(nb, artifact.path, progress=progress, runner=self._runner)
        stages |= result.stages
        stages["total"] = round(time.perf_counter() - begun, 4)
        return MakeResult(
            path=str(artifact.path),
            app_id=app.id,
            title=app.title,
            recipe=recipe,
            slots=filling.values(),
            status=result.status,
            notes=(*(table.notes if table else ()), *filling.notes),
            check=result,
            stages=stages,
        )

    async def _create(self, nb: NotebookNode, files: list[Path], message: str, *, is_named: bool) -> Artifact:
        """Store a new app; where its name was not asked for, under the first that is free.

        Another Nexus may take a name between the look and the creation: then the next one is tried.
        """
        app = read_app(nb)
        for attempt in range(NAME_ATTEMPTS):
            if not is_named:
                write_app(nb, app.model_copy(update={"name": self.library.free_name(app.name)}))
            try:
                return await asyncio.to_thread(self.library.create, nb, files, message=message)
            except Conflict:
                if is_named or attempt == NAME_ATTEMPTS - 1:
                    raise
        raise AssertionError


def route_result(sentence: str, table: Table | None) -> RouteResult:
    """Return the ranking as a record."""
    found = routing.route(sentence, table)
    choices = tuple(RecipeChoice(recipe=c.recipe, title=c.title, score=c.score) for c in found.choices)
    return RouteResult(choices=choices, in_scope=found.in_scope, close=found.is_close)


def _check_names(files: list[Path], name: str) -> None:
    if name and slug(name) != name:
        raise BadRequest(
            f"`{name[:60]}` cannot be an app's name.", f"Use small letters, digits and dashes: {slug(name)}"
        )
    seen: dict[str, Any] = {}
    for path in files:
        if path.name in seen:
            raise BadRequest(f"Two data files are called `{path.name}`.", "Rename one of them.")
        seen[path.name] = path
