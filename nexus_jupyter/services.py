"""Builds each service once, at its first use, so that starting the server costs nothing."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexus_jupyter.errors import NexusError

if TYPE_CHECKING:
    from nexus_jupyter.agents.builder import Builder
    from nexus_jupyter.agents.chat import Chat
    from nexus_jupyter.agents.lifecycle import AppLifecycle
    from nexus_jupyter.agents.profiler import Profiler
    from nexus_jupyter.artifacts.library import ArtifactLibrary
    from nexus_jupyter.broker.client import AsyncBrokerClient
    from nexus_jupyter.models.state import AppState
    from nexus_jupyter.sandbox.standby import Standby
    from nexus_jupyter.sandbox.taint import KernelTrust
    from nexus_jupyter.store import Database, TrustLedger

APP_STATE = "https://events.nexus-jupyter/app_state/v1"
REFILL_SECONDS = 5.0  # the next warm process waits until the app that took the last one is up
DATABASE = "nexus.db"
LOCAL_OWNER = "local"  # one owner per server until servers are shared


class Services:
    """What the handlers are given.

    Parameters
    ----------
    root
        The server's root folder: apps live below it.
    state
        The folder of the store.
    server
        The Jupyter server: its sessions, kernels and event logger.
    """

    def __init__(self, root: Path, state: Path, server: Any) -> None:
        self.root = root
        self.state = state
        self._server = server
        self._standby: Standby | None = None
        self._is_warm = False
        self._chats: dict[str, Chat] = {}

    @functools.cached_property
    def database(self) -> Database:
        """The store."""
        from nexus_jupyter.store import Database

        return Database(self.state / DATABASE)

    @functools.cached_property
    def library(self) -> ArtifactLibrary:
        """The apps below the root."""
        from nexus_jupyter.artifacts.library import ArtifactLibrary

        return ArtifactLibrary(self.root)

    @functools.cached_property
    def builder(self) -> Builder:
        """Builds apps."""
        from nexus_jupyter.agents.builder import Builder

        return Builder(self.library, self.profiler, self.lifecycle.run_new)

    @functools.cached_property
    def profiler(self) -> Profiler:
        """Reads data files, the next one by a process that waits."""
        from nexus_jupyter.agents.profiler import Profiler

        return Profiler(keep_warm=self._is_warm, delay=REFILL_SECONDS)

    @functools.cached_property
    def broker(self) -> AsyncBrokerClient:
        """The way to the models; the first call starts it."""
        from nexus_jupyter.broker.client import AsyncBrokerClient

        return AsyncBrokerClient(self.state)

    def chosen_model(self) -> str:
        """Return the model the owner chose, or an empty string; asks no broker."""
        if "database" not in self.__dict__ and not (self.state / DATABASE).exists():
            return ""  # nothing was ever kept: the store need not be opened to know
        from nexus_jupyter.store import CHOSEN_MODEL, Settings

        return Settings(self.database, LOCAL_OWNER).get(CHOSEN_MODEL)

    @functools.cached_property
    def ledger(self) -> TrustLedger:
        """The code the owner trusts."""
        from nexus_jupyter.store import TrustLedger

        return TrustLedger(self.database, LOCAL_OWNER)

    @functools.cached_property
    def trust(self) -> KernelTrust:
        """What each sandboxed kernel has run."""
        from nexus_jupyter.sandbox.taint import KernelTrust

        return KernelTrust(self.is_trusted)

    @functools.cached_property
    def lifecycle(self) -> AppLifecycle:
        """Starts and stops apps."""
        from nexus_jupyter.agents.lifecycle import AppLifecycle

        server = self._server
        return AppLifecycle(self.library, server.session_manager, server.kernel_manager, self._emit_state)

    def register_events(self) -> None:
        """Register our events: who subscribes before the first app starts hears of it too."""
        self._server.event_logger.register_event_schema(Path(__file__).parent / "events" / "app_state" / "v1.yaml")

    def _emit_state(self, state: AppState) -> None:
        self._server.event_logger.emit(schema_id=APP_STATE, data=state.model_dump(mode="json"))

    def vouch_for_recipes(self) -> None:
        """Where no sandbox works, let unmodified recipe apps run in a plain process."""
        from nexus_jupyter.sandbox.vouching import set_voucher

        set_voucher(_is_recipe_app)

    def count_calls_by_app(self) -> None:
        """Let the model calls of a sandboxed kernel count against its app's budget."""
        from nexus_jupyter.sandbox.identity import set_identify

        set_identify(_app_id)

    def keep_warm(self) -> None:
        """Keep one warm sandbox for the apps below the root, where a sandbox works, and later a reader of files."""
        from nexus_jupyter.sandbox.standby import current_standby, enable_standby

        self._is_warm = True
        if current_standby() is None:
            self._standby = enable_standby(self.root, delay=REFILL_SECONDS)

    def expect_an_app(self) -> None:
        """Get ready: somebody opened the place where apps are asked for."""
        if self._is_warm:
            self.profiler.warm()

    async def without_keys(self, texts: list[str]) -> list[str]:
        """Return texts with the owner's keys taken out, where a broker runs that knows them."""
        if not any(texts):
            return texts
        try:
            answer = await self.broker.ask("POST", "/nexus/redact", texts, start=False)
        except NexusError:
            return texts  # what looks like a key is masked all the same
        return answer["texts"] if answer else texts

    async def expect_a_question(self) -> None:
        """Get ready: somebody opened the chat, and a model would answer."""
        if self._is_warm and self.chosen_model():
            with contextlib.suppress(NexusError):  # the first question will say what is wrong
                await self.broker.ask("POST", "/nexus/warm", {})

    def is_trusted(self, code: str) -> bool:
        """Return whether code is a shipped template's, or trusted by the owner."""
        from nexus_jupyter.models.code import code_hash
        from nexus_jupyter.recipes.trust import is_recipe_code

        return is_recipe_code(code) or code_hash(code) in self.ledger

    def chat(self, chat_id: str) -> Chat:
        """Return a chat by its id."""
        if chat_id not in self._chats:
            from nexus_jupyter.agents.chat import Chat
            from nexus_jupyter.agents.conversation import Conversation
            from nexus_jupyter.agents.replies import RecipeReplies
            from nexus_jupyter.store import ChatLog

            # Cards name apps by their path below the root, so each root has chats of its own.
            log = ChatLog(self.database, LOCAL_OWNER, f"{self.root}:{chat_id}")
            replies = Conversation(RecipeReplies(self.builder), self.broker, self.chosen_model)
            self._chats[chat_id] = Chat(log, replies)
        return self._chats[chat_id]

    async def close(self) -> None:
        """Stop what is under way and close the store."""
        for chat in self._chats.values():
            await chat.stop("interrupted")
        if "lifecycle" in self.__dict__:
            await self.lifecycle.close()
        if "profiler" in self.__dict__:
            await self.profiler.close()
        if self._standby is not None:
            await self._standby.close()
        if "database" in self.__dict__:
            self.database.close()


def _is_recipe_app(path: Path) -> bool:
    """Return whether every code cell of a notebook is a shipped template's."""
    from nexus_jupyter.artifacts.notebook import read_notebook
    from nexus_jupyter.recipes.trust import is_recipe_notebook

    try:
        return is_recipe_notebook(read_notebook(path))
    except NexusError:
        return False


def _app_id(path: Path) -> str:
    """Return the id of the app in a notebook; empty where it is no app."""
    from nexus_jupyter.artifacts.metadata import is_app, read_app
    from nexus_jupyter.artifacts.notebook import read_notebook

    try:
        nb = read_notebook(path)
        return read_app(nb).id if is_app(nb) else ""
    except NexusError:
        return ""
