"""The fixtures as values: which files belong together, what they say is in them, and what linting them gives."""

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from asynclint.catalog import find
from asynclint.config import Config, load
from asynclint.finding import Finding
from asynclint.linter import Linter

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"

Files: TypeAlias = Mapping[str, str]  # texts by path, as seen from the fixture's folder
Place: TypeAlias = tuple[str, int, str]  # path, line, name of the rule

_MARKER = re.compile(r"# expect: ([\w-]+(?:, *[\w-]+)*)")


class Specimen(NamedTuple):
    """One file or one project of a rule's fixtures; its name says whether it is bad or good."""

    folder: str
    name: str
    files: Files

    @property
    def rule(self) -> str:
        return self.folder.replace("_", "-")

    @property
    def is_bad(self) -> bool:
        return self.name.startswith("bad")

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


def folders() -> list[Path]:
    """One folder for each rule."""
    return sorted(path for path in FIXTURES.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def specimens() -> list[Specimen]:
    """Every `bad*` and `good*` of every rule, files and projects."""
    return [
        Specimen(folder.name, path.name, _texts(folder, path))
        for folder in folders()
        for path in sorted(folder.iterdir())
        if path.name.startswith(("bad", "good")) and (path.is_dir() or path.suffix == ".py")
    ]


def _texts(folder: Path, path: Path) -> Files:
    files = sorted(path.rglob("*.py*")) if path.is_dir() else [path]
    return {file.relative_to(folder).as_posix(): _text(file) for file in files if file.suffix in (".py", ".pyi")}


def _text(file: Path) -> str:
    return file.read_bytes().decode()  # with the newlines it has


SPECIMENS = specimens()


def lines_of(text: str) -> list[str]:
    """The lines as Python counts them."""
    return re.split(r"\r\n|\r|\n", text)


def markers(files: Files) -> list[Place]:
    """What the comments of these files expect: `# expect: name[, name]`, on the line where a finding starts."""
    return sorted(
        (path, number, name.strip())
        for path, text in files.items()
        for number, line in enumerate(lines_of(text), 1)
        for found in _MARKER.finditer(line)
        for name in found[1].split(",")
    )


def places(findings: Sequence[Finding]) -> list[Place]:
    """The same of what was found."""
    return sorted((finding.path, finding.span.line, finding.name) for finding in findings)


def config_for(rule: str) -> Config:
    """The defaults, with the rule itself switched on whatever its own default.

    A file `target-version` among its fixtures holds the oldest Python they are meant for.
    """
    wanted = find(rule)
    oldest = FIXTURES / rule.replace("-", "_") / "target-version"
    target = {"target-version": oldest.read_text().strip()} if oldest.is_file() else {}
    options = {"extend-select": (wanted.code,), "preview": wanted.preview, **target}
    return load(os.getcwd(), isolated=True, overrides=options)


def lint_files(files: Files, rule: str, directory: Path) -> list[Finding]:
    """Lints texts as files of a directory."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(text.encode())
    return _lint(files, rule, directory)


@cache
def lint_specimen(specimen: Specimen, *, sieve: bool = True) -> list[Finding]:
    """Lints a specimen where it stands."""
    return _lint(specimen.files, specimen.rule, FIXTURES / specimen.folder, sieve=sieve)


def _lint(paths: Iterable[str], rule: str, directory: Path, *, sieve: bool = True) -> list[Finding]:
    """All by one linter; nothing may go wrong."""
    with contextlib.chdir(directory):
        linter = Linter(config_for(rule), sieve=sieve)
        results = [linter.lint(path) for path in paths if path.endswith(".py")]
    assert [error for result in results for error in result.errors] == []
    return sorted(finding for result in results for finding in result.findings)
