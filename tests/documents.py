"""The pages for users as values: their fenced blocks, and the command lines of ours that stand in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from specimens import ROOT

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^( *)```(\S+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\n))+)`(?!`)")
_BEFORE = r"(?:^|\|) *(?:- |(?:- )?run: |lint-command: )?(?:pipx run |uvx )?"
_COMMAND = re.compile(_BEFORE + r"asynclint(?: |$)([^#|>\n]*)", re.MULTILINE)


def fences(page: Path, language: str) -> list[str]:
    """The blocks of a language, without the indentation they have in a list."""
    return [
        re.sub(f"^{found[1]}", "", found[3], flags=re.MULTILINE)
        for found in _FENCE.finditer(page.read_text())
        if found[2] == language
    ]


def commands(page: Path) -> Iterator[str]:
    """What is said to `asynclint` in a page, without its name: in blocks of shell and YAML, and in running text."""
    for language in ("sh", "yaml"):
        for block in fences(page, language):
            yield from (found[1].strip() for found in _COMMAND.finditer(block))
    for span in _SPAN.findall(_FENCE.sub("", page.read_text())):
        if found := re.fullmatch(r"(?:.*\| *|pipx run |uvx )?asynclint (.+)", " ".join(span.split())):
            yield found[1]
