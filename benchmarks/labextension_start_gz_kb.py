"""How much of our front end a browser fetches when JupyterLab opens, chat closed."""

from __future__ import annotations

import gzip
import os
import shutil

from playwright.sync_api import Response, sync_playwright

from benchmarks.figure import Figure
from benchmarks.lab import Lab

GOAL = 60
OURS = "/lab/extensions/nexus-jupyter/"
PEER = "/lab/extensions/@jupyter-widgets/"


def fetched(lab: Lab) -> dict[str, bytes]:
    """Return the files of federated extensions that Chromium fetches on the first load, by address."""
    files: dict[str, bytes] = {}
    names = (os.environ.get("NEXUS_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    program = next(found for name in names if name and (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(lab.url("lab?reset"))
        page.wait_for_selector("#jp-main-dock-panel", timeout=60_000)
        page.wait_for_load_state("networkidle", timeout=60_000)
        for answer in answers:
            if "/lab/extensions/" in answer.url and answer.ok:
                files[answer.url] = answer.body()
        browser.close()
    return files


def compressed_kb(files: dict[str, bytes], part: str) -> tuple[float, int]:
    """Return the kilobytes, each file compressed by itself, and how many files."""
    sizes = [len(gzip.compress(body, 9)) for url, body in files.items() if part in url]
    return sum(sizes) / 1000, len(sizes)


def measure() -> Figure:
    """Compare with the extension of ipywidgets, on the same load."""
    with Lab(keep_warm=False) as lab:
        files = fetched(lab)
    ours, count = compressed_kb(files, OURS)
    theirs, their_count = compressed_kb(files, PEER)
    assert count, "the front end was not loaded"
    return Figure(
        name="labextension_start_gz_kb",
        value=ours,
        unit="kB",
        baseline=theirs,
        n=1,
        notes=f"{count} files, gzip -9 each; baseline: @jupyter-widgets/jupyterlab-manager, {their_count} files",
    )


if __name__ == "__main__":
    measure().show()
