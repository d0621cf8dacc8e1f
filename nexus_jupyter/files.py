"""Writing files so that a crash leaves the old content or the new, never a mix."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from nexus_jupyter.errors import StorageFailed

PREFIX = ".~nexus-"
STALE_SECONDS = 3600


@contextlib.contextmanager
def atomic_writer(
    path: str | os.PathLike[str], *, text: bool = True, encoding: str = "utf-8", **kwargs: Any
) -> Iterator[IO[Any]]:
    """Open a file for writing whose content appears under `path` all at once.

    The bytes go to a new file in the same folder, are synced, and take the
    name in one rename; the folder is synced too, so that an answered save
    survives a power cut. A symbolic link is followed: its target is replaced.

    Parameters
    ----------
    path
        The file to replace or create. Its mode bits are kept.
    text, encoding, **kwargs
        As for `open`; text has Unix line ends.
    """
    target = Path(os.path.realpath(path))
    # A random part: two servers may save the same file at once.
    temp = target.with_name(f"{PREFIX}{secrets.token_hex(8)}~{target.name}"[:250])
    if text:
        kwargs.setdefault("newline", "\n")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "File is not writable", str(target))
    stream: IO[Any] | None = None
    try:
        stream = temp.open("x" if text else "xb", encoding=encoding if text else None, **kwargs)
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        with contextlib.suppress(FileNotFoundError):
            temp.chmod(target.stat().st_mode & 0o7777)
        temp.replace(target)
    except BaseException:
        if stream is not None:
            with contextlib.suppress(OSError):  # closing flushes: a full disk fails here again
                stream.close()
        temp.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable, where the system can."""
    with contextlib.suppress(OSError):  # not every file system syncs folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_atomic(path: Path, content: bytes) -> None:
    """Replace the content of `path`.

    Raises
    ------
    StorageFailed
        The disk is full or the folder cannot be written; `path` is as before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path, text=False) as stream:
            stream.write(content)
    except OSError as error:
        raise storage_failed(path, error) from error


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """Build the error for a failed write from the system's reason."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed(f"The disk is full: `{path.name}` was not written.", "Free some space, then try again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageFailed(
            f"`{path.parent}` cannot be written.",
            "Choose another folder with --root, or change its permissions.",
        )
    if error.errno == errno.ENOENT:
        return StorageFailed(f"`{path.parent}` cannot hold files.", "Choose another folder with --root.")
    if error.errno == errno.ENAMETOOLONG:
        return StorageFailed(f"The name `{path.name[:40]}...` is too long.", "Choose a shorter name.")
    return StorageFailed(
        f"`{path.name}` could not be written: {error.strerror or error}.", "Check the disk and try again."
    )


def remove_stale(folder: Path) -> int:
    """Delete what killed processes left half-written in `folder`, an hour old or older; return how many.

    Age decides, not the writer's process id: the folder may be shared with another machine.
    """
    count = 0
    for entry in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another server may tidy up at the same time
            if time.time() - entry.lstat().st_mtime < STALE_SECONDS:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
            count += 1
    return count
