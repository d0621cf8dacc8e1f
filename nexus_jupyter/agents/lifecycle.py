"""Start, stop and restart an app: one Jupyter session, whoever asks for it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_async

from nexus_jupyter.agents.runner import run_in
from nexus_jupyter.artifacts.library import Artifact, ArtifactLibrary
from nexus_jupyter.artifacts.notebook import write_notebook
from nexus_jupyter.errors import NexusError
from nexus_jupyter.models.state import AppState, AppStatus

log = logging.getLogger(__name__)
Emit = Callable[[AppState], None]


class AppLifecycle:
    """Runs apps in the server's own sessions, so that a tab opened later joins the same kernel.

    Parameters
    ----------
    sessions, kernels
        Jupyter Server's session manager and kernel manager.
    emit
        Called with every change of state.
    """

    def __init__(self, library: ArtifactLibrary, sessions: Any, kernels: Any, emit: Emit) -> None:
        self._library = library
        self._sessions = sessions
        self._kernels = kernels
        self._emit = emit
        self._states: dict[str, AppState] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def _relative(self, artifact: Artifact) -> str:
        return artifact.path.relative_to(self._library.root).as_posix()

    async def _session(self, path: str) -> dict[str, Any] | None:
        for session in await ensure_async(self._sessions.list_sessions()):
            if session.get("path") == path:
                found: dict[str, Any] = session
                return found
        return None

    def _set(self, path: str, status: AppStatus, session: dict[str, Any] | None = None, **more: str) -> AppState:
        facts = {"kernel_id": session["kernel"]["id"], "session_id": session["id"]} if session else {}
        state = AppState(path=path, status=status, **{**facts, **more})
        self._states[path] = state
        self._emit(state)
        return state

    async def state(self, path: str) -> AppState:
        """Return what the app at `path` is doing."""
        relative = self._relative(self._library.read(path))
        session = await self._session(relative)
        known = self._states.get(relative)
        if session is None:
            if known and known.status == "failed":
                return known
            return AppState(path=relative, status="stopped")
        facts = {"kernel_id": session["kernel"]["id"], "session_id": session["id"]}
        if known and known.kernel_id == facts["kernel_id"]:
            return known
        return AppState(path=relative, status="running", **facts)

    async def start(self, path: str) -> AppState:
        """Start the app, unless it runs; its cells run in the background and end in a state event."""
        artifact = self._library.read(path)
        relative = self._relative(artifact)
        async with self._turns[relative]:  # two tabs that start at once get the same session
            return await self._start(artifact, relative)

    async def _start(self, artifact: Artifact, relative: str) -> AppState:
        session = await self._session(relative)
        if session is not None:
            return await self.state(relative)
        self._set(relative, "starting")
        try:
            session = await self._sessions.create_session(
                path=relative, name=artifact.path.name, type="notebook", kernel_name=artifact.app.runtime.kernel
            )
        except NexusError as error:
            self._set(relative, "failed", detail=str(error))
            raise
        state = self._set(relative, "starting", session)
        self._runs[relative] = asyncio.ensure_future(self._run(artifact, relative, session))
        return state

    async def _run(self, artifact: Artifact, relative: str, session: dict[str, Any]) -> None:
        manager = self._kernels.get_kernel(session["kernel"]["id"])
        tier = getattr(manager.provisioner, "tier", None) or "process"
        try:
            run = await run_in(manager, artifact.nb)
            await asyncio.to_thread(write_notebook, artifact.path, artifact.nb)
        except NexusError as error:
            self._set(relative, "failed", session, tier=tier, detail=str(error))
            return
        except Exception:
            log.exception("An app could not be run")
            detail = "Nexus failed inside; the server's log says where."
            self._set(relative, "failed", session, tier=tier, detail=detail)
            return
        if run.error:
            detail = f"Cell `{run.error.cell_id}`: {run.error.name}: {run.error.message}"
            self._set(relative, "failed", session, tier=tier, detail=detail)
        else:
            self._set(relative, "running", session, tier=tier)

    async def stop(self, path: str) -> AppState:
        """Stop the app and end its kernel."""
        relative = self._relative(self._library.read(path))
        async with self._turns[relative]:
            run = self._runs.pop(relative, None)
            if run is not None and not run.done():
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
            session = await self._session(relative)
            if session is not None:
                await self._sessions.delete_session(session["id"])
            return self._set(relative, "stopped")

    async def restart(self, path: str) -> AppState:
        """Stop, then start in a fresh kernel."""
        await self.stop(path)
        return await self.start(path)

    async def close(self) -> None:
        """Leave running apps to the server; stop waiting for those that start."""
        for run in self._runs.values():
            run.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)
