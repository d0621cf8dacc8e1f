"""How long `nexus doctor` takes."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from benchmarks.figure import Figure, percentile, spread

GOAL = 2
N = 10


def seconds(*command: str) -> float:
    """Return the wall time of a command that must succeed."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measure() -> Figure:
    """Compare with `jupyter kernelspec list`, which looks at a part of the same."""
    scripts = Path(sysconfig.get_path("scripts"))
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(N):
        theirs.append(seconds(str(scripts / "jupyter-kernelspec"), "list"))
        ours.append(seconds(sys.executable, "-m", "nexus_jupyter.cli", "doctor"))
    return Figure(
        name="nexus_doctor_s",
        value=percentile(ours, 0.95),
        unit="s",
        baseline=percentile(theirs, 0.95),
        n=N,
        notes=f"worst of all; {spread(ours, 2)}; baseline: jupyter kernelspec list",
    )


if __name__ == "__main__":
    measure().show()
