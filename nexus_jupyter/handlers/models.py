"""Models, keys, connections and what was spent: passed on to the broker, which alone holds keys."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nexus_jupyter.handlers.apps import ServiceHandler


class ModelsHandler(ServiceHandler):
    """The models that can be chosen, and the one that is."""

    @authenticated
    @authorized(action="read", resource="nexus:models")
    async def get(self) -> None:
        """List them with their prices."""
        self.reply(await self.services.broker.ask("GET", "/nexus/models"))

    @authenticated
    @authorized(action="write", resource="nexus:models")
    async def put(self) -> None:
        """Choose one."""
        from nexus_jupyter.models.llm import ModelChoice

        choice = self.body(ModelChoice)
        self.reply(await self.services.broker.ask("PUT", "/nexus/models", choice.model_dump()))


class ReadinessHandler(ServiceHandler):
    """Whether a question would be answered, found out at no cost."""

    @authenticated
    @authorized(action="read", resource="nexus:models")
    async def get(self) -> None:
        """Look at every step, and say what to do about the first that fails."""
        from nexus_jupyter.agents.readiness import examine

        findings = await examine(self.services.broker)
        self.reply({"ok": all(f.ok for f in findings), "findings": [f.model_dump() for f in findings]})


class KeysHandler(ServiceHandler):
    """All keys: names and last characters."""

    @authenticated
    @authorized(action="read", resource="nexus:keys")
    async def get(self) -> None:
        """List them, and the providers that a key can be entered for."""
        from nexus_jupyter.broker.routing import LABELS

        keys = await self.services.broker.ask("GET", "/nexus/keys")
        self.reply({"keys": keys, "providers": [{"id": i, "label": label} for i, label in LABELS.items()]})


class KeyHandler(ServiceHandler):
    """One key: it can be written, never read."""

    @authenticated
    @authorized(action="write", resource="nexus:keys")
    async def put(self, name: str) -> None:
        """Keep it."""
        from nexus_jupyter.models.llm import KeyValue

        value = self.body(KeyValue)
        self.reply(await self.services.broker.ask("PUT", f"/nexus/keys/{name}", value.model_dump()))

    @authenticated
    @authorized(action="write", resource="nexus:keys")
    async def delete(self, name: str) -> None:
        """Forget it."""
        self.reply(await self.services.broker.ask("DELETE", f"/nexus/keys/{name}"))


class ConnectionHandler(ServiceHandler):
    """One server of models."""

    @authenticated
    @authorized(action="write", resource="nexus:models")
    async def put(self, name: str) -> None:
        """Add or replace it."""
        from nexus_jupyter.models.llm import ConnectionSpec

        spec = self.body(ConnectionSpec)
        self.reply(await self.services.broker.ask("PUT", f"/nexus/connections/{name}", spec.model_dump()))

    @authenticated
    @authorized(action="write", resource="nexus:models")
    async def delete(self, name: str) -> None:
        """Forget it."""
        self.reply(await self.services.broker.ask("DELETE", f"/nexus/connections/{name}"))

    @authenticated
    @authorized(action="write", resource="nexus:models")
    async def post(self, name: str) -> None:
        """Find out, at no cost, whether it can be used."""
        self.reply(await self.services.broker.ask("POST", f"/nexus/connections/{name}", {}))


class UsageHandler(ServiceHandler):
    """What was spent."""

    @authenticated
    @authorized(action="read", resource="nexus:models")
    async def get(self) -> None:
        """Report today, and the newest calls."""
        self.reply(await self.services.broker.ask("GET", "/nexus/usage"))


class BudgetHandler(ServiceHandler):
    """One budget."""

    @authenticated
    @authorized(action="write", resource="nexus:models")
    async def put(self, scope: str) -> None:
        """Set or lift it."""
        from nexus_jupyter.models.llm import Budget

        budget = self.body(Budget)
        self.reply(await self.services.broker.ask("PUT", f"/nexus/budgets/{scope}", budget.model_dump()))
