import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import (
    AsyncGenerator,
    Body,
    BodyKind,
    Coroutine,
    Problem,
    dropped_coroutines,
    exceptional_calls,
    rule,
)
from asynclint.rule import nodes as cst
from asynclint.rule.awaiting import added_await
from asynclint.rule.collectors import local_collector
from asynclint.rule.coroutines import (
    awaited_elsewhere,
    definition,
    is_expected_to_fail,
    is_lazy,
    is_run_by_call,
    remedy,
)
from asynclint.rule.expected import is_asked_about, is_narrowed, is_replaced, is_warned_of
from asynclint.rule.values import Destination, Fate, destination, is_handled

if TYPE_CHECKING:
    from libcst import Call

_DUMMY = re.compile(r"__?|_[a-z].*")
_LOCALS = ("builtins.locals", "builtins.vars", "builtins.exec", "builtins.eval")


@rule(
    code="ASL101",
    wants=dropped_coroutines() | exceptional_calls(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
    on_anyio=True,
)
def unawaited_coroutine(body: Body) -> Iterator[Problem]:
    """A coroutine is called and its result dropped, so the code inside never runs.

    Calling an `async def` function runs none of it. The call makes a coroutine object, and only awaiting that object,
    or handing it to a task, runs the function. When the object is dropped Python says "coroutine ... was never
    awaited" at some later moment, as a warning that names neither the caller nor the line; the work is silently
    left out.

    Reported are calls of functions known to be coroutine functions: of the same file, of the project through imports,
    classes and their bases, and of the standard library. The result counts as dropped when the call is a statement of
    its own, when it is bound to a name that nothing reads, and when it goes into a list that is never awaited.

    Of the most used libraries it is known which of their functions are coroutine functions, and which give an object
    that does nothing before it is awaited or entered, such as `session.get(url)` of aiohttp.

    Where nothing is known of a method, its file may still tell: a call that stands alone while the same call is awaited
    at least three times in the file, and never used in another way, is shown as information.

    ## Bad

    ```python
    import asyncio

    async def save(record): ...

    async def handle(record):
        save(record)  # ASL101
        asyncio.sleep(1)  # ASL101
        unused = save(record)  # ASL101
        pending = [save(part) for part in record]  # ASL101
        print(len(pending))
    ```

    ## Good

    ```python
    import asyncio

    async def save(record): ...

    async def handle(record):
        await save(record)
        coroutine = save(record)
        await asyncio.wait_for(coroutine, timeout=5)
        await asyncio.gather(*[save(part) for part in (record, record)])

    def saving(record):
        return save(record)
    ```

    ## What to do

    Write `await` before the call. Where the caller should not wait, make a task of it and keep the task:
    `task = asyncio.create_task(save(record))`. A plain `def` cannot await: make it `async def`, or start the coroutine
    with `asyncio.run(...)` where no event loop runs yet.

    ## Fix

    Adds `await` where one may stand. Unsafe: the coroutine runs then, and what follows waits for it; where it
    should run beside the rest, make it a task instead.

    ## Not reported

    A coroutine that is returned, yielded, stored in an attribute or passed to any function: somebody else may await
    it. One whose warning is asked for or silenced where it is made (`pytest.warns`, `warnings.catch_warnings`), one
    whose call is expected to fail (`pytest.raises(TypeError)`: but it cannot raise an exception of your own), and one
    of a function that a test has replaced by something plain. Plain code that calls a package which makes its
    coroutine functions run at once, as `telethon.sync` does.
    Functions behind a decorator that asynclint does not know are left alone, because the decorator may have
    changed what a call gives.
    """
    for call in body.all_calls():
        entity = body.resolve(call)
        if isinstance(entity, AsyncGenerator):
            if _is_statement(body, call):
                trace = definition(body, entity.of)
                yield Problem(call, _generator_message(body, call), trace=trace)
        elif isinstance(entity, Coroutine) and (how := _dropped(body, call)):
            if not _is_meant(body, call, entity):
                fixes = added_await(body, call, is_safe=False)
                yield Problem(call, _message(body, call, how), trace=definition(body, entity.of), fixes=fixes)
        elif is_lazy(entity) and (how := _dropped(body, call)):
            yield Problem(call, _request_message(body, call, how), fixes=added_await(body, call, is_safe=False))
        elif entity is None and _is_statement(body, call) and (times := awaited_elsewhere(body, call)):
            fixes = added_await(body, call, is_safe=False)
            yield Problem(call, _exception_message(body, call, times), is_information=True, fixes=fixes)


def _is_meant(body: Body, call: "Call", entity: Coroutine) -> bool:
    if is_run_by_call(body, entity) or is_expected_to_fail(body, call) or is_warned_of(body, call):
        return True
    if is_asked_about(body, call) or is_narrowed(body, call):
        return True
    return is_replaced(body, body.project.qualname(entity.of))


def _is_statement(body: Body, call: "Call") -> bool:
    return destination(body, call).fate is Fate.DROPPED


def _dropped(body: Body, call: "Call") -> str:
    """How the coroutine is lost, "" when it is not."""
    where = destination(body, call)
    match where.fate:
        case Fate.DROPPED:
            return "is never awaited"
        case Fate.BOUND if body.kind is BodyKind.MODULE or _in_class(body, call):
            return "is never awaited" if where.names == ("_",) and not any(body.reads("_")) else ""
        case Fate.BOUND:
            return _unread(body, where)
        case Fate.ARGUMENT:
            container = local_collector(body, where.call)
            return f"goes into `{container}`, which nothing awaits" if container else ""
    return ""


def _in_class(body: Body, call: "Call") -> bool:
    return any(isinstance(above, cst.ClassDef) for above in body.ancestors(call))


def _unread(body: Body, where: Destination) -> str:
    """A local that nothing reads; a local list may be measured or printed, which awaits nothing either."""
    read = any(is_handled(body, name) if where.collected else any(body.reads(name)) for name in where.names)
    if read or any(body.calls(*_LOCALS)):
        return ""
    name = where.names[0]
    if _DUMMY.fullmatch(name):
        return "is never awaited"
    return f"{'goes into' if where.collected else 'is bound to'} `{name}`, which nothing awaits"


def _message(body: Body, call: "Call", how: str) -> str:
    callee = body.text(call.func)
    return f"coroutine `{callee}(...)` {how}, so it never runs; {remedy(body)}"


def _request_message(body: Body, call: "Call", how: str) -> str:
    advice = "add `await` or enter it by `async with`" if body.is_async else remedy(body)
    return f"`{body.text(call.func)}(...)` {how}, so nothing happens; {advice}"


def _exception_message(body: Body, call: "Call", times: int) -> str:
    callee = body.text(call.func)
    return f"`{callee}(...)` is not awaited here, while this file awaits it {times} times elsewhere; add `await`"


def _generator_message(body: Body, call: "Call") -> str:
    callee = body.text(call.func)
    advice = "iterate over it with `async for`" if body.is_async else "only a coroutine can iterate over it"
    return f"async generator `{callee}(...)` is made and dropped, so none of it runs; {advice}"
