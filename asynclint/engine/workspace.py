"""The files of a run, read and summarised when somebody asks for them, each once."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

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
from asynclint.facts.walk import summarise
from asynclint.finding import Finding
from asynclint.source.environment import Environment
from asynclint.source.files import State, as_typed, digest, read, state
from asynclint.source.folders import Folders
from asynclint.source.modules import ModuleFinder
from asynclint.source.respell import parse
from asynclint.source.text import SourceText, Unreadable
from asynclint.source.words import Words


def _installed_facts(path: str) -> ModuleFacts | None:
    """Facts of what is never linted, so nothing is kept of its text, and of its mistakes nothing is said."""
    try:
        text = SourceText.decode(read(path))
        tree = parse(text.text, path)
        with room_for_depth():
            return summarise(tree, path, last_line=len(text.lines))
    except (OSError, Unreadable, SyntaxError, RecursionError, MemoryError, ValueError):
        return None


def _kept_facts(config: Config, packages: Environment, states: dict[str, State]) -> Callable[[str], ModuleFacts | None]:
    """Gives the facts of installed modules, which are kept from run to run, and notes how their files were."""
    shelf = Shelf(cache_directory(config))

    def facts(path: str) -> ModuleFacts | None:
        states[path] = state(path)
        return shelf.facts(path, packages.name_of(path).partition(".")[0], _installed_facts)

    return facts


class Workspace:
    """Texts, facts and what went wrong with them.

    `overlays` are files with another content than on disk: bytes, or text that is decoded already. Paths are absolute
    inside and shown as the user typed them.
    """

    def __init__(
        self, config: Config, overlays: Mapping[str, bytes | str] | None = None, folders: Folders | None = None
    ) -> None:
        self._overlays = {os.path.abspath(path): data for path, data in (overlays or {}).items()}
        self._typed: dict[str, str] = {}
        self.texts: dict[str, SourceText] = {}
        self.failures: dict[str, Finding] = {}
        self.reading = 0.0  # seconds so far
        self.states: dict[str, State] = {}  # of files, before they were read
        self.installed: dict[str, State] = {}  # the same for those of packages
        self._digests: dict[str, str] = {}  # of what files held
        self._known: dict[str, ModuleFacts | None] = {}
        packages = Environment(environment(config))
        self.sites = packages.sites
        is_library: Callable[[str], bool] = lambda name: name in known_packages() or packages.has(name)  # noqa: E731
        self._folders = folders or Folders()
        self._told = 0  # how many of the files have been told about
        finder = ModuleFinder(configured_roots(config), is_library, self._folders)
        outside = Installed(_kept_facts(config, packages, self.installed), packages) if packages.sites else None
        words = Words(self._content, (*config.exclude, *config.extend_exclude))
        self.dependencies = Dependencies(finder.locate, words)
        locate = self.dependencies.locate
        self.project = Project(self._facts, locate, _blocking(config), outside, self.dependencies, _declared(config))

    def name(self, paths: Iterable[str]) -> None:
        """The names by which the user knows these files, whichever of them is opened first."""
        self._typed |= {os.path.abspath(path): path for path in paths}

    def open(self, path: str) -> tuple[SourceText, ModuleFacts] | None:
        """A file to lint, None when it has failed (see `failures`). Raises OSError when it cannot be read."""
        absolute = os.path.abspath(path)
        self._typed[absolute] = path
        if absolute not in self._overlays and not os.access(absolute, os.R_OK):
            read(absolute)
        facts = self.project.module(absolute)
        return (self.texts[absolute], facts) if facts is not None else None

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
        return self.texts[path].column(line, offset)

    def shown(self, path: str) -> str:
        """A path as the user typed it, or relative to where they stand."""
        return as_typed(path, self._typed)

    def _content(self, path: str) -> bytes:
        content = self._overlays.get(path)
        return read(path) if content is None else content.encode() if isinstance(content, str) else content

    def text(self, path: str) -> SourceText:
        """What a file says. Raises OSError and `Unreadable`."""
        path = os.path.abspath(path)
        return _decoded(self._overlays[path] if path in self._overlays else read(path))

    def news(self) -> Evidence:
        """What the reports rest on that were made since this was last called."""
        new = islice(self.states.items(), self._told, None)
        seen = {path: Seen(state, self._digests.get(path, "")) for path, state in new}
        self._told = len(self.states)
        return Evidence(seen, self.dependencies.news(), self._folders.news(), dict(self.installed))

    def changed(self) -> frozenset[str]:
        """The files that are not any more as they were when they were read."""
        return frozenset(path for path, seen in self.states.items() if state(path) != seen)

    def take_over(self, former: "Workspace", changed: frozenset[str]) -> None:
        """Spares itself the reading of what a former one has read, but for the files that have changed."""
        self._known = {path: facts for path, facts in former._known.items() if path not in changed}
        self.states = {path: former.states[path] for path in self._known}
        self.texts = {path: text for path, text in former.texts.items() if path in self._known}
        self.failures = {path: failure for path, failure in former.failures.items() if path in self._known}

    def _facts(self, path: str) -> ModuleFacts | None:
        if path not in self._known:
            started = time.perf_counter()
            self.states[path] = state(path)
            self._known[path] = self._read(path)
            self.reading += time.perf_counter() - started
        return self._known[path]

    def _read(self, path: str) -> ModuleFacts | None:
        text = None
        try:
            content = self._overlays[path] if path in self._overlays else read(path)
            if isinstance(content, bytes):
                self._digests[path] = digest(content)
            text = self.texts[path] = _decoded(content)
            tree = parse(text.text, path)  # in C, where more room to recurse would be less safety
            with room_for_depth():
                return summarise(tree, path, last_line=len(text.lines))
        except OSError:
            return None
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
