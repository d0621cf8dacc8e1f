"""The kernel provisioner `nexus-sandbox`: any kernelspec, in a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import string
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from pydantic import ValidationError
from traitlets import Bool, Dict, List, Unicode

from nexus_jupyter.errors import BadRequest, SandboxUnavailable
from nexus_jupyter.models.sandbox import SandboxPolicy, Tier
from nexus_jupyter.sandbox import layout, requests
from nexus_jupyter.sandbox.doctor import TierReport, probe_tiers
from nexus_jupyter.sandbox.layout import Mount
from nexus_jupyter.sandbox.policy import choose_tier, is_process_allowed
from nexus_jupyter.sandbox.project import PROJECT, project_mounts
from nexus_jupyter.sandbox.sockets import PORTS, KernelSockets

if sys.platform == "linux":
    from nexus_jupyter.sandbox.bubble import Bubble, spawner
    from nexus_jupyter.sandbox.line import ModelLine
    from nexus_jupyter.sandbox.standby import current_standby

_POLL_SECONDS = 0.05


class SandboxProvisioner(KernelProvisionerBase):
    """Start, watch and end one sandboxed kernel."""

    policy = Dict(help="Fields of `SandboxPolicy`; an unknown key is an error.").tag(config=True)
    allow_unsafe_process = Bool(
        False, help="Where no sandbox works, run any notebook with the rights of this process."
    ).tag(config=True)
    extra_paths = List(Unicode(), help="Further files and folders that the kernel's program needs, read-only.").tag(
        config=True
    )

    #: How the tiers of this machine are found; tests put a double here.
    probe: Callable[[], tuple[TierReport, ...]] = staticmethod(probe_tiers)
    #: The tier in force, once started.
    tier: Tier | None = None
    #: What the kernel sees of the user's files.
    mounts: list[Mount]

    #: Counts the kernel's processes: a restart gives the kernel id another one.
    generation = 0

    _bubble: Bubble | None = None
    _plain: LocalProvisioner | None = None
    _sockets: KernelSockets | None = None
    _line: ModelLine | None = None
    _deadline: threading.Timer | None = None
    _is_ending = False

    # --- start ---------------------------------------------------------------------------------------------

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the tier, bind the sockets and format the command.

        Raises
        ------
        SandboxUnavailable
            No tier that works here is strong enough for this start.
        """
        trusted = bool(kwargs.pop("trusted", False))
        self._policy = self._parsed_policy()
        session_name = kwargs.get("env", os.environ).get("JPY_SESSION_NAME")
        cwd = kwargs.get("cwd") or Path.cwd()
        notebook = Path(cwd, session_name) if session_name else None
        reports = await asyncio.to_thread(self.probe)
        self.tier = choose_tier(
            self._policy,
            reports,
            trusted=trusted or is_process_allowed(self.kernel_id, notebook),
            allow_unsafe_process=self.allow_unsafe_process,
        )
        if self.tier == "process":
            return await self._pre_launch_plain(kwargs)
        standby = current_standby()
        self.mounts = project_mounts(cwd, session_name, never_whole=[Path.home(), *([standby.root] if standby else [])])
        self._notebook = notebook.name if notebook else None
        self._notebook_path = notebook
        try:
            command = self._prepare_connection(kwargs)
        except BaseException:
            self._remove_sockets()
            raise
        return {**kwargs, "cmd": command}

    @property
    def _manager(self) -> Any:
        """The kernel manager; jupyter_client's types do not say that it is one."""
        return self.parent

    def _parsed_policy(self) -> SandboxPolicy:
        try:
            return SandboxPolicy.model_validate(dict(self.policy))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise BadRequest(
                f"The sandbox policy is wrong at `{where}`: {first['msg']}.", "Correct the kernelspec or the config."
            ) from error

    async def _pre_launch_plain(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Prepare a start without a sandbox: our launcher, which would refuse, gives way to ipykernel's."""
        self.mounts = []
        self.log.warning("Kernel %s runs WITHOUT a sandbox (tier `process`).", self.kernel_id)
        self._plain = LocalProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self.parent)
        kwargs = await self._plain.pre_launch(**kwargs)
        kwargs["cmd"] = ["ipykernel_launcher" if part == requests.LAUNCHER else part for part in kwargs["cmd"]]
        return kwargs

    def _prepare_connection(self, kwargs: dict[str, Any]) -> list[str]:
        """Give the kernel manager the addresses of our sockets; the same again after a restart."""
        manager = self._manager
        if self._sockets is None:
            self._sockets = KernelSockets()
        manager.transport, manager.ip = "ipc", self._sockets.address
        for name, number in PORTS.items():
            setattr(manager, f"{name}_port", number)
        manager.write_connection_file(jupyter_session=self._notebook or "")
        self.connection_info = manager.get_connection_info()
        command: list[str] = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        return command

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel and return how to reach it."""
        self.generation += 1
        if self._plain is not None:
            return await self._plain.launch_kernel(cmd, **kwargs)
        assert self._sockets is not None  # pre_launch came first
        self._is_ending = False
        listening = self._sockets.listen()
        try:
            self._bubble = await self._start(cmd, listening)
        except BaseException:
            self._close_line()
            self._remove_sockets()
            raise
        finally:
            for one in listening:
                one.close()
            if self._line is not None:
                self._line.inner.close()  # the kernel has its own
        if self._policy.wall_s is not None:
            self._deadline = threading.Timer(self._policy.wall_s, self._bubble.kill)
            self._deadline.daemon = True
            self._deadline.start()
        return self.connection_info

    async def _start(self, cmd: list[str], listening: list[Any]) -> Bubble:
        connection = {**self.connection_info, "key": self._manager.session.key.decode()}
        if requests.LAUNCHER in cmd:
            self._line = ModelLine(self._notebook_path)
            listening = [*listening, self._line.inner]
        env = self._environment()
        if requests.LAUNCHER in cmd:
            standby = current_standby()
            claimed = standby.claim(self.mounts) if standby else None
            if claimed is not None:
                bubble, seen = claimed
                request = requests.ipykernel_request(self._policy, cmd, connection, env, seen)
                try:
                    await asyncio.to_thread(bubble.settle, request, listening)
                except SandboxUnavailable as error:
                    self.log.warning("The warm kernel was of no use, starting a cold one. %s", error)
                else:
                    return bubble
        handed = [Mount(mount.source, f"{layout.MOUNTS}/{index}") for index, mount in enumerate(self.mounts)]
        seen = [(hand.target, mount.target) for hand, mount in zip(handed, self.mounts, strict=True)]
        if requests.LAUNCHER in cmd:
            request = requests.ipykernel_request(self._policy, cmd, connection, env, seen)
        else:
            extra = self._program_mounts(cmd[0])
            handed += extra
            request = requests.other_request(
                self._policy, cmd, connection, self._manager.connection_file, env, seen, extra
            )
        bubble = await asyncio.wrap_future(spawner.submit(Bubble, handed))
        try:
            await asyncio.to_thread(bubble.settle, request, listening)
        except BaseException:
            bubble.close()
            raise
        return bubble

    def _environment(self) -> dict[str, str]:
        """Return the kernel's variables; a kernelspec may refer to those the sandbox has, not to the server's."""
        inner = f"{PROJECT}/{self._notebook}" if self._notebook else None
        base = requests.environment({}, inner, self._policy.env)
        spec = {name: string.Template(text).safe_substitute(base) for name, text in self.kernel_spec.env.items()}
        return requests.environment(spec, inner, self._policy.env)

    def _program_mounts(self, program: str) -> list[Mount]:
        needed = [*layout.program_mounts(program, Path.home())]
        paths = [Path(path) for path in (self.kernel_spec.resource_dir, *self.extra_paths) if path]
        needed += [Mount(path, str(path)) for path in paths if path.exists()]
        shown = [mount.source for mount in layout.python_mounts()]
        return [mount for mount in needed if not any(mount.source.is_relative_to(path) for path in shown)]

    # --- life ----------------------------------------------------------------------------------------------

    @property
    def has_process(self) -> bool:
        """Is there a kernel, running or not yet waited for?"""
        return self._plain.has_process if self._plain is not None else self._bubble is not None

    async def poll(self) -> int | None:
        """Return None while the kernel lives, else its exit code (128 + signal, if one ended it)."""
        if self._plain is not None:
            return await self._plain.poll()
        return self._bubble.poll() if self._bubble is not None else 0

    async def wait(self) -> int | None:
        """Wait for the kernel's end and return its exit code."""
        if self._plain is not None:
            return await self._plain.wait()
        if self._bubble is None:
            return 0
        while self._bubble.poll() is None:  # noqa: ASYNC110  its end is seen by asking, as for any child
            await asyncio.sleep(_POLL_SECONDS)
        return await self._release()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel process; `SIGKILL` ends all of its sandbox."""
        if self._plain is not None:
            await self._plain.send_signal(signum)
        elif self._bubble is not None and signum == signal.SIGKILL:
            await self.kill()
        elif self._bubble is not None:
            self._bubble.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the sandbox with everything in it."""
        self._is_ending = True
        if self._plain is not None:
            await self._plain.kill(restart=restart)
        elif self._bubble is not None:
            self._bubble.kill()

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel process to end."""
        self._is_ending = True
        if self._plain is not None:
            await self._plain.terminate(restart=restart)
        elif self._bubble is not None:
            self._bubble.signal(signal.SIGTERM)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Remember that the kernel's end is wanted."""
        self._is_ending = True

    async def cleanup(self, restart: bool = False) -> None:
        """Release what the kernel held; the addresses stay for a restart."""
        if self._plain is not None:
            await self._plain.cleanup(restart=restart)
            return
        await self._release()
        if not restart:
            self._remove_sockets()

    def _close_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _remove_sockets(self) -> None:
        sockets, self._sockets = self._sockets, None
        if sockets is not None:
            sockets.remove()

    async def _release(self) -> int:
        """End the sandbox if it still lives, wait until all of it is gone, and return its exit code."""
        bubble, self._bubble = self._bubble, None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._close_line()
        if bubble is None:
            return 0
        if bubble.poll() not in (None, 0) and not self._is_ending:
            self.log.warning("Kernel %s died: %s", self.kernel_id, bubble.log_tail() or bubble.returncode)
        await asyncio.to_thread(bubble.close)
        return bubble.returncode or 0

    # --- facts ---------------------------------------------------------------------------------------------

    def resolve_path(self, path_str: str) -> str | None:
        """Return the server's path of a file that the kernel calls `path_str`."""
        for mount in getattr(self, "mounts", []):
            with contextlib.suppress(ValueError):
                return str(mount.source / Path(PROJECT, path_str).relative_to(mount.target))
        return self._plain.resolve_path(path_str) if self._plain is not None else None

    async def get_provisioner_info(self) -> dict[str, Any]:
        """Return facts about this kernel, the tier in force among them."""
        info = await super().get_provisioner_info()
        return {**info, "tier": self.tier, "pid": self._bubble.pid if self._bubble is not None else None}
