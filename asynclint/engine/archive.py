"""Records kept from run to run, a file for each configuration: what is found in a file that has not changed, nor
anything it rests on, is not looked for again.

Whoever can write there can hide findings, so a file is only what it was if it is sound, and nothing in it is written
into anybody's code: see `asynclint.fixing.fix`.
"""

import os
from collections.abc import Callable, Collection, Mapping
from itertools import chain, count
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from asynclint.config import Config
from asynclint.engine.cache import cache_directory, keep, recall
from asynclint.engine.code import VERSION, Code, running
from asynclint.engine.dependencies import EVERYTHING
from asynclint.engine.evidence import Evidence, Seen
from asynclint.engine.file_report import FileReport
from asynclint.engine.record import Record, identity
from asynclint.finding import Finding
from asynclint.source.files import State, as_typed, digest
from asynclint.source.folders import Asked

_FOLDER = "findings"
_MOST = 8  # configurations of which something is kept
_LARGEST = 10_000_000  # line or column
_CLEAN = FileReport()

Value = TypeVar("Value")


class _Kept(Struct, frozen=True, array_like=True):
    """A record with numbers for its paths; `clean` are files without findings."""

    surroundings: bytes
    paths: list[str]
    seen: dict[int, Seen]
    leads: dict[int, list[int]]
    asked: dict[int, Asked]
    installed: dict[int, State]
    clean: list[int]
    reports: dict[int, FileReport]
    code: Code


def load(config: Config, typed: Mapping[str, str], codes: Collection[str]) -> Record:
    """What is kept for a configuration, a new record when there is nothing, or nothing to be trusted.

    `typed` says by which names findings are to call files, by absolute path; `codes` are those that they may have.
    """
    directory = cache_directory(config)
    if not directory:
        return Record()
    try:
        kept = msgspec.msgpack.decode(recall(directory, _place(config)), type=_Kept)
        if not kept.code.is_running():
            return Record()
        record = _restored(kept, typed, codes)
        record.code = kept.code
        return record
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, ValueError):
        return Record()


def save(config: Config, record: Record) -> None:
    """Keeps a record for the next run with this configuration, where that is wanted and possible."""
    directory = cache_directory(config)
    if not directory:
        return
    code = running(record.code)
    if code is None:
        return
    try:
        content = msgspec.msgpack.encode(_kept(record, code))
    except UnicodeEncodeError:  # a path that is no text
        return
    place = _place(config)
    if keep(directory, place, content):
        _forget_oldest(os.path.join(directory, os.path.dirname(place)))


def _place(config: Config) -> str:
    return os.path.join(_FOLDER, VERSION, f"{digest(identity(config))}.msgpack")


def _kept(record: Record, code: Code) -> _Kept:
    evidence, certain = record.evidence, {p: report for p, report in record.reports.items() if not report.errors}
    clean = [path for path, report in certain.items() if report == _CLEAN]
    found = {path: _renamed(report, os.path.abspath) for path, report in certain.items() if report != _CLEAN}
    by_path: tuple[Mapping[str, object], ...] = (evidence.seen, evidence.leads, evidence.asked, evidence.installed)
    paths = dict.fromkeys(chain(*by_path, *evidence.leads.values(), certain))
    numbers = dict(zip(paths, count()))
    number = numbers.__getitem__  # in C, as these are many

    def numbered(values: Mapping[str, Value]) -> dict[int, Value]:
        return dict(zip(map(number, values), values.values(), strict=True))

    return _Kept(
        surroundings=record.surroundings,
        paths=[*paths],
        seen=numbered(evidence.seen),
        leads={number(path): list(map(number, led)) for path, led in evidence.leads.items()},
        asked=numbered(evidence.asked),
        installed=numbered(evidence.installed),
        clean=list(map(number, clean)),
        reports=numbered(found),
        code=code,
    )


def _restored(kept: _Kept, typed: Mapping[str, str], codes: Collection[str]) -> Record:
    """Raises LookupError and ValueError when the parts do not fit together."""
    paths = kept.paths
    if "\0" in "".join(paths) or not all(map(os.path.isabs, filter(EVERYTHING.__ne__, paths))):
        raise ValueError(paths)

    name = paths.__getitem__  # in C, as these are many

    def named(by_number: Mapping[int, Value]) -> dict[str, Value]:
        return dict(zip(map(name, by_number), by_number.values(), strict=True))

    leads = {name(number): set(map(name, led)) for number, led in kept.leads.items()}
    evidence = Evidence(named(kept.seen), leads, named(kept.asked), named(kept.installed))
    reports = dict.fromkeys(map(name, kept.clean), _CLEAN)
    for path, report in named(kept.reports).items():
        for finding in (*report.findings, *report.hidden):
            if finding.path != path or not _is_sound(finding, codes):
                raise ValueError(path)
        reports[path] = _renamed(report, lambda name: as_typed(name, typed))
    return Record(kept.surroundings, reports, evidence)


def _renamed(report: FileReport, name: Callable[[str], str]) -> FileReport:
    """The same with other names for its files."""

    def renamed(finding: Finding) -> Finding:
        related = tuple(replace(each, path=name(each.path)) for each in finding.related)
        return replace(finding, path=name(finding.path), related=related)

    return replace(report, findings=tuple(map(renamed, report.findings)), hidden=tuple(map(renamed, report.hidden)))


def _is_sound(finding: Finding, codes: Collection[str]) -> bool:
    """Is it one that we may have made, so that it can be shown?"""
    spans = (finding.span, *(each.span for each in finding.related))
    texts = (finding.name, finding.message, finding.scope, *(each.message for each in finding.related))
    titles = (fix.title for fix in finding.fixes)
    placed = all(1 <= number <= _LARGEST for span in spans for number in astuple(span))
    return finding.code in codes and placed and all(text.isprintable() for text in (*texts, *titles))


def _forget_oldest(directory: str) -> None:
    """Keeps only the newest files of a directory; other runs may do the same meanwhile."""
    try:
        with os.scandir(directory) as entries:
            places = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
        for _, path in places[:-_MOST]:
            os.unlink(path)
    except OSError:
        return
