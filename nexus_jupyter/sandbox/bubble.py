"""One bubblewrap process tree, from its start to its end, as the server sees it."""

from __future__ import annotations

import contextlib
import functools
import marshal
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from nexus_jupyter.errors import SandboxUnavailable
from nexus_jupyter.sandbox import layout, stage
from nexus_jupyter.sandbox.inside.boot import FAILED, READY, STARTED, THREADED
from nexus_jupyter.sandbox.inside.request import Request
from nexus_jupyter.sandbox.layout import Mount
from nexus_jupyter.sandbox.requests import environment

_START_SECONDS = 30.0
_FIRST_SPARE_UID = 61010
_LOG_TAIL = 4000

#: Linux ends a sandbox when the *thread* that started it ends (`PR_SET_PDEATHSIG`), so every sandbox is
#: started by this one thread, which lives as long as the process.
spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nexus-sandbox")


@functools.cache
def spare_uid() -> int:
    """Return a user id that nobody on this machine has."""
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(_FIRST_SPARE_UID, _FIRST_SPARE_UID + 1000) if uid not in taken)


class Bubble:
    """A started sandbox; `settle` turns it, once, into a kernel.

    Parameters
    ----------
    mounts
        What the sandbox sees beside the operating system and this interpreter.
    preload
        Modules to import while waiting for the request (a standby).
    bwrap
        The bubblewrap program.
    """

    def __init__(self, mounts: Sequence[Mount] = (), preload: Sequence[str] = (), bwrap: str | None = None) -> None:
        program = bwrap or shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable("`bwrap` is not installed.", "Install bubblewrap.")
        self.preload = tuple(preload)
        self.threaded = ""
        """The module that started a thread when it was imported: such a standby cannot isolate itself."""
        self.returncode: int | None = None
        self._kernel_fd: int | None = None
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Lets the operating system tell us, with the answer, the process id of the kernel.
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        # The kernel must not get a file of ours: it could open it anew through /proc and read it.
        self._log, log_end = os.pipe()
        os.set_blocking(self._log, False)
        os.set_blocking(log_end, False)  # nobody reads while the kernel lives, and it must not hang for that
        boot = (
            f"import sys; sys.path[0] = {str(layout.package_parent())!r}; "
            f"from nexus_jupyter.sandbox.inside.boot import main; sys.path.pop(0) in sys.path or "
            f"sys.path.append({str(layout.package_parent())!r}); main({inner.fileno()}, {list(preload)!r})"
        )
        visible = [*layout.system_mounts(), *layout.python_mounts()]
        with contextlib.ExitStack() as files:
            files.callback(inner.close)
            files.callback(os.close, log_end)
            passed = [inner.fileno()]
            command = [program, *self._options(visible, list(mounts), passed, files), sys.executable, "-c", boot]
            if os.geteuid() == 0:
                command = self._as_spare_user(command, passed, files)
            self._process = subprocess.Popen(
                command,
                pass_fds=passed,
                env={},  # also the environment of the sandbox's first process, which its programs can read
                stdin=subprocess.DEVNULL,
                stdout=log_end,
                stderr=log_end,
                start_new_session=True,
            )

    def _options(
        self, visible: list[Mount], extra: list[Mount], passed: list[int], files: contextlib.ExitStack
    ) -> list[str]:
        """Hand the options over in a file: the sandbox's programs can read the command line."""
        self._sources: list[str] = []
        if os.geteuid() == 0:
            visible, extra = ([self._staged(mount) for mount in mounts] for mounts in (visible, extra))
        text = "\0".join(layout.bubblewrap_options(visible, extra, environment({}, None)))
        return ["--args", str(_memory_file(text.encode(), passed, files))]

    def _staged(self, mount: Mount) -> Mount:
        if mount.source.is_relative_to("/usr") or mount.source.is_relative_to("/etc"):
            return mount
        self._sources.append(str(mount.source))
        return replace(mount, source=Path(stage.STAGE, str(len(self._sources) - 1)))

    def _as_spare_user(self, command: list[str], passed: list[int], files: contextlib.ExitStack) -> list[str]:
        request = {"sources": self._sources, "command": command, "uid": spare_uid()}
        number = _memory_file(marshal.dumps(request), passed, files)
        return [sys.executable, "-I", "-S", str(Path(stage.__file__)), str(number)]

    def wait_until_ready(self, seconds: float = 120.0) -> bool:
        """Block until a standby has imported its modules; false if it died, or if one is in `threaded`."""
        self._control.settimeout(seconds)
        try:
            answer = self._control.recv(256)
        except OSError:
            return False
        if answer[:1] == THREADED:
            self.threaded = answer[1:].decode()
        return answer == READY

    def settle(self, request: Request, listening: Sequence[socket.socket]) -> None:
        """Block until the sandbox is isolated and about to be the requested kernel.

        Raises
        ------
        SandboxUnavailable
            The sandbox cannot be made here; the message carries its reason.
        """
        try:
            self._control.settimeout(_START_SECONDS)
            socket.send_fds(self._control, [request.encode()], [one.fileno() for one in listening])
            answer, ancillary, _, _ = self._control.recvmsg(8192, socket.CMSG_SPACE(struct.calcsize("3i")))
        except OSError as error:
            answer, ancillary = FAILED + str(error).encode(), []
        if answer[:1] != STARTED:
            self.kill()
            self.reap()
            reason = (answer[1:].decode(errors="replace") or self.log_tail()).strip()
            raise SandboxUnavailable(
                f"The sandbox did not start: {reason or 'bubblewrap ended without a word'}",
                "Run `nexus doctor` to see what this machine lacks.",
            )
        process_id = struct.unpack("3i", ancillary[0][2])[0]
        with contextlib.suppress(ProcessLookupError):
            self._kernel_fd = os.pidfd_open(process_id)
        self._control.close()

    @property
    def pid(self) -> int:
        """The process id of bubblewrap, or of what becomes it."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code (128 + signal, if one ended the kernel), or None while it lives."""
        if self.returncode is None:
            self.returncode = self._process.poll()
        return self.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the kernel process."""
        if self._kernel_fd is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._kernel_fd, number)

    def kill(self) -> None:
        """End the whole process tree at once."""
        if self.poll() is None:
            self._process.kill()

    def reap(self, seconds: float = 5.0) -> None:
        """Wait until the process tree is gone and release what it held; `kill` comes first."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.returncode = self._process.wait(seconds)
        # bubblewrap is gone before the last process of its tree is.
        if self._control.fileno() >= 0:
            self._control.settimeout(seconds)
            with contextlib.suppress(OSError):
                while self._control.recv(1 << 16):
                    pass
            self._control.close()
        if self._kernel_fd is not None:
            select.select([self._kernel_fd], [], [], seconds)
            os.close(self._kernel_fd)
            self._kernel_fd = None

    def log_tail(self) -> str:
        """Return, once, the end of what the sandbox wrote to its standard error and close it."""
        if self._log < 0:
            return ""
        with contextlib.suppress(BlockingIOError):
            text = os.read(self._log, 1 << 16)
            os.close(self._log)
            self._log = -1
            return text[-_LOG_TAIL:].decode(errors="replace")
        return ""

    def close(self) -> None:
        """End the sandbox and release everything."""
        self.kill()
        self.reap()
        if self._log >= 0:
            os.close(self._log)
            self._log = -1


def _memory_file(content: bytes, passed: list[int], files: contextlib.ExitStack) -> int:
    """Put `content` into an anonymous file that the next child inherits; return its number."""
    number = os.memfd_create("nexus")
    files.callback(os.close, number)
    os.write(number, content)
    os.lseek(number, 0, os.SEEK_SET)
    passed.append(number)
    return number
