"""How a call was understood: each name of its callee, what it turned out to be, and where knowing stops and why."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from asynclint.facts.annotations import promises
from asynclint.facts.blocking import blocked_call
from asynclint.facts.calls import CallFacts, Use
from asynclint.facts.entities import Class, Coroutine, Entity, Function, Instance, Module, Named
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.names import Binding, Bound, chain
from asynclint.facts.project import Project
from asynclint.facts.reach import GRAVE, SLIGHT, reach_of
from asynclint.facts.wording import described, place_of, spelled
from asynclint.finding import Finding

_DEEPEST = 3  # assignments to look behind
_USES = {
    Use.STATEMENT: "dropped here",
    Use.AWAITED: "awaited here",
    Use.ASSIGNED: "assigned to a name here",
    Use.STORED: "stored here",
    Use.RETURNED: "returned or yielded here",
    Use.ARGUMENT: "given to another call here",
    Use.COLLECTED: "put into a container here",
    Use.OTHER: "used in an expression here",
}


class Step(Struct, frozen=True):
    """One name of a chain: its spelling, what it means, and where that is defined (`line` is 0 when nowhere).

    `depth` counts the assignments it stands behind.
    """

    code: str
    meaning: str
    path: str = ""
    line: int = 0
    depth: int = 0


class CallExplanation(Struct, frozen=True):
    """A call in its own spelling and the steps by which it was understood."""

    call: str
    steps: tuple[Step, ...]


class Explanation(Struct, frozen=True):
    """What is known of one line: `sources` are the source lines of the findings' related places, by path and line."""

    path: str
    line: int
    source: str
    findings: tuple[Finding, ...]
    calls: tuple[CallExplanation, ...]
    sources: dict[tuple[str, int], str]


def explained(project: Project, path: str, call: CallFacts) -> Iterator[Step]:
    """The chain of names of a callee, what the call gives, and how it comes to block if it does."""
    if not call.callee:
        yield Step("(...)", "what is called is no chain of names, so it is not known")
        return
    yield from _chain(project, path, call.scope, f"{call.callee}()", call)
    module = project.module(path)
    blocked = blocked_call(project, module, call) if module else None
    if blocked is not None:
        yield Step("", f"blocks the thread it runs in ({blocked.code}); instead: {blocked.instead}")
        return
    entered = reach_of(project).enters(project.call(path, call))
    way = (
        reach_of(project).way(entered, GRAVE | SLIGHT) if entered is not None and call.use is not Use.AWAITED else None
    )
    for step in way.steps if way is not None else ():
        yield Step("", f"comes to block: calls `{step.callee}(...)`", step.path, step.line)


def _chain(
    project: Project, path: str, scope: int, code: str, call: CallFacts | None = None, depth: int = 0
) -> Iterator[Step]:
    """The steps of a code, up to where it stops being known."""
    parts = list(chain(code))
    if not parts:
        yield Step(spelled(code), "one of several, or no chain of names: not looked into", depth=depth)
        return
    known = ""
    if parts[0] == "super" and parts[1:2] and parts[1].startswith("()"):
        parts[:2] = ["".join(parts[:2])]
    before: Entity | None = None
    for position, part in enumerate(parts):
        known += part
        entity = project.evaluate(path, scope, known)
        is_last = call is not None and position == len(parts) - 1
        how = _origin(project, path, scope, part) if not position and not known.startswith("super()") else ""
        ends = f", {_USES[call.use]}" if call is not None and is_last else ""
        if entity is not None:
            words = f"{how}: {described(project, entity)}" if how else described(project, entity)
            yield Step(spelled(part), f"{words}{ends}", *place_of(project, entity), depth)
        elif position:
            yield from _unknown_part(project, before, part, ends, depth)
            return
        else:
            yield from _unknown_name(project, path, scope, part, depth)
            return
        before = entity


# names


