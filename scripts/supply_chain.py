"""What must not be installed: releases known to be malicious, litellm's proxy, code that runs at every start of Python."""

from __future__ import annotations

import re
import site
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

BAD_LITELLM = ("1.82.7", "1.82.8")
PROXY = re.compile(r"^litellm\[[^\]]*proxy", re.MULTILINE)
#: Only its proxy brings these.
PROXY_PARTS = ("litellm-proxy-extras", "litellm-enterprise")
#: `.pth` files and the code that each may run; any other line must be the path of a folder.
KNOWN_PTH = {
    "distutils-precedence.pth": (
        "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
        "enabled and __import__('_distutils_hack').add_shim();"
    ),
    "_virtualenv.pth": "import _virtualenv",
    "_editable_impl_nexus_jupyter.pth": "",
    "_nexus_jupyter.pth": "",
    "nexus_jupyter.pth": "",
}
#: Modules that Python imports by itself.
AT_START = ("sitecustomize", "usercustomize")


def declared(project: Path) -> list[str]:
    """Return what the package asks for and must not."""
    asked = map(Requirement, tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    problems = []
    for one in asked:
        if one.name.lower() == "litellm":
            problems += [f"{project.name} allows litellm {bad}." for bad in BAD_LITELLM if one.specifier.contains(bad)]
            problems += [f"{project.name} asks for litellm's `{extra}`." for extra in one.extras if "proxy" in extra]
    return problems


def locked(folder: Path) -> list[str]:
    """Return what the locked requirements pin and must not."""
    problems = []
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        pins = re.findall(r"^litellm(?:\[[^\]]*\])?==([\w.]+)", text, re.MULTILINE)
        problems += [f"{path.name} pins litellm {bad}." for bad in BAD_LITELLM if bad in pins]
        if PROXY.search(text) or any(re.search(rf"^{part}==", text, re.MULTILINE) for part in PROXY_PARTS):
            problems.append(f"{path.name} installs litellm's proxy.")
        if re.search(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE) and "--hash=" not in text:
            problems.append(f"{path.name} has no hashes.")
    return problems


def installed(folders: list[Path]) -> list[str]:
    """Return what is in these folders of packages and must not be."""
    problems = []
    for one in metadata.distributions(path=list(map(str, folders))):
        name = re.sub(r"[-_.]+", "-", str(one.metadata["Name"])).lower()
        if name == "litellm" and one.version in BAD_LITELLM:
            problems.append(f"litellm {one.version} is installed: it steals credentials.")
        if name in PROXY_PARTS:
            problems.append(f"{name} is installed: litellm's proxy is not to be.")
    for folder in folders:
        problems += [problem for path in sorted(folder.glob("*.pth")) for problem in _started_by(path)]
        for module in AT_START:
            if (folder / f"{module}.py").exists() or (folder / module).is_dir():
                problems.append(f"{folder / module} runs at every start of Python.")
    return problems


def _started_by(path: Path) -> list[str]:
    """Return what is wrong with a `.pth` file. Source: the documentation of `site`."""
    if path.name not in KNOWN_PTH:
        return [f"{path} is not known: such a file may run at every start of Python."]
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    code = [line for line in lines if line.startswith(("import ", "import\t"))]
    return [f"{path} runs other code than is known." for line in code if line != KNOWN_PTH[path.name]]


def problems(root: Path) -> list[str]:
    """Return all that is wrong with a tree and the environment that runs this."""
    paths = sysconfig.get_paths()
    folders = {Path(paths["purelib"]), Path(paths["platlib"]), *map(Path, site.getsitepackages())}
    return [
        *declared(root / "pyproject.toml"),
        *locked(root / "requirements"),
        *installed(sorted(f for f in folders if f.is_dir())),
    ]
