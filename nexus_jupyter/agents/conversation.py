"""Who answers in a chat: a recipe, where one fits; else the connected model; else plain words."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable

from nexus_jupyter.agents.builder import route_result
from nexus_jupyter.agents.context import messages
from nexus_jupyter.agents.exchange import KEY_CARD, Event, Part, Progress, Request, Spent, Text, Turn
from nexus_jupyter.agents.replies import HELP, QUESTION, RecipeReplies, data_files
from nexus_jupyter.broker.client import AsyncBrokerClient
from nexus_jupyter.broker.events import Failed, Usage
from nexus_jupyter.broker.events import Text as Said
from nexus_jupyter.errors import KeyRejected, ModelNotConnected, PromptRefused
from nexus_jupyter.models.run import RouteResult
from nexus_jupyter.recipes import manifest
from nexus_jupyter.recipes.routing import check_prompt
from nexus_jupyter.secrets.backend import Secret

ASKS = re.compile(r"\W*(what|what's|which|tell me|explain|describe|define|write|translate|summari[sz]e)\b", re.I)
SURE = 0.55  # a recipe's score above which its app is what was meant, model or not


class Conversation:
    """Answers with recipes and, where one is connected, a model.

    Parameters
    ----------
    model
        Returns the id of the chosen model; empty for none. Asks no broker.
    """

    def __init__(self, recipes: RecipeReplies, broker: AsyncBrokerClient, model: Callable[[], str]) -> None:
        self._recipes = recipes
        self._broker = broker
        self._model = model

    async def reply(
        self, request: Request, *, last_data: tuple[str, ...] = (), history: tuple[Turn, ...] = ()
    ) -> AsyncIterator[Event]:
        """Yield the answer to a request."""
        if request.keys:
            async with contextlib.aclosing(self._keep(request.keys)) as kept:  # type: ignore[type-var]
                async for event in kept:
                    yield event
            return
        model = self._model()
        if await self._is_for_model(request, model):
            answer = self._ask(model, request, history)
        else:
            answer = self._build(request, last_data, model)
        async with contextlib.aclosing(answer) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    async def _is_for_model(self, request: Request, model: str) -> bool:
        if request.action:
            return True
        if not model or request.recipe or HELP.fullmatch(request.text):
            return False
        if request.context.selection or QUESTION.match(request.text):
            return True
        found = _routed(request.text)
        if found is None:
            return False
        best = found.choices[0] if found.in_scope else None
        if best is None or best.score < SURE:
            return True
        if ASKS.match(request.text) and not request.data and not await self._recipes.is_about_a_table(request.text):
            return True  # "what is the answer?" is a question, "what is the mass by species?" one for an app
        # A wish that needs a table where there is none is hardly one for an app.
        needs_table = manifest.recipe(best.recipe).manifest.needs_table
        return needs_table and not request.data and not data_files(self._recipes.library.root)

    async def _build(self, request: Request, last_data: tuple[str, ...], model: str) -> AsyncIterator[Event]:
        async for event in self._recipes.reply(request, last_data=last_data):
            yield event
        if not model and _is_beyond(request):
            yield Part(
                mime=KEY_CARD, data={"reason": "With a model connected I can answer and help with anything else."}
            )

    async def _ask(self, model: str, request: Request, history: tuple[Turn, ...]) -> AsyncIterator[Event]:
        if not model:
            yield Text(text="This needs a model, and none is connected.")
            yield Part(mime=KEY_CARD, data={"reason": "Connect one to explain, fix and document cells."})
            return
        yield Progress(text=f"Asking {model.rpartition('/')[2]}")
        body = {"model": model, "messages": messages(request, history), "nexus_cache": not request.is_again}
        try:
            async with contextlib.aclosing(self._broker.stream(body)) as events:  # type: ignore[type-var]
                async for event in events:
                    match event:
                        case Said(text=text):
                            yield Text(text=text)
                        case Usage():
                            yield Spent(
                                model=model,
                                prompt_tokens=event.prompt_tokens,
                                completion_tokens=event.completion_tokens,
                                money=event.money,
                                is_cached=event.is_cached,
                                is_estimate=event.is_estimate,
                            )
                        case Failed(error=error):
                            yield Text(text=f"\n\n*{str(error).replace('$', chr(92) + '$')}*")
        except (KeyRejected, ModelNotConnected) as error:
            provider = model.partition("/")[0]
            yield Text(text=error.message)
            yield Part(mime=KEY_CARD, data={"provider": provider, "reason": f"Enter the key for {provider} again."})

    async def _keep(self, keys: tuple[tuple[str, Secret], ...]) -> AsyncIterator[Event]:
        """Keep keys that were pasted into the chat, and say whether they work."""
        for provider, secret in keys:
            if not provider:
                yield Text(text=f"The text ending in `{secret.tail}` looks like a key, so I did not keep it.\n\n")
                yield Part(mime=KEY_CARD, data={"reason": "Which provider is it for? Enter it here; it is not shown."})
                continue
            yield Progress(text="Keeping the key")
            stored = await self._broker.ask("PUT", f"/nexus/keys/{provider}", {"value": secret.reveal()})
            yield Text(
                text=f"I keep the {provider} key ending in `{stored['tail']}` ({stored['source']}). "
                "It stays out of this chat, your notebooks and kernels.\n\n"
            )
            yield Progress(text="Trying the key")
            checked = await self._broker.ask("POST", f"/nexus/connections/{provider}", {})
            if checked["ok"]:
                chosen = (await self._broker.ask("GET", "/nexus/models"))["current"]
                using = f" I use `{chosen}`; choose another above." if chosen else ""
                yield Text(text=f"{checked['detail']}{using} Ask me anything.")
            else:
                yield Text(text=f"{checked['detail']} {checked['remedy']}".strip())


def _is_beyond(request: Request) -> bool:
    """Return whether no recipe fits, so that only a model would help."""
    if request.recipe or HELP.fullmatch(request.text):
        return False
    found = _routed(request.text)
    return found is not None and not found.in_scope


def _routed(sentence: str) -> RouteResult | None:
    """Return the recipes for a sentence, whatever the tables; None where it is no prompt."""
    try:
        return route_result(check_prompt(sentence), None)
    except PromptRefused:
        return None
