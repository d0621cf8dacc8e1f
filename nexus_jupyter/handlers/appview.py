"""The documents and modules of the app view."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, RequestHandler, authenticated

from nexus_jupyter.appview import documents


class ShellHandler(JupyterHandler):
    """The trusted document around the frame."""

    @authenticated
    @authorized(action="read", resource="nexus:appview")
    def get(self) -> None:
        """Send the shell; its policy names the frame's exact address."""
        address = self.request.full_url().split("?")[0].removesuffix("shell") + "frame"
        for name, value in documents.shell_headers(address).items():
            self.set_header(name, value)
        self.finish(documents.shell())


class FrameHandler(RequestHandler):
    """The opaque document that runs apps: constant bytes, no data, no login needed."""

    def initialize(self, **_: Any) -> None:
        """Take no services: there is nothing to know here."""

    @allow_unauthenticated
    def get(self) -> None:
        """Send the frame."""
        for name, value in documents.frame_headers().items():
            self.set_header(name, value)
        self.finish(documents.frame())


class StaticHandler(JupyterHandler):
    """The app client's modules, fetched as text by the host."""

    @authenticated
    @authorized(action="read", resource="nexus:appview")
    def get(self, name: str) -> None:
        """Send one module."""
        if name not in documents.STATIC_NAMES or not (documents.STATIC / name).is_file():
            raise HTTPError(404, "The app client is not built. Run: make install")
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        # Tornado adds an Etag and answers 304 while the module does not change.
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(documents.static_file(name))