def _bindings(module: ModuleFacts, scope: int, name: str) -> Sequence[Binding]:
    """The bindings of the innermost scope that has any, as Python looks names up."""
    index = scope
    while index >= 0:
        here = module.scopes[index]
        if name in here.names and (here.kind is not ScopeKind.CLASS or index == scope):
            return here.names[name]
        index = here.parent
    return ()


def _origin(project: Project, path: str, scope: int, name: str) -> str:
    """How a name comes to be there, in a few words: `imported`, `parameter of ...`."""
    module = project.module(path)
    bindings = _bindings(module, scope, name) if module else ()
    return ", ".join(dict.fromkeys(_how(module, binding) for binding in bindings)) if module else ""


def _how(module: ModuleFacts, binding: Binding) -> str:
    match binding.bound:
        case Bound.IMPORT:
            return f"imported as `{binding.value.replace(':', '.')}`"
        case Bound.DEFINITION:
            return "defined"
        case Bound.VALUE:
            return f"assigned `{spelled(binding.value)}`"
        case Bound.ANNOTATION:
            return f"declared `{binding.value}`"
        case Bound.PARAMETER:
            declared = f", declared `{binding.value}`" if binding.value else ""
            return f"parameter of `{module.scopes[binding.scope].qualname}`{declared}"
    return "bound in a way that is not followed"


def _unknown_name(project: Project, path: str, scope: int, name: str, depth: int) -> Iterator[Step]:
    module = project.module(path)
    if module is None:
        return
    bindings = _bindings(module, scope, name)
    if not bindings:
        stars = ", ".join(f"`from {star} import *`" for star in module.stars)
        yield Step(name, f"unknown: may come from {stars}", depth=depth)
        return
    yield from _disagreement(project, module, name, bindings, depth)


def _disagreement(
    project: Project, module: ModuleFacts, name: str, bindings: Sequence[Binding], depth: int
) -> Iterator[Step]:
    """Why bindings come to nothing, and what is known of what they are bound to."""
    kept = [binding for binding in bindings if binding.value != "None"]
    if not kept:
        yield Step(name, f"unknown: {'only ever None' if bindings else 'not defined there'}", depth=depth)
        return
    if len(kept) > 1:
        meanings = "; ".join(f"{_how(module, b)}: {_said(project, module, b)}" for b in kept)
        yield Step(name, f"unknown: bound {len(kept)} times, and they do not agree: {meanings}", depth=depth)
        return
    (binding,) = kept
    yield Step(name, f"unknown: {_why(project, module, binding)}", depth=depth)
    if depth >= _DEEPEST:
        return
    if binding.bound is Bound.VALUE:
        yield from _chain(project, module.path, binding.scope, binding.value, depth=depth + 1)
    elif binding.bound is Bound.IMPORT and (origin := _imported_from(project, module, binding)) is not None:
        imported = binding.value.partition(":")[2]
        yield from _disagreement(project, origin, imported, origin.scopes[0].names.get(imported, ()), depth + 1)


def _imported_from(project: Project, module: ModuleFacts, binding: Binding) -> ModuleFacts | None:
    """The module of the project that an import of a name reads."""
    name, colon, _ = binding.value.partition(":")
    path = project.located(name, module.path) if colon else None
    return project.module(path) if path and path != module.path else None


def _said(project: Project, module: ModuleFacts, binding: Binding) -> str:
    read = {Bound.VALUE: project.evaluate, Bound.ANNOTATION: project.annotated, Bound.PARAMETER: project.annotated}
    reader = read.get(binding.bound)
    entity = reader(module.path, binding.scope, binding.value) if reader and binding.value else None
    return described(project, entity) if entity is not None else "not known" if reader else "something else"


def _why(project: Project, module: ModuleFacts, binding: Binding) -> str:
    how = _how(module, binding)
    match binding.bound:
        case Bound.IMPORT:
            where = "not known there" if _imported_from(project, module, binding) else "not found in the project"
            return f"{how}, {where}"
        case Bound.PARAMETER if not binding.value:
            return f"{how}, without annotation"
        case Bound.PARAMETER | Bound.ANNOTATION:
            return f"{how}, {_promise(project, module.path, binding)}"
        case Bound.VALUE:
            return f"{how}, and what that gives is not known"
    return f"{how}: unpacked, deleted, `+=`, `except ... as`, or not a chain of names"


