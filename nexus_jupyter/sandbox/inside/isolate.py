"""Turn this process, single-threaded and already inside bubblewrap, into the sandbox an app may run in.

Needs no capability, only the right to make user namespaces. Two are nested:

* the first (uid 0) owns the mount namespace that is built here: it can mount tmpfs with an inode limit,
  which bubblewrap 0.8 cannot, and leaves the old root, so that what was visible before is gone;
* the second (uid 1000) is where the app lives. It has no power over the first, and its own count of
  processes (Linux >= 5.14 counts RLIMIT_NPROC per user namespace).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
from pathlib import Path

from nexus_jupyter.sandbox.inside.evidence import APP_UID, MARKER

NEW_ROOT = Path("/nexus/new")

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 4, 22, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_SECCOMP_MODE_FILTER = 2
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _mount(source: str | None, target: Path, kind: str | None, flags: int, options: str = "") -> None:
    done = _libc.mount(
        source.encode() if source else None,
        str(target).encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(done, f"mount {kind or source} on {target}")


def _bind(source: str | Path, target: Path) -> None:
    _mount(str(source), target, None, _MS_BIND | _MS_REC)


def _new_user_namespace(inner: int, outer: int, also: int = 0) -> None:
    """Enter a new user namespace in which `outer` is called `inner`."""
    _check(_libc.unshare(_CLONE_NEWUSER | also), "make a user namespace")
    with contextlib.suppress(PermissionError):  # an outer namespace denied it already
        Path("/proc/self/setgroups").write_text("deny")
    for name in ("uid_map", "gid_map"):
        Path("/proc/self", name).write_text(f"{inner} {outer} 1")


def build_root(
    binds: list[tuple[str, str]],
    links: list[tuple[str, str]],
    files: dict[str, str],
    scratch_bytes: int,
    scratch_inodes: int,
) -> None:
    """Leave the present root for a new, read-only one that has only `binds`, `links`, `files` and scratch space.

    One tmpfs backs /tmp, the home directory and /dev/shm, so that the limits hold for their sum.
    """
    _new_user_namespace(0, os.getuid(), also=_CLONE_NEWNS)
    _mount(None, Path("/"), None, _MS_REC | _MS_PRIVATE)
    _mount("tmpfs", NEW_ROOT, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=2m,nr_inodes=1024,mode=0755")
    for name in ("tmp", "home/app", "dev", "proc", "etc", "run/nexus", "project"):
        (NEW_ROOT / name).mkdir(parents=True)
    for target, text in {MARKER: "nexus-sandbox\n", **files}.items():
        path = NEW_ROOT / target.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o444)
    for name, destination in links:
        (NEW_ROOT / name.lstrip("/")).symlink_to(destination)
    _bind("/dev", NEW_ROOT / "dev")
    # An own instance: the count of pseudo terminals is otherwise shared with the whole machine.
    _mount("devpts", NEW_ROOT / "dev/pts", "devpts", _MS_NOSUID | _MS_NOEXEC, "newinstance,ptmxmode=0666,max=16")
    scratch = NEW_ROOT / "tmp"
    limits = f"size={scratch_bytes},nr_inodes={scratch_inodes},mode=0755"
    _mount("tmpfs", scratch, "tmpfs", _MS_NOSUID | _MS_NODEV, limits)
    for name, target in (("home", "home/app"), ("shm", "dev/shm"), ("tmp", "tmp")):
        (scratch / name).mkdir(mode=0o700)
        _bind(scratch / name, NEW_ROOT / target)
    for source, target in sorted(binds, key=lambda pair: pair[1]):
        _bind_at(Path(source), NEW_ROOT / target.lstrip("/"))
    _mount(None, NEW_ROOT, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    os.chdir(NEW_ROOT)
    _check(_libc.syscall(_SYS_PIVOT_ROOT[os.uname().machine], b".", b"."), "enter the new root")
    _check(_libc.umount2(b".", _MNT_DETACH), "leave the old root")
    os.chdir("/")


def _bind_at(source: Path, target: Path) -> None:
    """Bind a directory or file; its place is made first, unless a mount made it."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _bind(source, target)


def drop_privileges(limits: dict[str, int], seccomp_program: bytes) -> None:
    """Give up, for ever, all that this process may do beyond an app: capabilities, limits, system calls."""
    _new_user_namespace(APP_UID, 0)
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _check(_libc.capset(struct.pack("Ii", 0x20080522, 0), b"\0" * 24), "drop capabilities")
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
    set_dumpable(True)  # changing credentials cleared it; nobody else is in here who could attach
    buffer = ctypes.create_string_buffer(seccomp_program, len(seccomp_program))
    filter_program = _FilterProgram(len(seccomp_program) // 8, ctypes.addressof(buffer))
    done = _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0)
    _check(done, "install the system call filter")


def set_dumpable(dumpable: bool) -> None:
    """Say whether other processes of the same user may look into this one."""
    _libc.prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)
