"""The magics themselves."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from nexus_jupyter import __version__
from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker.events import Failed, Text, Usage
from nexus_jupyter.errors import BadRequest, NexusError, TokenRefused
from nexus_jupyter.magics import showing
from nexus_jupyter.magics.options import Options, parse
from nexus_jupyter.magics.variables import filled

HELP = """\
**In a line**: `%nexus` status · `models` · `model NAME` · `keys` · `apps` · `open APP` · `new` (forget the
conversation) · `help` · or a question.

**On a cell**: `%%nexus` asks what the cell says · `%%nexus make` builds an app · `%%nexus explain` and `%%nexus fix`
take code · `%%nexus cell` answers with a new cell. `%nexus fix` and `%nexus explain` take the cell before.

**Flags**: `--model ID` · `--data FILE` · `--name NAME` (of the app, or of the variable that keeps the answer) ·
`--system TEXT` · `--json` · `--table` · `--preview` (show what would be sent) · `--fresh` (no answer from the cache) ·
`--limit N` (characters of a variable). `{{name}}` stands for a variable's value; nothing else of the notebook is sent.
"""
OURS = ("%nexus", "%%nexus", "get_ipython().run_line_magic('nexus'", "get_ipython().run_cell_magic('nexus'")
MOST_TURNS = 12
MOST_DATA = 4_000  # characters of a file that is shown to a model
SHORT = "Answer briefly, in Markdown."


class Stopped(KeyboardInterrupt):
    """The owner interrupted an answer: IPython is told to show no traceback of ours."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: stopped."]


