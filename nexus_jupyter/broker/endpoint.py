"""Where the broker of a state folder is, and how to start it; the standard library only.

A broker is found by `broker.json` in the state folder, which only the owner
can read: it holds the address and the owner's token.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nexus_jupyter import __version__
from nexus_jupyter.broker.wire import Response, request_bytes
from nexus_jupyter.errors import BrokerUnavailable, NexusError

FILE = "broker.json"
FOLDER = "nexus-broker-"  # begins the name of a socket's folder
START_SECONDS = 20.0
CONNECT_SECONDS = 5.0
STATE_VARIABLE = "NEXUS_STATE_DIR"
LINE_VARIABLE = "NEXUS_LINE"  # set in a sandboxed kernel: `line:<descriptor>`


class Endpoint(NamedTuple):
    """An address (`unix:/path`, `tcp:host:port` or `line:<descriptor>`), the token to show there, and who listens."""

    address: str
    token: str
    version: str = ""
    pid: int = 0


def state_dir() -> Path:
    """Return the folder of this user's state: `$NEXUS_STATE_DIR`, or `nexus` in Jupyter's data folder."""
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen)
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir(), "nexus")


def read(state: Path) -> Endpoint | None:
    """Return what `broker.json` says, if it says anything; nobody need be listening."""
    try:
        told = json.loads((state / FILE).read_text(encoding="utf-8"))
        return Endpoint(str(told["address"]), str(told["token"]), str(told["version"]), int(told["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def connect(address: str, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """Open a connection.

    Raises
    ------
    OSError
        Nobody listens there.
    """
    kind, _, where = address.partition(":")
    if kind == "line":
        return _connect_by_line(int(where), seconds)
    if kind == "unix":
        end = time.monotonic() + seconds
        while True:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                made.settimeout(seconds)
                made.connect(where)
                return made
            except BlockingIOError:  # many call at once: a unix socket does not let them queue
                made.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
            except BaseException:
                made.close()
                raise
    host, _, port = where.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=seconds)


def _connect_by_line(descriptor: int, seconds: float) -> socket.socket:
    """Open a connection out of a sandbox: one end of a pair goes to the server, which takes it from there."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs, socket.socket(fileno=os.dup(descriptor)) as line:
        socket.send_fds(line, [b"call"], [theirs.fileno()])
    mine.settimeout(seconds)
    return mine


def locate() -> Endpoint:
    """Return the way to the models from this process: a sandboxed kernel's line, else this user's broker."""
    if line := os.environ.get(LINE_VARIABLE):
        return Endpoint(line, "")
    return ensure(state_dir())


def is_alive(endpoint: Endpoint) -> bool:
    """Return whether a broker answers there."""
    try:
        with connect(endpoint.address) as connection:
            connection.sendall(request_bytes("GET", "/nexus/health", endpoint.token))
            response = Response()
            while piece := connection.recv(65_536):
                response.feed(piece)
    except (OSError, NexusError):
        return False
    return response.status == 200


def find(state: Path) -> Endpoint | None:
    """Return the running broker, or None; starts nothing."""
    endpoint = read(state)
    return endpoint if endpoint and is_alive(endpoint) else None


def ensure(state: Path, *, seconds: float = START_SECONDS) -> Endpoint:
    """Return the broker of a state folder; start one if there is none, or only one of another version.

    Blocks for up to `seconds`. Callers at the same time get the same broker.

    Raises
    ------
    BrokerUnavailable
        It does not start.
    """
    endpoint = find(state)
    if endpoint and endpoint.version == __version__:
        return endpoint
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _lock(state / "broker.start.lock", seconds):
            endpoint = find(state)
            if endpoint and endpoint.version == __version__:
                return endpoint
            if endpoint:
                retire(endpoint)
            else:
                _sweep(read(state))
            return _start(state, seconds)
    except OSError as error:
        raise BrokerUnavailable(
            f"The model broker cannot be started: {error.strerror or error}.", f"Check the folder `{state}`."
        ) from error


def retire(endpoint: Endpoint) -> None:
    """Ask a broker to end once the calls under way have ended."""
    with contextlib.suppress(OSError), connect(endpoint.address) as connection:
        connection.sendall(request_bytes("POST", "/nexus/shutdown", endpoint.token, {}))
        connection.recv(65_536)


def _start(state: Path, seconds: float) -> Endpoint:
    (state / FILE).unlink(missing_ok=True)
    log = state / "broker.log"
    with _opened(log) as output:
        child = subprocess.Popen(
            # -P: a file in the state folder is no module.
            [sys.executable, "-P", "-m", "nexus_jupyter.broker", "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=state,
        )
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        endpoint = read(state)
        if endpoint and endpoint.pid == child.pid and is_alive(endpoint):
            return endpoint
        if child.poll() is not None:
            break
        time.sleep(0.02)
    else:
        child.kill()
        child.wait()
    raise BrokerUnavailable(f"The model broker does not start. {_last_line(log)}".strip(), f"See `{log}`.")


def _opened(path: Path) -> BinaryIO:
    """Open a file to add to; where it is new, it is the owner's alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _sweep(gone: Endpoint | None) -> None:
    """Remove the socket that a killed broker left."""
    kind, _, where = gone.address.partition(":") if gone else ("", "", "")
    folder = Path(where).parent
    if kind == "unix" and folder.name.startswith(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace")[-2000:].strip().splitlines()
        return lines[-1][:300] if lines else ""
    return ""


@contextlib.contextmanager
def _lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock that ends with its holder.

    Raises
    ------
    BrokerUnavailable
        Another process holds it for longer than `seconds`.
    """
    end = time.monotonic() + seconds
    with _opened(path) as file:
        while not _try_lock(file.fileno()):
            if time.monotonic() > end:
                raise BrokerUnavailable("Another program is starting the model broker.", "Try again in a moment.")
            time.sleep(0.02)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
