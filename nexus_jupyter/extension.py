"""The server extension: the composition root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Unicode

from nexus_jupyter.broker.endpoint import STATE_VARIABLE, state_dir
from nexus_jupyter.services import Services


class NexusExtension(ExtensionApp):
    """Nexus CoCreate for Jupyter Server."""

    name = "nexus_jupyter"
    extension_url = "/lab"
    load_other_extensions = True

    state_dir = Unicode(help="Where the store is kept; default: `nexus` in Jupyter's data folder.").tag(config=True)
    keep_warm = Bool(True, help="Keep one warm sandbox ready, so that apps start at once.").tag(config=True)

    services: Services
    _standby: Any = None

    def initialize_settings(self) -> None:
        """Build the services; nothing heavy is imported before it is used."""
        server: Any = self.serverapp
        state = self._state()
        self.services = Services(Path(server.root_dir), state, server)
        self.services.vouch_for_recipes()
        self.services.count_calls_by_app()
        self.services.register_events()
        self._guard_kernels()
        self._care_for_files()

    def _state(self) -> Path:
        """Return the folder of the state; where it was configured, kernels are told by a variable."""
        if self.state_dir:
            os.environ[STATE_VARIABLE] = self.state_dir
        return state_dir()

    def initialize_handlers(self) -> None:
        """Register the routes."""
        from nexus_jupyter.handlers import apps, appview, chats, lifecycle, models, status, trust

        api = r"/nexus/api"
        services = {"services": self.services}
        self.handlers.extend(
            [
                (rf"{api}/status", status.StatusHandler, services),
                (rf"{api}/apps", apps.AppsHandler, services),
                (rf"{api}/apps/state", lifecycle.StateHandler, services),
                (rf"{api}/apps/(start|stop|restart)", lifecycle.LifecycleHandler, services),
                (rf"{api}/recipes", apps.RecipesHandler, services),
                (rf"{api}/route", apps.RouteHandler, services),
                (rf"{api}/data", apps.DataFilesHandler, services),
                (rf"{api}/chats/([^/]+)/channel", chats.ChatHandler, services),
                (rf"{api}/models", models.ModelsHandler, services),
                (rf"{api}/models/readiness", models.ReadinessHandler, services),
                (rf"{api}/keys", models.KeysHandler, services),
                (rf"{api}/keys/((?:apps/[A-Za-z0-9_-]{{1,64}}/)?[A-Za-z0-9_.-]{{1,64}})", models.KeyHandler, services),
                (rf"{api}/connections/([A-Za-z0-9_.-]{{1,64}})", models.ConnectionHandler, services),
                (rf"{api}/usage", models.UsageHandler, services),
                (rf"{api}/budgets/(day|app:[A-Za-z0-9_.-]{{1,64}})", models.BudgetHandler, services),
                (rf"{api}/trust", trust.AppTrustHandler, services),
                (rf"{api}/trust/kernels/([^/]+)", trust.KernelTrustHandler, services),
                (rf"{api}/appview/shell", appview.ShellHandler),
                (rf"{api}/appview/frame", appview.FrameHandler),
                (rf"{api}/appview/static/([a-z]+\.js)", appview.StaticHandler),
            ]
        )

    def _guard_kernels(self) -> None:
        """Put the guard on the kernel websocket, unless another class (a gateway's, say) is in its place."""
        from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

        # The extension's own settings: Jupyter Server copies them over the application's after this.
        if self.settings.get("kernel_websocket_connection_class") is not ZMQChannelsWebsocketConnection:
            self.log.warning("Nexus: kernels are reached another way here; untrusted output is not guarded.")
            return
        from nexus_jupyter.handlers.kernel_channel import GuardedConnection

        guarded = GuardedConnection.with_trust(lambda: self.services.trust)
        self.settings["kernel_websocket_connection_class"] = guarded

    def _care_for_files(self) -> None:
        from nexus_jupyter.artifacts.contents import drop_untrusted_widgets, make_saves_atomic

        server: Any = self.serverapp
        make_saves_atomic(server.contents_manager)
        drop_untrusted_widgets(server.contents_manager)

    async def _start_jupyter_server_extension(self, _serverapp: Any) -> None:
        """Keep a sandbox warm once the server runs."""
        if self.keep_warm:
            self.services.keep_warm()

    async def stop_extension(self) -> None:
        """Release everything."""
        await self.services.close()
