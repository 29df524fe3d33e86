import re
from collections.abc import Iterator

from asynclint.rule import (
    Body,
    BodyKind,
    Class,
    Problem,
    coroutine_functions,
    coroutine_functions_beginning,
    rule,
)
from asynclint.rule import nodes as cst
from asynclint.rule.decorators import decorators
from asynclint.rule.testcases import ISOLATED, is_run_by_itself, isolation

_PREPARING = ("setUp", "tearDown")
_PREPARING_CLASS = ("setUpClass", "tearDownClass")
_AWAITED = ("asyncSetUp", "asyncTearDown")
_PATCHES = frozenset(f"unittest.mock.patch{how}" for how in ("", ".object", ".dict", ".multiple"))
_TESTS = re.compile(r"test.*|runTest", re.DOTALL)
_TEST_MODULE = re.compile(r"(?:.*[\\/])?(?:test_[^\\/]*|[^\\/]*_test)\.py")


@rule(
    code="ASL903",
    wants=coroutine_functions_beginning("test")
    | coroutine_functions("runTest", *_PREPARING, *_PREPARING_CLASS, *_AWAITED),
    pitfall="https://docs.python.org/3/library/unittest.html#unittest.IsolatedAsyncioTestCase",
)
def unrun_async_test(body: Body) -> Iterator[Problem]:
    """An `async def` test that nothing awaits: it passes whatever it says.

    `unittest.TestCase` calls a test method and does not await it. Of an `async def` not one line runs, and the test
    is counted as passed; all that is seen of it is a warning that a coroutine was never awaited. The same happens to
    an `async def setUp` or `tearDown`, even in a `unittest.IsolatedAsyncioTestCase`, and a mark of pytest does not
    help, because its plugins leave the classes of unittest alone.

    ## Bad

    ```python
    import unittest

    async def fetch():
        return 1

    class FetchTest(unittest.TestCase):
        async def test_fetch(self):  # ASL903
            self.assertEqual(await fetch(), 2)
    ```

    ## Good

    ```python
    import unittest

    async def fetch():
        return 1

    class FetchTest(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.value = await fetch()

        async def test_fetch(self):
            self.assertEqual(self.value, 2)
    ```

    ## What to do

    Inherit from `unittest.IsolatedAsyncioTestCase`, which runs every test in an event loop of its own, and prepare in
    `asyncSetUp` and `asyncTearDown`. A test must not `yield`: then it is an async generator, which no runner runs.

    ## Not reported

    Plain functions and classes that pytest collects, because a plugin may run them, unless they `yield`. Classes with
    a base, a metaclass or a decorator that asynclint cannot see, or that replace how a test runs (`run`, `__call__`,
    `_callTestMethod`, `__getattribute__`, `__init__`). Tests under a decorator that may run them, tests that their own
    file calls, tests of a class that another one of the file makes isolated, and classes defined in functions.
    """
    if not isinstance(body.node, cst.FunctionDef) or not body.is_async or _may_be_run(body):
        return
    message = _of_unittest(body, body.owner) if body.owner is not None else ""
    message = message or (_of_pytest(body) if body.kind is BodyKind.ASYNC_GENERATOR else "")
    if message:
        yield Problem(body.node.name, message)


def _may_be_run(body: Body) -> bool:
    """Does a decorator stand on it that may run it, or its own file call it or make something else of it?"""
    if not all(each.is_transparent or each.name in _PATCHES for each in decorators(body)):
        return True
    if len(body.facts.scopes[body.here.parent].names.get(body.name, ())) > 1:
        return True
    mentions = (code for call in body.facts.calls for code in (call.callee, *call.arguments))
    return any(code.rpartition(".")[2] == body.name and not code.startswith("super().") for code in mentions)


def _of_unittest(body: Body, owner: Class) -> str:
    """What is wrong with a method of a `unittest.TestCase`, "" when nothing is, or it is no such class."""
    base = isolation(body, owner)
    if not base or is_run_by_itself(body, owner):
        return ""
    name = f"`{body.project.scope(owner).name}.{body.name}`"
    is_isolated = base == ISOLATED
    inherit = f"inherit from `{ISOLATED}`"
    if body.name in _PREPARING:
        new = f"`async{body.name[0].upper()}{body.name[1:]}`"
        remedy = f"name it {new}" if is_isolated else f"{inherit} and name it {new}"
        return f"{name} is `async def` and unittest does not await it: its body never runs; {remedy}"
    if body.name in _PREPARING_CLASS:
        return (
            f"{name} is `async def` and unittest does not await it: its body never runs; make it a plain `def` "
            "that calls `asyncio.run(...)`"
        )
    if body.name not in _AWAITED and not _TESTS.fullmatch(body.name):
        return ""
    if body.kind is BodyKind.ASYNC_GENERATOR and body.name not in _AWAITED:
        start = f"{name} is an async generator because it yields: unittest never runs it and the test passes"
        return f"{start}; take the `yield` out" if is_isolated else f"{start}; take the `yield` out and {inherit}"
    if is_isolated:
        return ""
    if body.name in _AWAITED:
        return f"{name} never runs: only `{ISOLATED}` calls it; {inherit}"
    return f"{name} is `async def` and `{base}` does not await it: its body never runs and the test passes; {inherit}"


def _of_pytest(body: Body) -> str:
    """What is wrong with a test that yields, where pytest collects it."""
    owner = body.owner
    if owner is not None and (not body.project.scope(owner).name.startswith("Test") or body.project.bases(owner)):
        return ""
    is_inner = body.here.parent != 0 if owner is None else body.project.scope(owner).parent != 0
    if is_inner or not _TESTS.fullmatch(body.name) or not _TEST_MODULE.fullmatch(body.facts.path):
        return ""
    what = f"`{body.name}` is an async generator because it yields, which pytest and its plugins do not run as a test"
    return f"{what}; take the `yield` out, or mark it as a fixture"
