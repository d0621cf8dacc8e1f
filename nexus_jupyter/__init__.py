"""Nexus CoCreate for Jupyter: describe an app in a sentence, get a sandboxed notebook app."""

from __future__ import annotations

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built front end is."""
    return [{"src": "labextension", "dest": "nexus-jupyter"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Tell Jupyter Server which application to load."""
    from nexus_jupyter.extension import NexusExtension

    return [{"module": "nexus_jupyter.extension", "app": NexusExtension}]


def load_ipython_extension(shell: object) -> None:
    """Load `%nexus` and `%%nexus`: `%load_ext nexus_jupyter`."""
    from nexus_jupyter.magics import load

    load(shell)
