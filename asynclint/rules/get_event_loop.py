from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Class, Named, Problem, calls, rule
from asynclint.rule import nodes as cst
from asynclint.rule.loops import is_patched
from asynclint.rule.running import asked_for_the_running_loop, run_by_asyncio
from asynclint.rule.values import destination

if TYPE_CHECKING:
    from libcst import BaseExpression, Call, CSTNode, Try

_RUNNERS = frozenset({"run_until_complete", "run_forever"})
_LOOKING = frozenset({"is_running", "is_closed"})  # such code asks, and knows that there may be no loop
_PROTOCOLS = frozenset(
    f"asyncio.{name}Protocol" for name in ("", "Base", "Buffered", "Datagram", "Subprocess", "StreamReader")
)
_TEST_CASE = "unittest.IsolatedAsyncioTestCase"
_WARNS_SINCE, _RAISES_SINCE = (3, 12), (3, 14)
_COVERS_RUNTIME_ERROR = frozenset({"builtins.RuntimeError", "builtins.Exception", "builtins.BaseException"})


@rule(
    code="ASL601",
    wants=calls("asyncio.get_event_loop"),
    pitfall="https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.get_event_loop",
)
def get_event_loop(body: Body) -> Iterator[Problem]:
    """`asyncio.get_event_loop()` where it is misleading, or raises on Python 3.14.

    Inside a coroutine it gives the running loop, and `asyncio.get_running_loop()` says so; that is information only.
    Anywhere else it used to make a loop when there was none; since Python 3.12 it warns, and since 3.14 it raises
    `RuntimeError: There is no current event loop`. So code breaks that calls it while a module is imported, in an
    `__init__` that may run before the loop does, or to get a loop for `run_until_complete`.

    ## Bad

    ```python
    import asyncio

    loop = asyncio.get_event_loop()  # ASL601

    class Client:
        def __init__(self):
            self.loop = asyncio.get_event_loop()  # ASL601

    async def wait():
        loop = asyncio.get_event_loop()  # ASL601
        await loop.run_in_executor(None, print)

    def main():
        asyncio.get_event_loop().run_until_complete(wait())  # ASL601
    ```

    ## Good

    ```python
    import asyncio

    async def wait():
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, print)

    def main():
        asyncio.run(wait())

    def deadline(seconds):
        return asyncio.get_event_loop().time() + seconds
    ```

    ## What to do

    In a coroutine write `asyncio.get_running_loop()`: it is the same loop. To run a coroutine from plain code write
    `asyncio.run(main())`, or use `asyncio.Runner` for several in a row. Ask for the loop when it is needed, not when
    the object is made.

    ## Fix

    In a coroutine: `get_running_loop()`, which gives the same; safe. In plain code, for a loop that only runs one
    coroutine to its end and is closed: `asyncio.run(...)`. Unsafe: that is another loop, and it cancels what is left.

    ## Not reported

    Other plain functions, which may well be called by a running loop (as `deadline` above); an `__init__` of a
    protocol, or of a class that its own file makes in coroutines only; `unittest.IsolatedAsyncioTestCase`, which sets a
    loop before every test; code that tries `get_running_loop()` first, handles the `RuntimeError`, tests
    `sys.version_info`, asks `is_running()`, or stands in a file that calls `set_event_loop`. Where the newest targeted
    Python (`target-version`) is older than 3.12, plain code is left alone. An `__init__` that asks only for lack of an
    argument, `if loop is None:`, is information unless its own file leaves that argument out.
    """
    for call in body.calls("asyncio.get_event_loop"):
        if _LOOKING & set(_methods(body, call)):
            continue
        if body.is_async:
            message = f"`{body.text(call)}` in a coroutine gives the running loop"
            yield Problem(
                call,
                f"{message}; use `{_running(body, call)}`, which says so",
                is_information=True,
                fixes=asked_for_the_running_loop(body, call),
            )
        elif body.target.newest >= _WARNS_SINCE and not _is_guarded(body, call) and (why := _in_plain_code(body, call)):
            given = _stood_in_for(body, call)
            is_given = given != "" and _is_always_given(body, given)
            fixes = run_by_asyncio(body, call)
            yield Problem(call, f"`{body.text(call)}` {why}", is_information=is_given, fixes=fixes)


def _running(body: Body, call: "Call") -> str:
    text = body.text(call)
    known = "get_event_loop" in text  # and not under another name: `from asyncio import get_event_loop as current`
    return text.replace("get_event_loop", "get_running_loop") if known else "asyncio.get_running_loop()"


