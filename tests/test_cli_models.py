"""Keys, models and costs on the command line."""

from __future__ import annotations

import io
import json
import sys

import pytest

from nexus_jupyter.cli import main
from nexus_jupyter.errors import BudgetSpent

CANARY = "sk-proj-canary0123456789abcdefWXYZ"


@pytest.fixture
def nexus(script, capsys, monkeypatch):
    """Run a command with something on standard input; give its code, output and errors."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


def test_a_key_is_set_from_standard_input_listed_by_its_end_and_removed(nexus):
    code, out, _ = nexus("keys", "set", "openai", stdin=f"{CANARY}\n")
    assert (code, CANARY in out, "ending in WXYZ" in out) == (0, False, True)
    code, out, _ = nexus("keys", "list", "--json")
    assert [(k["name"], k["tail"]) for k in json.loads(out)["keys"]] == [("openai", "WXYZ")]
    assert nexus("keys", "set", "openai", "--app", "app-1", stdin="sk-of-the-app-0000")[0] == 0
    assert "apps/app-1/openai" in nexus("keys", "list")[1]
    assert nexus("keys", "rm", "openai")[0] == 0
    assert nexus("keys", "rm", "openai") == (2, "", "nexus: There is no key `openai`. See: nexus keys list\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("keys", "set"), "", "Which provider?"),
        (("keys", "set", "openai"), "short", "8 to 4,096 characters"),
        (("keys", "test", "openai"), "", "`openai` is not connected"),
        (("models", "gpt-9"), "", "No model is connected."),
        (("models", "--connect", "ftp://x"), "", "is not a server's address"),
        (("usage", "--tokens", "many"), "", "`many` is no number"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(nexus, script, monkeypatch, arguments, stdin, said):
    monkeypatch.delenv("NEXUS_SCRIPTS")
    code, out, errors = nexus(*arguments, stdin=stdin)
    assert code in {2, 3}
    assert out == ""
    assert said in errors


def test_models_are_listed_with_prices_and_one_is_chosen(nexus, script):
    script.write({"wise": [{"text": "yes"}]})
    nexus("keys", "set", "openai", stdin=CANARY)
    lines = nexus("models")[1].splitlines()
    assert any(line.startswith("* openai/") and "$" in line for line in lines)
    assert any("scripted/wise" in line and "free" in line for line in lines)
    assert nexus("models", "scripted/wise")[1] == "Now used: scripted/wise.\n"
    assert json.loads(nexus("models", "--none", "--json")[1]) == {"model": ""}


def test_a_variable_set_later_counts_after_a_restart(nexus, script, monkeypatch):
    assert "No keys." in nexus("keys")[1]
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert "No keys." in nexus("keys")[1]
    assert nexus("models", "--restart")[0] == 0
    assert "...WXYZ  environment" in nexus("keys")[1]


def test_a_name_without_its_server_is_found_among_what_the_servers_offer(nexus, script):
    script.write({"wise": [{"text": "yes"}]})
    assert nexus("models", "wise")[1] == "Now used: scripted/wise.\n"
    assert "Did you mean `scripted/wise`?" in nexus("models", "wize")[2]
    assert nexus("keys")[0] == 0


def test_a_server_is_connected_and_forgotten(nexus):
    code, out, _ = nexus("models", "--connect", "http://127.0.0.1:9/v1", "--as", "office")
    assert (code, "Connected as `office`" in out) == (0, True)
    assert nexus("models", "--disconnect", "office")[0] == 0
    assert nexus("models", "--disconnect", "office")[0] == 2


def test_an_app_has_a_budget_of_its_own(nexus, script):
    call = {"model": "scripted/echo", "nexus_app": "app-1", "messages": [{"role": "user", "content": "one two three"}]}
    assert "Its budget: 5 tokens." in nexus("usage", "--app", "app-1", "--tokens", "5")[1]
    list(script.client.stream(call))
    assert "The app `app-1`: 1 calls, 6 tokens" in nexus("usage", "--app", "app-1")[1]
    with pytest.raises(BudgetSpent, match="the app `app-1` is spent"):
        list(script.client.stream({**call, "nexus_cache": False}))
    assert json.loads(nexus("usage", "--json")[1])["budgets"] == {"app:app-1": {"tokens": 5, "money": None}}


def test_a_budget_is_set_and_lifted(nexus):
    assert "Budget a day: 1,000 tokens and $2.50." in nexus("usage", "--tokens", "1,000", "--money", "$2.5")[1]
    assert "Budget a day: $2.50." in nexus("usage", "--tokens", "none")[1]
    assert json.loads(nexus("usage", "--json")[1])["budget"] == {"tokens": None, "money": 2.5}
