"""How long the first app takes on a server with a warm sandbox."""

from __future__ import annotations

from benchmarks.apps import make_warm, run_plain, stages_note
from benchmarks.figure import Figure, percentile, spread
from benchmarks.lab import Lab

GOAL = 2
N = 10


def measure() -> Figure:
    """Compare `POST /nexus/api/apps` with nbclient that runs the finished notebook in a plain kernel."""
    ours: list[float] = []
    theirs: list[float] = []
    stages: list[dict[str, float]] = []
    with Lab() as lab:
        for _ in range(N):
            seconds, one = make_warm(lab)
            ours.append(seconds)
            stages.append(one)
            notebook = next(lab.root.glob("*/*.ipynb"))
            theirs.append(run_plain(notebook))
    return Figure(
        name="first_app_warm_s_p95",
        value=percentile(ours, 0.95),
        unit="s",
        baseline=percentile(theirs, 0.95),
        n=N,
        notes=f"95th of ten is the worst; {spread(ours, 2)}; {stages_note(stages)}; "
        "baseline: nbclient runs the finished notebook in a plain kernel, builds and checks nothing",
    )


if __name__ == "__main__":
    measure().show()
