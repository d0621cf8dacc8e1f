"""Processor time that the sandbox adds to a cold kernel start."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile

from jupyter_client.manager import AsyncKernelManager

from benchmarks.figure import Figure, spread
from benchmarks.processes import tree_cpu_s

GOAL = 50
N = 25


async def start(kernel: str, folder: str) -> float:
    """Start a kernel, let it compute, and return the milliseconds of processor time that all took."""
    before = tree_cpu_s(os.getpid())
    manager = AsyncKernelManager(kernel_name=kernel)
    quiet = {"stderr": subprocess.DEVNULL} if kernel == "python3" else {}
    await manager.start_kernel(cwd=folder, **quiet)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        await client.execute_interactive("1 + 1", output_hook=lambda _: None)
        return 1000 * (tree_cpu_s(os.getpid()) - before)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def sample(n: int) -> tuple[list[float], list[float]]:
    """Return `n` starts of each kind, interleaved; the first of each is thrown away."""
    plain: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(n + 1):
            plain.append(await start("python3", folder))
            ours.append(await start("nexus-python", folder))
    return plain[1:], ours[1:]


def measure() -> Figure:
    """Compare `nexus-python`, without a standby, with `python3`."""
    plain, ours = asyncio.run(sample(N))
    added = [a - b for a, b in zip(ours, plain, strict=True)]
    return Figure(
        name="sandbox_overhead_cpu_ms",
        value=statistics.median(added),
        unit="ms",
        baseline=statistics.median(plain),
        n=N,
        notes=f"added to the baseline, a cold python3, up to its first result; whole process tree; {spread(added, 0)}",
    )


if __name__ == "__main__":
    measure().show()
