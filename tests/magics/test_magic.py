"""Every subcommand and every flag of `%nexus`, against a scripted model."""

from __future__ import annotations

import json

import pytest
from IPython.core.error import UsageError

TURN = [{"pieces": ["Forty", "-two."], "usage": [30, 3]}]


@pytest.fixture
def wise(script):
    """A chosen model that knows the answer."""
    script.write({"wise": TURN, "other": [{"text": "I am the other."}]})
    script.choose("scripted/wise")
    return script


def sent(script):
    """The messages of the last call, the system's left out."""
    return [m["content"] for m in script.seen[-1]["messages"] if m["role"] != "system"]


def test_a_cell_asks_and_the_answer_grows_as_markdown(shell, wise):
    assert shell.run("%%nexus\nwhat is the answer?\n") is None
    assert shell.bundles[-1]["text/markdown"].startswith("Forty-two.\n\n*33 tokens")
    assert sent(wise) == ["what is the answer?\n"]


def test_a_line_asks_too_and_remembers_until_it_is_told_not_to(shell, wise):
    shell.run("%nexus what is the answer?")
    shell.run("%nexus are you sure?")
    assert sent(wise) == ["what is the answer?", "Forty-two.", "are you sure?"]
    shell.run("%nexus new")
    shell.run("%nexus and now?")
    assert sent(wise) == ["and now?"]


@pytest.mark.parametrize("verb", ["explain", "fix"])
def test_code_below_or_the_cell_before_is_explained_or_fixed(shell, wise, verb):
    shell.run(f"%%nexus {verb}\nx = 1 / 0\n")
    assert "```python\nx = 1 / 0\n```" in sent(wise)[-1]
    shell.run("y = 2 / 0")
    shell.run(f"%nexus {verb}")
    assert "y = 2 / 0" in sent(wise)[-1]
    assert "<untrusted>\nTraceback" in sent(wise)[-1]


def test_an_answer_becomes_the_next_cell(shell, script):
    script.write({"wise": [{"text": "Here:\n```python\nprint({1: 2})\n```\nDone."}]})
    script.choose("scripted/wise")
    shell.run("%%nexus cell\nprint a dictionary\n")
    assert shell.shell.rl_next_input == "print({1: 2})"


def test_make_builds_an_app_and_shows_its_card(shell, wise, tmp_path):
    assert shell.run("%%nexus make --name bmi\na calculator for body mass index\n") is None
    card = shell.bundles[-1]["application/vnd.nexus.app-card+json"]
    assert (card["path"], card["status"]) == ("bmi/bmi.ipynb", "ok")
    shell.run("%nexus apps")
    assert "`bmi`" in shell.text
    shell.run("%nexus open bmi")
    assert shell.bundles[-1]["application/vnd.nexus.app-card+json"]["app_id"] == card["app_id"]
    assert "There are `bmi`" in str(shell.run("%nexus open nothing"))


def test_make_passes_data_on_and_says_why_not(shell, wise, tmp_path):
    error = shell.run("%%nexus make --data missing.csv\ncompare a by b\n")
    assert "There is no file" in str(error)


def test_status_models_and_model(shell, wise):
    shell.run("%nexus")
    assert "in a plain kernel" in shell.text
    assert "scripted/wise" in shell.text
    shell.run("%nexus models WISE")
    assert shell.text == "- **scripted/wise** (in use)"
    shell.run("%nexus model scripted/other")
    assert shell.text == "Now used: scripted/other."
    shell.run("%nexus who are you?")
    assert shell.text.startswith("I am the other.")


def test_keys_are_typed_unseen_listed_and_removed(shell, wise, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _: "sk-canary0123456789WXYZ")
    shell.run("%nexus keys set openai")
    assert "ending in WXYZ" in shell.text
    shell.run("%nexus keys")
    assert shell.text == "- openai: ...WXYZ (encrypted file)"
    shell.run("%nexus keys rm openai")
    assert "No keys." in (shell.run("%nexus keys") or shell.text)
    assert "canary" not in json.dumps(shell.bundles)


def test_help(shell):
    shell.run("%nexus help")
    assert "%%nexus make" in shell.text


def test_model_flag(shell, wise):
    shell.run("%%nexus --model scripted/other\nwho are you?\n")
    assert shell.text.startswith("I am the other.")


def test_data_flag_shows_the_beginning_of_a_file(shell, wise, tmp_path):
    (tmp_path / "notes.txt").write_text("remember the milk" + "!" * 10_000)
    shell.run("%%nexus --data notes.txt\nwhat should I do?\n")
    assert "<untrusted>\nremember the milk!" in sent(wise)[-1]
    assert len(sent(wise)[-1]) < 5_000
    assert "cannot be read" in str(shell.run("%%nexus --data none.txt\nx\n"))


