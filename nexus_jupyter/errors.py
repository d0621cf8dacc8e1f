"""Every error Nexus raises on purpose.

NexusError
├── BadRequest               400  the input is wrong
│   ├── PromptRefused             empty or too long a prompt
│   ├── DataUnreadable            a data file that cannot be read as a table
│   ├── ColumnUnknown             a column that the table does not have
│   └── PathRefused               a path outside the root, or not usable
├── NotFound                 404  the thing does not exist
├── Conflict                 409  the thing changed, or the name is taken
├── ArtifactInvalid          422  a notebook that is not a valid app
│   └── FormatTooNew              written by a newer Nexus
├── AppFailed                422  the app ran and failed
├── SandboxUnavailable       503  no sandbox tier that the policy accepts
├── KernelDied               500  the kernel ended by itself
└── StorageFailed            507  disk full, read-only folder
"""

from __future__ import annotations


class NexusError(Exception):
    """A failure with a sentence for people: what is wrong, and what to do about it.

    Parameters
    ----------
    message
        One sentence that names the thing in backticks.
    remedy
        One sentence that says what to do next; may be empty.
    """

    status = 500

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class BadRequest(NexusError):
    """The input is wrong."""

    status = 400


class PromptRefused(BadRequest):
    """The prompt is empty or too long."""


class DataUnreadable(BadRequest):
    """A data file cannot be read as a table."""


class ColumnUnknown(BadRequest):
    """A named column is not in the table."""


class PathRefused(BadRequest):
    """A path is outside the root or cannot be used."""


class NotFound(NexusError):
    """The thing does not exist."""

    status = 404


class Conflict(NexusError):
    """The thing changed meanwhile, or its name is taken."""

    status = 409


class ArtifactInvalid(NexusError):
    """A notebook is not a valid app."""

    status = 422


class FormatTooNew(ArtifactInvalid):
    """A notebook was written by a newer Nexus."""


class AppFailed(NexusError):
    """The app ran and failed."""

    status = 422


class SandboxUnavailable(NexusError):
    """No sandbox tier that the policy accepts works here."""

    status = 503


class KernelDied(NexusError):
    """The kernel ended by itself."""


class StorageFailed(NexusError):
    """The disk is full or the folder cannot be written."""

    status = 507
