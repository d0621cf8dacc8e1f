"""Apps: list, make, and the recipes they are made from."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from nexus_jupyter.errors import NexusError
from nexus_jupyter.handlers.base import INSIDE, NexusHandler, error_body

if TYPE_CHECKING:
    from nexus_jupyter.services import Services


class ServiceHandler(NexusHandler):
    """A handler that was given the services."""

    services: Services

    def initialize(self, services: Services) -> None:
        """Take the services from the route."""
        self.services = services


class AppsHandler(ServiceHandler):
    """The collection of apps."""

    _task: asyncio.Task[Any] | None = None

    @authenticated
    @authorized(action="read", resource="nexus:apps")
    async def get(self) -> None:
        """List the apps below the root, newest first."""
        apps = await asyncio.to_thread(self.services.library.list)
        root = self.services.library.root
        self.reply(
            {"apps": [{"path": a.path.relative_to(root).as_posix(), **a.app.model_dump(mode="json")} for a in apps]}
        )

    @authenticated
    @authorized(action="write", resource="nexus:apps")
    async def post(self) -> None:
        """Make an app; the reply is one JSON object a line: `progress` ..., then `result` or `error`."""
        from nexus_jupyter.models.requests import NewApp

        order = self.body(NewApp)
        data = [self.services.library.resolve(d) for d in order.data]
        steps: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(
            self.services.builder.make(
                order.prompt, data=data, name=order.name, recipe=order.recipe, progress=steps.put_nowait
            )
        )
        self._task.add_done_callback(lambda _: steps.put_nowait(None))
        self.set_status(202)
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-store")
        try:
            while (step := await steps.get()) is not None:
                await self._line({"progress": step})
            result = await self._task
            body = result.model_dump(mode="json")
            body["path"] = str(self.services.library.resolve(result.path).relative_to(self.services.library.root))
            await self._line({"result": body})
        except asyncio.CancelledError:
            return
        except NexusError as error:
            await self._line(error_body(error))
        except Exception:  # the status is sent already: only a line can still say it
            self.log.exception("An app could not be built")
            await self._line({"error": "Failed", "message": INSIDE, "remedy": ""})

    async def _line(self, body: dict[str, Any]) -> None:
        self.write(json.dumps(body, ensure_ascii=False) + "\n")
        try:
            await self.flush()
        except StreamClosedError:
            self.on_connection_close()

    def on_connection_close(self) -> None:
        """Stop building when nobody waits for it."""
        if self._task is not None:
            self._task.cancel()


class RouteHandler(ServiceHandler):
    """Which recipe a sentence asks for."""

    @authenticated
    @authorized(action="read", resource="nexus:recipes")
    async def post(self) -> None:
        """Rank the recipes."""
        from nexus_jupyter.models.requests import RouteRequest

        order = self.body(RouteRequest)
        path = self.services.library.resolve(order.data) if order.data else None
        self.reply(await self.services.builder.route(order.prompt, path))


class DataFilesHandler(ServiceHandler):
    """The tables below the root."""

    @authenticated
    @authorized(action="read", resource="nexus:data")
    async def get(self) -> None:
        """List data files as paths relative to the root."""
        from nexus_jupyter.agents.replies import data_files

        self.services.expect_an_app()  # the New App form opened
        self.reply({"files": await asyncio.to_thread(data_files, self.services.library.root)})


class RecipesHandler(ServiceHandler):
    """The catalogue of recipes."""

    @authenticated
    @authorized(action="read", resource="nexus:recipes")
    def get(self) -> None:
        """List the recipes."""
        from nexus_jupyter.recipes.manifest import catalogue

        self.reply(
            {
                "recipes": [
                    {
                        "id": r.manifest.id,
                        "title": r.manifest.title,
                        "description": r.manifest.description,
                        "needs_table": r.manifest.needs_table,
                        "example": r.manifest.examples[0],
                    }
                    for r in catalogue().values()
                ]
            }
        )
