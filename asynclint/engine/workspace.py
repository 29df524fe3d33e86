"""The files of a run, read and summarised when somebody asks for them, each once."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TypeAlias

import msgspec
from msgspec import Struct

from asynclint.config import Config
from asynclint.engine.cache import cache_directory
from asynclint.engine.check import cannot_analyse
from asynclint.engine.dependencies import Dependencies
from asynclint.engine.depth import room_for_depth
from asynclint.engine.evidence import Evidence, Seen
from asynclint.engine.shelf import Shelf
from asynclint.engine.surroundings import configured_roots, environment
from asynclint.facts.installed import Installed
from asynclint.facts.knowledge.blocking import HARMLESS, Blocked, BlockingCalls
from asynclint.facts.knowledge.declared import Declarations, Declared, Role
from asynclint.facts.knowledge.packages import known_packages
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project
from asynclint.facts.reach import reach_of
from asynclint.facts.walk import summarise
from asynclint.finding import Finding
from asynclint.source.environment import Environment
from asynclint.source.files import State, as_typed, digest, read, state
from asynclint.source.folders import Folders
from asynclint.source.modules import ModuleFinder
from asynclint.source.respell import forget, parse
from asynclint.source.text import SourceText, Unreadable
from asynclint.source.waivers import speaks_to_us
from asynclint.source.words import Words

PROJECT = "-"  # stands on the shelf beside the names of packages


def facts_in(path: str, content: bytes) -> ModuleFacts | None:
    """Facts of what is not linted, so nothing is kept of its text, and of its mistakes nothing is said."""
    try:
        return _facts_of(SourceText.decode(content), path)
    except (Unreadable, SyntaxError, RecursionError, MemoryError, ValueError):
        return None


def _facts_of(text: SourceText, path: str) -> ModuleFacts:
    """Raises SyntaxError, RecursionError, MemoryError and ValueError."""
    tree = parse(text.text, path)  # in C, where more room to recurse would be less safety
    with room_for_depth():
        facts = summarise(tree, path, last_line=text.last_line)
    facts.is_silent = not speaks_to_us(text)
    return facts


def _kept_facts(shelf: Shelf, packages: Environment, states: dict[str, State]) -> Callable[[str], ModuleFacts | None]:
    """Gives the facts of installed modules, and notes how their files were."""

    def facts(path: str) -> ModuleFacts | None:
        states[path] = state(path)
        try:
            content = read(path)
        except OSError:
            return None
        package = packages.name_of(path).partition(".")[0]
        return shelf.facts(path, package, digest(content), lambda: facts_in(path, content))

    return facts


Overlay: TypeAlias = bytes | str  # what a file is to say instead


class Around:
    """Where modules are looked for and what installed packages say, as it was when somebody first asked."""

    def __init__(self, config: Config, folders: Folders | None = None, *, keeps: bool = True) -> None:
        """One that `keeps` what files of the project say spares other processes and runs to find it out.

        Raises `ConfigError` when the configuration means an environment that is not there.
        """
        packages = Environment(environment(config))
        self.sites = packages.sites
        is_library: Callable[[str], bool] = lambda name: name in known_packages() or packages.has(name)  # noqa: E731
        self.folders = folders or Folders()
        self.locate = ModuleFinder(configured_roots(config), is_library, self.folders).locate
        self.states: dict[str, State] = {}  # of the installed files that were read
        shelf = Shelf(cache_directory(config))
        self.installed = Installed(_kept_facts(shelf, packages, self.states), packages) if packages.sites else None
        self.shelf = shelf if keeps else None


class Reading(Struct, frozen=True):
    """What is known of a file that has been read: how it was, and its facts in msgpack, or why there are none."""

    state: State
    digest: str = ""
    facts: bytes = b""
    failure: Finding | None = None


class Workspace:
    """Texts, facts and what went wrong with them.

    `overlays` are files with another content than on disk: bytes, or text that is decoded already. Paths are absolute
    inside and shown as the user typed them.
    """

    def __init__(
        self, config: Config, overlays: Mapping[str, Overlay] | None = None, around: Around | None = None
    ) -> None:
        around = around or Around(config)
        self._overlays = {os.path.abspath(path): data for path, data in (overlays or {}).items()}
        self._typed: dict[str, str] = {}
        self.texts: dict[str, SourceText] = {}
        self.failures: dict[str, Finding] = {}
        self.reading = 0.0  # seconds so far
        self.parsed = 0  # files so far
        self.states: dict[str, State] = {}  # of files, before they were read
        self._digests: dict[str, str] = {}  # of what files held
        self._known: dict[str, ModuleFacts | None] = {}
        self.sites = around.sites
        self._shelf = around.shelf
        self._words = Words(self._content, (*config.exclude, *config.extend_exclude))
        self.dependencies = said = Dependencies(around.locate, self._words)
        self.project = Project(self._facts, said.locate, _blocking(config), around.installed, said, _declared(config))
        self._around = around
        self._readings: Mapping[str, Reading] = {}
        self._told = 0  # how many of the files have been told about
        self._told_installed = 0

    def name(self, typed: Mapping[str, str]) -> None:
        """The names by which the user knows files, by absolute path, whichever of them is opened first."""
        self._typed |= typed

    def open(self, path: str) -> ModuleFacts | None:
        """A file to lint, None when it has failed (see `failures`). Raises OSError when it cannot be read."""
        absolute = os.path.abspath(path)
        self._typed[absolute] = path
        if absolute not in self._overlays and not os.access(absolute, os.R_OK):
            read(absolute)
        facts = self.project.module(absolute)
        if facts is None and absolute not in self.failures:
            self._read(absolute, self._said(absolute))
        return facts

    def says(self, path: str, text: str) -> bool:
        """Is this what the file says, whatever its newlines?"""
        try:
            return self.text(path).lines == SourceText.of(text).lines
        except (OSError, Unreadable):
            return False

    def failure(self, path: str) -> Finding | None:
        """Why a file could not be analysed."""
        return self.failures.get(os.path.abspath(path))

    def column(self, path: str, line: int, offset: int) -> int:
        """The 1-based code point column of a 0-based UTF-8 offset in a file that has been read."""
        try:
            return self.kept_text(path).column(line, offset)
        except (OSError, Unreadable):  # it has changed since
            return offset + 1

    def shown(self, path: str) -> str:
        """A path as the user typed it, or relative to where they stand."""
        return as_typed(path, self._typed)

    def _said(self, path: str) -> Overlay:
        return self._overlays[path] if path in self._overlays else read(path)

    def _content(self, path: str) -> bytes:
        content = self._said(path)
        return content.encode(errors="replace") if isinstance(content, str) else content

    def text(self, path: str) -> SourceText:
        """What a file says now. Raises OSError and `Unreadable`."""
        path = os.path.abspath(path)
        return _decoded(self._said(path))

    def news(self) -> Evidence:
        """What the reports rest on that were made since this was last called."""
        new = islice(self.states.items(), self._told, None)
        seen = {path: Seen(state, self._digests.get(path, "")) for path, state in new}
        installed = islice(self._around.states.items(), self._told_installed, None)
        told = Evidence(seen, self.dependencies.news(), self._around.folders.news(), dict(installed))
        self._told, self._told_installed = len(self.states), len(self._around.states)
        return told

    def forget_text(self, path: str) -> None:
        """A text that is not looked at again is not worth its room."""
        self.texts.pop(os.path.abspath(path), None)

    def kept_text(self, path: str) -> SourceText:
        """What a file, named by its absolute path, has said when it was first asked for. Raises as `text` does."""
        if path not in self.texts:
            self.texts[path] = self.text(path)
        return self.texts[path]

    def changed(self, overlays: Mapping[str, Overlay], *, looks: bool = True) -> frozenset[str]:
        """The files that are not any more as they were when they were read, now that these say something else.

        Unless it `looks`, nothing on the disk has changed.
        """
        before, now = self._overlays, {os.path.abspath(path): data for path, data in overlays.items()}
        replaced = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        kept = (path for path in self.states if path not in now) if looks else ()
        return frozenset((*replaced, *(path for path in kept if state(path) != self.states[path])))

    def take_over(self, former: "Workspace", changed: frozenset[str], *, looks: bool = True) -> None:
        """Spares itself the reading of what a former one has read, but for the files that have changed.

        Unless it `looks` at the disk, where anything may have come or gone, it knows too what was found out of those
        that have nothing to do with these.
        """
        self._known = {path: facts for path, facts in former._known.items() if path not in changed}
        self.states = {path: former.states[path] for path in self._known}
        self.texts = {path: text for path, text in former.texts.items() if path in self._known}
        self.failures = {path: failure for path, failure in former.failures.items() if path in self._known}
        if not looks:
            untouched = former.dependencies.untouched(self._known, changed)
            self._words.take_over(former._words, changed)
            self.dependencies.take_over(former.dependencies, untouched)
            self.project.take_over(former.project, untouched)
            reach_of(self.project).take_over(reach_of(former.project), untouched)

    def readings(self, paths: Iterable[str]) -> dict[str, Reading]:
        """What these files say, for others to take over, without those on which our own code fails."""
        readings = {}
        for path in map(os.path.abspath, paths):
            before = state(path)
            try:
                facts = self._remembered(path)
                encoded = msgspec.msgpack.encode(facts) if facts is not None else b""
            except Exception:
                continue
            readings[path] = Reading(before, self._digests.get(path, ""), encoded, self.failures.get(path))
            self.texts.pop(path, None)
            forget()
        return readings

    def take_readings(self, readings: Mapping[str, Reading]) -> None:
        """Spares itself the reading of what others have read, by absolute path."""
        self._readings = readings

    def _facts(self, path: str) -> ModuleFacts | None:
        if path not in self._known:
            started = time.perf_counter()
            if path in self._readings:
                self._known[path] = self._taken_over(path, self._readings[path])
            else:
                self.states[path] = state(path)
                self._known[path] = self._remembered(path)
            self.reading += time.perf_counter() - started
        return self._known[path]

    def _taken_over(self, path: str, reading: Reading) -> ModuleFacts | None:
        self.states[path], self._digests[path] = reading.state, reading.digest
        if reading.failure is not None:
            self.failures[path] = reading.failure
        return msgspec.msgpack.decode(reading.facts, type=ModuleFacts) if reading.facts else None

    def _remembered(self, path: str) -> ModuleFacts | None:
        """The facts of a file, which may come from another process or run."""
        if path in self._overlays:
            return self._read(path, self._overlays[path])
        try:
            content = read(path)
        except OSError:
            return None
        self._digests[path] = digest(content)
        if self._shelf is None:
            return self._read(path, content)
        return self._shelf.facts(path, PROJECT, self._digests[path], lambda: self._read(path, content))

    def _read(self, path: str, content: Overlay) -> ModuleFacts | None:
        text = None
        try:
            text = self.texts[path] = _decoded(content)
            self.parsed += 1
            return _facts_of(text, path)
        except Unreadable as error:
            self.failures[path] = cannot_analyse(self.shown(path), text, error.line, error.message)
        except SyntaxError as error:
            line, column = error.lineno or 1, max(error.offset or 1, 1)
            message = f"is not valid Python: {error.msg}"
            self.failures[path] = cannot_analyse(self.shown(path), text, line, message, column)
        except (RecursionError, MemoryError):
            self.failures[path] = cannot_analyse(self.shown(path), text, 1, "is nested too deeply to be analysed")
        except ValueError as error:
            self.failures[path] = cannot_analyse(self.shown(path), text, 1, f"is not valid Python: {error}")
        return None


def _decoded(content: bytes | str) -> SourceText:
    return SourceText.of(content) if isinstance(content, str) else SourceText.decode(content)


def _blocking(config: Config) -> BlockingCalls:
    """The shipped table as the configuration changes it."""
    declared = {
        name: Blocked(said.code, said.instead, declared=True) if said is not None else HARMLESS
        for name, said in config.blocking_calls.items()
    }
    return BlockingCalls(declared)


def _declared(config: Config) -> Declarations:
    roles = {name: Role(role) for name, role in config.decorators.items()}
    return Declarations(Declared(roles), Declared(dict.fromkeys(config.limiters, True)))