@magics_class
class NexusMagics(Magics):
    """`%nexus` and `%%nexus`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._shell = shell
        self._client = BrokerClient(endpoint.locate)
        self._turns: list[dict[str, str]] = []

    @line_cell_magic
    def nexus(self, line: str, cell: str | None = None) -> None:
        """Ask Nexus: `%nexus help` says how."""
        try:
            options = parse(line, is_cell=cell is not None)
            getattr(self, f"_do_{options.verb}")(options, cell)
        except NexusError as error:
            raise UsageError(str(error)) from None

    @property
    def _is_sandboxed(self) -> bool:
        return endpoint.LINE_VARIABLE in os.environ

    # --- asking --------------------------------------------------------------------------------------------

    def _do_chat(self, options: Options, cell: str | None) -> None:
        text = cell if cell is not None else " ".join(options.words)
        self._answer(options, text, text)

    def _do_explain(self, options: Options, cell: str | None) -> None:
        self._about_code(options, cell, "Explain this code and what it shows, briefly.")

    def _do_fix(self, options: Options, cell: str | None) -> None:
        wish = "Say in a sentence what is wrong, then give the whole corrected code in one fenced block."
        self._about_code(options, cell, wish)

    def _about_code(self, options: Options, cell: str | None, wish: str) -> None:
        code = cell if cell is not None else self._cell_before()
        error = self._last_error() if cell is None else ""
        parts = [wish, " ".join(options.words), f"```python\n{code.strip()}\n```"]
        if error:
            parts.append(f"It ended with this error:\n<untrusted>\n{error}\n</untrusted>")
        self._answer(options, "\n\n".join(p for p in parts if p), wish, fills=False)

    def _do_cell(self, options: Options, cell: str | None) -> None:
        text = cell if cell is not None else " ".join(options.words)
        wish = f"{text}\n\nAnswer with Python code for one notebook cell, in one fenced block, and nothing else."
        answer = self._answer(options, wish, text)
        if answer and not self._is_sandboxed:
            self._shell.set_next_input(showing.code_of(answer))

    def _cell_before(self) -> str:
        ran: list[str] = self._shell.user_ns.get("In", [])
        for code in reversed(ran[:-1]):
            if code.strip() and not code.lstrip().startswith(OURS):
                return code
        raise BadRequest("No cell was run before this one.", "Run one, or use %%nexus on a cell with the code.")

    def _last_error(self) -> str:
        error = getattr(sys, "last_value", None)
        return "".join(traceback.format_exception(error))[-4000:] if error is not None else ""

    def _answer(self, options: Options, text: str, said: str, *, fills: bool = True) -> str:
        """Send a prompt, show the answer as it comes, and return it."""
        if not text.strip():
            raise BadRequest("There is no question.", "Write one behind %nexus, or below %%nexus.")
        unknown: list[str] = []
        if fills:
            text, _, unknown = filled(text, self._shell.user_ns, options.limit)
        if options.json or options.table:
            text += "\n\nAnswer with JSON only" + (", a list of objects with the same keys." if options.table else ".")
        text = "\n\n".join([text, *self._files(options.data)])
        system = options.system or f"You are Nexus, an assistant in a Jupyter notebook. {SHORT}"
        sent = [{"role": "system", "content": system}, *self._turns, {"role": "user", "content": text}]
        if options.preview:
            plain = "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in sent)
            showing.show(self._shell, {"text/plain": plain})
            return ""
        body = {"model": options.model, "messages": sent, "nexus_cache": not options.fresh}
        if options.json:
            body["response_format"] = {"type": "json_object"}
        answer = self._streamed(body, options, unknown)
        told = text if fills else said  # with the values that stood for variables: a later question may mean them
        self._turns = [*self._turns, {"role": "user", "content": told}, {"role": "assistant", "content": answer}]
        self._turns = self._turns[-MOST_TURNS:]
        return answer

    def _streamed(self, body: dict[str, Any], options: Options, unknown: list[str]) -> str:
        growing = showing.Growing(self._shell)
        is_shown = not (options.json or options.table)
        notes = [f"{{{{{name}}}}} is no variable, so it was sent as it stands" for name in unknown[:3]]
        text = ""
        with contextlib.closing(self._client.stream(body)) as events:  # type: ignore[type-var]
            try:
                for event in events:
                    if isinstance(event, Text):
                        text += event.text
                        if is_shown:
                            growing.add(event.text)
                    elif isinstance(event, Usage):
                        notes.insert(0, cost(event))
                    elif isinstance(event, Failed):
                        raise event.error
            except BaseException as error:
                if text and is_shown:
                    growing.end("Stopped.")  # what came stays
                if isinstance(error, KeyboardInterrupt):
                    raise Stopped from None
                raise
        self._keep(options, text)
        if is_shown:
            growing.end(" · ".join(notes))
        return text

    def _keep(self, options: Options, text: str) -> None:
        value: Any = text
        if options.table:
            value = showing.records(showing.json_of(text))
            markdown = showing.table_markdown(value)
            showing.show(self._shell, {"text/markdown": markdown, "text/plain": markdown})
        elif options.json:
            value = showing.json_of(text)
            plain = json.dumps(value, indent=2, ensure_ascii=False)
            showing.show(self._shell, {"application/json": value, "text/plain": plain})
        if options.name:
            self._shell.user_ns[options.name.replace("-", "_")] = value

    def _files(self, names: list[str]) -> list[str]:
        found = []
        for name in names:
            try:
                text = Path(name).read_text(encoding="utf-8", errors="replace")[: MOST_DATA + 1]
            except OSError as error:
                raise BadRequest(f"`{name}` cannot be read: {error.strerror}.", "Check the path.") from None
            more = "\n..." if len(text) > MOST_DATA else ""
            found.append(f"The file `{name}` begins:\n<untrusted>\n{text[:MOST_DATA]}{more}\n</untrusted>")
        return found

    # --- the rest ------------------------------------------------------------------------------------------

    def _do_status(self, _: Options, __: str | None) -> None:
        lines = [f"Nexus {__version__}, {'in a sandboxed kernel' if self._is_sandboxed else 'in a plain kernel'}."]
        try:
            model = self._one_model() if self._is_sandboxed else self._chosen()
            lines.append(f"Model: {model or 'none'}." + ("" if model else " To connect one: `%nexus keys set openai`"))
        except NexusError as error:
            lines.append(f"Model: {error}")
        lines.append("More: `%nexus help`")
        self._say("\n\n".join(lines))

    def _chosen(self) -> str:
        chosen: str = self._client.ask("GET", "/nexus/chosen")["model"]
        return chosen

    def _one_model(self) -> str:
        return next((str(m["id"]) for m in self._client.ask("GET", "/v1/models")["data"]), "")

    def _do_models(self, options: Options, _: str | None) -> None:
        ids = [m["id"] for m in self._client.ask("GET", "/v1/models")["data"]]
        wanted = [i for i in ids if all(w.lower() in i.lower() for w in options.words)]
        current = "" if self._is_sandboxed else self._chosen()
        lines = [f"- **{i}** (in use)" if i == current else f"- {i}" for i in wanted]
        self._say(
            "\n".join(lines) or "None. To connect one: `%nexus keys set openai`, or start a server such as Ollama."
        )

    def _do_model(self, options: Options, _: str | None) -> None:
        name = options.words[0] if options.words else ""
        if not name:
            raise BadRequest("Which model?", "For example: %nexus model gpt-5-mini. They are listed by: %nexus models")
        if self._is_sandboxed:
            only = self._one_model()
            if name != only:
                raise TokenRefused(f"This kernel may not use `{name}`.", f"It uses the owner's: {only or 'none'}.")
        else:
            self._client.ask("PUT", "/nexus/models", {"model": name})
        self._say(f"Now used: {name if self._is_sandboxed else self._chosen()}.")

    def _do_keys(self, options: Options, _: str | None) -> None:
        if self._is_sandboxed:
            raise TokenRefused(
                "A sandboxed kernel has no keys.", "Enter them in the chat, or by: nexus keys set openai"
            )
        verb, name, *_rest = [*options.words, "", ""]
        if verb == "set":
            value = getpass.getpass(f"Key for {name or 'openai'} (not shown): ")
            stored = self._client.ask("PUT", f"/nexus/keys/{name or 'openai'}", {"value": value})
            self._say(f"The key `{stored['name']}` ending in {stored['tail']} is kept ({stored['source']}).")
        elif verb == "rm":
            self._client.ask("DELETE", f"/nexus/keys/{name}")
            self._say(f"The key `{name}` is forgotten.")
        elif verb == "test":
            checked = self._client.ask("POST", f"/nexus/connections/{name}", {})
            self._say(f"{checked['detail']} {checked['remedy']}".strip())
        elif verb in ("", "list"):
            keys = self._client.ask("GET", "/nexus/keys")
            lines = [f"- {k['name']}: ...{k['tail']} ({k['source']})" for k in keys]
            self._say("\n".join(lines) or "No keys. Enter one: `%nexus keys set openai`")
        else:
            raise BadRequest(f"`{verb[:40]}` is nothing to do with keys.", "There are set, list, rm and test.")

    def _do_apps(self, _: Options, __: str | None) -> None:
        from nexus_jupyter.magics.apps import apps

        lines = [f"- **{a['title']}** `{a['name']}` {os.path.relpath(a['path'])}" for a in apps(Path.cwd())]
        self._say(
            "\n".join(lines) or "No apps here. Build one: put `%%nexus make` on a cell that says what it should do."
        )

    def _do_open(self, options: Options, _: str | None) -> None:
        from nexus_jupyter.magics.apps import card, find

        if not options.words:
            raise BadRequest("Which app?", "See: %nexus apps")
        self._show_card(card(find(Path.cwd(), " ".join(options.words))))

    def _do_make(self, options: Options, cell: str | None) -> None:
        from nexus_jupyter.magics.apps import card, make

        prompt = (cell if cell is not None else " ".join(options.words)).strip()
        if not prompt:
            raise BadRequest("What should the app do?", "For example: compare price by brand")
        if self._is_sandboxed:
            request = {"text": prompt, "data": options.data, "name": options.name}
            plain = f"Nexus would build: {prompt}\nA sandboxed kernel cannot build apps itself; say it in the chat."
            showing.show(self._shell, {showing.MAKE: request, "text/plain": plain})
            return
        growing = showing.Growing(self._shell)
        made = make(prompt, options.data, options.name, growing.add)
        works = made["status"] == "ok"
        error = made["check"]["error"]
        told = [*made["check"]["problems"], *([f"{error['name']}: {error['message']}"] if error else [])]
        why = "" if works else " " + " ".join(told)
        growing.replace(f"“{made['title']}” {'works' if works else 'was built, but does not work'}.{why}")
        about = {"id": made["app_id"], "title": made["title"], "path": made["path"], "tier": made["check"]["tier"]}
        self._show_card(card({**about, "recipe_title": made["recipe"]}))

    def _do_new(self, _: Options, __: str | None) -> None:
        self._turns = []
        self._say("The conversation begins anew.")

    def _do_help(self, _: Options, __: str | None) -> None:
        self._say(HELP)

    def _show_card(self, about: dict[str, Any]) -> None:
        plain = f"{about['title']}: open {about['path']} in JupyterLab, then press App in its toolbar."
        showing.show(self._shell, {showing.CARD: about, "text/plain": plain})

    def _say(self, text: str) -> None:
        showing.show(self._shell, {"text/markdown": text, "text/plain": text})


def cost(usage: Usage) -> str:
    """Return what an answer used, in words."""
    if usage.is_cached:
        return "from the cache, free"
    about = "about " if usage.is_estimate else ""
    tokens = f"{about}{usage.prompt_tokens + usage.completion_tokens:,} tokens"
    if usage.money is None:
        return tokens
    return f"{tokens}, ${usage.money:.4f}" if usage.money else f"{tokens}, free"
