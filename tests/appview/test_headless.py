from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nexus_jupyter.agents.runner import run_notebook
from nexus_jupyter.appview import headless
from nexus_jupyter.appview.headless import Look, RenderReport, SeenTable, model_states

pytestmark = pytest.mark.skipif(not headless.SCRIPT.is_file(), reason="the app client is not built")

ROWS = [{"a": "x", "b": 1}, {"a": "y", "b": 2}, {"a": "z", "b": 3}]
X = {"field": "a", "type": "nominal"}
Y = {"field": "b", "type": "quantitative"}


def draw(cells: Any, models: Any, *, timeout_s: float = 10, memory_mb: int = 512) -> RenderReport:
    with Look(memory_mb=memory_mb) as look:
        return look.report(cells, models, timeout_s=timeout_s)


def chart(mark: str = "bar", rows: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    data = {"values": ROWS if rows is None else rows}
    return {"data": data, "mark": mark, "encoding": {"x": X, "y": Y}, **more}


def output(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def cell(*bundles: dict[str, Any], role: str = "app") -> dict[str, Any]:
    return {"id": "c", "role": role, "cell_type": "code", "outputs": [output(one) for one in bundles]}


def look(spec: dict[str, Any], version: str = "vegalite.v5") -> RenderReport:
    return draw([cell({f"application/vnd.{version}+json": spec})], {})


def widget(name: str, module: str = "@jupyter-widgets/controls", **state: Any) -> dict[str, Any]:
    view = {"_view_name": name.replace("Model", "View"), "_view_module": module, "_model_name": name}
    return {"model_name": name, "model_module": module, "state": {**view, **state}}


def view(model_id: str) -> dict[str, Any]:
    return {"application/vnd.jupyter.widget-view+json": {"model_id": model_id}}


@pytest.mark.parametrize(
    ("mark", "marks"),
    [("bar", 3), ("point", 3), ("circle", 3), ("tick", 3), ("rect", 3), ("rule", 3), ("line", 1), ("area", 2)],
)
def test_marks_of_a_chart_are_counted(mark: str, marks: int) -> None:
    report = look(chart(mark))
    assert (report.chart_marks, report.blank_charts, report.errors) == ((marks,), 0, ())


@pytest.mark.parametrize(
    "spec",
    [
        chart(rows=[]),
        chart(encoding={"x": X, "y": {"field": "no_such_column", "type": "quantitative"}}),
        chart(rows=[{"a": "x", "b": 0}, {"a": "y", "b": 0}]),
        chart("line", rows=[{"a": "x", "b": 1}]),
        chart(transform=[{"filter": "datum.b > 99"}]),
        chart(encoding={"x": X, "y": Y, "opacity": {"value": 0}}),
    ],
    ids=["no rows", "wrong column", "zeros", "one point", "all filtered", "invisible"],
)
def test_blank_chart_is_noticed(spec: dict[str, Any]) -> None:
    report = look(spec)
    assert report.charts == 1
    assert report.blank_charts == 1
    assert report.marks == 0


def test_vega_and_the_other_versions_draw_too() -> None:
    vega = {
        "width": 100,
        "height": 50,
        "data": [{"name": "t", "values": [{"v": 10}, {"v": 20}]}],
        "marks": [
            {
                "type": "rect",
                "from": {"data": "t"},
                "encode": {
                    "enter": {
                        "x": {"field": "v"},
                        "width": {"value": 5},
                        "height": {"value": 5},
                        "fill": {"value": "red"},
                    }
                },
            }
        ],
    }
    assert look(vega, "vega.v5").marks == 2
    assert look(chart(), "vegalite.v4").marks == 3
    assert look(chart(), "vegalite.v6").marks == 3


def test_chart_that_wants_the_network_is_an_error() -> None:
    report = look({**chart(), "data": {"url": "https://example.org/a.csv"}})
    assert report.blank_charts == 1
    assert "no network" in report.errors[0]


def test_broken_chart_is_an_error() -> None:
    assert "could not be drawn" in look({"mark": "nonsense"}).errors[0]


def test_widgets_tables_pictures_and_text_are_seen() -> None:
    models = {
        "box": widget("VBoxModel", children=["IPY_MODEL_d", "IPY_MODEL_out"]),
        "d": widget("DropdownModel", _options_labels=["a", "b"], index=0, description="Pick"),
        "out": widget(
            "OutputModel",
            "@jupyter-widgets/output",
            msg_id="",
            outputs=[output({"text/html": "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"})],
        ),
    }
    doc = {"id": "m", "role": "doc", "cell_type": "markdown", "source": "# Title"}
    report = draw([doc, cell(view("box"), {"image/png": "AA=="})], models)
    assert [one.name for one in report.widgets] == ["VBoxView", "DropdownView", "OutputView"]
    assert report.tables == (SeenTable(rows=1, columns=2),)
    assert (report.cells, report.images, report.errors) == (2, 1, ())
    assert report.text_chars > len("Title")
    assert not report.is_blank


def test_only_shown_roles_are_drawn() -> None:
    assert draw([cell({"text/plain": "x"}, role="setup")], {}).cells == 0


def test_nothing_is_blank() -> None:
    report = draw([cell()], {})
    assert report.cells == 0


def test_error_outputs_and_unknown_widgets_are_said() -> None:
    failed = {
        "id": "e",
        "cell_type": "code",
        "outputs": [{"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": []}],
    }
    report = draw([failed, cell(view("p"))], {"p": widget("PlotModel", "bqplot")})
    assert report.errors == ("KeyError: x", "This widget cannot be shown here: PlotView (bqplot)")


def test_widget_with_its_own_module_counts_as_present() -> None:
    one = widget("AnyModel", "anywidget", _esm="export default { render() { throw 1 } }")
    one["state"]["_view_name"] = "AnyView"
    report = draw([cell(view("a"))], {"a": one})
    assert (report.esm_widgets, report.errors, report.is_blank) == (1, (), False)


def test_saved_buffers_find_their_place() -> None:
    saved = widget("ImageModel", format="png", value=None)
    saved["buffers"] = [{"path": ["value"], "data": base64.b64encode(b"\x89PNG").decode(), "encoding": "base64"}]
    assert model_states({"i": saved})["i"]["buffer_paths"] == [["value"]]
    report = draw([cell(view("i"))], {"i": saved})
    assert (report.images, report.errors) == (1, ())


def test_whole_widget_state_is_taken_as_well() -> None:
    whole = {"version_major": 2, "version_minor": 0, "state": {"l": widget("LabelModel", value="hello")}}
    assert draw([cell(view("l"))], whole).text_chars == 5


def test_html_cannot_run_even_here() -> None:
    html = "<script>document.title='owned'</script><img src=x onerror='nexusHtml=null'><b>kept</b>"
    report = draw([cell({"text/html": html})], {})
    assert (report.text_chars, report.errors) == (4, ())


ENDLESS = {**chart("point"), "data": {"sequence": {"start": 0, "stop": 1e9, "as": "b"}}}


def test_endless_chart_is_stopped() -> None:
    report = draw([cell({"application/vnd.vegalite.v5+json": ENDLESS})], {}, timeout_s=1.5)
    assert report == RenderReport(errors=("Drawing the app took longer than 1.5 s.",))


def test_app_that_fills_the_memory_ends_only_its_own_process() -> None:
    report = draw([cell({"application/vnd.vegalite.v5+json": ENDLESS})], {}, timeout_s=60, memory_mb=100)
    assert report == RenderReport(errors=("Drawing the app needs more than 100 MB of memory.",))


def test_child_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real = subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> Any:
        seen.update(kwargs["env"])
        return real(*args, **kwargs)

    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setattr(subprocess, "Popen", start)
    assert look(chart()).marks == 3
    assert set(seen) <= set(headless.KEPT)


def test_engine_is_loaded_only_when_used() -> None:
    code = "import sys, nexus_jupyter.appview.headless; assert 'py_mini_racer' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_looks_at_what_a_real_kernel_made(tmp_path: Path) -> None:
    source = """
import ipywidgets as w
from IPython.display import display
a, out = w.IntSlider(description="N", value=3, max=5), w.Output()
def draw(_=None):
    with out:
        out.clear_output(wait=True)
        rows = [{"x": i, "y": i + 1} for i in range(a.value)]
        spec = {"data": {"values": rows}, "mark": "bar", "encoding": {
            "x": {"field": "x", "type": "ordinal"}, "y": {"field": "y", "type": "quantitative"}}}
        display({"application/vnd.vegalite.v5+json": spec}, raw=True)
a.observe(draw, "value")
draw()
display(w.VBox([a, out]))
"""
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    asyncio.run(run_notebook(nb, tmp_path / "a.ipynb", kernel="python3"))
    saved = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    report = draw(nb.cells, saved)
    assert [one.name for one in report.widgets] == ["VBoxView", "IntSliderView", "OutputView"]
    assert (report.chart_marks, report.errors) == ((3,), ())


def test_a_look_that_is_not_needed_ends_at_once() -> None:
    with Look() as look:
        pass
    assert look._process.returncode is not None


def test_closing_ends_a_report_under_way() -> None:
    with ThreadPoolExecutor() as pool, Look() as look:
        report = pool.submit(look.report, [cell({"application/vnd.vegalite.v5+json": ENDLESS})], {}, timeout_s=60)
        time.sleep(0.5)
        look.close()
        assert report.result(5).errors
