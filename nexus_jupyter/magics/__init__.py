"""`%nexus` and `%%nexus`: the assistant in a cell. Runs in a kernel, so it uses the standard library only."""

from __future__ import annotations

from typing import Any


def load(shell: Any) -> None:
    """Register the magics with an IPython shell."""
    from nexus_jupyter.magics.magic import NexusMagics

    shell.register_magics(NexusMagics)
    if question not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(question)


def question(lines: list[str]) -> list[str]:
    """Let a line such as `%nexus what is a p-value?` be a question: IPython would look up help for `value`."""
    return [
        f"get_ipython().run_line_magic('nexus', {line[6:].strip()!r})\n"
        if line.startswith("%nexus ") and line.rstrip().endswith("?")
        else line
        for line in lines
    ]
