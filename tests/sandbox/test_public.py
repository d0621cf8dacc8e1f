"""The package's public names are what can be imported, and importing it is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nexus_jupyter import sandbox

pytestmark = pytest.mark.needs_no_sandbox


def test_every_public_name_can_be_imported_and_no_other() -> None:
    assert sorted(sandbox.__all__) == sorted(sandbox._HOMES)
    for name in sandbox.__all__:
        assert getattr(sandbox, name) is not None
    with pytest.raises(AttributeError):
        _ = sandbox.nothing


def test_what_runs_inside_does_not_import_pydantic() -> None:
    code = (
        "import sys, nexus_jupyter.sandbox.inside.boot, nexus_jupyter.sandbox.inside.kernel, "
        "nexus_jupyter.sandbox.inside.forward; print([n for n in sys.modules if n.startswith('pydantic')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, timeout=30).strip() == "[]"
