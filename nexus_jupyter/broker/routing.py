"""From a model's id to who serves it: the owner's connections, known providers, servers on this machine."""

from __future__ import annotations

import asyncio
import difflib
import ipaddress
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from nexus_jupyter.broker import prices
from nexus_jupyter.broker.wire import Response, request_bytes
from nexus_jupyter.errors import BadRequest, ModelNotConnected, ModelUnknown
from nexus_jupyter.secrets import KeyRing
from nexus_jupyter.store import Connection, Connections

#: Where servers of models listen on this machine unless told otherwise: id, label, port.
LOCAL_SERVERS = (
    ("ollama", "Ollama", 11434),
    ("lmstudio", "LM Studio", 1234),
    ("llamacpp", "llama.cpp", 8080),
    ("vllm", "vLLM", 8000),
)
PORTS_VARIABLE = "NEXUS_LOCAL_PORTS"  # `ollama=11434,lmstudio=1234`; empty looks nowhere
LOOK_SECONDS = 0.5
GOOD_FOR_SECONDS = 10.0
LABELS = {
    "anthropic": "Anthropic",
    "azure": "Azure OpenAI",
    "cohere": "Cohere",
    "deepseek": "DeepSeek",
    "gemini": "Google Gemini",
    "groq": "Groq",
    "huggingface": "Hugging Face",
    "mistral": "Mistral",
    "openai": "OpenAI",
    "openrouter": "OpenRouter",
    "perplexity": "Perplexity",
    "together_ai": "Together AI",
    "xai": "xAI",
}
#: The first of these that a provider has is chosen when its key is entered.
DEFAULTS = {
    "anthropic": ("claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5"),
    "deepseek": ("deepseek-chat",),
    "gemini": ("gemini-flash-latest", "gemini-2.5-flash"),
    "groq": ("openai/gpt-oss-120b", "llama-3.3-70b-versatile"),
    "mistral": ("mistral-medium-latest", "mistral-small-latest"),
    "openai": ("gpt-5.4-mini", "gpt-5-mini", "gpt-4o-mini"),
    "openrouter": ("openai/gpt-5-mini", "openai/gpt-4o-mini"),
    "xai": ("grok-4-1-fast", "grok-4"),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Who serves a model, and how they are asked."""

    model: str
    connection: Connection
    name: str

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that it costs nothing and sends nothing away."""
        return is_on_this_machine(self.connection.api_base) or self.connection.kind == "local"


def is_on_this_machine(api_base: str) -> bool:
    """Return whether an address is this machine's."""
    host = urlsplit(api_base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_base(address: str) -> str:
    """Return a server's address, tidied.

    Raises
    ------
    BadRequest
        It is none; the error does not repeat it, for there may be a password in it.
    """
    address = address.strip()
    if "://" not in address:
        local = address.split(":")[0].split("/")[0] in {"localhost", "127.0.0.1"}
        address = f"{'http' if local else 'https'}://{address}"
    try:
        parts = urlsplit(address)
        is_fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_fine, parts = False, urlsplit("")
    is_plain = address.isprintable() and " " not in address
    if not (is_fine and is_plain) or parts.username or parts.password or parts.query or parts.fragment:
        raise BadRequest(
            "This is not a server's address, or there is more in it.",
            "Give one such as https://models.example.org/v1, and its key apart from it.",
        )
    return address.rstrip("/")


class ModelRouter:
    """Resolves model ids.

    Parameters
    ----------
    connections
        The servers the owner added.
    keys
        Whose names say which providers can be used.
    special
        Further connections that need no key: the scripted provider, a bundled model.
    """

    def __init__(
        self,
        connections: Connections,
        keys: KeyRing,
        special: tuple[Connection, ...] = (),
        ports: Callable[[], str | None] = lambda: os.environ.get(PORTS_VARIABLE),
    ) -> None:
        self._connections = connections
        self._keys = keys
        self._special = special
        self._ports = ports
        self._local: dict[str, tuple[Connection, tuple[str, ...]]] = {}
        self._looked = -GOOD_FOR_SECONDS
        self._looking = asyncio.Lock()

    def every(self) -> list[Connection]:
        """Return all connections that can be used now, the owner's first."""
        found = {c.id: c for c in (*self._connections.every(), *self._special)}
        for key in self._keys.stored():
            if "/" not in key.name and key.name not in found and key.name in prices.providers() | LABELS.keys():
                found[key.name] = Connection(id=key.name, kind=key.name, label=LABELS.get(key.name, key.name))
        for connection, _ in self._local.values():
            found.setdefault(connection.id, connection)
        return list(found.values())

    def local_models(self, connection_id: str) -> tuple[str, ...]:
        """Return what a server on this machine offered when last looked at."""
        return self._local.get(connection_id, (None, ()))[1]

    async def resolve(self, model: str) -> Target:
        """Return who serves a model.

        Raises
        ------
        ModelNotConnected
            Its provider has no key.
        ModelUnknown
            No provider is called so.
        """
        head, _, name = model.partition("/")
        target = self._target(model, head, name)
        if target is None:
            await self.look_around()
            target = self._target(model, head, name)
        if target is not None:
            return target
        local = next((label for server, label, _ in LOCAL_SERVERS if server == head), "")
        if name and local:
            raise ModelNotConnected(f"{local} does not answer on this machine.", "Start it, then try again.")
        if name and (head in prices.providers() or head in LABELS):
            label = LABELS.get(head, head)
            raise ModelNotConnected(f"There is no key for {label}.", f"Enter one: nexus keys set {head}")
        if not self.every():
            raise ModelNotConnected(
                "No model is connected.", "Enter a provider's key, or start a local server such as Ollama."
            )
        raise ModelUnknown(f"There is no model `{model[:80]}`.", self.nearest(model))

    def _target(self, model: str, head: str, name: str) -> Target | None:
        found = {c.id: c for c in self.every()}
        if name and head in found:
            return Target(model=model, connection=found[head], name=name)
        for connection in found.values():  # `gpt-4o` means the provider that has it
            if model in self.names(connection):
                return Target(model=f"{connection.id}/{model}", connection=connection, name=model)
        return None

    def nearest(self, model: str) -> str:
        """Return what to do about an unknown model: the names most like it."""
        every = {n: f"{c.id}/{n}" for c in self.every() for n in self.names(c)}
        alike = difflib.get_close_matches(model.partition("/")[2] or model, every, 4, 0.5)
        near = [every[n] for n in alike if every[n] != model][:3]
        return f"Did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else "See: nexus models"

    def names(self, connection: Connection) -> tuple[str, ...]:
        """Return the models of a connection that are known without asking it."""
        return self.local_models(connection.id) or (() if connection.api_base else prices.known_models(connection.kind))

    async def look_around(self) -> None:
        """Look for servers of models on this machine; what was found is good for a while."""
        async with self._looking:  # who comes meanwhile waits for what is found
            if time.monotonic() - self._looked < GOOD_FOR_SECONDS:
                return
            servers = self._servers()
            found = await asyncio.gather(*(_models_at(port) for _, _, port in servers))
            self._local = {
                name: (Connection(id=name, kind="openai", api_base=f"http://127.0.0.1:{port}/v1", label=label), models)
                for (name, label, port), models in zip(servers, found, strict=True)
                if models is not None
            }
            self._looked = time.monotonic()

    def _servers(self) -> list[tuple[str, str, int]]:
        told = self._ports()
        if told is None:
            return list(LOCAL_SERVERS)
        labels = {name: label for name, label, _ in LOCAL_SERVERS}
        pairs = [part.strip().partition("=") for part in told.split(",")]
        return [(name, labels.get(name, name), int(port)) for name, _, port in pairs if name and port.isdecimal()]


async def _models_at(port: int) -> tuple[str, ...] | None:
    """Return the models of an OpenAI-compatible server on this machine; None where there is none."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request_bytes("GET", "/v1/models", "none", host=f"127.0.0.1:{port}"))
                response, body = Response(), b""
                while not response.is_whole and (piece := await reader.read(65_536)):
                    body += response.feed(piece)
            finally:
                writer.close()
        if response.status != 200:
            return None
        return tuple(sorted(str(item["id"]) for item in json.loads(body)["data"]))
    except Exception:  # noqa: BLE001  whatever else listens there is no server of models
        return None
