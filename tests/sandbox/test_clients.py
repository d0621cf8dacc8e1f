"""The programs that start kernels do so unchanged: nbclient, papermill, Jupyter Server, widgets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture
def app(project: Path) -> Path:
    """An app's notebook that reads its data and shows a widget."""
    cells = [
        new_code_cell("factor = 2", metadata={"tags": ["parameters"]}),
        new_code_cell("import csv\ntotal = factor * int(next(csv.DictReader(open('data.csv')))['b'])\ntotal"),
        new_code_cell("import ipywidgets\nipywidgets.IntSlider(value=total)"),
    ]
    kernelspec = {"name": "nexus-python", "display_name": "Nexus", "language": "python"}
    path = project / "app.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    return path


def test_nbclient_runs_a_notebook_with_widgets(app: Path) -> None:
    nb = nbformat.read(app, 4)
    client = nbclient.NotebookClient(nb, timeout=60, resources={"metadata": {"path": str(app.parent)}})
    client.execute()
    assert nb.cells[1].outputs[0]["data"]["text/plain"] == "4"
    assert "application/vnd.jupyter.widget-view+json" in nb.cells[2].outputs[0]["data"]
    models = nb.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert 4 in [model["state"].get("value") for model in models]


def test_nbclient_reports_an_error_and_a_dead_kernel(project: Path) -> None:
    resources = {"metadata": {"path": str(project)}}
    for source, error in (("1 / 0", "ZeroDivisionError"), ("import os; os._exit(1)", "DeadKernelError")):
        nb = new_notebook(cells=[new_code_cell(source)])
        client = nbclient.NotebookClient(nb, kernel_name="nexus-python", timeout=60, resources=resources)
        with pytest.raises(Exception, match=r".") as raised:
            client.execute()
        assert error in f"{type(raised.value).__name__} {raised.value}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_papermill_runs_a_notebook_with_parameters(app: Path, tmp_path: Path) -> None:
    papermill = pytest.importorskip("papermill")
    done = papermill.execute_notebook(
        str(app), str(tmp_path / "out.ipynb"), parameters={"factor": 10}, cwd=str(app.parent), progress_bar=False
    )
    assert "20" in [output["data"]["text/plain"] for cell in done.cells for output in cell.outputs if "data" in output]


def test_jupyter_servers_kernel_manager_starts_restarts_and_culls(app: Path) -> None:
    async def serve() -> list[Any]:
        root = app.parent.parent
        kernels = AsyncMappingKernelManager(root_dir=str(root), connection_dir=str(root))
        kernel_id = await kernels.start_kernel(
            path=app.parent.name, kernel_name="nexus-python", env={"JPY_SESSION_NAME": str(app)}
        )
        manager = kernels.get_kernel(kernel_id)
        await manager.ready
        facts: list[Any] = [manager.provisioner.tier, manager.provisioner.mounts[0].source == app.parent]
        await kernels.restart_kernel(kernel_id)
        facts.append(await manager.is_alive())
        await kernels.interrupt_kernel(kernel_id)
        await kernels.shutdown_kernel(kernel_id)
        return [*facts, kernels.list_kernels()]

    assert asyncio.run(serve()) == ["bwrap", True, True, []]


def test_widget_messages_go_both_ways(app: Path, start_notebook: Any) -> None:
    started = start_notebook(app.parent)
    try:
        opened: list[str] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "comm_open" and content["data"]["state"].get("_model_name") == "IntSliderModel":
                opened.append(content["comm_id"])

        started.client.execute_interactive(
            "import ipywidgets; slider = ipywidgets.IntSlider(); slider", timeout=20, output_hook=hook
        )
        update = {"method": "update", "state": {"value": 42}, "buffer_paths": []}
        message = started.client.session.msg("comm_msg", {"comm_id": opened[0], "data": update})
        started.client.shell_channel.send(message)
        assert started.run("slider.value") == "42"
    finally:
        started.close()


def test_debugger_reads_variables(project: Path, start_notebook: Any) -> None:
    started = start_notebook(project)
    try:
        started.run("answer = 42")

        def ask(command: str, sequence: int, **arguments: Any) -> dict[str, Any]:
            content = {"type": "request", "command": command, "seq": sequence, "arguments": arguments}
            started.client.control_channel.send(started.client.session.msg("debug_request", content))
            reply: dict[str, Any] = started.client.get_control_msg(timeout=20)["content"]
            return reply

        assert ask("debugInfo", 1)["success"]
        assert ask("initialize", 2, clientID="t", adapterID="", pathFormat="path")["success"]
        assert ask("attach", 3)["success"]
        variables = ask("inspectVariables", 4)["body"]["variables"]
        assert "42" in [variable["value"] for variable in variables if variable["name"] == "answer"]
    finally:
        started.close()
