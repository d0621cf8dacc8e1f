"""What `metadata.nexus` says about an app: format version 1."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from nexus_jupyter.models.base import StoredRecord
from nexus_jupyter.models.sandbox import SandboxPolicy

Modality = Literal["widget", "chat", "web", "cli", "document"]
CellRole = Literal["app", "setup", "component", "test", "doc"]
Handler = Literal["llm", "code", "workflow"]
LayoutMode = Literal["column", "grid", "tabs", "dashboard"]


class ModelChoice(StoredRecord):
    """The model an app asks, by litellm id, with its call parameters."""

    id: str
    params: dict[str, JsonValue] = {}


class Prompt(StoredRecord):
    """A prompt that is part of an app's logic."""

    id: str
    text: str


class Component(StoredRecord):
    """One piece of app logic: a function a person or another app can name."""

    id: str
    handler: Handler = "code"
    origin: Literal["recipe", "model", "person"] = "person"
    cell_id: str
    input_schema: dict[str, Any] = {}
    output_schema: dict[str, Any] = {}


class Runtime(StoredRecord):
    """What an app needs in order to run."""

    kernel: str = "nexus-python"
    dependencies: tuple[str, ...] = ()
    start: tuple[str, ...] = Field((), description="Command line of a `web` or `cli` app.")
    health: str = Field("", description="Path that answers 200 when a `web` app is up.")
    env: dict[str, str] = {}


class Port(StoredRecord):
    """A declared input or output of an app."""

    name: str
    kind: str = Field("value", description="`file`, `column`, `value`, ...")
    label: str = ""
    required: bool = False
    default: JsonValue = None


class Permissions(StoredRecord):
    """What viewers of a shared app may do besides using it."""

    view_source: bool = False
    remix: bool = False


class Exposed(StoredRecord):
    """What other programs may use of this app."""

    tools: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class AppTest(StoredRecord):
    """A named check of an app, kept in a cell of role `test`."""

    name: str
    cell_id: str


class Layout(StoredRecord):
    """How the app view arranges the shown cells."""

    mode: LayoutMode = "column"
    order: tuple[str, ...] = Field((), description="Cell ids; empty = notebook order.")


class Provenance(StoredRecord):
    """Where an app came from."""

    source: Literal["recipe", "model", "notebook"] = "notebook"
    recipe: str = ""
    template_hash: str = ""
    model: str = ""
    prompt_hash: str = ""
    parent: str = Field("", description="App id and revision this one was copied from.")


class AppRecord(StoredRecord):
    """One app, as its notebook describes it."""

    format: Literal[1] = 1
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{7,63}$")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Slug: file and link name.")
    title: str = Field(min_length=1, max_length=200)
    description: str = ""
    icon: str = ""
    version: str = "0.1.0"
    owner: str = ""
    author: str = ""
    licence: str = ""
    created: str = Field(description="ISO 8601, UTC.")
    updated: str = Field(description="ISO 8601, UTC.")
    modality: Modality = "widget"
    model: ModelChoice | None = None
    prompts: tuple[Prompt, ...] = ()
    components: tuple[Component, ...] = ()
    runtime: Runtime = Runtime()
    config: dict[str, Any] = Field({}, description="JSON schema of the keys the app needs.")
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    sandbox: SandboxPolicy = SandboxPolicy()
    permissions: Permissions = Permissions()
    exposes: Exposed = Exposed()
    tests: tuple[AppTest, ...] = ()
    layout: Layout = Layout()
    provenance: Provenance = Provenance()


class CellRecord(StoredRecord):
    """What `cell.metadata.nexus` says about one cell."""

    role: CellRole = "component"
    component: str = ""
