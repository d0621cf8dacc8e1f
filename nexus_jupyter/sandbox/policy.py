"""Which tier a kernel start gets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nexus_jupyter.errors import SandboxUnavailable
from nexus_jupyter.models.sandbox import SandboxPolicy, Tier
from nexus_jupyter.sandbox import vouching
from nexus_jupyter.sandbox.doctor import TierReport

_trusted: set[str] = set()


def allow_process(what: str | Path) -> None:
    """Vouch for one kernel id or notebook path: its code is ours, a plain process will do where it must.

    Only a caller that has compared the notebook with a shipped recipe may say so.
    """
    _trusted.add(_key(what))


def withdraw_process(what: str | Path) -> None:
    """Take `allow_process` back, for instance when the notebook changed."""
    _trusted.discard(_key(what))


def is_process_allowed(*whats: str | Path | None) -> bool:
    """Has somebody vouched for any of these kernel ids or notebook paths?"""
    known = [what for what in whats if what is not None]
    if any(_key(what) in _trusted for what in known):
        return True
    return any(vouching.is_vouched_for(what) for what in known if isinstance(what, Path))


def _key(what: str | Path) -> str:
    return str(Path(what).resolve()) if Path(what).is_absolute() else str(what)


def choose_tier(
    policy: SandboxPolicy, reports: Iterable[TierReport], *, trusted: bool, allow_unsafe_process: bool
) -> Tier:
    """Return the tier for a start.

    Raises
    ------
    SandboxUnavailable
        What would work here is weaker than this code may run in.
    """
    bwrap = next(report for report in reports if report.name == "bwrap")
    if policy.tier in ("auto", "bwrap") and bwrap.works:
        return "bwrap"
    wanted = bwrap.reason if policy.tier != "process" else "The policy asks for the `process` tier."
    remedy = bwrap.remedy if policy.tier != "process" else "Let the policy's `tier` be `auto`."
    if policy.tier == "bwrap" or policy.min_tier == "bwrap":
        raise SandboxUnavailable(f"This kernel needs the `bwrap` sandbox, which is not to be had. {wanted}", remedy)
    if trusted or allow_unsafe_process:
        return "process"
    raise SandboxUnavailable(
        f"Without a sandbox only unmodified recipe apps are run. {wanted}",
        f"{remedy} Or set `c.SandboxProvisioner.allow_unsafe_process = True` to run any code with your own rights.",
    )
