"""The broker's services over one state folder, without HTTP."""

from __future__ import annotations

import asyncio
import difflib
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from nexus_jupyter.broker import prices
from nexus_jupyter.broker.calls import Asked, Calls, today
from nexus_jupyter.broker.cleaning import cleaned
from nexus_jupyter.broker.events import ModelCall, Provider
from nexus_jupyter.broker.grants import check_grant
from nexus_jupyter.broker.providers import local
from nexus_jupyter.broker.providers.litellm import LitellmProvider
from nexus_jupyter.broker.providers.scripted import ScriptedProvider
from nexus_jupyter.broker.routing import DEFAULTS, ModelRouter, Target, checked_base, is_on_this_machine
from nexus_jupyter.errors import BadRequest, ModelError, ModelNotConnected, ModelUnknown, NotFound, StorageFailed
from nexus_jupyter.models.llm import (
    Budget,
    CallInfo,
    CheckedConnection,
    CompletionRequest,
    ConnectionInfo,
    ConnectionSpec,
    KeyInfo,
    ModelInfo,
    ModelList,
    TokenRequest,
    UsageReport,
)
from nexus_jupyter.secrets import KeyRing, Redactor, Secret
from nexus_jupyter.secrets.places import default_places
from nexus_jupyter.store import (
    CHOSEN_MODEL,
    Budgets,
    Completions,
    Connection,
    Connections,
    Database,
    Ledger,
    Settings,
    TokenGrant,
    Tokens,
)

OWNER = "local"
CACHE_SECONDS = 7 * 24 * 3600.0
SCRIPTS_VARIABLE = "NEXUS_SCRIPTS"  # a file of scripts: the double that answers without any provider
SCRIPTED = "scripted"


