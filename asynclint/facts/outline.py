"""What other files can know of a file, apart from where in it things stand."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from asynclint.facts.calls import WithFacts
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.module import ModuleFacts, Scope, ScopeKind

_NAME = re.compile(r"[^\W\d]\w*")
_SHARED = frozenset({ScopeKind.MODULE, ScopeKind.CLASS})  # whose names others may ask for

Value = TypeVar("Value")


def is_same_outline(before: ModuleFacts, after: ModuleFacts) -> bool:
    """May others find the same in both? Not where a line of the file, or the text of it, is told of."""
    return outline(before) == outline(after)


def outline(facts: ModuleFacts) -> ModuleFacts:
    """Without the local variables that no code names, and lines counted by what stands on them."""
    lines, named = sorted(_lines(facts)), _named(facts)

    def at(line: int) -> int:
        return bisect_left(lines, line)

    def local(by_code: Mapping[str, Value]) -> dict[str, Value]:
        return {code: value for code, value in by_code.items() if _root(code) in named}

    def function(own: FunctionFacts) -> FunctionFacts:
        reads = {code: (at(line), column) for code, (line, column) in own.reads.items()}
        return replace(own, reads=reads, claimed=own.claimed and at(own.claimed))

    def block(item: WithFacts) -> WithFacts:
        return replace(item, line=at(item.line), first_line=at(item.first_line), last_line=at(item.last_line))

    def scope(own: Scope) -> Scope:
        places = (own.first_line, own.line, own.last_line) if own.parent >= 0 else (0, 0, 0)
        first, line, last = map(at, places)
        placed = replace(own, first_line=first, line=line, last_line=last)
        placed.function = function(own.function) if own.function is not None else None
        if own.kind in _SHARED:
            return placed
        plain = [code for code in own.plain_values if _root(code) in named]
        numbers, displays = local(own.numbers), local(own.displays)
        return replace(placed, names=local(own.names), plain_values=plain, numbers=numbers, displays=displays)

    return replace(
        facts,
        scopes=[scope(each) for each in facts.scopes],
        calls=[replace(call, line=at(call.line)) for call in facts.calls],
        handlers=[replace(handler, line=at(handler.line)) for handler in facts.handlers],
        withs=[block(item) for item in facts.withs],
        loops=[replace(loop, line=at(loop.line)) for loop in facts.loops],
        is_silent=False,
        awaits=[replace(awaited, line=at(awaited.line)) for awaited in facts.awaits],
        by_version=[(at(first), at(last)) for first, last in facts.by_version],
        changes=[replace(change, line=at(change.line)) for change in facts.changes],
    )


def _lines(facts: ModuleFacts) -> set[int]:
    """All lines that the facts tell of, and 0 for none; where the file itself begins and ends tells nothing."""
    found: set[int] = {0, *(line for lines in facts.by_version for line in lines)}
    for own in facts.scopes:
        found |= {own.first_line, own.line, own.last_line} if own.parent >= 0 else set()
        if own.function is not None:
            found |= {own.function.claimed, *(line for line, _ in own.function.reads.values())}
    placed: Sequence[Sequence[object]] = (facts.calls, facts.handlers, facts.loops, facts.awaits, facts.changes)
    found |= {getattr(each, "line") for part in placed for each in part}  # noqa: B009
    return found | {line for item in facts.withs for line in (item.line, item.first_line, item.last_line)}


def _named(facts: ModuleFacts) -> frozenset[str]:
    """The names in all that is said anywhere, but for those of local variables where they are bound."""
    shared = [own for own in facts.scopes if own.kind in _SHARED]
    inner = [own for own in facts.scopes if own.kind not in _SHARED]
    bare = [replace(own, names={}, plain_values=[], numbers={}, displays={}) for own in inner]
    values = [([*own.names.values()], [*own.displays.values()]) for own in inner]
    said = msgspec.json.encode((shared, bare, values, replace(facts, scopes=[])))
    return frozenset(_NAME.findall(said.decode()))


def _root(code: str) -> str:
    found = _NAME.match(code)
    return found[0] if found else ""
