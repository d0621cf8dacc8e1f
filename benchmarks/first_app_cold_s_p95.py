"""How long the first app takes from the command line, from nothing."""

from __future__ import annotations

from benchmarks.apps import make_cold, make_warm, run_plain, stages_note
from benchmarks.figure import Figure, percentile, spread
from benchmarks.lab import Lab

GOAL = 5
N = 10


def measure() -> Figure:
    """Compare `nexus make` with nbclient that runs the finished notebook in a plain kernel."""
    ours: list[float] = []
    theirs: list[float] = []
    stages: list[dict[str, float]] = []
    with Lab() as lab:
        make_warm(lab)
        notebook = next(lab.root.glob("*/*.ipynb"))
        lab.wait_until_idle()
        for _ in range(N):
            theirs.append(run_plain(notebook))
            seconds, one = make_cold()
            ours.append(seconds)
            stages.append(one)
    return Figure(
        name="first_app_cold_s_p95",
        value=percentile(ours, 0.95),
        unit="s",
        baseline=percentile(theirs, 0.95),
        n=N,
        notes=f"95th of ten is the worst; {spread(ours, 2)}; {stages_note(stages)}; "
        "baseline: nbclient runs the finished notebook in a plain kernel, builds and checks nothing",
    )


if __name__ == "__main__":
    measure().show()
