"""The child process of `headless`: one V8, one look, then it ends.

Run by its path with a bare environment: a V8 that runs out of memory aborts its whole process, and that
must not be the server's. Reads `{"script", "request", "memory_mb"}` on stdin, writes the result on stdout.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Draw one request."""
    from py_mini_racer import MiniRacer

    order = json.load(sys.stdin)
    with open(order["script"], encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs a tenth of the start
        script = file.read()
    isolate = MiniRacer()
    isolate.set_hard_memory_limit(order["memory_mb"] * 1024 * 1024)
    isolate.eval(script)
    isolate.eval(f"nexusRender({json.dumps(order['request'])})")
    sys.stdout.write(str(isolate.eval("nexusResult()")))
    sys.stdout.flush()


if __name__ == "__main__":
    # The engine's threads may hold up an ordinary exit for ever, and there is nothing to tidy up.
    try:
        main()
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent says it
        sys.stderr.write(f"{type(error).__name__}: {error}")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
