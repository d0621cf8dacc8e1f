"""The child process of `headless`: one V8, one look, then it ends.

Run by its path with a bare environment: a V8 that runs out of memory aborts its whole process, and that
must not be the server's. Its arguments are the script and the limit of its memory in MB; it reads the request
on stdin until its end, and writes the result on stdout.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Draw one request."""
    from py_mini_racer import MiniRacer

    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs a tenth of the start
        script = file.read()
    isolate = MiniRacer()
    isolate.set_hard_memory_limit(int(sys.argv[2]) * 1024 * 1024)
    isolate.eval(script)
    import json  # while the app still runs, too

    request = sys.stdin.read()
    if not request:
        return  # nobody looks
    isolate.eval(f"nexusRender({json.dumps(request)})")
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
