"""The flake8 plugin: flake8 gives one file at a time, asynclint gives the findings it would give on the command line.

See https://flake8.pycqa.org/en/latest/plugin-development/ for the protocol.
"""

import ast
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import cache
from typing import ClassVar

from flake8.exceptions import ExecutionError
from flake8.options.manager import OptionManager
from msgspec.structs import replace

import asynclint
from asynclint.catalog import chosen, documented
from asynclint.config import Config, ConfigError, Nearest, Waiving, common_directory, load
from asynclint.finding import Severity
from asynclint.linter import Linter
from asynclint.rule import Default


class Plugin:
    """Checks one file; flake8 makes one for each."""

    name: ClassVar[str] = "asynclint"
    version: ClassVar[str] = asynclint.__version__
    _linter: ClassVar[Linter | None] = None

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        """`tree` is asked for so that flake8 calls us once a file, and never for one it cannot parse itself."""
        self._filename = filename
        self._lines = lines

    @staticmethod
    def add_options(parser: OptionManager) -> None:
        """Hides by default what the command line does not count as an error, because flake8 knows no levels."""
        parser.extend_default_ignore(sorted(_quiet_codes()))

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Reads `[tool.asynclint]`; flake8's own `--select` and `--ignore` choose among its codes afterwards."""
        try:
            directory = common_directory(options.filenames)
            loud = _made_errors(load(directory, environ=os.environ))
            options.extended_default_ignore = [c for c in options.extended_default_ignore if c not in loud]
            cls._linter = Linter(Nearest(directory, lambda each: _configuration(each, options)))
        except ConfigError as error:
            raise ExecutionError(f"asynclint: {error}") from None

    def run(self) -> Iterator[tuple[int, int, str, type["Plugin"]]]:
        """Line (1-based), column (0-based), text and type of each finding."""
        assert self._linter is not None
        try:
            findings = self._linter.lint(self._filename, "".join(self._lines)).findings
        except ConfigError as error:  # of a file further down
            raise ExecutionError(f"asynclint: {error}") from None
        for finding in findings:
            if finding.severity is Severity.ERROR or finding.code in _quiet_codes():
                yield finding.span.line, finding.span.column - 1, f"{finding.code} {finding.message}", type(self)


def _configuration(directory: str, options: Namespace) -> Config:
    """The one the command line would use, but with the rules that flake8 hides where they are selected there.

    A `# noqa` is left to flake8, which may have been told to disregard it.
    """
    config = replace(load(directory, environ=os.environ), waiving=Waiving.LINES)
    if config.select:
        return config
    asked = (*(options.select or ()), *(options.extend_select or ()))
    hidden = (code for code in sorted(_quiet_codes() - _made_errors(config)) if not code.startswith(asked))
    return replace(config, select=("ALL",), preview=True, ignore=(*config.ignore, *hidden))


def _made_errors(config: Config) -> frozenset[str]:
    """The codes of rules that the user says are errors."""
    wanted = chosen(config)
    return frozenset(each.rule.code for each in (*wanted.rules, *wanted.housekeeping) if each.said is Severity.ERROR)


@cache
def _quiet_codes() -> frozenset[str]:
    return frozenset(rule.code for rule in documented() if rule.default is not Default.ON or rule.preview)
