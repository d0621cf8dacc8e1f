"""Start, stop and restart an app's kernel session without a browser."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nexus_jupyter.handlers.apps import ServiceHandler


class StateHandler(ServiceHandler):
    """The state of one app."""

    @authenticated
    @authorized(action="read", resource="nexus:apps")
    async def get(self) -> None:
        """Tell the state of the app at `?path=`."""
        self.reply(await self.services.lifecycle.state(self.get_query_argument("path")))


class LifecycleHandler(ServiceHandler):
    """Start, stop or restart one app."""

    @authenticated
    @authorized(action="execute", resource="nexus:apps")
    async def post(self, verb: str) -> None:
        """Start, stop or restart."""
        from nexus_jupyter.models.requests import AppPath

        path = self.body(AppPath).path
        lifecycle = self.services.lifecycle
        actions = {"start": lifecycle.start, "stop": lifecycle.stop, "restart": lifecycle.restart}
        self.reply(await actions[verb](path))
