"""Checks of the tree that no linter makes: no registry address, no dangerous package, versions that agree."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import supply_chain

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(
    r'"resolved": *"http|^--(extra-)?index-url|^--find-links|npmRegistryServer|^registry *=', re.MULTILINE
)


def tracked() -> list[Path]:
    """Return the files git tracks."""
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in out.decode().split("\0") if name]


def addresses() -> list[str]:
    """Return files that name a package registry."""
    found = []
    for path in tracked():
        is_settings = path.suffix in {".json", ".txt", ".toml", ".cfg", ".yml"} or path.name == ".npmrc"
        if is_settings and path.is_file() and ADDRESS.search(path.read_text(encoding="utf-8", errors="ignore")):
            found.append(f"{path.relative_to(ROOT)} names a package registry.")
    return found


def versions() -> list[str]:
    """Return disagreements between the versions of the Python and the npm package."""
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    module = re.search(r'__version__ = "([^"]+)"', (ROOT / "nexus_jupyter" / "__init__.py").read_text())
    npm = json.loads((ROOT / "labextension" / "package.json").read_text())["version"]
    if module and python == module[1] == npm:
        return []
    return [f"Versions differ: pyproject {python}, module {module and module[1]}, npm {npm}."]


def main() -> int:
    """Print every problem; return 1 if there is one."""
    problems = [*addresses(), *versions(), *supply_chain.problems(ROOT)]
    for problem in problems:
        sys.stderr.write(problem + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