class Broker:
    """Keys, models, calls and what they cost, for one owner.

    Parameters
    ----------
    state
        The folder of the store and the keys.
    providers
        Who makes the calls, by kind of connection, beside litellm; `""` in its place.
    sleep
        Waits between tries.
    """

    def __init__(
        self,
        state: Path,
        *,
        providers: Mapping[str, Provider] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.state = state
        self.instance = f"{os.getpid()}:{secrets.token_hex(6)}"
        self.database = Database(state / "nexus.db")
        self.keys = KeyRing(default_places(state))
        self.settings = Settings(self.database, OWNER)
        self.connections = Connections(self.database, OWNER)
        self.tokens = Tokens(self.database, OWNER)
        self.budgets = Budgets(self.database, OWNER)
        self.ledger = Ledger(self.database, OWNER, self.instance)
        made: dict[str, Provider] = {"": LitellmProvider(), **(providers or {})}
        if scripts := os.environ.get(SCRIPTS_VARIABLE):
            made[SCRIPTED] = ScriptedProvider.from_file(Path(scripts))
        special: tuple[Connection, ...] = ()
        if SCRIPTED in made:
            special = (Connection(id=SCRIPTED, kind=SCRIPTED, label="Scripted (for tests)"),)
        folder = state / "models"
        if local.can_run() and local.files(folder):
            made[local.LOCAL] = local.LocalProvider(folder)
            special += (Connection(id=local.LOCAL, kind=local.LOCAL, label=local.LABEL),)
        self.router = ModelRouter(self.connections, self.keys, special)
        self._redactor: Redactor | None = None
        self._known_keys: set[str] = set()
        self.calls = Calls(
            self.router,
            self.keys,
            self.ledger,
            self.budgets,
            Completions(self.database, seconds=CACHE_SECONDS),
            made,
            self.redactor,
            sleep,
        )
        self.tidy()

    def tidy(self) -> None:
        """End in the ledger what a killed broker left open, and what could not be settled in time."""
        self.calls.settle_late()
        self.ledger.recover(_is_alive, self._price)

    def _price(self, model: str, prompt: int, completion: int) -> float | None:
        connection_id, _, name = model.partition("/")
        connection = self.connections.get(connection_id) or Connection(id=connection_id, kind=connection_id)
        return self.calls.money(Target(model=model, connection=connection, name=name), prompt, completion)

    def redactor(self) -> Redactor:
        """Return the redactor for every key that this process has known: calls under way may still show a removed one."""
        if self._redactor is None:
            try:
                self._known_keys |= {secret.reveal() for secret in self.keys.values()}
            except StorageFailed:  # which is told by whoever needs a key; errors and logs are cleaned all the same
                return Redactor(map(Secret, self._known_keys))
            self._redactor = Redactor(map(Secret, self._known_keys))
        return self._redactor

    # --- keys ----------------------------------------------------------------------------------------------

    def stored_keys(self) -> list[KeyInfo]:
        """Return what may be shown of each key."""
        return [KeyInfo(name=k.name, tail=k.tail, source=k.source, is_fixed=k.is_fixed) for k in self.keys.stored()]

    def set_key(self, name: str, value: str) -> KeyInfo:
        """Keep a key; the first one also chooses its provider's usual model."""
        self.redactor()  # knows the one before
        stored = self.keys.set(name, value)
        self._redactor = None
        if not self.settings.get(CHOSEN_MODEL) and "/" not in name:
            known = prices.known_models(name)
            usual = next((m for m in DEFAULTS.get(name, ()) if m in known), next(iter(known), ""))
            if usual:
                self.settings.set(CHOSEN_MODEL, f"{name}/{usual}")
        return KeyInfo(name=stored.name, tail=stored.tail, source=stored.source)

    def remove_key(self, name: str) -> None:
        """Forget a key; a model that needs it is no longer the chosen one."""
        self.redactor()
        self.keys.remove(name)
        if self.settings.get(CHOSEN_MODEL).partition("/")[0] == name and self.keys.get(name) is None:
            self.settings.set(CHOSEN_MODEL, "")

    # --- models --------------------------------------------------------------------------------------------

    async def models(self) -> ModelList:
        """Return everything that can be chosen."""
        await self.router.look_around()
        names = {k.name for k in self.keys.stored()}
        added = {c.id for c in self.connections.every()}
        connections = self.router.every()
        offers = await asyncio.gather(*map(self._offered, connections))
        models = [_info(c, name) for c, offered in zip(connections, offers, strict=True) for name in offered]
        return ModelList(
            current=self.settings.get(CHOSEN_MODEL),
            models=tuple(models),
            connections=tuple(
                ConnectionInfo(
                    id=c.id,
                    label=c.label or c.id,
                    kind=c.kind,
                    api_base=c.api_base,
                    has_key=c.id in names,
                    is_local=is_on_this_machine(c.api_base) or c.kind == local.LOCAL,
                    is_added=c.id in added,
                )
                for c in connections
            ),
        )

    async def _offered(self, connection: Connection) -> tuple[str, ...]:
        known = self.router.names(connection)
        if known or not (connection.api_base or connection.kind in (SCRIPTED, local.LOCAL)):
            return known
        try:
            return tuple(await self._ask(connection))
        except ModelError:
            return ()  # `check` says why

    async def _ask(self, connection: Connection) -> list[str]:
        key = self.keys.get(connection.id)
        provider = self.calls.provider(connection.kind)
        return await provider.models(connection.kind, connection.api_base, key.reveal() if key else "")

    async def check(self, connection_id: str) -> CheckedConnection:
        """Ask a provider for its models: this shows whether it can be reached and takes the key, at no cost.

        Raises
        ------
        NotFound
            There is no such connection.
        """
        await self.router.look_around()
        connection = next((c for c in self.router.every() if c.id == connection_id), None)
        if connection is None:
            raise NotFound(
                f"`{connection_id[:80]}` is not connected.", f"Enter a key: nexus keys set {connection_id[:80]}"
            )
        try:
            names = await self._ask(connection)
        except ModelError as error:
            error = cleaned(error, self.redactor())
            return CheckedConnection(ok=False, detail=error.message, remedy=error.remedy)
        count = f"{len(names)} models" if len(names) != 1 else "one model"
        detail = f"{connection.label or connection.id} answers and offers {count}."
        if not names:
            detail = f"{connection.label or connection.id} has no list of models; the first call will tell."
        return CheckedConnection(ok=True, detail=detail, models=tuple(names))

    async def choose(self, model: str) -> str:
        """Use a model from now on, and return its full id; empty for none.

        Raises
        ------
        ModelError
            Nobody serves it.
        """
        chosen = await self._found(model) if model else ""
        self.settings.set(CHOSEN_MODEL, chosen)
        return chosen

    async def _found(self, model: str) -> str:
        """Return a model's full id; one without its server's name is looked for in what the servers offer."""
        try:
            return (await self.router.resolve(model)).model
        except ModelUnknown:
            offered = (await self.models()).models
            found = next((m.id for m in offered if m.name == model), "")
            if found:
                return found
            ids = {m.name: m.id for m in offered}
            near = [ids[n] for n in difflib.get_close_matches(model.partition("/")[2] or model, ids, 3, 0.5)]
            if near:
                listed = " or ".join(f"`{n}`" for n in near)
                raise ModelUnknown(f"There is no model `{model[:80]}`.", f"Did you mean {listed}?") from None
            raise

    def add_connection(self, connection_id: str, spec: ConnectionSpec) -> Connection:
        """Add a server of models."""
        if connection_id in prices.providers() and spec.kind != connection_id:
            raise BadRequest(f"`{connection_id}` is a provider's name.", "Choose another name for your server.")
        connection = Connection(
            id=connection_id, kind=spec.kind, api_base=checked_base(spec.api_base), label=spec.label or connection_id
        )
        self.connections.put(connection)
        return connection

    def remove_connection(self, connection_id: str) -> None:
        """Forget a server of models.

        Raises
        ------
        NotFound
            There is none that was added.
        """
        if not self.connections.remove(connection_id):
            raise NotFound(f"There is no added connection `{connection_id[:80]}`.", "See: nexus models")
        if self.settings.get(CHOSEN_MODEL).startswith(f"{connection_id}/"):
            self.settings.set(CHOSEN_MODEL, "")

    # --- calls ---------------------------------------------------------------------------------------------

    def asked(self, request: CompletionRequest, raw: dict[str, object], grant: TokenGrant | None) -> Asked:
        """Return a request as a call; without a model it is for the chosen one.

        Raises
        ------
        ModelNotConnected
            None is chosen.
        """
        return Asked(
            model=self._wanted(request.model, grant),
            messages=request.messages,
            options=dict(raw),
            grant=grant,
            app_id=request.nexus_app,
            uses_cache=request.nexus_cache,
        )

    def _wanted(self, model: str, grant: TokenGrant | None) -> str:
        only = grant.models[0] if grant and len(grant.models) == 1 else ""
        wanted = model or only or self.settings.get(CHOSEN_MODEL)
        if not wanted:
            raise ModelNotConnected(
                "No model is chosen.", "Enter a provider's key (nexus keys set openai), or choose one: nexus models"
            )
        return wanted

    async def embed(
        self, model: str, texts: list[str], grant: TokenGrant | None
    ) -> tuple[Target, list[list[float]], int]:
        """Return who answered, a vector for each text, and the tokens used."""
        target = await self.router.resolve(self._wanted(model, grant))
        check_grant(grant, target.model)
        key = self.keys.get(target.connection.id, grant.app_id if grant else "")
        call = ModelCall(
            model=target.name,
            kind=target.connection.kind,
            messages=[],
            api_base=target.connection.api_base,
            key=key.reveal() if key else "",
        )
        vectors, tokens = await self.calls.embed(call, texts, target, grant)
        return target, vectors, tokens

    # --- tokens and budgets --------------------------------------------------------------------------------

    def make_token(self, request: TokenRequest) -> str:
        """Make a scoped token."""
        expires = time.time() + request.seconds if request.seconds is not None else None
        grant = TokenGrant(
            id=request.id,
            label=request.label,
            app_id=request.app_id,
            models=request.models,
            max_tokens=request.max_tokens,
            max_money=request.max_money,
            expires=expires,
        )
        return self.tokens.create(grant, request.secret)

    def usage(self, app_id: str = "") -> UsageReport:
        """Return what was spent today, or by an app in its life, and the newest calls."""
        scope = f"app:{app_id}" if app_id else "day"
        spent = self.ledger.spend(scope if app_id else f"day:{today()}")
        tokens, money = self.budgets.get(scope)
        newest = tuple(
            CallInfo(
                model=c.model,
                app_id=c.app_id,
                status=c.status,
                started=c.started,
                seconds=c.seconds,
                prompt_tokens=c.prompt_tokens,
                completion_tokens=c.completion_tokens,
                money=c.money,
            )
            for c in self.ledger.calls(most=50)
            if not app_id or c.app_id == app_id
        )
        return UsageReport(
            calls=spent.calls,
            tokens=spent.tokens,
            money=spent.money,
            budget=Budget(tokens=tokens, money=money),
            budgets={scope: Budget(tokens=t, money=m) for scope, (t, m) in self.budgets.every().items()},
            newest=newest,
        )

    def close(self) -> None:
        """Settle what could not be settled before, and close the store."""
        self.calls.settle_late()
        self.database.close()


def _info(connection: Connection, name: str) -> ModelInfo:
    known = prices.facts(connection.kind, name)
    is_free = is_on_this_machine(connection.api_base) or connection.kind in (SCRIPTED, local.LOCAL)
    return ModelInfo(
        id=f"{connection.id}/{name}",
        name=name,
        connection=connection.id,
        input_price=0.0 if is_free else _per_million(known.input_price),
        output_price=0.0 if is_free else _per_million(known.output_price),
        context=known.context,
        has_tools=known.has_tools,
    )


def _per_million(price: float | None) -> float | None:
    return None if price is None else round(price * 1e6, 6)


def _is_alive(broker: str) -> bool:
    """Return whether a broker's process still runs; its number may have gone to another program."""
    pid = broker.partition(":")[0]
    if not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    try:
        return b"nexus_jupyter.broker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
