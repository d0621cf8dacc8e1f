"""Doubles for tests of this package and of those that use it."""

from __future__ import annotations


def no_programs(name: str) -> str | None:
    """Stand in for `shutil.which` on a machine that has no `bwrap`, nor anything else."""
    del name
    return None
