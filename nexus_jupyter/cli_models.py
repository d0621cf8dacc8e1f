"""The `nexus keys`, `nexus models` and `nexus usage` commands: small clients of the broker."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import urllib.parse
from collections.abc import Callable
from typing import Any

from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient

Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands to a parser; `add(name, run, text)` makes one."""
    keys = add("keys", _keys, "Keep, list, remove or try keys of model providers; values are never shown.")
    keys.add_argument("verb", choices=["list", "set", "rm", "test"], nargs="?", default="list")
    keys.add_argument("name", metavar="PROVIDER", nargs="?", default="", help="for example openai")
    keys.add_argument("--app", metavar="ID", default="", help="for one app only")

    models = add("models", _models, "List the models that can be used, choose one, or connect a server of models.")
    models.add_argument("model", metavar="MODEL", nargs="?", default="", help="use this one from now on")
    models.add_argument("--none", action="store_true", help="use none: recipes only")
    models.add_argument(
        "--connect", metavar="ADDRESS", help="add an OpenAI-compatible server, for example http://host:8000/v1"
    )
    models.add_argument("--as", dest="name", metavar="NAME", default="", help="what to call that server")
    models.add_argument("--kind", metavar="PROVIDER", default="openai", help="how it is spoken to (default: openai)")
    models.add_argument(
        "--restart", action="store_true", help="start the broker anew, with this environment's variables"
    )
    models.add_argument("--disconnect", metavar="NAME", help="forget a server")

    usage = add("usage", _usage, "Say what model calls used today, or for an app; set or lift the budget.")
    usage.add_argument("--app", metavar="ID", default="", help="of one app, in its whole life")
    usage.add_argument("--tokens", metavar="N", help="the most tokens, or `none`")
    usage.add_argument("--money", metavar="USD", help="the most money, or `none`")


def client() -> BrokerClient:
    """Return a client of this user's broker, which starts at the first question."""
    return BrokerClient(lambda: endpoint.ensure(endpoint.state_dir()))


def _say(options: argparse.Namespace, body: Any, lines: list[str]) -> int:
    text = json.dumps(body, ensure_ascii=False, indent=2) if options.json else "\n".join(lines)
    sys.stdout.write(text + "\n")
    return 0


def _keys(options: argparse.Namespace) -> int:
    from nexus_jupyter.errors import BadRequest

    broker = client()
    if options.verb == "list":
        keys = broker.ask("GET", "/nexus/keys")
        lines = [f"{k['name']:24} ...{k['tail']}  {k['source']}" for k in keys]
        return _say(options, {"keys": keys}, lines or ["No keys. Enter one: nexus keys set openai"])
    if not options.name:
        raise BadRequest("Which provider?", f"For example: nexus keys {options.verb} openai")
    name = f"apps/{options.app}/{options.name}" if options.app else options.name
    if options.verb == "rm":
        broker.ask("DELETE", f"/nexus/keys/{name}")
        return _say(options, {"removed": name}, [f"The key `{name}` is forgotten."])
    if options.verb == "test":
        checked = broker.ask("POST", f"/nexus/connections/{options.name}", {})
        _say(options, checked, [f"{checked['detail']} {checked['remedy']}".strip()])
        return 0 if checked["ok"] else 1
    stored = broker.ask("PUT", f"/nexus/keys/{name}", {"value": _entered(options.name)})
    line = f"The key `{name}` ending in {stored['tail']} is kept ({stored['source']})."
    return _say(options, stored, [line, f"Try it: nexus keys test {options.name}"])


def _entered(name: str) -> str:
    """Return a key from the terminal, not shown, or from standard input; never from the arguments."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Key for {name} (not shown): ")
    return sys.stdin.read()


def _models(options: argparse.Namespace) -> int:
    if options.restart:
        running = endpoint.find(endpoint.state_dir())
        if running is not None:
            endpoint.retire(running)
    broker = client()
    if options.connect:
        name = options.name or options.connect.partition("://")[2].split("/")[0].split(":")[0].replace(".", "-")
        spec = {"api_base": options.connect, "kind": options.kind, "label": options.name}
        added = broker.ask("PUT", f"/nexus/connections/{name}", spec)
        checked = broker.ask("POST", f"/nexus/connections/{name}", {})
        lines = [f"Connected as `{name}`: {added['api_base']}", f"{checked['detail']} {checked['remedy']}".strip()]
        lines += [f"  {name}/{m}" for m in checked["models"][:20]]
        return _say(options, {**added, **checked}, lines)
    if options.disconnect:
        broker.ask("DELETE", f"/nexus/connections/{options.disconnect}")
        return _say(options, {"removed": options.disconnect}, [f"`{options.disconnect}` is forgotten."])
    if options.model or options.none:
        chosen = broker.ask("PUT", "/nexus/models", {"model": options.model})
        return _say(options, chosen, [f"Now used: {chosen['model'] or 'no model'}."])
    found = broker.ask("GET", "/nexus/models")
    return _say(options, found, model_lines(found))


def model_lines(found: dict[str, Any]) -> list[str]:
    """Return a list of models as lines for people; prices are per million tokens in and out."""
    if not found["models"]:
        return ["No model is connected. Enter a key (nexus keys set openai), or start a local server such as Ollama."]
    lines = []
    for model in found["models"]:
        prices = model["input_price"], model["output_price"]
        price = "free" if prices == (0, 0) else "?" if None in prices else f"${prices[0]:g} in, ${prices[1]:g} out"
        mark = "*" if model["id"] == found["current"] else " "
        lines.append(f"{mark} {model['id']:48} {price}")
    return [*lines, "Prices are per million tokens. Use one: nexus models NAME"]


def _usage(options: argparse.Namespace) -> int:
    broker = client()
    query = f"?{urllib.parse.urlencode({'app': options.app})}" if options.app else ""
    report = broker.ask("GET", f"/nexus/usage{query}")
    if options.tokens is not None or options.money is not None:
        budget = dict(report["budget"])
        budget["tokens"] = _limit(options.tokens, int, budget["tokens"])
        budget["money"] = _limit(options.money, float, budget["money"])
        broker.ask("PUT", f"/nexus/budgets/{f'app:{options.app}' if options.app else 'day'}", budget)
        report["budget"] = budget
    return _say(options, report, usage_lines(report, options.app))


def usage_lines(report: dict[str, Any], app_id: str = "") -> list[str]:
    """Return what was spent as lines for people."""
    budget = report["budget"]
    most = [f"{budget['tokens']:,} tokens"] if budget["tokens"] is not None else []
    most += [f"${budget['money']:,.2f}"] if budget["money"] is not None else []
    return [
        f"{f'The app `{app_id}`' if app_id else 'Today'}: {report['calls']:,} calls, {report['tokens']:,} tokens, ${report['money']:,.4f}.",
        f"{'Its budget' if app_id else 'Budget a day'}: {' and '.join(most) or 'none'}.",
    ]


def _limit(given: str | None, kind: Callable[[str], Any], old: Any) -> Any:
    from nexus_jupyter.errors import BadRequest

    if given is None:
        return old
    if given.lower() == "none":
        return None
    try:
        return kind(given.replace(",", "").lstrip("$"))
    except ValueError:
        raise BadRequest(f"`{given}` is no number.", "Give a number, or `none`.") from None
