from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Coroutine, Problem, misused_coroutines, returned_coroutines, rule
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import added_await
from asynclint.rule.coroutines import definition, is_lazy, is_run_by_call, remedy
from asynclint.rule.expected import is_narrowed, is_replaced
from asynclint.rule.misplaced import Misplaced, misplaced
from asynclint.rule.misuse import CONSUMERS, is_tested_by_each

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL102",
    wants=misused_coroutines(CONSUMERS) | returned_coroutines(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
    on_anyio=True,
)
def coroutine_as_value(body: Body) -> Iterator[Problem]:
    """A coroutine object is used where its result was meant.

    Without `await`, the call of an `async def` function gives a coroutine object. As a condition it is always true, it
    never equals the answer it would have given, a log line shows `<coroutine object ...>`, and an attribute,
    an index or a loop raises `TypeError` or `AttributeError`. The function itself never runs.

    The same holds through a local variable: when the variable certainly holds the coroutine where an attribute, an
    index, a loop or an operator is asked of it, or when all that the function does with it is a misuse of this kind.
    The call is reported, because the `await` is missing there, and the use is shown with it.

    A coroutine function that returns the coroutine of another one gives its callers a result that they have to await
    again. That is an error where it is annotated to return something else, and information where it is not.

    ## Bad

    ```python
    import asyncio

    async def exists(key): ...

    async def names(): ...

    async def load(key):
        if not exists(key):  # ASL102
            return None
        print(exists(key))  # ASL102
        found = exists(key)  # ASL102
        if found:
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

    ## Fix

    Adds `await`, in parentheses where something follows. Safe: the coroutine stood for its result and did nothing.
    Unsafe where something else may still run it, or the finding is in doubt; none in generator expressions and
    lambdas.

    ## Not reported

    A coroutine that is passed to any other function, stored, or returned by a plain function; the methods of coroutine
    objects themselves (`close`, `send`, `throw`); variables that are asked whether they are awaitable; variables that
    are tested, compared or printed and also awaited or handed on somewhere in the function.
    """
    for call in _calls(body):
        entity = body.resolve(call)
        is_plain = isinstance(entity, Coroutine) and (_is_plain_here(body, entity) or is_narrowed(body, call))
        is_coroutine = isinstance(entity, Coroutine) and not is_plain
        found = misplaced(body, call) if is_coroutine or is_lazy(entity) else None
        if found is not None:
            definitions = definition(body, entity.of) if isinstance(entity, Coroutine) else ()
            message = _message(body, call, found, "coroutine" if isinstance(entity, Coroutine) else "request")
            fixes = added_await(body, call, is_safe=not found.is_doubtful and not found.may_run)
            trace = found.trace + definitions
            yield Problem(call, message, trace=trace, is_information=found.is_doubtful, fixes=fixes)


def _is_plain_here(body: Body, entity: Coroutine) -> bool:
    return is_run_by_call(body, entity) or is_replaced(body, body.project.qualname(entity.of))


def _calls(body: Body) -> Iterator["Call"]:
    """Its own calls, and those in generator expressions that are consumed on the spot."""
    for node in body.nodes:
        if isinstance(node, cst.Call):
            yield node
        elif (
            isinstance(node, cst.GeneratorExp) and is_tested_by_each(body, node.elt) and isinstance(node.elt, cst.Call)
        ):
            yield node.elt


def _message(body: Body, call: "Call", found: Misplaced, kind: str) -> str:
    advice = "gather the results first" if is_tested_by_each(body, call) else "add `await`"
    bound = f", bound to `{found.variable}`," if found.variable else ""
    effect = "" if found.may_run else ", and never runs"
    return f"{kind} `{body.text(call.func)}(...)`{bound} {found.how}{effect}; {remedy(body, advice)}"
