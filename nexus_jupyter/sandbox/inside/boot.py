"""The first Python in the sandbox: wait for a request, isolate, become the kernel.

A cold start finds its request waiting; a standby imports what most apps import and waits for one. From the
request on both are the same.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

from nexus_jupyter.sandbox.inside import isolate
from nexus_jupyter.sandbox.inside.evidence import missing_evidence
from nexus_jupyter.sandbox.inside.request import Request

READY, STARTED, FAILED, THREADED = b"R", b"K", b"E", b"T"
MAX_MESSAGE = 1 << 20
DESCRIPTORS = 6  # the five channels, and the line to the models


def main(control_fd: int, preload: list[str]) -> NoReturn:
    """Serve one request on the control socket, then exit with the kernel's code."""
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    preloaded = []
    for name in preload:
        if _imported(name):
            preloaded.append(name)
        if len([*Path("/proc/self/task").iterdir()]) > 1:  # namespaces are entered by a process of one thread
            control.send(THREADED + name.encode())
            raise SystemExit(0)
    if preload:
        control.send(READY)
    message, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, DESCRIPTORS)
    if not message:  # the server ended, or has no use for us any more
        raise SystemExit(0)
    try:
        request = Request.decode(message)
        _isolate(request, control_fd, descriptors)
    except BaseException:  # noqa: BLE001  whatever went wrong is for the server to say
        control.send(FAILED + traceback.format_exc(limit=-2).encode()[-4000:])
        os._exit(71)
    if request.kind == "other":
        _run_other(request, control, descriptors)
    control.send(STARTED)  # carries our process id, as the operating system sees it
    control.close()
    if request.kind == "probe":
        raise SystemExit(0)
    from nexus_jupyter.sandbox.inside import kernel

    kernel.run(request.connection, descriptors, request.argv, preloaded)
    raise SystemExit(0)


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  whatever it is, the app that needs the library will hear of it
        return False
    return True


def _isolate(request: Request, control_fd: int, descriptors: list[int]) -> None:
    last = 2  # nothing else that is open here may reach the app
    for descriptor in sorted({control_fd, *descriptors}):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, 4096)
    isolate.build_root(request.binds, request.links, request.files, request.scratch_bytes, request.scratch_inodes)
    isolate.drop_privileges(request.limits, request.seccomp)
    os.environ.clear()
    os.environ.update(request.env)
    time.tzset()
    os.chdir(request.cwd)
    if missing := missing_evidence():
        raise RuntimeError(f"The sandbox is incomplete, it lacks: {', '.join(missing)}.")


def _run_other(request: Request, control: socket.socket, descriptors: list[int]) -> NoReturn:
    """Run a kernel that only speaks TCP as a child, and forward the server's sockets to its ports."""
    child = os.fork()
    if child == 0:
        os.setsid()
        control.send(STARTED)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # the server's pipe does not block, which a foreign kernel may not expect
            os.dup2(null, stream)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            os.execvpe(request.argv[0], request.argv, request.env)  # noqa: S606
        finally:
            os._exit(127)
    control.close()
    isolate.set_dumpable(False)  # the app runs as the same user: it must not look into the forwarder
    from nexus_jupyter.sandbox.inside import forward

    code = forward.serve(descriptors, request.connection, child)
    sys.exit(code if code >= 0 else 128 - code)
