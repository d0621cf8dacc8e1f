"""Is this process really inside the sandbox?"""

from __future__ import annotations

import os
from pathlib import Path

MARKER = "/run/nexus/sandbox"
APP_UID = 1000


def missing_evidence() -> list[str]:
    """Return what a sandboxed process would have and this one lacks; empty means sandboxed.

    Each fact alone could come about by accident (containers filter system calls too, a variable or file
    can be copied), so all are asked for, and they are asked of the operating system.
    """
    try:
        status = dict(
            line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line
        )
        uid_map = Path("/proc/self/uid_map").read_text().split()
        interfaces = [line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]]
    except OSError:
        return ["a Linux /proc"]
    marker = Path(MARKER)
    facts = {
        "no_new_privs": status.get("NoNewPrivs") == "1",
        "a system call filter": status.get("Seccomp") == "2",
        "an empty capability bounding set": int(status.get("CapBnd", "1"), 16) == 0,
        "bubblewrap as the first process": Path("/proc/1/comm").read_text().strip() == "bwrap",
        "an own user namespace": uid_map == [str(APP_UID), "0", "1"],
        "no network": interfaces == ["lo"],
        "the sandbox's marker on a read-only root": marker.is_file() and bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    }
    return [name for name, holds in facts.items() if not holds]
