"""What JupyterLab gets of a notebook file."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

STATE = {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {"x": {}}}}


async def test_a_strangers_widget_state_is_left_out_and_a_signed_one_stays(jp_fetch, jp_serverapp):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="c", metadata={"trusted": True})])
    nb.cells[0]["outputs"] = [nbformat.v4.new_output("display_data", {"text/html": "<b>x</b>"})]
    nb.metadata["widgets"] = STATE
    path = Path(jp_serverapp.root_dir) / "a.ipynb"
    path.write_text(nbformat.writes(nb))

    async def read():
        return json.loads((await jp_fetch("api", "contents", "a.ipynb")).body)["content"]

    assert "widgets" not in (await read())["metadata"]
    assert "widgets" in json.loads(path.read_text())["metadata"], "the file itself is not touched"
    body = json.dumps({"type": "notebook", "format": "json", "content": nb})
    await jp_fetch("api", "contents", "a.ipynb", method="PUT", body=body)  # the owner saves trusted cells: signed
    assert (await read())["metadata"]["widgets"] == STATE
