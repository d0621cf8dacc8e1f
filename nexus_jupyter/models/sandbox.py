"""What a sandboxed kernel may use, and how strong the sandbox must be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from nexus_jupyter.models.base import Record

Tier = Literal["bwrap", "process"]


class NetworkPolicy(Record):
    """Which hosts a kernel may reach: none, for now."""

    mode: str = "none"

    @field_validator("mode")
    @classmethod
    def _only_none(cls, mode: str) -> str:
        if mode != "none":
            raise ValueError(f"Network mode `{mode}` is not available: a sandboxed kernel has no network. Use `none`.")
        return mode


class EnvironmentPolicy(Record):
    """Which variables a kernel sees beside those the sandbox itself sets."""

    set: dict[str, str] = Field(default_factory=dict)
    allow: tuple[str, ...] = ()
    """Names that are copied from the server's environment, where they exist."""


class SandboxPolicy(Record):
    """Limits of one kernel; an unknown key is an error."""

    tier: Literal["auto", "bwrap", "process"] = "auto"
    """The tier to use; `auto` takes the strongest that works here."""
    min_tier: Tier = "process"
    """A start that would be weaker is refused. `process` also needs trusted code, or the owner's word for it."""
    cpu_s: int | None = Field(default=None, ge=1)
    """Seconds of processor time, after which a process of the kernel is ended."""
    wall_s: int | None = Field(default=None, ge=1)
    """Seconds after which the whole kernel is ended."""
    memory_mb: int = Field(default=2048, ge=256)
    """Private memory of each process."""
    pids: int = Field(default=128, ge=32)
    """Processes and threads together."""
    disk_mb: int = Field(default=256, ge=8)
    """Scratch space: home directory, /tmp and /dev/shm together."""
    inodes: int = Field(default=8192, ge=128)
    """Files and directories in scratch space."""
    files: int = Field(default=512, ge=64)
    """Open files of each process."""
    network: NetworkPolicy = NetworkPolicy()
    env: EnvironmentPolicy = EnvironmentPolicy()
