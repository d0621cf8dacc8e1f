"""Turn a policy and a kernel's command into what the inside is asked to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nexus_jupyter.sandbox import layout, seccomp
from nexus_jupyter.sandbox.inside.request import Request
from nexus_jupyter.sandbox.layout import Mount
from nexus_jupyter.sandbox.sockets import PORTS

if TYPE_CHECKING:  # pydantic would be a third of what Nexus adds to a server's start
    from nexus_jupyter.models.sandbox import EnvironmentPolicy, SandboxPolicy

HOME = "/home/app"
LAUNCHER = "nexus_jupyter.sandbox.launcher"
#: A kernel that is not ours finds its connection file here, and listens on these ports of its own loopback.
INNER_CONNECTION_FILE = "/run/nexus/connection.json"
_INNER_FIRST_PORT = 9100
_MB = 1 << 20

#: One thread per library: many kernels share a machine, and each thread counts against `pids`.
_THREADS = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB", "BLIS", "RAYON")


class _Probe(NamedTuple):
    """The limits of a probe: about the least that a policy may have."""

    cpu_s: int | None = None
    memory_mb: int = 256
    pids: int = 32
    disk_mb: int = 8
    inodes: int = 128
    files: int = 64


def environment(
    spec_env: Mapping[str, str], notebook: str | None, policy: EnvironmentPolicy | None = None
) -> dict[str, str]:
    """Return all variables of a kernel; nothing of the server's environment but what the policy names."""
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": HOME,
        "USER": "app",
        "LOGNAME": "app",
        "SHELL": "/bin/sh",
        "TERM": "xterm-color",
        "TMPDIR": "/tmp",  # noqa: S108  its own
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else each start warns about frozen modules
        "MALLOC_ARENA_MAX": "2",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a warm kernel cannot isolate beside a thread
        **{f"{name}_NUM_THREADS" if name != "VECLIB" else "VECLIB_MAXIMUM_THREADS": "1" for name in _THREADS},
    }
    if "TZ" in os.environ:
        env["TZ"] = os.environ["TZ"]
    if libraries := _library_path():
        env["LD_LIBRARY_PATH"] = libraries
    if notebook:
        env["JPY_SESSION_NAME"] = notebook
    if policy is None:
        return env | dict(spec_env)
    env |= {name: os.environ[name] for name in policy.allow if name in os.environ}
    return env | dict(spec_env) | policy.set


def _library_path() -> str:
    """Return the part of LD_LIBRARY_PATH that this interpreter may need to find its own shared library."""
    prefixes = (sys.prefix, sys.base_prefix)
    paths = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return os.pathsep.join(
        path for path in paths if path and any(Path(path).is_relative_to(prefix) for prefix in prefixes)
    )


def limits(policy: SandboxPolicy | _Probe) -> dict[str, int]:
    """Return the resource limits (`resource.RLIMIT_<name>`) of a policy."""
    values = {
        "CORE": 0,
        "FSIZE": policy.disk_mb * _MB,
        "NOFILE": policy.files,
        "NPROC": policy.pids,
        "DATA": policy.memory_mb * _MB,
        "MEMLOCK": _MB,
        "MSGQUEUE": 0,
    }
    if policy.cpu_s is not None:
        values["CPU"] = policy.cpu_s
    return values


def _request(policy: SandboxPolicy | _Probe, seen: Iterable[tuple[str, str]] = (), **facts: Any) -> Request:
    visible = (*layout.system_mounts(), *layout.python_mounts())
    files = {**layout.GENERATED_FILES, **facts.pop("files", {})}
    return Request(
        binds=[("/proc", "/proc"), *((mount.target, mount.target) for mount in visible), *seen],
        links=list(layout.system_links()),
        files=files,
        limits=limits(policy),
        scratch_bytes=policy.disk_mb * _MB,
        scratch_inodes=policy.inodes,
        seccomp=seccomp.program(),
        **facts,
    )


def probe_request() -> Request:
    """Ask only to isolate, then to end."""
    return _request(_Probe(), kind="probe", argv=[], connection={}, env={})


def ipykernel_request(
    policy: SandboxPolicy,
    command: list[str],
    connection: dict[str, Any],
    env: dict[str, str],
    seen: Iterable[tuple[str, str]],
) -> Request:
    """Ask to become an IPython kernel on the sockets passed along; `command` is the launcher's."""
    arguments = command[command.index(LAUNCHER) + 1 :]
    if "-f" in arguments:
        at = arguments.index("-f")
        del arguments[at : at + 2]
    return _request(policy, seen, kind="ipykernel", argv=arguments, connection=connection, env=env)


def other_request(
    policy: SandboxPolicy,
    command: list[str],
    connection: dict[str, Any],
    connection_file: str,
    env: dict[str, str],
    seen: Iterable[tuple[str, str]],
    extra: Iterable[Mount],
) -> Request:
    """Ask to run any kernel, which reads a connection file and listens on TCP, behind a forwarder."""
    import json

    ports = {f"{name}_port": _INNER_FIRST_PORT + number for name, number in PORTS.items()}
    inner = {**connection, **ports, "transport": "tcp", "ip": "127.0.0.1"}
    names = {connection_file, os.path.realpath(connection_file)}
    argv = [INNER_CONNECTION_FILE if argument in names else argument for argument in command]
    seen = [*seen, *((mount.target, mount.target) for mount in extra)]
    files = {INNER_CONNECTION_FILE: json.dumps(inner)}
    return _request(policy, seen, kind="other", argv=argv, connection=inner, env=env, files=files)
