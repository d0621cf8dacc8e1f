"""What works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

from nexus_jupyter import __version__
from nexus_jupyter.errors import StorageFailed
from nexus_jupyter.models.run import Finding
from nexus_jupyter.sandbox.doctor import probe_tiers

KERNEL = "nexus-python"
REINSTALL = "Run: pip install --force-reinstall nexus-jupyter"


def examine() -> list[Finding]:
    """Return every finding, in at most two seconds."""
    return [
        _python(),
        *_tiers(),
        _kernelspec(),
        _compiled(),
        _labextension(),
        _server_extension(),
        _saves(),
        *_readers(),
        _model(),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding(
        name="Python", ok=ok, detail=f"{version}, nexus {__version__}", remedy="Install Python 3.11 or newer."
    )


def _tiers() -> list[Finding]:
    reports = probe_tiers()
    strong = [r for r in reports if r.works and r.name != "process"]
    if strong:
        names = ", ".join(r.name for r in strong)
        return [Finding(name="Sandbox", ok=True, detail=f"{names}: apps run isolated, without network")]
    first = next((r for r in reports if r.name != "process"), None)
    reason = first.reason if first else "no tier is known for this system"
    detail = f"none works: {reason}; only unmodified recipe apps run, as a plain process"
    return [Finding(name="Sandbox", ok=False, detail=detail, remedy=first.remedy if first else "")]


def _kernelspec() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().find_kernel_specs().get(KERNEL)
    return Finding(
        name="Kernel", ok=bool(found), detail=f"{KERNEL} in {found}" if found else f"{KERNEL} is not installed", remedy=REINSTALL
    )  # fmt: skip


def _compiled() -> Finding:
    """Look whether a sandboxed kernel finds its packages compiled: it cannot write, so it would do it at each start."""
    spec = importlib.util.find_spec("pandas")
    if spec is None or spec.origin is None:
        return Finding(name="Packages", ok=False, detail="pandas is not installed", remedy=REINSTALL)
    folder = Path(spec.origin).parent
    if any((folder / "__pycache__").glob("*.pyc")):
        return Finding(name="Packages", ok=True, detail="compiled: apps start fast")
    detail = f"not compiled, so that apps start slowly; run once: {sys.executable} -m compileall -q {folder.parent}"
    return Finding(name="Packages", ok=True, detail=detail)  # slower, but nothing is missing


def _labextension() -> Finding:
    from jupyter_core.paths import jupyter_path

    folders = [Path(p) / "nexus-jupyter" for p in jupyter_path("labextensions")]
    found = next((f for f in folders if (f / "package.json").is_file()), None)
    detail = f"in {found}" if found else "the front end is not built"
    return Finding(name="JupyterLab extension", ok=bool(found), detail=detail, remedy=REINSTALL)


def _server_extension() -> Finding:
    from jupyter_core.paths import jupyter_config_path

    folders = [Path(p) / "jupyter_server_config.d" / "nexus_jupyter.json" for p in jupyter_config_path()]
    found = next((f for f in folders if f.is_file()), None)
    detail = f"enabled by {found}" if found else "not enabled"
    remedy = "Run: jupyter server extension enable nexus_jupyter"
    return Finding(name="Server extension", ok=bool(found), detail=detail, remedy=remedy)


def _saves() -> Finding:
    if importlib.util.find_spec("jupyter_collaboration"):
        detail = "atomic through JupyterLab's file manager; with collaboration on, documents are saved a second later"
    else:
        detail = "atomic: a crash leaves the old notebook or the new; other contents managers keep their own guarantee"
    return Finding(name="Saves", ok=True, detail=detail)


def _readers() -> list[Finding]:
    if importlib.util.find_spec("pyarrow"):
        return [Finding(name="Parquet", ok=True, detail=f"pyarrow {importlib.metadata.version('pyarrow')}")]
    # An extra: its absence is no fault, so it is reported as fine.
    return [Finding(name="Parquet", ok=True, detail="off; to read it: pip install 'nexus-jupyter[parquet]'")]


def _model() -> Finding:
    from nexus_jupyter.broker.endpoint import state_dir
    from nexus_jupyter.store import CHOSEN_MODEL, Database, Settings

    hint = "none connected; apps are built from recipes. To connect one: nexus keys set openai"
    file = state_dir() / "nexus.db"
    if not file.exists():
        return Finding(name="Model", ok=True, detail=hint)
    try:
        database = Database(file)
    except StorageFailed as error:
        return Finding(name="Model", ok=False, detail=error.message, remedy=error.remedy)
    model = Settings(database, "local").get(CHOSEN_MODEL)
    database.close()
    return Finding(
        name="Model",
        ok=True,
        detail=f"{model}; to try it: nexus keys test {model.partition('/')[0]}" if model else hint,
    )
