"""The app notebook: its metadata, its file, its history."""

from __future__ import annotations

from nexus_jupyter.artifacts.files import atomic_writer, write_atomic
from nexus_jupyter.artifacts.library import Artifact, ArtifactLibrary
from nexus_jupyter.artifacts.notebook import content_hash, read_notebook, write_notebook

__all__ = [
    "Artifact",
    "ArtifactLibrary",
    "atomic_writer",
    "content_hash",
    "read_notebook",
    "write_atomic",
    "write_notebook",
]
