"""The file of findings that were there when a project began to use asynclint: they are hidden until they change."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from asynclint.config import ConfigError
from asynclint.finding import Finding
from asynclint.fingerprint import fingerprint
from asynclint.source.files import read

FILE_NAME = ".asynclint-baseline.json"
_VERSION = 1

Entry: TypeAlias = tuple[str, str]  # a rule's code and a fingerprint
Entries: TypeAlias = Counter[Entry]


class Baseline(Struct, frozen=True):
    """For each file, by its path from the baseline's own directory with `/`: how often a code has a fingerprint."""

    files: Mapping[str, Mapping[str, Mapping[str, Annotated[int, Meta(ge=1)]]]] = {}
    version: int = _VERSION

    @classmethod
    def of(cls, files: Mapping[str, Entries]) -> "Baseline":
        """Sorted, so that the same entries always give the same file; without files that have none."""
        return cls({path: _by_code(entries) for path, entries in sorted(files.items()) if entries.total()})

    def entries(self, path: str) -> Entries:
        """Those of one file."""
        codes = self.files.get(path, {})
        return Counter({(code, mark): n for code, marks in codes.items() for mark, n in marks.items()})

    def changed(self, added: Mapping[str, Entries], removed: Mapping[str, Entries]) -> "Baseline":
        """The same with entries more and entries less, by path."""
        paths = {*self.files, *added}
        none: Entries = Counter()
        return Baseline.of(
            {path: self.entries(path) + added.get(path, none) - removed.get(path, none) for path in paths}
        )


def _by_code(entries: Entries) -> dict[str, dict[str, int]]:
    codes: dict[str, dict[str, int]] = {}
    for (code, mark), number in sorted(entries.items()):
        if number > 0:
            codes.setdefault(code, {})[mark] = number
    return codes


class Split(Struct, frozen=True):
    """The findings of a file as its baseline parts them, and the entries that match none of them."""

    shown: tuple[Finding, ...]
    hidden: tuple[Finding, ...]
    left: Entries


class Stale(Struct, frozen=True):
    """An entry that matches nothing any more: the file of the baseline, the name in it of the file, and the entry."""

    baseline: str
    name: str
    entry: Entry


def split(findings: Sequence[Finding], entries: Entries) -> Split:
    """Hides as many findings of each entry as were there before, from the top of the file down."""
    left = Counter(entries)
    shown, hidden = [], []
    for finding in findings:
        entry = entry_of(finding)
        if left[entry] > 0:
            left[entry] -= 1
            hidden.append(finding)
        else:
            shown.append(finding)
    return Split(tuple(shown), tuple(hidden), +left)


def entry_of(finding: Finding) -> Entry:
    """What a baseline keeps of a finding."""
    return finding.code, fingerprint(finding)


def counted(findings: Iterable[Finding]) -> Entries:
    """What a baseline keeps of findings of one file."""
    return Counter(map(entry_of, findings))


# the file


def key(path: str, file: str) -> str:
    """The name of a file in this baseline: the same from wherever either of them is named."""
    real = os.path.realpath(path)
    try:
        relative = os.path.relpath(real, _directory(file))
    except ValueError:  # on another drive
        relative = real
    return relative.replace(os.sep, "/")


def exists(name: str, file: str) -> bool:
    """Is the file of this name in the baseline still there?"""
    return os.path.exists(os.path.join(_directory(file), name))


def _directory(file: str) -> str:
    return os.path.realpath(os.path.dirname(os.path.abspath(file)))


def load(file: str) -> Baseline:
    """Raises `ConfigError` when it is not there or is no baseline."""
    try:
        status = os.stat(file)
        return _loaded(file, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise ConfigError(f"{shown(file)}: there is no such baseline; `--write-baseline` writes one") from None
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be read: {(error.strerror or str(error)).lower()}") from None


@lru_cache(maxsize=8)
def _loaded(file: str, _changed: int, _size: int) -> Baseline:
    data = read(file)
    remedy = "restore it, or delete it and write a new one with `--write-baseline`"
    try:
        raw = msgspec.json.decode(data)
        if isinstance(raw, dict) and isinstance(raw.get("version"), int) and raw["version"] > _VERSION:
            version = raw["version"]
            raise ConfigError(f"{shown(file)}: is of version {version}, known is {_VERSION}; use a newer asynclint")
        if not isinstance(raw, dict) or raw.keys() != {"version", "files"}:
            raise ConfigError(f"{shown(file)}: is no baseline of asynclint; name another file")
        return msgspec.convert(raw, Baseline)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        where = f"`{place.rstrip('`')}`: " if place else ""
        raise ConfigError(f"{shown(file)}: is damaged: {where}{message[:1].lower()}{message[1:]}; {remedy}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        line = _broken_line(data)
        raise ConfigError(f"{shown(file)}:{line}: is damaged: it is not valid JSON here; {remedy}") from None


def _broken_line(data: bytes) -> int:
    import json

    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        pass
    return 1


def save(file: str, baseline: Baseline) -> None:
    """Writes it whole or not at all, and not when it says this already. Raises `ConfigError`."""
    from asynclint.source.saving import put

    try:
        put(file, encoded(baseline))
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def encoded(baseline: Baseline) -> bytes:
    """The content of the file: a line for each entry, so that versions of it merge well."""
    content = {"version": baseline.version, "files": baseline.files}
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def shown(file: str) -> str:
    """A path as somebody who stands here would name it."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative
