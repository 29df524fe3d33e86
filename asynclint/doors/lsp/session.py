"""What the editor shows and what is found in it; knows no protocol.

The thread that listens replaces `Session.world`, a frozen value; the one thread that works compares it with what it
has seen, so that neither waits for the other and only the newest of many changes costs anything.
"""

import os
from collections.abc import Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from asynclint.config import ConfigError, Nearest, load
from asynclint.finding import Edit, Finding, Span
from asynclint.live import Abandoned, Live
from asynclint.source.files import project_root
from asynclint.source.text import SourceText, Unreadable

CONFIGURATION = ("pyproject.toml", "asynclint.toml", ".asynclint.toml", ".asynclint-baseline.json")


class Document(Struct, frozen=True):
    """An open file as the editor shows it, saved or not."""

    uri: str
    path: str
    version: int | None
    text: str


class World(Struct, frozen=True):
    """All that findings depend on and the client decides or tells; the numbers count changes it has told of."""

    documents: Mapping[str, Document] = {}  # by path
    folders: tuple[str, ...] = ()
    settings: Mapping[str, object] = {}
    configured: int = 0
    disk: int = 0


class Checked(Struct, frozen=True):
    """What was found in one document; `problems` are lines about what could not be done."""

    document: Document
    text: SourceText
    findings: tuple[Finding, ...]
    problems: tuple[str, ...] = ()


class Session:
    """The findings of all open documents, under the configurations that govern them."""

    def __init__(self) -> None:
        self.world = World()
        self._seen = self.world
        self._contents: dict[str, str] = {}
        self._live: dict[str, Live] = {}  # by the directory of all that it lints
        self._former: dict[str, Live] = {}  # before the configuration changed

    # for the thread that listens

    def show(self, document: Document) -> None:
        """A document is open and says this."""
        self.world = replace(self.world, documents={**self.world.documents, document.path: document})

    def hide(self, path: str) -> None:
        """A document was closed: its file says what is on the disk."""
        rest = {other: document for other, document in self.world.documents.items() if other != path}
        self.world = replace(self.world, documents=rest)

    def configure(self, settings: Mapping[str, object]) -> None:
        """The client's own settings, which win over those of files."""
        self.world = replace(self.world, settings=settings, configured=self.world.configured + 1)

    def move(self, folders: tuple[str, ...]) -> None:
        """These folders are open."""
        self.world = replace(self.world, folders=folders, configured=self.world.configured + 1)

    def touch(self, path: str) -> None:
        """A file came, went or changed on the disk."""
        if os.path.basename(path) in CONFIGURATION:
            self.world = replace(self.world, configured=self.world.configured + 1)
        else:
            self.world = replace(self.world, disk=self.world.disk + 1)

    def look_again(self) -> None:
        """Anything may have changed on the disk: nobody tells."""
        self.world = replace(self.world, configured=self.world.configured + 1)

    def end(self) -> None:
        """Nobody waits for anything any more."""
        self.world = replace(self.world, documents={})

    # for the thread that works

    def check(self, path: str) -> Checked | None:
        """The findings of a document; None when it is not open, or something else is asked for by now."""
        world = self._catch_up()
        document = world.documents.get(path)
        if document is None:
            return None
        try:
            return self._check(document, world)
        except Abandoned:
            return None

    def fix_all(self, checked: Checked) -> tuple[Edit, ...]:
        """The edits that make all safe fixes of a document, none if it says something else by now."""
        document, world = checked.document, self._catch_up()
        if world.documents.get(document.path) is not document:
            return ()
        if not any(fix.is_safe for finding in checked.findings for fix in finding.fixes):
            return ()
        fixed = self._live_of(document.path, world).fix(document.path, self._contents)
        return (_difference(checked.text, SourceText.of(fixed.after)),) if fixed is not None else ()

    def _catch_up(self) -> World:
        """Sees the world as it is."""
        before, world = self._seen, self.world
        if world.configured != before.configured:
            self._former, self._live = {**self._former, **self._live}, {}
        if world.disk != before.disk:
            for live in self._live.values():
                live.look_again()
        if world.documents is not before.documents:
            self._contents = {path: document.text for path, document in world.documents.items()}
        self._seen = world
        return world

    def _check(self, document: Document, world: World) -> Checked:
        def go_on() -> None:
            if self.world.documents is not world.documents or self.world.settings is not world.settings:
                raise Abandoned

        try:
            text = SourceText.of(document.text)
        except Unreadable:
            text = SourceText(document.text)
        try:
            result = self._live_of(document.path, world).lint(document.path, self._contents, go_on)
        except ConfigError as error:
            return Checked(document, text, (), (str(error),))
        return Checked(document, text, result.findings, result.errors)

    def _live_of(self, path: str, world: World) -> Live:
        """What lints the files of the open folder a file lies in, or of its project. Raises `ConfigError`."""
        holding = [folder for folder in world.folders if _is_below(path, folder)]
        directory = max(holding, key=len) if holding else project_root(path)
        if directory not in self._live:
            settings = Nearest(directory, partial(load, environ=os.environ, overrides=world.settings))
            self._live[directory] = Live(settings, self._former.pop(directory, None))
        return self._live[directory]


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _difference(before: SourceText, after: SourceText) -> Edit:
    """The one edit that makes a text into another one, as small as whole lines can be."""
    old, new = _closed(before), _closed(after)
    most = min(len(old), len(new))
    first = next((n for n in range(most) if old[n] != new[n]), most - 1)
    same = next((n for n in range(most - first) if old[-1 - n] != new[-1 - n]), most - first)
    if not same:
        return Edit(Span(first + 1, 1, len(old), len(old[-1]) + 1), "\n".join(new[first:]))
    changed = new[first : len(new) - same]
    return Edit(Span(first + 1, 1, len(old) - same + 1, 1), "".join(f"{line}\n" for line in changed))


def _closed(text: SourceText) -> tuple[str, ...]:
    """The lines that joined by newlines are the text."""
    return text.lines if text.lines and text.text[-1:] not in "\r\n" else (*text.lines, "")
