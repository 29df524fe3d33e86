"""The flake8 plugin: flake8 gives one file at a time, asynclint gives the findings it would give on the command line.

See https://flake8.pycqa.org/en/latest/plugin-development/ for the protocol.
"""

import ast
import gc
import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import ClassVar

from flake8.exceptions import ExecutionError
from flake8.options.manager import OptionManager
from msgspec.structs import replace

import asynclint
from asynclint.catalog import documented
from asynclint.config import Config, ConfigError, Nearest, Settings, Waiving, common_directory, load
from asynclint.finding import Finding, Severity
from asynclint.linter import Linter
from asynclint.rule import Default

PREFIX = "ASL"  # of every code; flake8 takes it to name the plugin


class Plugin:
    """Checks one file; flake8 makes one for each."""

    name: ClassVar[str] = "asynclint"
    version: ClassVar[str] = asynclint.__version__
    _linter: ClassVar[Linter | None] = None
    _asked: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        """`tree` is asked for so that flake8 calls us once a file, and never for one it cannot parse itself."""
        self._filename = filename
        self._lines = lines

    @staticmethod
    def add_options(parser: OptionManager) -> None:
        """Options that win over `[tool.asynclint]`, on the command line and in flake8's own configuration."""
        parser.add_option(
            "--asynclint-config",
            metavar="FILE",
            parse_from_config=True,
            normalize_paths=True,
            help="Read this configuration file of asynclint instead of the nearest.",
        )
        parser.add_option(
            "--asynclint-python",
            metavar="PATH",
            parse_from_config=True,
            normalize_paths=True,
            help="The interpreter or environment whose packages the code uses.",
        )
        parser.add_option(
            "--asynclint-target-version",
            metavar="VERSION",
            parse_from_config=True,
            help="The oldest Python the code runs on, such as 3.11.",
        )
        parser.add_option(
            "--asynclint-preview",
            action="store_true",
            default=None,
            parse_from_config=True,
            help="Use rules of asynclint still on trial.",
        )
        parser.add_option(
            "--asynclint-no-cache",
            action="store_true",
            parse_from_config=True,
            help="Let asynclint keep nothing between runs.",
        )

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Reads `[tool.asynclint]` and the options over it.

        What the command line shows but does not count as an error is said only where flake8 is asked for it by
        `--select` or `--extend-select`, because flake8 knows no levels.
        """
        cls._asked = (*(options.select or ()), *(options.extend_select or ()))
        try:
            cls._linter = Linter(_settings(options, cls._asked))
        except ConfigError as error:
            raise ExecutionError(f"asynclint: {error}") from None

    def run(self) -> Iterator[tuple[int, int, str, type["Plugin"]]]:
        """Line (1-based), column (0-based), text and type of each finding."""
        assert self._linter is not None
        try:
            with _no_collector():
                findings = self._linter.lint(self._filename, "".join(self._lines)).findings
        except ConfigError as error:  # of a file further down
            raise ExecutionError(f"asynclint: {error}") from None
        for finding in findings:
            if finding.severity is Severity.ERROR or self._is_asked_for(finding):
                yield finding.span.line, finding.span.column - 1, f"{finding.code} {finding.message}", type(self)

    def _is_asked_for(self, finding: Finding) -> bool:
        return finding.code in _quiet_codes() and finding.code.startswith(self._asked)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Facts and trees hold no cycles, and looking for some would cost a third of our time."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def _settings(options: Namespace, asked: Sequence[str]) -> Settings:
    """As the command line chooses them."""
    directory, file = common_directory(options.filenames), options.asynclint_config
    load_from = partial(_configuration, options=options, asked=asked)
    return load_from(directory) if file else Nearest(directory, load_from)


def _configuration(directory: str, options: Namespace, asked: Sequence[str]) -> Config:
    """The one the command line would use, and the rules that flake8 is asked for besides.

    A `# noqa` is left to flake8, which may have been told to disregard it.
    """
    overrides = {
        "python": options.asynclint_python,
        "target-version": options.asynclint_target_version,
        "preview": options.asynclint_preview,
    }
    file, cache = options.asynclint_config, not options.asynclint_no_cache
    config = load(directory, overrides=overrides, file=file, environ=os.environ, cache=cache)
    asked_for = (*config.extend_select, *_selectors(asked, every=not config.select))
    return replace(config, extend_select=asked_for, waiving=Waiving.LINES)


def _selectors(asked: Sequence[str], *, every: bool) -> tuple[str, ...]:
    """flake8's prefixes of codes as our own; those that mean all of ours count only where `every` is to be chosen."""
    codes = [rule.code for rule in documented()]
    ours = [prefix for prefix in asked if any(code.startswith(prefix) for code in codes)]
    return tuple(
        prefix if len(prefix) > len(PREFIX) else PREFIX for prefix in ours if every or len(prefix) > len(PREFIX)
    )


@cache
def _quiet_codes() -> frozenset[str]:
    return frozenset(rule.code for rule in documented() if rule.default is not Default.ON or rule.preview)
