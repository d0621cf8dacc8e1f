"""Link the built front end into this environment."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "nexus_jupyter" / "labextension"
PLACE = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "nexus-jupyter"


def main() -> None:
    """Replace a copy by a link."""
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    if PLACE.is_symlink():
        PLACE.unlink()
    elif PLACE.exists():
        shutil.rmtree(PLACE)
    PLACE.symlink_to(BUILT, target_is_directory=True)
    shutil.copyfile(ROOT / "labextension" / "install.json", BUILT / "install.json")


if __name__ == "__main__":
    main()
