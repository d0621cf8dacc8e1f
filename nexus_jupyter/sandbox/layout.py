"""What of this machine a sandbox can see, always read-only."""

from __future__ import annotations

import functools
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Where bubblewrap shows what the server hands in, before the sandbox puts it in its place.
MOUNTS = "/nexus/mounts"
HIDDEN_ROOT = "/nexus/root"

_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/pki/tls/certs",
    "/etc/ssl/certs",
)

#: Files that programs expect and whose real contents are none of an app's business.
GENERATED_FILES = {
    "/etc/passwd": "app:x:1000:1000:app:/home/app:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": "app:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost nexus\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine and its place in the sandbox; always read-only."""

    source: Path
    target: str


@functools.cache
def system_mounts() -> tuple[Mount, ...]:
    """Return the operating system's programs and libraries."""
    mounts = [Mount(Path("/usr"), "/usr")]
    mounts += [
        Mount(Path("/", name), f"/{name}")
        for name in _SYSTEM_LINKS
        if Path("/", name).is_dir() and not Path("/", name).is_symlink()
    ]
    mounts += [Mount(Path(name).resolve(), name) for name in _SYSTEM_FILES if Path(name).exists()]
    return tuple(mounts)


@functools.cache
def system_links() -> tuple[tuple[str, str], ...]:
    """Return links such as /bin -> usr/bin, as (name, destination)."""
    return tuple(
        (f"/{name}", str(Path("/", name).readlink())) for name in _SYSTEM_LINKS if Path("/", name).is_symlink()
    )


@functools.cache
def python_mounts() -> tuple[Mount, ...]:
    """Return this interpreter, its environment and this package, at the very paths they have here.

    The same paths, because an interpreter, its virtual environment and its libraries name each other by path.
    """
    paths = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve()]
    paths += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    if site.ENABLE_USER_SITE:
        paths.append(Path(site.getusersitepackages()))
    paths.append(package_parent() / "nexus_jupyter")
    return tuple(Mount(path, str(path)) for path in without_nested(path for path in paths if path.is_dir()))


def package_parent() -> Path:
    """Return the folder that holds this package: site-packages, or a checkout (of which nothing else is shown)."""
    return Path(__file__).resolve().parents[2]


def program_mounts(program: str, home: Path) -> tuple[Mount, ...]:
    """Return what a kernel's own program needs to run: its installation prefix, or at least its file.

    A program in `<prefix>/bin` is taken to have its resources in `<prefix>`, except where that would show a
    home directory or its `.local`, which hold much else.
    """
    found = shutil.which(program)
    if found is None:
        return ()
    paths: list[Path] = []
    for path in {Path(found), Path(found).resolve()}:
        prefix = path.parent.parent
        shared = prefix in {home, home / ".local"} or home.is_relative_to(prefix)
        paths.append(prefix if path.parent.name == "bin" and not shared else path)
    return tuple(Mount(path, str(path)) for path in without_nested(paths))


def without_nested(paths: Iterable[Path]) -> list[Path]:
    """Drop what lies below another path of the list, or below /usr."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not path.is_relative_to("/usr") and not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def bubblewrap_options(mounts: Iterable[Mount], extra: Iterable[Mount], env: Mapping[str, str]) -> list[str]:
    """Return the options of `bwrap`, without the program to run.

    The root that bubblewrap builds is a stage: `inside.isolate` takes from it what the app may have and leaves
    it. `/proc/sys` is mounted read-only as a second lock beside not being uid 0.
    """
    options = ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    options += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--hostname", "nexus", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in env.items():
        options += ["--setenv", name, value]
    for name, destination in system_links():
        options += ["--symlink", destination, name]
    for mount in (*mounts, *extra):
        options += ["--ro-bind", str(mount.source), mount.target]
    options += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", "--remount-ro", "/dev"]
    options += ["--dir", "/nexus/new", "--chdir", "/nexus", "--remount-ro", "/"]
    return options
