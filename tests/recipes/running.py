"""Run a recipe app in this process and see what it displays."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from nexus_jupyter.recipes.instantiate import instantiate
from nexus_jupyter.recipes.manifest import recipe
from nexus_jupyter.recipes.slots import Filling, fill
from nexus_jupyter.recipes.tables import profile

VEGA = "application/vnd.vegalite.v5+json"


class Screen(DisplayPublisher):
    """Keeps what is displayed since the last clear, in each Output widget and beside them."""

    areas: dict[str, list[dict[str, Any]]] = {}
    inside: list[str] = []

    def publish(self, data: dict[str, Any], metadata: Any = None, **_: Any) -> None:
        self._area.append(data)

    def clear_output(self, wait: bool = False) -> None:
        self._area.clear()

    @property
    def _area(self) -> list[dict[str, Any]]:
        return self.areas.setdefault(self.inside[-1] if self.inside else "", [])

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [data for area in self.areas.values() for data in area]


def _enter(output: ipywidgets.Output) -> None:
    Screen.inside.append(output.model_id or str(id(output)))


def _leave(output: ipywidgets.Output, *_: Any) -> None:
    Screen.inside.pop()


# Without a kernel an Output widget captures nothing.
ipywidgets.Output.__enter__ = _enter
ipywidgets.Output.__exit__ = _leave


class Shell(InteractiveShell):
    """A shell whose screen is a list, and whose errors are raised."""

    display_pub_class = Type(Screen)
    displayhook_class = Type(DisplayHook)

    def showtraceback(self, exc_tuple: Any = None, **_: Any) -> None:
        if exc_tuple:
            raise exc_tuple[1]

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        raise SyntaxError


class App:
    """A running recipe app: its notebook, its variables and its screen."""

    def __init__(self, recipe_id: str, sentence: str, data: Path | None = None) -> None:
        chosen = recipe(recipe_id)
        self.table = profile(data) if data else None
        self.filling: Filling = fill(chosen.manifest, sentence, self.table)
        self.nb = instantiate(chosen, self.filling, self.table, sentence=sentence)
        config = Config()
        config.HistoryManager.enabled = False
        self.screen: Screen = Shell.instance(config=config).display_pub
        self.variables: dict[str, Any] = {}
        self.screen.areas.clear()
        before = Path.cwd()
        os.chdir(data.parent if data else before)
        try:
            for cell in self.nb.cells:
                if cell["cell_type"] == "code":
                    exec(cell["source"], self.variables)  # noqa: S102  # our own templates
        finally:
            os.chdir(before)

    def __getitem__(self, name: str) -> Any:
        return self.variables[name]

    def set(self, **values: Any) -> App:
        """Move controls, one after the other."""
        for name, value in values.items():
            self[name].value = value
        return self

    @property
    def spec(self) -> dict[str, Any] | None:
        """The chart on the screen."""
        return next((s[VEGA] for s in self.screen.shown if VEGA in s), None)

    @property
    def specs(self) -> list[dict[str, Any]]:
        """The charts on the screen."""
        return [s[VEGA] for s in self.screen.shown if VEGA in s]

    @property
    def values(self) -> list[dict[str, Any]]:
        """The rows of the chart on the screen."""
        assert self.spec
        return self.spec["data"]["values"]

    @property
    def text(self) -> str:
        """The Markdown on the screen."""
        return "\n".join(s["text/markdown"] for s in self.screen.shown if "text/markdown" in s)

    @property
    def html(self) -> str:
        """The tables on the screen."""
        return "\n".join(s["text/html"] for s in self.screen.shown if "text/html" in s)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the tables on the screen, header first."""
        reader = _Cells()
        reader.feed(self.html)
        return reader.rows

    def seen(self) -> str:
        """Everything on the screen but widget views, to compare."""
        shown = [s for s in self.screen.shown if "application/vnd.jupyter.widget-view+json" not in s]
        return repr(shown)

    def controls(self) -> dict[str, Any]:
        """The widgets by their name in the notebook."""
        kinds = (ipywidgets.ValueWidget, ipywidgets.Button)
        return {k: v for k, v in self.variables.items() if isinstance(v, kinds) and not k.startswith("_")}


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def words(html: str) -> str:
    """Return the text of an HTML fragment."""
    return re.sub(r"<[^>]*>", "", html)
