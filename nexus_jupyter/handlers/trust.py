"""The owner's trust in code, by content hash."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nexus_jupyter.errors import NotFound
from nexus_jupyter.handlers.apps import ServiceHandler
from nexus_jupyter.handlers.kernel_channel import generation_of


class KernelTrustHandler(ServiceHandler):
    """What one kernel ran that is not trusted."""

    @authenticated
    @authorized(action="read", resource="nexus:trust")
    def get(self, kernel_id: str) -> None:
        """Report whether a kernel's output is shown as it is, and how the kernel is sandboxed."""
        if kernel_id not in self.kernel_manager:
            raise NotFound(f"There is no kernel `{kernel_id}`.", "Start the app.")
        manager = self.kernel_manager.get_kernel(kernel_id)
        clean = self.services.trust.is_clean(kernel_id, generation_of(manager))
        self.reply({"clean": clean, "tier": getattr(manager.provisioner, "tier", None) or ""})


class AppTrustHandler(ServiceHandler):
    """Trust the code of one notebook as it is now."""

    @authenticated
    @authorized(action="write", resource="nexus:trust")
    def post(self) -> None:
        """Trust every code cell of a saved notebook; a changed cell is not trusted any more."""
        from nexus_jupyter.artifacts.notebook import read_notebook
        from nexus_jupyter.models.code import code_hash
        from nexus_jupyter.models.requests import AppPath

        path = self.services.library.resolve(self.body(AppPath).path)
        nb = read_notebook(path)
        hashes = {code_hash(c["source"]) for c in nb.cells if c["cell_type"] == "code"}
        self.services.ledger.add(hashes)
        self.reply({"trusted_cells": len(hashes)})
