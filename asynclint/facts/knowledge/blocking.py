"""Calls outside the project that keep the thread waiting, and the types by which their methods are recognised."""

import fnmatch
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct, json
from msgspec.structs import replace

from asynclint.facts.knowledge import table


class Blocked(Struct, frozen=True):
    """One blocking call: the rule whose business it is, and what to use instead, in asyncio's terms.

    `unless` are arguments with which it returns at once: `blocking=False`, and by position `0=False`; `()` is a call
    without any. A name counts by its last part, `1=` stands for a value that cannot be read and `1=*` for any.
    `declared` is what the user, not the table, knows of; `is_quick` what neither reads nor writes contents.
    """

    code: str
    instead: str
    unless: tuple[str, ...] = ()
    declared: bool = False
    is_quick: bool = False


HARMLESS = Blocked("", "")  # what the user has taken off the table
ANY_WAIT = "ASL206"  # the rule of what is said to block without a word about how
_BY_WITH = ("__enter__", "__exit__")


class Blocking(Struct, frozen=True):
    """All that is known of blocking code, by canonical dotted name.

    `calls` holds functions and methods; `X.__enter__` and `X.__exit__` stand for a `with`. `returns` is the class of
    what a call gives, `attributes` that of an attribute, and `aliases` leads other names to canonical ones.
    """

    aliases: Mapping[str, str]
    attributes: Mapping[str, str]
    calls: Mapping[str, Blocked]
    returns: Mapping[str, str]


@cache
def blocking() -> Blocking:
    """Gives the table of blocking calls, read once."""
    return json.decode(pkgutil.get_data(__name__, "blocking.json") or b"", type=Blocking)


class BlockingCalls:
    """The table of blocking calls as one project's configuration changes it."""

    def __init__(self, declared: Mapping[str, Blocked] | None = None) -> None:
        """`declared` goes by dotted name or glob; one without a code keeps the table's, `HARMLESS` takes it off."""
        said = declared or {}
        self.is_shipped = not said
        self._exact = {_canonical(name): blocked for name, blocked in said.items() if not _is_glob(name)}
        self._globs = [  # the longest is the most precise
            (re.compile(fnmatch.translate(name)), said[name]) for name in sorted(filter(_is_glob, said), key=len)[::-1]
        ]
        self._declared: dict[str, Blocked | None] = {}
        self._found: dict[str, Blocked | None] = {}
        self._codes: dict[str, frozenset[str]] = {}

    def of(self, name: str) -> Blocked | None:
        """What is known of a function or method by its canonical name, None when it is not known to block."""
        if self.is_shipped:
            return blocking().calls.get(name)
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def with_arguments(self, name: str, arguments: Sequence[str]) -> Blocked | None:
        """The same of one call. `arguments` are codes as in `asynclint.facts.calls`."""
        found = self.of(name)
        return None if found is None or not set(found.unless).isdisjoint(_labels(arguments)) else found

    def codes(self, name: str) -> frozenset[str]:
        """The rules of a call, and of a `with` that enters and leaves what it gives."""
        if name not in self._codes:
            known = (self.of(each) for each in (name, *(f"{name}.{method}" for method in _BY_WITH)))
            self._codes[name] = frozenset(blocked.code for blocked in known if blocked is not None)
        return self._codes[name]

    def declared(self, name: str) -> Blocked | None:
        """What the user has said of a dotted name, None when nothing."""
        if name in self._exact:
            return self._exact[name]
        if name not in self._declared:
            is_special = name.rpartition(".")[2].startswith("__")  # nobody thinks of them in a glob
            globs = () if is_special else self._globs
            self._declared[name] = next((blocked for glob, blocked in globs if glob.match(name)), None)
        return self._declared[name]

    def _find(self, name: str) -> Blocked | None:
        shipped, said = blocking().calls.get(name), self.declared(name)
        if said is None or said == HARMLESS:
            return shipped if said is None else None
        return replace(shipped, instead=said.instead) if shipped is not None and not said.code else with_code(said)


def with_code(declared: Blocked) -> Blocked:
    """What the user has declared, with a rule to report it."""
    return declared if declared.code else replace(declared, code=ANY_WAIT)


def _is_glob(name: str) -> bool:
    return "*" in name or "?" in name


def _canonical(name: str) -> str:
    return table(name).aliases.get(name) or blocking().aliases.get(name, name)


def _labels(arguments: Sequence[str]) -> Iterator[str]:
    if not arguments:
        yield "()"
    for position, argument in enumerate(arguments):
        keyword, is_keyword, value = argument.rpartition("=")
        name = keyword if is_keyword else position
        yield f"{name}=*"
        yield f"{name}={value.rpartition('.')[2]}"
