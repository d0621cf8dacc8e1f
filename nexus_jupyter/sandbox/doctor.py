"""Which sandbox tiers work on this machine, found out by trying."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nexus_jupyter.errors import SandboxUnavailable

if TYPE_CHECKING:
    from nexus_jupyter.models.sandbox import Tier

Which = Callable[[str], str | None]


@dataclass(frozen=True)
class TierReport:
    """Whether one tier works here, and if not, why and what helps."""

    name: Tier
    works: bool
    reason: str = ""
    remedy: str = ""


@functools.cache
def probe_tiers(which: Which = shutil.which) -> tuple[TierReport, ...]:
    """Try each tier once per process, the strongest first; takes well under a second."""
    return (_probe_bubblewrap(which), TierReport("process", works=True, reason="It isolates nothing."))


def _probe_bubblewrap(which: Which) -> TierReport:
    if sys.platform != "linux":
        return TierReport(
            "bwrap", works=False, reason=f"`bwrap` needs Linux, this is `{sys.platform}`.", remedy="Use Linux or WSL 2."
        )
    program = which("bwrap")
    if program is None:
        return TierReport(
            "bwrap",
            works=False,
            reason="`bwrap` is not installed.",
            remedy="Install bubblewrap: `apt install bubblewrap`, `dnf install bubblewrap` or conda-forge.",
        )
    # Needs Linux to import (descriptor passing, resource limits).
    from nexus_jupyter.sandbox import bubble
    from nexus_jupyter.sandbox.requests import probe_request

    try:
        request = probe_request()
        sandbox = bubble.spawner.submit(bubble.Bubble, bwrap=program).result()
        try:
            sandbox.settle(request, [])
        finally:
            sandbox.close()
    except (SandboxUnavailable, OSError) as error:
        return TierReport(
            "bwrap",
            works=False,
            reason=getattr(error, "message", str(error)),
            remedy=(
                "Allow unprivileged user namespaces for bubblewrap (sysctl `user.max_user_namespaces`, or an "
                "AppArmor profile on Ubuntu); in a container, allow them in its seccomp profile."
            ),
        )
    return TierReport("bwrap", works=True)
