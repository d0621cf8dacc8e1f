"""Values that only the broker may read: where they are kept, and how they are kept out of everything else."""

from __future__ import annotations

from nexus_jupyter.secrets.backend import KeyRing, Secret, SecretBackend, StoredKey
from nexus_jupyter.secrets.redaction import Redactor, StreamRedactor

__all__ = ["KeyRing", "Redactor", "Secret", "SecretBackend", "StoredKey", "StreamRedactor"]
