"""Writes `output.svg`: what asynclint says of a small project, as a terminal shows it.

    python docs/screenshot.py

The project is linted for real; nothing in the picture depends on the machine.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PICTURE = Path(__file__).with_name("output.svg")
PROJECT = {
    "shop/__init__.py": "",
    "shop/store.py": (
        "import time\n\n\nclass Store:\n    async def save(self, order): ...\n\n\n"
        "def retry(attempt):\n    time.sleep(2**attempt)\n\n\ndef charge(order):\n    retry(1)\n"
    ),
    "shop/orders.py": (
        "import asyncio\nimport time\n\nfrom shop.store import Store, charge\n\n\n"
        "async def notify(order): ...\n\n\n"
        "async def place(store: Store, order):\n    store.save(order)\n    time.sleep(0.5)\n    charge(order)\n"
        "    asyncio.create_task(notify(order))\n"
    ),
}

WIDTH = 104  # characters
CELL, LINE, SIZE, MARGIN = 8.4, 19, 14, 18  # pixels
INK, PAPER = "#d6dae2", "#16191f"
COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79b8ff"}
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Cell = tuple[str, str]  # a character and the attributes of its style


def output() -> str:
    """What a run on the project writes to a terminal."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in PROJECT.items():
            path = Path(directory, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        command = [sys.executable, "-m", "asynclint", "--isolated", "--no-cache", "--color", "always", "."]
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
        environment.pop("ASYNCLINT_OUTPUT_FORMAT", None)
        run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    if run.stderr:
        raise SystemExit(run.stderr.decode())
    return run.stdout.decode("utf-8").replace("\r\n", "\n")


def picture(text: str) -> str:
    """A terminal with this text, whose escape sequences are understood, as SVG."""
    rows = [row for line in text.splitlines() for row in _rows(list(_cells(line)))]
    width, height = round(WIDTH * CELL + 2 * MARGIN), len(rows) * LINE + 2 * MARGIN
    shown = "".join(
        f'<text x="{MARGIN + start * CELL:g}" y="{MARGIN + number * LINE + SIZE}" textLength="{len(piece) * CELL:g}"'
        f"{style}>{piece.translate(_MARKUP)}</text>\n"
        for number, row in enumerate(rows)
        for start, piece, style in _pieces(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>\n'
        f'<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{SIZE}" fill="{INK}" '
        f'xml:space="preserve">\n{shown}</g>\n</svg>\n'
    )


def _cells(line: str) -> Iterator[Cell]:
    pieces = _STYLE.split(line)
    style = ""
    for index, piece in enumerate(pieces):
        if index % 2:
            style = _attributes(piece.split(";"))
        else:
            yield from ((character, style) for character in piece)


def _attributes(codes: Iterable[str]) -> str:
    bold = ' font-weight="bold"' if "1" in codes else ""
    return bold + next((f' fill="{COLORS[code]}"' for code in codes if code in COLORS), "")


def _rows(cells: list[Cell]) -> list[list[Cell]]:
    """A line as a terminal breaks it."""
    return [cells[start : start + WIDTH] for start in range(0, len(cells), WIDTH)] or [[]]


def _pieces(row: list[Cell]) -> Iterator[tuple[int, str, str]]:
    """What has one style and holds no gap, which viewers might close, with its place in the row."""
    start = 0
    for end in range(1, len(row) + 1):
        if end == len(row) or row[end][1] != row[start][1] or (row[end][0] == " ") != (row[start][0] == " "):
            piece = "".join(character for character, _ in row[start:end])
            if piece.strip():
                yield start, piece, row[start][1]
            start = end


def rendered() -> str:
    """The picture as it should be now."""
    return picture(f"\x1b[1m$ asynclint .\x1b[0m\n{output()}")


if __name__ == "__main__":
    PICTURE.write_bytes(rendered().encode())
