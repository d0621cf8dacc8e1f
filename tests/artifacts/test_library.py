"""Apps below a root: created whole, never outside."""

from __future__ import annotations

import os
import shutil

import nbformat
import pytest

from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.artifacts.metadata import make_app
from nexus_jupyter.errors import Conflict, NotFound, PathRefused, StorageFailed


def app_notebook(name="sums"):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="c")])
    make_app(nb, title=name, name=name)
    return nb


@pytest.fixture
def library(tmp_path):
    return ArtifactLibrary(tmp_path / "root")


def test_created_app_has_its_data_and_its_first_revision(library, tmp_path):
    data = tmp_path / "table.csv"
    data.write_text("a\n1\n")
    artifact = library.create(app_notebook(), [data], message="Create it")
    assert artifact.path == library.root / "sums" / "sums.ipynb"
    assert sorted(p.name for p in artifact.path.parent.iterdir()) == [".nexus", "sums.ipynb", "table.csv"]
    assert library.read("sums").app == artifact.app
    assert [a.path for a in library.list()] == [artifact.path]


def test_taken_name_is_a_conflict_and_changes_nothing(library):
    library.create(app_notebook(), [], message="x")
    before = (library.root / "sums" / "sums.ipynb").read_bytes()
    with pytest.raises(Conflict, match="exists already"):
        library.create(app_notebook(), [], message="x")
    assert (library.root / "sums" / "sums.ipynb").read_bytes() == before
    assert library.free_name("sums") == "sums-2"
    assert [p.name for p in library.root.iterdir()] == ["sums"]


def test_failure_half_way_leaves_nothing_behind(library, tmp_path, monkeypatch):
    data = tmp_path / "table.csv"
    data.write_text("a\n1\n")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageFailed, match="disk is full"):
        library.create(app_notebook(), [data], message="x")
    assert list(library.root.iterdir()) == []


@pytest.mark.parametrize("path", ["../x.ipynb", "/etc/passwd", "a/../../x", "link/x.ipynb", "a\0b"])
def test_paths_outside_the_root_are_refused(library, tmp_path, path):
    library.root.mkdir()
    (library.root / "link").symlink_to(tmp_path)
    with pytest.raises(PathRefused):
        library.resolve(path)


def test_list_leaves_out_what_cannot_be_read(library):
    library.create(app_notebook(), [], message="x")
    (library.root / "broken.ipynb").write_text("{")
    (library.root / "plain.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook()))
    assert [a.app.name for a in library.list()] == ["sums"]


def test_folder_without_notebook_is_named(library):
    (library.root / "empty").mkdir(parents=True)
    with pytest.raises(NotFound, match="holds no notebook"):
        library.read("empty")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_read_only_root_is_named(library):
    library.root.mkdir(mode=0o500)
    with pytest.raises(StorageFailed, match="cannot be written"):
        library.create(app_notebook(), [], message="x")


def test_listing_tidies_up_after_a_killed_server(library):
    artifact = library.create(app_notebook(), [], message="x")
    half = artifact.path.with_name(".~nexus-ab~sums.ipynb")
    half.touch()
    os.utime(half, (0, 0))
    assert [a.path for a in library.list()] == [artifact.path]
    assert not half.exists()
