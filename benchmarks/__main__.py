"""Measure every figure, print each, and keep them in `results.json` with what they were measured on."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import benchmarks


def measured(name: str) -> dict[str, Any] | None:
    """Return one figure, measured in a process of its own: what another imported must not weigh on it."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=False)
    try:
        figure: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return None
    return figure


def main() -> int:
    """Run all; return 1 if a figure misses its goal."""
    figures: list[dict[str, object]] = []
    missed = 0
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if info.name == "__main__":
            continue
        module = importlib.import_module(f"benchmarks.{info.name}")
        if not hasattr(module, "measure"):
            continue
        figure = measured(info.name)
        if figure is None:  # the others are still worth measuring
            figures.append({"name": info.name, "error": "It could not be measured."})
            missed += 1
            continue
        sys.stdout.write(json.dumps(figure, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        at_least = getattr(module, "AT_LEAST", False)
        meets = figure["value"] >= module.GOAL if at_least else figure["value"] <= module.GOAL
        missed += not meets
        figures.append({**figure, "goal": module.GOAL, "at_least": at_least, "meets": meets})
    folder = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False)
    conditions = {
        "commit": commit.stdout.strip(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
    }
    text = json.dumps({"conditions": conditions, "figures": figures}, indent=2, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