def _in_plain_code(body: Body, call: "Call") -> str:
    """What goes wrong in code that is no coroutine, "" when a running loop may well call it."""
    fails = _failure(body)
    if body.kind is BodyKind.MODULE and not _under_main_guard(body, call):
        return f"at import time {fails}, because no event loop runs yet; get the loop inside a coroutine"
    if runner := next((method for method in _methods(body, call) if method in _RUNNERS), ""):
        return f"makes no loop any more: it {fails}; use `asyncio.run(...)` in place of `{runner}`"
    if body.name == "__init__" and body.owner is not None and not _is_made_on_a_loop(body, body.owner):
        owner, given = body.project.qualname(body.owner), _stood_in_for(body, call)
        made = f"`{owner}` is made without `{given}`" if given else f"`{owner}` is made"
        late = "use `asyncio.get_running_loop()`, best where the loop is needed"
        return f"{fails} when {made} before an event loop runs; {late}"
    return ""


def _stood_in_for(body: Body, call: "Call") -> str:
    """The parameter of the function for whose lack it asks: `if loop is None:`, `loop or get_event_loop()`."""
    parameters = (*body.function.parameters, *body.function.keywords) if body.function is not None else ()
    for below, above in pairwise((call, *body.ancestors(call))):
        match above:
            case cst.If(test=test) if below is above.body:
                name = _missing(test)
            case cst.BooleanOperation(left=cst.Name(value=left), operator=cst.Or()) if below is above.right:
                name = left
            case cst.IfExp(test=test) if below is above.body:
                name = _missing(test)
            case _:
                continue
        if name in parameters:
            return name
    return ""


def _missing(test: "BaseExpression") -> str:
    """`loop` in `loop is None` and `not loop`."""
    match test:
        case cst.Comparison(cst.Name(value=name), [cst.ComparisonTarget(cst.Is(), cst.Name(value="None"))]):
            return name
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.Name(value=name)):
            return name
    return ""


def _is_always_given(body: Body, parameter: str) -> bool:
    """Does every place in its own file that makes an object of the class pass this argument by its name?"""
    made = (call for call in body.facts.calls if body.project.call(body.facts.path, call) == body.owner)
    return all(any(code.startswith((f"{parameter}=", "**")) for code in call.arguments) for call in made)


def _failure(body: Body) -> str:
    raises = body.target.newest >= _RAISES_SINCE
    return "raises RuntimeError on Python 3.14" if raises else "warns since Python 3.12"


def _is_made_on_a_loop(body: Body, owner: Class) -> bool:
    """Is it a protocol, which the loop makes, or a class that its own file makes in coroutines only?"""
    if any(isinstance(base, Named) and base.name in _PROTOCOLS for base in body.project.lineage(owner)):
        return True
    made = [call for call in body.facts.calls if body.project.call(body.facts.path, call) == owner]
    makers = [body.facts.scopes[body.facts.executor(call.scope)].function for call in made]
    return bool(makers) and all(maker is not None and maker.is_async for maker in makers)


def _under_main_guard(body: Body, node: "CSTNode") -> bool:
    tests = (above.test for above in body.ancestors(node) if isinstance(above, cst.If))
    return any("__name__" in body.text(test) for test in tests)


def _methods(body: Body, call: "Call") -> Iterator[str]:
    """The methods and attributes used of the loop, or of the local it is kept in."""
    reads = (read for name in destination(body, call).names for read in body.reads(name))
    for node in (call, *reads):
        above = body.parent(node)
        if isinstance(above, cst.Attribute) and above.value is node:
            yield above.attr.value


def _is_guarded(body: Body, call: "Call") -> bool:
    """Does the code know what it does: handles the error, tests the version, has set or looked for a loop itself?

    `unittest.IsolatedAsyncioTestCase` sets a loop before any of its methods runs.
    """
    if body.owner is not None and Named(_TEST_CASE) in body.project.lineage(body.owner):
        return True
    if any(body.calls("asyncio.get_running_loop", "asyncio._get_running_loop")) or _has_loops_of_its_own(body):
        return True
    path = [call, *body.ancestors(call)]
    return any(
        (isinstance(above, cst.If) and "version_info" in body.text(above.test))
        or (isinstance(above, cst.Try) and _covers(body, above, below))
        for below, above in pairwise(path)
    )


def _covers(body: Body, statement: "Try", part: "CSTNode") -> bool:
    """Is the error handled by this `try`, or the loop asked for in its handler?"""
    if part is not statement.body and not isinstance(part, cst.ExceptHandler):
        return False
    return any(body.caught(handler.type) & _COVERS_RUNTIME_ERROR for handler in statement.handlers)


def _has_loops_of_its_own(body: Body) -> bool:
    """Does its file set the current loop, or patch asyncio so that loops nest?"""
    callees = (body.project.call(body.facts.path, call) for call in body.facts.calls)
    sets = any(callee == Named("asyncio.set_event_loop") for callee in callees)
    return sets or is_patched(body.facts)
