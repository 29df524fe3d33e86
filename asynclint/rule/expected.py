"""Mistakes that the code around them expects: tests of the mistake itself, and values that are asked what they are."""

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from asynclint.facts.calls import PatchFacts
from asynclint.facts.entities import Class, Entity, Function, Instance, Items, Named
from asynclint.facts.names import callee_of
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.parameters import KIND_TESTS
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, With

_REFUSALS = frozenset({"builtins.TypeError", "builtins.AttributeError", "builtins.ValueError"})
_RAISES = ("raises", "assertRaises", "assertRaisesRegex")
_EXPECTING = (*_RAISES, "suppress")
_QUESTIONS = KIND_TESTS | {"isinstance"}
_WARNINGS = frozenset({"warns", "assertWarns", "assertWarnsRegex", "catch_warnings"})
_WARNING = re.compile(r"\b\w*Warning\b")
_FILTERS = frozenset({"filterwarnings", "simplefilter"})
_NEVER_AWAITED = re.compile(r"\bRuntimeWarning\b|never awaited|coroutine")
_COROUTINE_MOCKS = (".AsyncMock", ".CoroutineMock")
_MOCKING = ("unittest.mock", "mock", "asynctest", "pytest_mock", "unittest")
_MOCKS = frozenset({"monkeypatch", "mocker", "mock"})


def is_expected(body: Body, node: "CSTNode", expression: "BaseExpression") -> bool:
    """Is a TypeError at `node` caught right here or wanted, or is it asked anywhere what kind of thing it is about?"""
    steps = pairwise((node, *body.ancestors(node)))
    return is_asked_about(body, expression) or any(_expects(body, above, inner) for inner, above in steps)


def may_be_mocked(body: Body) -> bool:
    """May a test have put something else into the place of a function of the project?"""
    parameters = body.function.parameters if body.function else ()
    return body.is_test and (not _MOCKS.isdisjoint(parameters) or any(m in _MOCKING for m in body.facts.imports))


def has_to_fail(body: Body, node: "CSTNode") -> bool:
    """Does it stand in `with raises(...)`?"""
    items = (item.item for above in body.ancestors(node) if isinstance(above, cst.With) for item in above.items)
    return any(isinstance(item, cst.Call) and _last_name(body, item) in _RAISES for item in items)


def is_replaced(body: Body, *names: str) -> bool:
    """Does a test put what may be a plain function into the place of any of these names, or of their owners?"""
    parts = {part for name in names for part in name.split(".")}
    patches = [patch for patch in body.facts.patches if body.is_test and patch.name in parts]
    return any(_holds_in(body, patch) and not _is_async(body, patch) for patch in patches)


def _holds_in(body: Body, patch: PatchFacts) -> bool:
    """May it hold there? What one test replaces is back in its place for the others."""
    scopes = body.facts.scopes
    patching = body.facts.executor(patch.scope)
    around = body.scope
    while around > patching:
        around = scopes[around].parent
    return around == patching or not scopes[patching].name.startswith("test")


def _is_async(body: Body, patch: PatchFacts) -> bool:
    """Does what takes the place of a coroutine function give a coroutine as well?"""
    entity = body.evaluate(patch.scope, patch.replacement)
    if isinstance(entity, Function):
        return body.project.function(entity).is_async
    entity = entity.of if isinstance(entity, Instance) else entity
    made_of = entity or body.evaluate(patch.scope, callee_of(patch.replacement))
    return isinstance(made_of, Named) and made_of.name.endswith(_COROUTINE_MOCKS)


def _expects(body: Body, above: "CSTNode", inner: "CSTNode") -> bool:
    match above:
        case cst.With(items=items):
            entered = takewhile(lambda item: item is not inner, items)
            calls = [item.item for item in entered if isinstance(item.item, cst.Call)]
            return any(_last_name(body, call) in _EXPECTING and _names_refusal(body, call) for call in calls)
        case cst.Try(handlers=handlers) if inner is above.body:
            return any(handler.type and not body.caught(handler.type).isdisjoint(_REFUSALS) for handler in handlers)
    return False


def is_warned_of(body: Body, call: "Call") -> bool:
    """Is the warning of a coroutine that is never awaited wanted, or silenced, where it is made?"""
    return (
        (body.function is not None and "recwarn" in body.function.parameters)
        or any(_takes_warning(body, above) for above in body.ancestors(call) if isinstance(above, cst.With))
        or any(_filters(body, other) for other in _decorating(body))
        or any(_filters(body, other) for other in body.nodes)
    )


def _takes_warning(body: Body, statement: "With") -> bool:
    calls = [(item.item, _last_name(body, item.item)) for item in statement.items if isinstance(item.item, cst.Call)]
    # what a `catch_warnings` catches is said by the filters inside
    texts = [body.text(statement if name == "catch_warnings" else call) for call, name in calls if name in _WARNINGS]
    kinds = [set(_WARNING.findall(text)) for text in texts]
    return any(not kind or not kind.isdisjoint({"RuntimeWarning", "Warning"}) for kind in kinds)


def _decorating(body: Body) -> "Iterator[CSTNode]":
    for decorator in body.node.decorators if isinstance(body.node, cst.FunctionDef) else ():
        yield from walk(decorator)


def _filters(body: Body, node: "CSTNode") -> bool:
    is_filter = isinstance(node, cst.Call) and _last_name(body, node) in _FILTERS
    return is_filter and _NEVER_AWAITED.search(body.text(node)) is not None


def _last_name(body: Body, call: "Call") -> str:
    return (body.name_of(call.func) or code_of(call.func)).rpartition(".")[2]


def _names_refusal(body: Body, call: "Call") -> bool:
    return any(not body.caught(argument.value).isdisjoint(_REFUSALS) for argument in call.args)


def is_asked_about(body: Body, expression: "BaseExpression") -> bool:
    """Does the body ask anywhere what kind of thing an expression is, or what a call calls?"""
    code = code_of(expression)
    names = {code, code.removesuffix("()")} - {""}
    return bool(names) and any(not names.isdisjoint(asked) for asked in _asked(body))


def is_narrowed(body: Body, call: "Call") -> bool:
    """Is the object whose method is called asked to be of a class that has another method of that name?"""
    if not isinstance(call.func, cst.Attribute):
        return False
    owner, name, method = code_of(call.func.value), call.func.attr.value, body.resolve(call.func)
    tests = (node for node in walk(body.node) if isinstance(node, cst.Call) and _last_name(body, node) == "isinstance")
    about = (test for test in tests if len(test.args) == 2 and owner and code_of(test.args[0].value) == owner)
    classes = [klass for test in about for klass in _classes(body.resolve(test.args[1].value))]
    return any(klass is None or body.project.member(Instance(klass), name) != method for klass in classes)


def _classes(entity: Entity | None) -> Iterator[Class | Named | None]:
    for each in entity.items if isinstance(entity, Items) else (entity,):
        yield each if isinstance(each, Class | Named) else None


def _asked(body: Body) -> Iterator[set[str]]:
    for node in walk(body.node):
        if isinstance(node, cst.Call) and _last_name(body, node) in _QUESTIONS:
            yield {code_of(argument.value) for argument in node.args}