def _promise(project: Project, path: str, binding: Binding) -> str:
    offered = promises(binding.value)
    if len(offered) > 1:
        return "which allows several types"
    return "which names no class that is known" if offered else "which is not a class"


# what stands behind a name


def _unknown_part(project: Project, before: Entity | None, part: str, ends: str, depth: int) -> Iterator[Step]:
    """Why an attribute, a call, an `await` of something known is not known itself."""
    if part.startswith("()") and before is not None:
        yield Step("(...)", f"called{ends}; {_no_result(project, before)}", depth=depth)
        return
    if part[0] == "." and isinstance(before, Instance | Class | Module):
        yield from _no_member(project, before, part[1:], depth)
        return
    asked = {"!": "what awaiting it gives", "@": "what `with` binds", "@!": "what `async with` binds"}
    what = asked.get(part, f"`{part}` of {described(project, before)}" if before else "it")
    advice = "; is an `await` missing?" if isinstance(before, Coroutine) and part[0] == "." else ""
    yield Step(spelled(part), f"unknown: {what} is not known{advice}", depth=depth)


def _no_result(project: Project, callee: Entity) -> str:
    if isinstance(callee, Named):
        return f"what `{callee.name}` gives is not known"
    if not isinstance(callee, Function):
        return "what it gives is not known"
    facts = project.function(callee)
    if not project.is_plain(callee):
        decorators = ", ".join(f"`@{spelled(code) or '...'}`" for code in facts.decorators)
        return f"what it gives is not known: it is decorated with {decorators}"
    if facts.returns:
        return f"it is declared to return `{facts.returns}`" + (
            ", no single class that is known" * (facts.returns != "None")
        )
    returned = [code for code in facts.returned if code != "None"]
    if not returned and not facts.is_generator:
        return "it returns None"
    codes = ", ".join(f"`{spelled(code) or '...'}`" for code in dict.fromkeys(returned))
    return f"what it returns is not known: {codes}" if codes else "what it yields is not followed"


def _no_member(project: Project, owner: Instance | Class | Module, name: str, depth: int) -> Iterator[Step]:
    if isinstance(owner, Module):
        module = project.module(owner.path)
        found: list[tuple[ModuleFacts | None, Sequence[Binding]]] = []
        if module is not None:
            found.append((module, module.scopes[0].names.get(name, ())))
    else:
        klass = owner.of if isinstance(owner, Instance) else owner
        above = isinstance(owner, Instance) and owner.above
        found = list(_class_bindings(project, klass, name, above)) if isinstance(klass, Class) else []
    for module, bindings in found:
        if module is not None and bindings:
            yield from _disagreement(project, module, f".{name}", bindings, depth)
            return
    yield Step(
        f".{name}", f"unknown: {described(project, owner)} has no such name{_strangers(project, owner)}", depth=depth
    )


def _class_bindings(
    project: Project, klass: Class, name: str, above: bool
) -> Iterator[tuple[ModuleFacts | None, Sequence[Binding]]]:
    for current in project.lineage(klass):
        if isinstance(current, Class) and not (above and current == klass):
            scope = project.scope(current)
            assigned = scope.klass.attributes.get(name, ()) if scope.klass else ()
            yield project.module(current.path), [*scope.names.get(name, ()), *assigned]


def _strangers(project: Project, owner: Entity) -> str:
    klass = owner.of if isinstance(owner, Instance) else owner
    if not isinstance(klass, Class):
        return ""
    codes = (
        (code, base)
        for current in project.lineage(klass)
        if isinstance(current, Class) and (facts := project.scope(current).klass) is not None
        for code, base in zip(facts.bases, project.bases(current), strict=True)
    )
    outside = [spelled(code) or "..." for code, base in codes if not isinstance(base, Class)]
    return f", and {', '.join(f'`{code}`' for code in outside)} it inherits from may have it" if outside else ""
