from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, BodyKind, Coroutine, Problem, misused_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.coroutines import definition, remedy
from asynclint.rule.misuse import CONSUMERS, is_serialised, is_tested_by_each, misuse
from asynclint.rule.values import Fate, destination

if TYPE_CHECKING:
    from libcst import Call, CSTNode


@rule(
    code="ASL102",
    wants=misused_coroutines(CONSUMERS),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
    on_anyio=True,
)
def coroutine_as_value(body: Body) -> Iterator[Problem]:
    """A coroutine object is used where its result was meant.

    Without `await`, the call of an `async def` function gives a coroutine object. As a condition it is always true, it
    never equals the answer it would have given, a log line shows `<coroutine object ...>`, and an attribute,
    an index or a loop raises `TypeError` or `AttributeError`. The function itself never runs.

    The same holds through one local variable, when everything the function does with the variable is a misuse of this
    kind; then the first such use is reported and the call is shown with it.

    ## Bad

    ```python
    import asyncio

    async def exists(key): ...

    async def names(): ...

    async def load(key):
        if not exists(key):  # ASL102
            return None
        print(exists(key))  # ASL102
        found = exists(key)
        if found:  # ASL102
            return [name.title() for name in names()]  # ASL102
        return all(exists(part) for part in key)  # ASL102
    ```

    ## Good

    ```python
    import asyncio

    async def exists(key): ...

    async def names(): ...

    async def load(key):
        if not await exists(key):
            return None
        check = exists(key)
        if await check:
            return [name.title() for name in await names()]
        return all(await asyncio.gather(*(exists(part) for part in (key, key))))
    ```

    ## What to do

    Write `await` before the call, in parentheses where something follows: `(await load(key)).name`. In
    `all(f(x) for x in xs)` an `await` would make an asynchronous generator, which `all` refuses: write
    `all([await f(x) for x in xs])`, or gather the results first.

    ## Not reported

    A coroutine that is passed to any other function, returned or stored; the methods of coroutine objects themselves
    (`close`, `send`, `throw`); names that are also awaited or handed on somewhere in the function.
    """
    for call in _calls(body):
        entity = body.resolve(call)
        if isinstance(entity, Coroutine):
            for node, how in _misused(body, call):
                taken = () if node is call else ((call, "the coroutine is made here"),)
                yield Problem(node, _message(body, call, how), trace=(*taken, *definition(body, entity.of)))


def _calls(body: Body) -> Iterator["Call"]:
    """Its own calls, and those in generator expressions that are consumed on the spot."""
    for node in body.nodes:
        if isinstance(node, cst.Call):
            yield node
        elif (
            isinstance(node, cst.GeneratorExp) and is_tested_by_each(body, node.elt) and isinstance(node.elt, cst.Call)
        ):
            yield node.elt


def _misused(body: Body, call: "Call") -> Iterator[tuple["CSTNode", str]]:
    where = destination(body, call)
    if is_tested_by_each(body, call):
        yield call, "is always true as a condition"
    elif how := misuse(body, call):
        yield call, how
    elif where.collected and is_serialised(body, where.call):
        yield call, "is written out instead of its result"
    elif where.fate is Fate.BOUND and not where.collected and body.kind is not BodyKind.MODULE:
        yield from _through_a_local(body, where.names[0])


def _through_a_local(body: Body, name: str) -> Iterator[tuple["CSTNode", str]]:
    """The first use of a variable that holds nothing but one coroutine and is only ever misused."""
    uses = [(read, misuse(body, read)) for read in body.reads(name)]
    if uses and all(how for _, how in uses) and len(body.here.names.get(name, ())) == 1:
        yield uses[0]


def _message(body: Body, call: "Call", how: str) -> str:
    advice = "gather the results first" if is_tested_by_each(body, call) else "add `await`"
    return f"coroutine `{body.text(call.func)}(...)` {how}, and never runs; {remedy(body, advice)}"
