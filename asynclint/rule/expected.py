"""Mistakes that the code around them expects: tests of the mistake itself, and values that are asked what they are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.facts.entities import Class, Entity, Instance, Items, Named
from asynclint.rule import nodes as cst
from asynclint.rule.body import Body
from asynclint.rule.parameters import KIND_TESTS
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode

_REFUSALS = frozenset({"builtins.TypeError", "builtins.AttributeError", "builtins.ValueError"})
_EXPECTING = ("raises", "assertRaises", "assertRaisesRegex", "suppress")
_QUESTIONS = KIND_TESTS | {"isinstance"}
_MOCKING = ("unittest.mock", "mock", "asynctest", "pytest_mock", "unittest")
_MOCKS = frozenset({"monkeypatch", "mocker", "mock"})


def is_expected(body: Body, node: "CSTNode", expression: "BaseExpression") -> bool:
    """Is a TypeError at `node` caught right here or wanted, or is it asked anywhere what kind of thing it is about?"""
    return is_asked_about(body, expression) or any(_expects(body, above) for above in body.ancestors(node))


def may_be_mocked(body: Body) -> bool:
    """May a test have put something else into the place of a function of the project?"""
    parameters = body.function.parameters if body.function else ()
    return body.is_test and (not _MOCKS.isdisjoint(parameters) or any(m in _MOCKING for m in body.facts.imports))


def _expects(body: Body, above: "CSTNode") -> bool:
    match above:
        case cst.With(items=items):
            calls = [item.item for item in items if isinstance(item.item, cst.Call)]
            return any(_last_name(body, call) in _EXPECTING and _names_refusal(body, call) for call in calls)
        case cst.Try(handlers=handlers):
            return any(handler.type and not body.caught(handler.type).isdisjoint(_REFUSALS) for handler in handlers)
    return False


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
