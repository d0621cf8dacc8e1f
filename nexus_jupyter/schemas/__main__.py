"""`python -m nexus_jupyter.schemas [--check]`: write the generated files, or say which are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from nexus_jupyter.schemas.generate import dataclasses, schema_text, typescript

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = {
    HERE / "nexus.schema.json": schema_text,
    HERE / "records.py": dataclasses,
    ROOT / "labextension" / "src" / "api" / "generated.ts": typescript,
}


def main(arguments: list[str]) -> int:
    """Write or check; return 1 if a checked file is out of date."""
    stale = [path for path, make in FILES.items() if not path.exists() or path.read_text(encoding="utf-8") != make()]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date. Run: make generate\n")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[path](), encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
