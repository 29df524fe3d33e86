"""How a run is reported, and where."""

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from asynclint.doors.cli import fixing
from asynclint.doors.cli.app import Color
from asynclint.doors.cli.streams import Failure, complain, counted, reason, write

if TYPE_CHECKING:
    from asynclint.config import Settings
    from asynclint.linter import Result


class Reporting(NamedTuple):
    """What the user wants to see, and where; in `file`, "" for stdout."""

    settings: "Settings"
    file: str
    is_quiet: bool
    is_colored: bool
    counts_only: bool

    @property
    def format(self) -> str:
        """The format that is asked for."""
        return self.settings.common.output_format

    @property
    def _is_for_programs(self) -> bool:
        from asynclint.report import FOR_PROGRAMS

        return self.format in FOR_PROGRAMS

    def report(self, result: "Result") -> str:
        """What was found, in the format that is asked for; people get a summary too."""
        if self.counts_only:
            return self._statistics(result)
        if self._is_for_programs:
            return _for_programs(result, self.format)
        return self._for_people(result)

    def put(self, text: str, news: str = "", descriptor: int = 1) -> None:
        """Puts a report in its place, and news of what was done before it, but never into what programs read."""
        if self.file:
            _save(text, self.file)
        if self.file or self._is_for_programs:
            complain(news.splitlines())
        else:
            text = news + text
        if not self.file:
            write(text, descriptor)

    def _for_people(self, result: "Result") -> str:
        from asynclint import report
        from asynclint.report import text

        findings = report.for_people(self.format)(result.findings, self.is_colored)
        if self.is_quiet or (result.errors and not result.findings):
            return findings
        summary = text.summary(result.findings, self.is_colored) + fixing.offered(result.findings, self.settings)
        is_spaced = self.format != "concise"
        return findings + ("\n" if findings and is_spaced else "") + summary + _hidden(len(result.hidden))

    def _statistics(self, result: "Result") -> str:
        from asynclint.linter import choose_fix
        from asynclint.report import statistics

        chosen = choose_fix(self.settings)
        fixable = {finding for finding in result.findings if chosen(finding) is not None}
        if self.format == "json":
            return statistics.json_report(result.findings, fixable)
        return statistics.report(result.findings, fixable, self.is_colored)


def reporting(settings: "Settings", file: str, color: Color, *, quiet: bool, counts_only: bool) -> Reporting:
    """How to report a run; refused before it starts where it cannot be done. Raises `Failure`."""
    from asynclint.report import FOR_PROGRAMS

    if counts_only and settings.common.output_format in FOR_PROGRAMS and settings.common.output_format != "json":
        raise Failure(f"--statistics has no format `{settings.common.output_format}`; use full for text, or json")
    if file and os.path.isdir(file):
        raise Failure(f"{file}: is a directory; --output-file wants the name of a file")
    folder = os.path.dirname(file)
    if folder and not os.path.isdir(folder):
        raise Failure(f"{file}: there is no directory {folder}; make it first")
    return Reporting(settings, file, quiet, color == "always" if file else _is_colored(color), counts_only)


def _hidden(number: int) -> str:
    """How many findings the baseline hides, in a sentence; "" when it hides none."""
    return f"{counted(number, 'finding')} in the baseline.\n" if number else ""


def _for_programs(result: "Result", name: str) -> str:
    from asynclint import catalog, report

    as_typed = name in {"json", "json-lines", "pylint"}
    findings = result.findings if as_typed else report.relative(result.findings, os.getcwd())
    return report.for_programs(name)(findings, catalog.descriptions())


def _save(text: str, file: str) -> None:
    from asynclint.source.saving import save_new

    try:
        save_new(file, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise Failure(f"{file}: cannot be written: {reason(error)}") from None


def _is_colored(color: Color) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
