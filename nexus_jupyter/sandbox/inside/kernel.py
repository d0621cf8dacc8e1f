"""The IPython kernel on sockets that the server bound: no port, no shared directory."""

from __future__ import annotations

import os
import sys
from typing import Any

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from nexus_jupyter.broker.endpoint import LINE_VARIABLE
from nexus_jupyter.sandbox.inside.forward import CHANNELS


def run(connection: dict[str, Any], descriptors: list[int], argv: list[str], preloaded: list[str]) -> None:
    """Serve a kernel until it is shut down.

    Parameters
    ----------
    connection
        Connection information as the server's clients have it.
    descriptors
        Listening unix sockets in the order of `CHANNELS`, then the line to the models.
    argv
        Further command line arguments of `ipykernel`.
    preloaded
        Modules imported before the kernel existed.
    """
    channels, others = descriptors[: len(CHANNELS)], descriptors[len(CHANNELS) :]
    listening = {connection[f"{name}_port"]: descriptor for name, descriptor in zip(CHANNELS, channels, strict=True)}
    for line in others:
        os.set_inheritable(line, False)
        os.environ[LINE_VARIABLE] = f"line:{line}"
    app = _sandboxed_app(connection, listening).instance(config=_config())
    app.initialize(argv)  # type: ignore[no-untyped-call]
    if "ipywidgets" in preloaded:
        # ipywidgets registers its comm targets at import, but only where a kernel exists by then.
        sys.modules["ipywidgets"].register_comm_target()
    app.start()  # type: ignore[no-untyped-call]


def _config() -> Config:
    config = Config()
    config.HistoryManager.hist_file = ":memory:"  # the disk is scratch: nobody reads it again
    # Nothing is cached in scratch space, so Jedi would read all of pandas for the first completion: 8 s.
    config.Completer.use_jedi = False
    return config


def _sandboxed_app(connection: dict[str, Any], listening: dict[int, int]) -> type[IPKernelApp]:
    """Return ipykernel's application with its sockets taken from `listening` (port to descriptor)."""

    def bind(socket: zmq.Socket[Any], port: int) -> None:
        socket.setsockopt(zmq.USE_FD, listening[port])
        socket.bind(f"ipc://@nexus-{port}")  # libzmq ignores the name once it has a descriptor

    def bind_heartbeat(heartbeat: Heartbeat) -> None:
        bind(heartbeat.socket, heartbeat.port)

    # The heartbeat thread binds by itself, not through the application.
    Heartbeat._try_bind_socket = bind_heartbeat  # type: ignore[method-assign]

    class SandboxedKernelApp(IPKernelApp):
        """ipykernel, with connection information as an object instead of a file."""

        def init_connection_file(self) -> None:
            self.load_connection_info(connection)  # type: ignore[arg-type]  # a plain dict from JSON

        def _try_bind_socket(self, s: zmq.Socket[Any], port: int) -> int:
            bind(s, port)
            if port == self.shell_port:
                # The debugger asks the shell from inside, where the server's address does not exist.
                s.setsockopt(zmq.USE_FD, -1)
                s.bind("ipc://@nexus-shell")
            return port

        def start(self) -> None:
            """Serve; at the end let the control thread finish before the interpreter ends other threads.

            It flushes output through the iopub thread. ipykernel stops that one first, and now and then
            (in 3 of 25 shutdowns) waited for ever.
            """
            super().start()  # type: ignore[no-untyped-call]
            if self.control_thread is not None and self.control_thread.is_alive():
                self.control_thread.stop()
                self.control_thread.join()

        def write_connection_file(self, **kwargs: Any) -> None:
            """Write nothing: the server has the file."""

        def cleanup_connection_file(self) -> None:
            """Remove nothing."""

        def cleanup_ipc_files(self) -> None:
            """Remove nothing: the sockets are the server's."""

        def log_connection_info(self) -> None:
            """Print nothing: the standard output of a sandbox is not read."""

    return SandboxedKernelApp
