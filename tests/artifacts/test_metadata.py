"""Format version 1, and what is kept of other versions."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import nbformat
import pytest

from nexus_jupyter.artifacts import v1
from nexus_jupyter.artifacts.metadata import cell_record, is_app, make_app, read_app, slug, write_app
from nexus_jupyter.artifacts.notebook import content_hash, notebook_bytes, parse_notebook, read_notebook
from nexus_jupyter.errors import ArtifactInvalid, FormatTooNew, NotFound

FIXTURES = Path(__file__).parents[1] / "fixtures" / "artifacts"


def plain():
    cells = [nbformat.v4.new_markdown_cell("# Hi", id="m"), nbformat.v4.new_code_cell("1 + 1", id="c")]
    return nbformat.v4.new_notebook(cells=cells)


def test_any_notebook_becomes_an_app_and_a_plain_notebook_again():
    nb = plain()
    before = copy.deepcopy(nb)
    app = make_app(nb, title="Sum of two")
    assert (app.name, app.title, app.format) == ("sum-of-two", "Sum of two", 1)
    assert [cell_record(c).role for c in nb.cells] == ["doc", "app"]
    assert read_app(nb) == app
    nbformat.validate(nb)
    v1.downgrade(nb)
    assert nb == before


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_written_version_is_read(path):
    nb = read_notebook(path)
    assert read_app(nb).id


def test_unknown_fields_survive_a_round_trip_at_every_depth():
    nb = plain()
    make_app(nb, title="A")
    raw = nb.metadata["nexus"]
    raw["future"] = {"a": [1, {"b": None}]}
    raw["runtime"]["gpu"] = "yes"
    raw["layout"] = {"mode": "grid", "gap": 4}
    nb.cells[1]["metadata"]["nexus"]["mood"] = "calm"
    app = read_app(nb)
    write_app(nb, app.model_copy(update={"title": "B"}))
    again = parse_notebook(notebook_bytes(nb).decode(), name="x").metadata["nexus"]
    assert again["title"] == "B"
    assert again["future"] == {"a": [1, {"b": None}]}
    assert again["runtime"]["gpu"] == "yes"
    assert again["layout"]["gap"] == 4
    assert nb.cells[1]["metadata"]["nexus"]["mood"] == "calm"


def test_a_newer_format_is_refused_with_the_way_out():
    nb = plain()
    make_app(nb, title="A")
    nb.metadata["nexus"]["format"] = 2
    with pytest.raises(FormatTooNew, match="newer Nexus") as caught:
        read_app(nb, name="a.ipynb")
    assert "pip install -U nexus-jupyter" in caught.value.remedy


def test_wrong_metadata_names_the_place():
    nb = plain()
    make_app(nb, title="A")
    nb.metadata["nexus"]["runtime"] = {"dependencies": 7}
    with pytest.raises(ArtifactInvalid, match=r"metadata\.nexus\.runtime\.dependencies"):
        read_app(nb)


def test_a_plain_notebook_is_no_app():
    assert not is_app(plain())
    with pytest.raises(ArtifactInvalid, match="plain notebook"):
        read_app(plain())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe", b'"x"'])
def test_what_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(ArtifactInvalid, match=r"`broken\.ipynb` is not a valid notebook"):
        read_notebook(path)


def test_a_file_of_another_kind_is_told_from_a_broken_notebook(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ArtifactInvalid, match=r"`table\.csv` is not a notebook\. Name an \.ipynb file"):
        read_notebook(tmp_path / "table.csv")


def test_a_missing_notebook_and_a_folder_are_named(tmp_path):
    with pytest.raises(NotFound, match="There is no notebook"):
        read_notebook(tmp_path / "none.ipynb")
    with pytest.raises(NotFound, match="is a folder"):
        read_notebook(tmp_path)


def test_old_minor_versions_get_cell_ids_that_stay_the_same():
    raw = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [
        {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None},
        {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None},
    ]}  # fmt: skip
    first, second = (parse_notebook(json.dumps(raw), name="x") for _ in range(2))
    ids = [c["id"] for c in first.cells]
    assert len(set(ids)) == 2
    assert ids == [c["id"] for c in second.cells]


def test_content_hash_ignores_outputs_and_sees_everything_else():
    nb = plain()
    make_app(nb, title="A")
    before = content_hash(nb)
    nb.cells[1]["outputs"] = [nbformat.v4.new_output("stream", text="2")]
    nb.cells[1]["execution_count"] = 4
    assert content_hash(nb) == before
    nb.cells[1]["source"] += " "
    assert content_hash(nb) != before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Body mass by Species", "body-mass-by-species"),
        ("Größe & Übersicht!", "groe-ubersicht"),
        ("日本", "app"),
        ("", "app"),
    ],
)
def test_slug(text, name):
    assert slug(text) == name
