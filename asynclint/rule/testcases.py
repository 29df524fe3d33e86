"""Classes of tests: what runs their methods, as far as their bases say."""

from collections.abc import Iterator

from asynclint.facts.entities import Class, Named
from asynclint.facts.module import ScopeKind
from asynclint.rule.body import Body

PLAIN, ISOLATED = "unittest.TestCase", "unittest.IsolatedAsyncioTestCase"
_HARMLESS_BASES = frozenset({PLAIN, ISOLATED, "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
_HARMLESS_PREFIX = "pytest.mark."
# What decides how a test method is called, or which one.
_DECISIVE = frozenset(
    {
        *("run", "debug", "_callTestMethod", "_callSetUp", "_callTearDown", "_callMaybeAsync", "__test__"),
        *("__call__", "__init__", "__new__", "__init_subclass__", "__getattribute__", "__getattr__"),
    }
)


def isolation(body: Body, klass: Class) -> str:
    """The class of unittest that runs the tests of a class, "" when it is another one or that is not known."""
    lineage = body.project.lineage(klass)
    outside = {base.name for base in lineage if isinstance(base, Named)}
    if None in lineage or not outside <= _HARMLESS_BASES:
        return ""
    return ISOLATED if ISOLATED in outside else PLAIN if PLAIN in outside else ""


def is_run_by_itself(body: Body, klass: Class) -> bool:
    """May the class run its tests in a way of its own, or leave that to a class below, or be no more than a sample?"""
    lineage = [base for base in body.project.lineage(klass) if isinstance(base, Class)]
    return any(_decides(body, base) for base in lineage) or _is_inner(body, klass) or any(_made_otherwise(body, klass))


def _decides(body: Body, klass: Class) -> bool:
    scope = body.project.scope(klass)
    if scope.klass is None or scope.klass.keywords or not _DECISIVE.isdisjoint(scope.names):
        return True
    found = (body.project.evaluate(klass.path, scope.parent, c.removesuffix("()")) for c in scope.klass.decorators)
    return not all(isinstance(entity, Named) and entity.name.startswith(_HARMLESS_PREFIX) for entity in found)


def _is_inner(body: Body, klass: Class) -> bool:
    index = body.project.scope(klass).parent
    while index > 0:
        if body.facts.scopes[index].kind is ScopeKind.FUNCTION:
            return True
        index = body.facts.scopes[index].parent
    return False


def _made_otherwise(body: Body, klass: Class) -> Iterator[bool]:
    """Of each class of the file that inherits from this one: does it run its tests in another way?"""
    for index, scope in enumerate(body.facts.scopes):
        other = Class(body.facts.path, index)
        if scope.klass is not None and other != klass and klass in body.project.lineage(other):
            yield isolation(body, other) != isolation(body, klass) or _decides(body, other)
