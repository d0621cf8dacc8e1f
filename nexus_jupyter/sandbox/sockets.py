"""The five sockets of a kernel, bound by the server in a private directory of its own."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path

#: Names and port numbers in Jupyter's connection information, in the order in which they are passed on.
PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
_BACKLOG = 64
_LONGEST_PATH = 100  # sun_path holds 108 bytes


class KernelSockets:
    """A directory with five unix sockets; a restarted kernel gets new sockets at the same paths."""

    def __init__(self) -> None:
        base = Path(tempfile.gettempdir())
        if len(str(base)) > _LONGEST_PATH - 20:
            base = Path("/tmp")  # noqa: S108  a long TMPDIR does not fit into a socket address
        self.directory = Path(tempfile.mkdtemp(prefix="nexus-", dir=base))  # mode 0700

    @property
    def address(self) -> str:
        """What Jupyter calls `ip` for the `ipc` transport: the paths without `-<port>`."""
        return str(self.directory / "k")

    def listen(self) -> list[socket.socket]:
        """Bind all five anew and return them, listening; the caller closes them once passed on."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        listening = []
        for port in PORTS.values():
            path = Path(f"{self.address}-{port}")
            path.unlink(missing_ok=True)
            one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.bind(str(path))
            one.listen(_BACKLOG)
            listening.append(one)
        return listening

    def remove(self) -> None:
        """Delete the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)
