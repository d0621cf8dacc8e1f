"""What this server offers."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nexus_jupyter import __version__
from nexus_jupyter.handlers.apps import ServiceHandler


class StatusHandler(ServiceHandler):
    """Version, sandbox tiers, whether a model is connected."""

    @authenticated
    @authorized(action="read", resource="nexus:status")
    async def get(self) -> None:
        """Report the status."""
        from nexus_jupyter.sandbox.doctor import probe_tiers

        reports = await asyncio.to_thread(probe_tiers)
        tiers: list[dict[str, Any]] = [
            {"name": r.name, "works": r.works, "reason": r.reason, "remedy": r.remedy} for r in reports
        ]
        model = await asyncio.to_thread(self.services.chosen_model)
        self.reply({"version": __version__, "tiers": tiers, "model_connected": bool(model), "model": model})
