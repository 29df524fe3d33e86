"""Findings as somebody reads them: the formats by name, each loaded when somebody asks for it."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import PurePath
from typing import Any, TypeAlias

from msgspec.structs import replace

from asynclint.finding import Finding, RuleDescription

ForPeople: TypeAlias = Callable[[Sequence[Finding], bool], str]  # findings, and whether in colour
ForPrograms: TypeAlias = Callable[
    [Sequence[Finding], Mapping[str, RuleDescription]], str
]  # findings, and rules by code

FOR_PEOPLE = {"full": "text.full", "concise": "text.concise", "grouped": "text.grouped"}
FOR_PROGRAMS = {
    "json": "json.report",
    "json-lines": "json.lines",
    "sarif": "sarif.report",
    "github": "annotations.github",
    "gitlab": "gitlab.report",
    "junit": "junit.report",
    "rdjson": "rdjson.report",
    "azure": "annotations.azure",
    "pylint": "text.pylint",
}


def for_people(name: str) -> ForPeople:
    """The function that writes this format. Raises KeyError."""
    found: ForPeople = _function(FOR_PEOPLE[name])
    return found


def for_programs(name: str) -> ForPrograms:
    """The function that writes this format. Raises KeyError."""
    found: ForPrograms = _function(FOR_PROGRAMS[name])
    return found


def relative(findings: Sequence[Finding], here: str) -> list[Finding]:
    """The findings with their paths as seen from the directory `here`, those of other places unchanged."""

    def seen(path: str) -> str:
        absolute = PurePath(here, path)
        return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else absolute.as_posix()

    return [
        replace(
            finding,
            path=seen(finding.path),
            related=tuple(replace(place, path=seen(place.path)) for place in finding.related),
        )
        for finding in findings
    ]


def _function(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(import_module(f"{__name__}.{module}"), function)
