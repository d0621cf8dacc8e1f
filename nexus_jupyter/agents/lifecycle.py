"""Start, stop and restart an app: one Jupyter session, whoever asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from nbformat import NotebookNode

from nexus_jupyter.agents.runner import Progress, Run, no_such_kernel, run_in
from nexus_jupyter.artifacts.library import Artifact, ArtifactLibrary
from nexus_jupyter.artifacts.metadata import read_app
from nexus_jupyter.artifacts.notebook import write_notebook
from nexus_jupyter.errors import NexusError
from nexus_jupyter.models.state import AppState, AppStatus

log = logging.getLogger(__name__)
MAX_UNSEEN = 3
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
        self._unseen: dict[str, str] = {}  # path of an app that was left running when it was made -> its kernel
        self._stopping: asyncio.Task[None] | None = None
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
        session = await self._open(artifact, relative)
        self._runs[relative] = asyncio.ensure_future(self._run_in_background(artifact, relative, session))
        return self._states[relative]

    async def run_new(self, nb: NotebookNode, path: Path, progress: Progress | None = None) -> Run:
        """Run a new app; if it works it goes on running, so that a tab opened next shows it at once.

        The newest three stay; those made before and that nobody has open are stopped: an app costs a kernel's memory.

        Raises
        ------
        SandboxUnavailable
            No sandbox works here, and the code is not ours.
        KernelDied
            The kernel could not start, or ended by itself.
        """
        artifact = Artifact(path=path, app=read_app(nb), nb=nb)
        relative = self._relative(artifact)
        if progress:
            progress("Starting the sandbox")
        started = time.perf_counter()
        opening = asyncio.ensure_future(self._open(artifact, relative))
        run = None
        try:
            session = await asyncio.shield(opening)
            opened = time.perf_counter() - started
            run = await self._run(artifact, relative, session, progress)
            run.seconds["start"] += opened
            self._unseen[relative] = session["kernel"]["id"]
            oldest = dict(list(self._unseen.items())[:-MAX_UNSEEN])
            for path_of_oldest in oldest:
                del self._unseen[path_of_oldest]
            # Beside what comes next: ending a kernel takes longer than a person wants to wait for another one.
            self._stopping = asyncio.ensure_future(self._stop_unseen(oldest))
            return run
        finally:
            if run is None or run.error:
                await self._drop(opening, relative)

    async def _drop(self, opening: asyncio.Task[dict[str, Any]], relative: str) -> None:
        """End a session that nobody will use, whether it is there already or still opens."""
        with contextlib.suppress(Exception):  # it never opened: said already
            await self._sessions.delete_session((await opening)["id"])
        if self._states[relative].status != "failed":
            self._set(relative, "stopped")

    async def _stop_unseen(self, unseen: dict[str, str]) -> None:
        for path, kernel_id in unseen.items():
            if kernel_id in self._kernels and not self._kernels.kernel_model(kernel_id)["connections"]:
                with contextlib.suppress(NexusError):  # its file may be gone
                    await self.stop(path)

    async def _open(self, artifact: Artifact, relative: str) -> dict[str, Any]:
        from jupyter_client.kernelspec import NoSuchKernel

        kernel = artifact.app.runtime.kernel
        self._set(relative, "starting")
        try:
            session: dict[str, Any] = await self._sessions.create_session(
                path=relative, name=artifact.path.name, type="notebook", kernel_name=kernel
            )
        except NoSuchKernel as missing:
            error = no_such_kernel(kernel)
            self._set(relative, "failed", detail=str(error))
            raise error from missing
        except NexusError as error:
            self._set(relative, "failed", detail=str(error))
            raise
        self._set(relative, "starting", session)
        return session

    async def _run_in_background(self, artifact: Artifact, relative: str, session: dict[str, Any]) -> None:
        with contextlib.suppress(Exception):  # its state says so
            await self._run(artifact, relative, session)

    async def _run(
        self, artifact: Artifact, relative: str, session: dict[str, Any], progress: Progress | None = None
    ) -> Run:
        manager = self._kernels.get_kernel(session["kernel"]["id"])
        tier = getattr(manager.provisioner, "tier", None) or "process"
        try:
            run = await run_in(manager, artifact.nb, progress=progress)
            await asyncio.to_thread(write_notebook, artifact.path, artifact.nb)
        except NexusError as error:
            self._set(relative, "failed", session, tier=tier, detail=str(error))
            raise
        except Exception:
            log.exception("An app could not be run")
            detail = "Nexus failed inside; the server's log says where."
            self._set(relative, "failed", session, tier=tier, detail=detail)
            raise
        if run.error:
            detail = f"Cell `{run.error.cell_id}`: {run.error.name}: {run.error.message}"
            self._set(relative, "failed", session, tier=tier, detail=detail)
        else:
            self._set(relative, "running", session, tier=tier)
        return run

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
        if self._stopping is not None:
            self._stopping.cancel()
            await asyncio.gather(self._stopping, return_exceptions=True)
        for run in self._runs.values():
            run.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)
