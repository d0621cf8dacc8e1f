"""A real JupyterLab, with or without Nexus, in folders of its own."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from benchmarks.processes import cpu_s, tree_cpu_s

PENGUINS = Path(__file__).parents[1] / "notebooks" / "data" / "penguins.csv"
SENTENCE = "compare body mass by species"
# Tells its modules when asked, and ends when nobody can ask any more.
_SERVER = """
import json, os, signal, sys, threading
from jupyterlab.labapp import main

def answer():
    for _ in sys.stdin:
        print(json.dumps(sorted(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=answer, daemon=True).start()
main(sys.argv[1:])
"""


class Lab:
    """A JupyterLab server; a context manager.

    Parameters
    ----------
    nexus
        Whether Nexus is enabled, back end and front end.
    keep_warm
        Whether it keeps a sandbox warm.
    """

    def __init__(self, *, nexus: bool = True, keep_warm: bool = True) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="nexus-bench-"))
        self.root = self._folder / "root"
        self.root.mkdir()
        shutil.copyfile(PENGUINS, self.root / PENGUINS.name)
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        command = [
            sys.executable,
            "-c",
            _SERVER,
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.jpserver_extensions=nexus_jupyter={nexus}",
            f"--NexusExtension.keep_warm={keep_warm}",
        ]
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(
            command,
            cwd=self.root,
            env=environment(self._folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.pid = self._process.pid

    def __enter__(self) -> Lab:
        """Wait until the server answers."""
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.get("api/status")
            except (urllib.error.URLError, OSError, http.client.HTTPException):
                time.sleep(0.1)
            else:
                return self
        log = Path(self._log.name).read_text()
        self.__exit__(None, None, None)
        raise RuntimeError(f"JupyterLab did not start:\n{log[-4000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and remove its folders."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, path: str) -> str:
        """Return an address with the token in it."""
        return f"http://127.0.0.1:{self.port}/{path}{'&' if '?' in path else '?'}token={self.token}"

    def get(self, path: str) -> object:
        """Return the JSON at a path."""
        with urllib.request.urlopen(self.url(path), timeout=30) as answer:  # noqa: S310  our own address
            return json.load(answer)

    def post(self, path: str, body: object) -> Iterator[dict[str, object]]:
        """Yield the JSON lines that answer a request, as they come."""
        request = urllib.request.Request(self.url(path), json.dumps(body).encode())  # noqa: S310  our own address
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            for line in answer:
                yield json.loads(line)

    def modules(self) -> set[str]:
        """Return the names of the modules that the server has imported."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return set(json.loads(self._process.stdout.readline()))

    def cpu_s(self) -> float:
        """Return the processor time of the server's own process."""
        return cpu_s(self.pid)

    def wait_until_idle(self, seconds: float = 1.0) -> None:
        """Wait until the server and all below it have been idle: a standby is warm then."""
        end = time.monotonic() + 60
        before = tree_cpu_s(self.pid)
        while time.monotonic() < end:
            time.sleep(seconds)
            now = tree_cpu_s(self.pid)
            if now - before < 0.03 * seconds:
                return
            before = now
        raise RuntimeError("The server does not come to rest.")


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing of the developer's settings is seen."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    return {**os.environ, **own}
