"""The `nexus` command: what it does, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from nexus_jupyter import cli
from nexus_jupyter.agents.builder import Builder
from nexus_jupyter.artifacts.library import ArtifactLibrary
from nexus_jupyter.artifacts.notebook import write_notebook
from nexus_jupyter.cli import main
from nexus_jupyter.sandbox.doctor import probe_tiers

DATA = Path(__file__).parents[1] / "notebooks" / "data"
PENGUINS = str(DATA / "penguins.csv")
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
needs_sandbox = pytest.mark.skipif(not probe_tiers()[0].works, reason="bubblewrap does not work here")


def nexus(*arguments: str, cwd: Path, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nexus_jupyter.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=90, env=ENVIRONMENT, **kwargs)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command in this process; return its exit code and the one JSON object that it printed."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert err == ""
    return code, json.loads(out)


def notebook(path: Path, *sources: str) -> str:
    write_notebook(path, new_notebook(cells=[new_code_cell(s, metadata={"nexus": {"role": "app"}}) for s in sources]))
    return str(path)


def leftovers(root: Path) -> list[str]:
    return sorted(p.name for p in root.iterdir() if p.name.startswith("."))


@needs_sandbox
def test_make_check_and_run(tmp_path: Path) -> None:
    made = nexus(
        "make", "compare body mass by species", "--data", PENGUINS, "--root", str(tmp_path), "--json", cwd=tmp_path
    )
    body = json.loads(made.stdout)
    assert (made.returncode, made.stderr) == (0, "")
    assert (body["status"], body["recipe"], body["check"]["tier"]) == ("ok", "group-compare", "bwrap")
    assert body["slots"] == {"value": "body_mass_g", "group": "species", "view": "Bars", "statistic": "Average"}
    assert {"profile", "route", "build", "start", "run", "render", "total"} <= set(body["stages"])
    assert body["app_id"]
    path = Path(body["path"])
    assert path == tmp_path / "body-mass-by-species" / "body-mass-by-species.ipynb"
    before = path.read_bytes()
    checked = nexus("check", str(path.parent), "--json", cwd=tmp_path)
    body = json.loads(checked.stdout)
    assert (checked.returncode, body["status"], body["shown"]["marks"], body["error"]) == (0, "ok", 3, None)
    assert all(c["status"] == "ok" for c in body["cells"])
    assert path.read_bytes() == before
    ran = nexus("run", str(path), cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert path.read_bytes() != before
    assert leftovers(tmp_path) == []


@needs_sandbox
def test_make_speaks_plainly(tmp_path: Path) -> None:
    made = nexus("make", "calculate (a + b) / 2", cwd=tmp_path)
    assert made.stderr == ""
    assert made.stdout.splitlines()[:4] == [
        "“Calculator” works.",
        "  file    calculator/calculator.ipynb",
        "  recipe  calculator, no model used",
        "  chosen  formula = (a + b) / 2",
    ]
    assert made.stdout.splitlines()[-1] == "Open it in JupyterLab: jupyter lab calculator/calculator.ipynb"


def test_route(tmp_path: Path) -> None:
    code, body = run_route("compare body mass by species", "--data", PENGUINS, cwd=tmp_path)
    assert (code, body["in_scope"], body["close"]) == (0, True, False)
    assert body["choices"][0]["recipe"] == "group-compare"
    assert set(body["choices"][0]) >= {"recipe", "score"}
    code, body = run_route("tell me a joke", cwd=tmp_path)
    assert (code, body["in_scope"], len(body["choices"])) == (0, False, 12)


def run_route(*arguments: str, cwd: Path) -> tuple[int, dict[str, Any]]:
    done = nexus("route", *arguments, "--json", cwd=cwd)
    return done.returncode, json.loads(done.stdout)


def test_doctor_looks_at_everything(tmp_path: Path) -> None:
    done = nexus("doctor", "--json", cwd=tmp_path)
    assert {f["name"] for f in json.loads(done.stdout)["findings"]} >= {"Python", "Sandbox", "Kernel", "Packages"}
    assert done.returncode in {0, 3}


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["make", ""], "PromptRefused", "empty"),
        (["make", "word " * 20_000], "PromptRefused", "99,999"),
        (["make", "write a chess game"], "OutOfScope", "without a model"),
        (["make", "compare x by y", "--data", "gone.csv"], "DataUnreadable", "gone.csv"),
        (["make", "compare x by y", "--data", "empty.csv"], "DataUnreadable", "is empty"),
        (["make", "compare x by y", "--data", "huge.csv"], "DataUnreadable", "210 MB"),
        (["make", "compare x by y", "--data", "table.pdf"], "DataUnreadable", "table.pdf"),
        (["make", "compare x by y", "--data", "broken.xlsx"], "DataUnreadable", "broken.xlsx"),
        (["make", "compare x by y", "--data", "t.csv", "--data", "sub/t.csv"], "BadRequest", "t.csv"),
        (["make", "compare `weight` by b", "--data", "t.csv"], "ColumnUnknown", "weight"),
        (["make", "compare a by b", "--recipe", "group-compare"], "BadRequest", "needs a data file"),
        (["make", "compare a by b", "--data", "t.csv", "--recipe", "nope"], "NotFound", "nope"),
        (["make", "compare a by b", "--data", "t.csv", "--name", "../out"], "BadRequest", "../out"),
        (["make", "compare a by b", "--data", "t.csv", "--name", "taken"], "Conflict", "taken"),
        (["check", "gone.ipynb"], "NotFound", "gone.ipynb"),
        (["check", "invalid.ipynb"], "ArtifactInvalid", "invalid.ipynb"),
        (["run", "invalid.ipynb"], "ArtifactInvalid", "invalid.ipynb"),
        (["check", "newer.ipynb"], "FormatTooNew", "newer.ipynb"),
        (["route", ""], "PromptRefused", "empty"),
        (["make"], "BadRequest", "PROMPT"),
        (["nope"], "BadRequest", "nope"),
        (["make", "x", "--nope"], "BadRequest", "--nope"),
        (["check", "x", "--timeout", "soon"], "BadRequest", "soon"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: Any, capsys: Any, arguments: list[str], error: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "taken").mkdir()
    for name, text in {
        "empty.csv": "", "t.csv": "a,b\n1,x\n2,y\n", "sub/t.csv": "a\n1\n", "table.pdf": "x", "broken.xlsx": "PK\3\4",
        "invalid.ipynb": "{", "newer.ipynb": "",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text)
    with (tmp_path / "huge.csv").open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    newer = new_notebook(metadata={"nexus": {"format": 999, "id": "x", "name": "x", "title": "x"}})
    write_notebook(tmp_path / "newer.ipynb", newer)
    before = sorted(tmp_path.rglob("*"))
    code, body = said(capsys, *arguments, "--json")
    assert (code, body["status"], body["error"]) == (2, "error", error), body
    assert says in body["message"]
    assert body["remedy"]
    assert sorted(tmp_path.rglob("*")) == before
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nexus: ")
    assert "Traceback" not in err


def test_out_of_scope_names_the_nearest_recipes(capsys: Any) -> None:
    _, body = said(capsys, "make", "write a chess game", "--json")
    assert len(body["nearest"]) == 3
    assert "--recipe" in body["remedy"]


@needs_sandbox
@pytest.mark.parametrize(
    ("source", "arguments", "error"),
    [
        ("import os; os.kill(os.getpid(), 9)", [], "KernelDied"),
        ("while True: print('x' * 10_000)", ["--timeout", "60"], "TooMuchOutput"),
        ("import time; time.sleep(60)", ["--timeout", "1"], "Timeout"),
        ("1 / 0", [], "ZeroDivisionError"),
    ],
)
def test_apps_that_fail(tmp_path: Path, source: str, arguments: list[str], error: str) -> None:
    path = notebook(tmp_path / "bad.ipynb", source)
    before = Path(path).read_bytes()
    done = nexus("check", path, *arguments, "--json", cwd=tmp_path)
    body = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert (body["error"] if error == "KernelDied" else body["error"]["name"]) == error
    if error != "KernelDied":
        assert body["error"]["cell_id"] == body["cells"][0]["id"]
    assert Path(path).read_bytes() == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_read_only_root_is_the_environments_fault(tmp_path: Path) -> None:
    root = Path("/usr/lib")  # exists everywhere, and only root may write
    data = tmp_path / "t.csv"
    data.write_text("a,b\n1,x\n2,y\n")
    code = (
        "import os, sys; from pathlib import Path\n"
        "from nexus_jupyter.artifacts.library import ArtifactLibrary\n"
        "from nexus_jupyter.cli import _print_error, exit_code\n"
        "from nexus_jupyter.recipes.instantiate import instantiate\n"
        "from nexus_jupyter.recipes.manifest import recipe\n"
        "from nexus_jupyter.recipes.slots import fill\n"
        "from nexus_jupyter.errors import NexusError\n"
        "chosen = recipe('calculator'); nb = instantiate(chosen, fill(chosen.manifest, 'x', None), None, sentence='x')\n"
        "os.setuid(65534)\n"
        "try: ArtifactLibrary(Path(sys.argv[1])).create(nb, [], message='x')\n"
        "except NexusError as error: _print_error(error, as_json=True); sys.exit(exit_code(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, timeout=60)
    body = json.loads(done.stdout)
    assert (done.returncode, body["error"]) == (3, "StorageFailed")
    assert "/usr/lib" in body["message"]


def test_an_unexpected_fault_is_one_sentence(monkeypatch: Any, capsys: Any) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the sky fell")

    monkeypatch.setattr("nexus_jupyter.agents.doctor.examine", fail)
    monkeypatch.delenv("NEXUS_DEBUG", raising=False)
    code, body = said(capsys, "doctor", "--json")
    assert (code, body["message"]) == (1, "Nexus failed inside: RuntimeError: the sky fell.")
    monkeypatch.setenv("NEXUS_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["doctor"])


def test_two_makes_at_once_get_two_names(tmp_path: Path, monkeypatch: Any) -> None:
    async def no_check(*_: Any, **__: Any) -> Any:
        raise KeyError("checked")

    monkeypatch.setattr("nexus_jupyter.agents.builder.check", no_check)
    monkeypatch.setattr(ArtifactLibrary, "free_name", slow_free_name(ArtifactLibrary.free_name))

    async def both() -> list[Any]:
        makers = [Builder(ArtifactLibrary(tmp_path)).make("calculate a + b") for _ in range(3)]
        return await asyncio.gather(*makers, return_exceptions=True)

    assert [type(e) for e in asyncio.run(both())] == [KeyError] * 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["calculator", "calculator-2", "calculator-3"]
    for folder in tmp_path.iterdir():
        nb = json.loads((folder / f"{folder.name}.ipynb").read_text())
        assert nb["metadata"]["nexus"]["name"] == folder.name


def slow_free_name(original: Any) -> Any:
    """Look before anyone has created anything, the first time."""
    seen: list[int] = []

    def free_name(self: Any, name: str) -> Any:
        seen.append(1)
        return name if len(seen) <= 3 else original(self, name)

    return free_name


@needs_sandbox
def test_ctrl_c_leaves_no_process_and_nothing_half_written(tmp_path: Path) -> None:
    path = notebook(tmp_path / "slow.ipynb", f"# {tmp_path}\nimport time; time.sleep(60)")
    before = Path(path).read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "nexus_jupyter.cli", "run", path, "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert (process.returncode, json.loads(out)["error"], err) == (1, "Stopped", "")
    assert Path(path).read_bytes() == before
    assert children_of(process.pid) == []


def children_of(session: int) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def test_ctrl_c_stops_what_loses_the_first_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "STOP_AGAIN_SECONDS", 0.1)
    lost = []

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            lost.append(True)
        await asyncio.sleep(30)

    with pytest.raises(KeyboardInterrupt):
        cli._finish(work())
    assert lost == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
