"""Run the long proofs and keep what they found in `results.json`."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
# File of the suite, test, and how many cases instead of the suite's, by its name there.
PROOFS: tuple[tuple[str, str, int, str], ...] = (
    (
        "tests/test_files.py",
        "test_killed_at_random_points_of_saving_no_notebook_is_cut_and_no_answered_save_is_lost",
        2000,
        "KILLS",
    ),
    (
        "tests/store/test_chat_log.py",
        "test_killed_at_random_points_of_appending_no_acknowledged_entry_is_lost",
        500,
        "KILLS",
    ),
    (
        "tests/broker/test_process.py",
        "test_killed_at_random_points_of_an_answer_the_caller_is_told_and_the_next_call_works",
        500,
        "KILLS",
    ),
    (
        "tests/broker/test_process.py",
        "test_after_every_kill_the_ledger_has_the_calls_that_the_provider_has",
        100,
        "PROVIDER_KILLS",
    ),
    *(
        ("tests/secrets/test_redaction.py", name, 10_000, "COUNT")
        for name in (
            "test_every_form_of_random_secrets_is_removed",
            "test_a_secret_in_two_pieces_is_removed_and_nothing_else_is_lost",
            "test_innocent_text_is_left_alone_and_shown_at_once",
        )
    ),
)


def load(path: Path) -> ModuleType:
    """Return a test file as a module; it may import its neighbours."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Run each proof; return 1 if one fails."""
    results: list[dict[str, object]] = []
    for file, name, cases, count in PROOFS:
        module = load(ROOT / file)
        setattr(module, count, cases)
        begun = time.perf_counter()
        problem = ""
        with tempfile.TemporaryDirectory() as folder:
            try:
                proof = getattr(module, name)
                proof(*([Path(folder)] if inspect.signature(proof).parameters else []))
            except AssertionError as error:
                problem = str(error) or "an assertion failed"
        seconds = round(time.perf_counter() - begun, 1)
        results.append({"name": name, "n": cases, "ok": not problem, "problem": problem, "seconds": seconds})
        sys.stdout.write(json.dumps(results[-1]) + "\n")
        sys.stdout.flush()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    report = {"commit": commit.strip(), "proofs": results}
    Path(__file__).with_name("results.json").write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(r["ok"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
