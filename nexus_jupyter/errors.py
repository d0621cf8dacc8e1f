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
├── ModelError               502  a model call failed
│   ├── ModelNotConnected    503  no model is connected
│   ├── KeyRejected          401  the provider does not accept the key
│   ├── ModelUnknown         404  no such model
│   ├── QuotaExceeded        429  the provider's rate or credit is used up
│   ├── ContextTooLong       413  more text than the model takes
│   ├── CallRefused          400  the provider does not accept the request
│   ├── ProviderUnreachable  504  no connection, or no answer in time
│   ├── ProviderFailed       502  the provider failed inside, or sent something unreadable
│   └── AnswerCut            502  the answer ended in the middle
├── BudgetSpent              402  a budget does not allow the call
├── TokenRefused             403  a broker token that is unknown, expired, or not for this
├── BrokerUnavailable        503  the broker cannot be started or reached
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


class ModelError(NexusError):
    """A model call failed."""

    status = 502


class ModelNotConnected(ModelError):
    """No model is connected."""

    status = 503


class KeyRejected(ModelError):
    """The provider does not accept the key."""

    status = 401


class ModelUnknown(ModelError):
    """The provider has no such model."""

    status = 404


class QuotaExceeded(ModelError):
    """The provider's rate or credit is used up."""

    status = 429
    retry_after: float | None = None


class ContextTooLong(ModelError):
    """There is more text than the model takes."""

    status = 413


class CallRefused(ModelError):
    """The provider does not accept the request."""

    status = 400


class ProviderUnreachable(ModelError):
    """The provider cannot be reached, or does not answer in time."""

    status = 504


class ProviderFailed(ModelError):
    """The provider failed inside, or sent something unreadable."""


class AnswerCut(ModelError):
    """The answer ended in the middle."""


class BudgetSpent(NexusError):
    """A budget does not allow the call."""

    status = 402


class TokenRefused(NexusError):
    """A broker token is unknown, expired, or not for this."""

    status = 403


class BrokerUnavailable(NexusError):
    """The broker cannot be started or reached."""

    status = 503


class SandboxUnavailable(NexusError):
    """No sandbox tier that the policy accepts works here."""

    status = 503


class KernelDied(NexusError):
    """The kernel ended by itself."""


class StorageFailed(NexusError):
    """The disk is full or the folder cannot be written."""

    status = 507
