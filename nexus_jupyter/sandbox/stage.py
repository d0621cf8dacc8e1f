"""Where the server runs as root: prepare mounts, then become somebody else before bubblewrap starts.

Run as a script by the server, in a process of its own and with few imports: `json`, `pathlib`, `signal` and
`typing` would double its processor time, which every start pays. bubblewrap must
never be uid 0 of the machine, but the spare user it gets cannot reach what root keeps in private folders.
So what the sandbox may see is first mounted, in a mount namespace of this process alone, where that user can
reach it, with root's files shown as its own (idmapped mounts), still subject to their permissions.
"""

from __future__ import annotations

# ruff: noqa: PTH102, PTH112, PTH123
import ctypes
import marshal
import os
import sys

STAGE = "/run"

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_REC, _MS_SLAVE = 16384, 1 << 19
_MS_NOSUID, _MS_NODEV = 2, 4
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT, _SYS_MOUNT_SETATTR = 428, 429, 442  # the same numbers everywhere
_OPEN_TREE_CLONE, _AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = 1, -100, 0x1000, 0x8000
_MOVE_MOUNT_F_EMPTY_PATH = 4
_MOUNT_ATTR_IDMAP = 0x00100000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def main(request_fd: int) -> None:
    """Mount the sources of the request under `STAGE`, drop to its user and run its command."""
    with os.fdopen(request_fd, "rb") as file:
        request = marshal.load(file)  # noqa: S302  written by the server, for the same interpreter
    uid: int = request["uid"]
    _check(_libc.unshare(_CLONE_NEWNS), "make a mount namespace")
    _check(_libc.mount(None, b"/", None, ctypes.c_ulong(_MS_REC | _MS_SLAVE), None), "detach mounts")
    as_spare_user = _user_namespace(uid)
    trees = [(_cloned_tree(source, as_spare_user), os.path.isdir(source)) for source in request["sources"]]
    flags = ctypes.c_ulong(_MS_NOSUID | _MS_NODEV)
    _check(_libc.mount(b"tmpfs", STAGE.encode(), b"tmpfs", flags, b"size=1m,mode=0755"), "mount the stage")
    for index, (tree, is_folder) in enumerate(trees):
        place = f"{STAGE}/{index}"
        os.mkdir(place) if is_folder else os.mknod(place)
        moved = _libc.syscall(_SYS_MOVE_MOUNT, tree, b"", _AT_FDCWD, place.encode(), _MOVE_MOUNT_F_EMPTY_PATH)
        _check(moved, f"show {request['sources'][index]}")
        os.close(tree)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execve(request["command"][0], request["command"], {})  # noqa: S606


def _cloned_tree(source: str, user_namespace: int) -> int:
    """Return a detached copy of the mount at `source`, with root's files shown as the spare user's."""
    tree = _check(
        _libc.syscall(_SYS_OPEN_TREE, _AT_FDCWD, source.encode(), _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE),
        f"open {source}",
    )
    values = (_MOUNT_ATTR_IDMAP, 0, 0, user_namespace)  # struct mount_attr
    attributes = b"".join(value.to_bytes(8, sys.byteorder) for value in values)
    # Not every file system can (overlayfs before 5.19): then only what everybody may read is readable.
    _libc.syscall(
        _SYS_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes))
    )
    return tree


def _user_namespace(uid: int) -> int:
    """Return a descriptor of a user namespace that calls root `uid` and leaves all below `uid` as they are."""
    entered_read, entered_write = os.pipe()
    done_read, done_write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(done_write)
            _check(_libc.unshare(_CLONE_NEWUSER), "make a user namespace")
            os.write(entered_write, b"1")
            os.read(done_read, 1)  # returns when the parent closes its end
        finally:
            os._exit(0)
    os.close(entered_write)
    try:
        if not os.read(entered_read, 1):
            raise OSError("This machine allows no user namespaces.")
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{name}", "w") as file:
                file.write(f"0 {uid} 1\n1 1 {uid - 1}\n")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY)
    finally:
        for end in (entered_read, done_read, done_write):
            os.close(end)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
