"""What `%load_ext nexus_jupyter` costs a kernel, in a process of its own each time."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys, time
import ipykernel.ipkernel, ipykernel.kernelapp, ipykernel.zmqshell
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
modules, memory, cpu = set(sys.modules), resident(), time.process_time()
shell.run_line_magic("load_ext", sys.argv[1])
cpu = time.process_time() - cpu
print(json.dumps({"cpu": cpu, "rss": resident() - memory, "modules": len(set(sys.modules) - modules)}))
"""


def load(extension: str) -> dict[str, float]:
    """Load an IPython extension into a fresh shell; return CPU seconds, MB and modules that it added."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, extension], capture_output=True, text=True, check=True)
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return cost


def sample(n: int) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return `n` loads of ours and of IPython's own `autoreload`, in turn; the first of each is thrown away."""
    ours, baseline = [], []
    for _ in range(n + 1):
        ours.append(load("nexus_jupyter"))
        baseline.append(load("autoreload"))
    return ours[1:], baseline[1:]