def test_name_flag_keeps_the_answer_in_a_variable(shell, wise):
    shell.run("%%nexus --name the-answer\nwhat is it?\n")
    assert shell.shell.user_ns["the_answer"] == "Forty-two."


def test_a_later_question_knows_the_values_that_an_earlier_one_named(shell, wise):
    shell.shell.user_ns["town"] = "Oslo"
    shell.run("%%nexus\nhow large is {{town}}?\n")
    shell.run("%nexus and how old?")
    assert sent(wise)[0] == "how large is Oslo?\n"


def test_system_flag(shell, wise):
    shell.run('%%nexus --system "Speak like a pirate"\nhello?\n')
    assert wise.seen[-1]["messages"][0] == {"role": "system", "content": "Speak like a pirate"}


def test_json_flag_gives_json_and_keeps_it(shell, script):
    script.write({"wise": [{"text": 'Sure:\n```json\n{"a": [1, 2]}\n```'}, {"text": "no json here"}]})
    script.choose("scripted/wise")
    shell.run("%%nexus --json --name found\ngive me an object\n")
    assert shell.bundles[-1]["application/json"] == {"a": [1, 2]}
    assert shell.shell.user_ns["found"] == {"a": [1, 2]}
    assert "holds no JSON" in str(shell.run("%%nexus --json\nagain\n"))


def test_table_flag_gives_rows(shell, script):
    script.write({"wise": [{"text": '{"rows": [{"a": 1, "b": "x|y"}, {"a": 2}]}'}]})
    script.choose("scripted/wise")
    shell.run("%%nexus --table --name rows\ngive me rows\n")
    assert shell.bundles[-1]["text/markdown"] == "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| 2 |  |"
    assert shell.shell.user_ns["rows"] == [{"a": 1, "b": "x|y"}, {"a": 2}]


def test_preview_flag_sends_nothing(shell, wise):
    shell.shell.user_ns["whisper"] = "tell nobody"
    shell.run("%%nexus --preview\nwhat is {{whisper}}?\n")
    assert "what is tell nobody?" in shell.text
    assert wise.seen == []


def test_fresh_flag_asks_again_instead_of_the_cache(shell, wise):
    shell.run("%%nexus\nwhat is the answer?\n")
    shell.run("%nexus new")
    shell.run("%%nexus\nwhat is the answer?\n")
    assert shell.text.endswith("*from the cache, free*") or "from the cache" in shell.bundles[-1]["text/markdown"]
    shell.run("%nexus new")
    shell.run("%%nexus --fresh\nwhat is the answer?\n")
    assert len(wise.seen) == 2


def test_limit_flag_cuts_a_variables_value(shell, wise):
    shell.shell.user_ns["long"] = "x" * 1000
    shell.run("%%nexus --limit 10\nsee {{long}}\n")
    assert sent(wise) == ["see xxxxxxxxxx... (990 more characters)\n"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%nexus frobnicate\nx\n", "`frobnicate` is no command"),
        ("%%nexus mak\nx\n", "Did you mean `make`?"),
        ("%%nexus --modell x\ny\n", "Did you mean `--model`?"),
        ("%%nexus --model\ny\n", "`--model` needs a value"),
        ("%%nexus --limit many\ny\n", "is no number of characters"),
        ("%%nexus --name 2-x!\ny\n", "cannot be a name"),
        ("%nexus chat", "There is no question"),
        ("%nexus make", "What should the app do?"),
        ("%nexus model", "Which model?"),
        ("%nexus open", "Which app?"),
        ("%nexus statsu", "Did you mean `status`?"),
        ("%nexus frobnicate", "`frobnicate` is no command"),
        ("%nexus keys frob", "nothing to do with keys"),
        ("%nexus fix", "No cell was run before"),
        ("%%nexus --model scripted/none\nx\n", "There is no script `none`."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(shell, script, cell, said):
    error = shell.run(cell)
    assert isinstance(error, UsageError)
    assert said in str(error)


def test_without_a_model_it_says_how_to_connect_one(shell, script, monkeypatch):
    assert "No model is chosen." in str(shell.run("%nexus what is it?"))
    shell.run("%nexus status")
    assert "%nexus keys set openai" in shell.text


def test_an_error_in_the_middle_keeps_what_came(shell, script):
    cut = {"type": "AnswerCut", "message": "The answer was cut."}
    script.write({"wise": [{"pieces": ["half an"], "error": cut}]})
    script.choose("scripted/wise")
    assert "The answer was cut." in str(shell.run("%nexus tell me"))
    assert shell.bundles[-1]["text/markdown"] == "half an\n\n*Stopped.*"
