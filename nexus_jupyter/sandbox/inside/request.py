"""What the server tells a process inside the sandbox to become."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Request:
    """One kernel start, as it crosses the control socket. The listening sockets travel beside it."""

    kind: Literal["ipykernel", "other", "probe"]
    """`ipykernel` becomes the kernel itself; `other` runs `argv` behind a forwarder of the five sockets;
    `probe` only shows that isolation works here."""
    argv: list[str]
    connection: dict[str, Any]
    env: dict[str, str]
    binds: list[tuple[str, str]]
    """(path as it is seen now, path in the sandbox)"""
    links: list[tuple[str, str]]
    files: dict[str, str]
    limits: dict[str, int]
    scratch_bytes: int
    scratch_inodes: int
    seccomp: bytes
    cwd: str = "/project"

    def encode(self) -> bytes:
        """Return the request as one message."""
        return json.dumps({**asdict(self), "seccomp": base64.b64encode(self.seccomp).decode()}).encode()

    @classmethod
    def decode(cls, message: bytes) -> Request:
        """Return the request that `encode` wrote."""
        facts = json.loads(message)
        facts["seccomp"] = base64.b64decode(facts["seccomp"])
        facts["binds"] = [tuple(pair) for pair in facts["binds"]]
        facts["links"] = [tuple(pair) for pair in facts["links"]]
        return cls(**facts)
