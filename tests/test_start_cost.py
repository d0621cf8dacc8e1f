"""A started server has imported nothing heavy of ours: what it has not imported costs nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

# jupyter_server itself imports nbformat, jsonschema and IPython.
HEAVY = {
    "litellm", "pydantic", "pandas", "numpy", "dulwich", "nh3", "py_mini_racer", "python_calamine", "pyarrow", "nbclient",
    "nbconvert", "ipykernel", "ipywidgets", "anywidget",
    "nexus_jupyter.agents", "nexus_jupyter.recipes", "nexus_jupyter.store", "nexus_jupyter.appview.headless",
}  # fmt: skip
SERVER = """
import json, os, signal, sys, threading
from jupyterlab.labapp import main

def answer():
    for _ in sys.stdin:
        print(json.dumps(sorted(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=answer, daemon=True).start()
main(sys.argv[1:])
"""


def test_a_server_imports_nothing_heavy_until_it_is_needed(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={tmp_path}", "--IdentityProvider.token=x",
    ]  # fmt: skip
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *options],
        env={**os.environ, **own}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/nexus/api/status?token=x"
        for _ in range(300):
            try:
                with urllib.request.urlopen(url, timeout=20) as answer:
                    assert json.load(answer)["version"]
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.1)
        server.stdin.write("\n")
        server.stdin.flush()
        modules = set(json.loads(server.stdout.readline()))
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()
    assert "nexus_jupyter.handlers.status" in modules
    assert modules & HEAVY == set()
