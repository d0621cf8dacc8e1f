"""Sandboxed kernels: the provisioner `nexus-sandbox`, its policy, and the warm standby.

Names are loaded when used, because a sandboxed kernel imports this package too and must not import pydantic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nexus_jupyter.models.sandbox import SandboxPolicy, Tier
    from nexus_jupyter.sandbox.doctor import TierReport, probe_tiers
    from nexus_jupyter.sandbox.policy import allow_process, withdraw_process
    from nexus_jupyter.sandbox.project import project_mounts
    from nexus_jupyter.sandbox.provisioner import SandboxProvisioner
    from nexus_jupyter.sandbox.standby import Standby, current_standby, enable_standby

_HOMES = {
    "SandboxPolicy": "nexus_jupyter.models.sandbox",
    "SandboxProvisioner": "nexus_jupyter.sandbox.provisioner",
    "Standby": "nexus_jupyter.sandbox.standby",
    "Tier": "nexus_jupyter.models.sandbox",
    "TierReport": "nexus_jupyter.sandbox.doctor",
    "allow_process": "nexus_jupyter.sandbox.policy",
    "current_standby": "nexus_jupyter.sandbox.standby",
    "enable_standby": "nexus_jupyter.sandbox.standby",
    "probe_tiers": "nexus_jupyter.sandbox.doctor",
    "project_mounts": "nexus_jupyter.sandbox.project",
    "withdraw_process": "nexus_jupyter.sandbox.policy",
}

__all__ = [
    "SandboxPolicy",
    "SandboxProvisioner",
    "Standby",
    "Tier",
    "TierReport",
    "allow_process",
    "current_standby",
    "enable_standby",
    "probe_tiers",
    "project_mounts",
    "withdraw_process",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(importlib.import_module(_HOMES[name]), name)
