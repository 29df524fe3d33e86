from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Problem, entering_again, methods, rule
from asynclint.rule import nodes as cst
from asynclint.rule.acquisitions import Again, Taking, private_takings, taken_again, takings, unprotected
from asynclint.rule.exclusion import excludes_others
from asynclint.rule.locks import ASYNC_LOCKS, THREAD_LOCKS, is_private
from asynclint.rule.rechecks import is_tested_again
from asynclint.rule.suspension import wait_text
from asynclint.rule.trees import code_of, walk

if TYPE_CHECKING:
    from libcst import Call, CSTNode, If

_LOCK = frozenset({"asyncio.Lock"})
_CONDITION = "asyncio.Condition"
_OF_CONDITIONS = frozenset({"wait", "wait_for", "notify", "notify_all"})


@rule(
    code="ASL506",
    wants=entering_again(*ASYNC_LOCKS, *THREAD_LOCKS)
    | methods(ASYNC_LOCKS | THREAD_LOCKS, "acquire")
    | methods([_CONDITION], *_OF_CONDITIONS),
    pitfall="https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",
)
def lock_misuse(body: Body) -> Iterator[Problem]:
    """A lock that protects nothing, that stays locked after an exception, or that its own holder waits for.

    A lock works when everybody takes the same one, gives it back whatever happens, and does not ask for it twice: an
    `asyncio.Lock` does not know who holds it, so whoever holds it and takes it again waits for ever. A condition wants
    its lock held for `wait()` and `notify()`, and its test made again after every `wait()`.

    ## Bad

    ```python
    import asyncio

    lock = asyncio.Lock()

    async def save(row):
        async with lock:
            print("saved", row)

    async def save_all(rows):
        async with lock:
            for row in rows:
                await save(row)  # ASL506

    async def a_lock_of_its_own(client):
        mine = asyncio.Lock()
        async with mine:  # ASL506
            await client.save()

    async def locked_for_ever_after_an_exception(client):
        await lock.acquire()  # ASL506
        await client.save()
        lock.release()

    class Box:
        def __init__(self):
            self.changed = asyncio.Condition()
            self.full = False

        async def take(self):
            async with self.changed:
                if not self.full:
                    await self.changed.wait()  # ASL506
                self.full = False

        async def put(self):
            self.full = True
            self.changed.notify()  # ASL506
    ```

    ## Good

    ```python
    import asyncio

    lock = asyncio.Lock()

    async def save(row):
        print("saved", row)

    async def save_all(rows):
        async with lock:
            for row in rows:
                await save(row)

    async def unlocked_whatever_happens(client):
        await lock.acquire()
        try:
            await client.save()
        finally:
            lock.release()

    class Box:
        def __init__(self):
            self.changed = asyncio.Condition()
            self.full = False

        async def take(self):
            async with self.changed:
                await self.changed.wait_for(lambda: self.full)
                self.full = False

        async def put(self):
            async with self.changed:
                self.full = True
                self.changed.notify()
    ```

    ## What to do

    Make a lock once, where all who share something find it: in `__init__` or in the module. Prefer `async with lock:`
    to `acquire()`; otherwise `release()` in the `finally` of a `try` that begins right after it. Split what takes a
    lock into a part that takes it and one that expects it to be held. Wait with `wait_for(predicate)`.

    ## Not reported

    Locks that functions inside, callers or others get to see; locks of their own in test files; a lock that another
    function or a callback releases, or that is released under a condition; semaphores that are taken twice; a lock that
    the called function takes only under a condition, or of another object; `wait()` in any loop, and under an `if` that
    returns behind it or whose test is made again before anything rests on it; conditions in private functions and in
    those that their own file calls, because the caller may hold the lock. A `wait()` under an `if` is information only:
    the code behind it may not depend on what was tested.
    """
    if not body.is_async:
        return
    for taking in private_takings(body, ASYNC_LOCKS | THREAD_LOCKS):
        if not body.is_test:
            yield Problem(taking.taken, _useless(body, taking))
    for taking in takings(body, ASYNC_LOCKS):
        if is_private(body, taking.lock):
            continue
        if taking.block is None:
            yield from _not_released(body, taking)
        elif body.type_of(taking.lock) in _LOCK and taking.block.asynchronous is not None:
            yield from (_deadlock(body, again) for again in taken_again(body, taking))
    yield from _conditions(body)


def _useless(body: Body, taking: Taking) -> str:
    made = f"`{body.text(taking.lock)}` is made anew in each call of `{body.name}`"
    return f"{made}, so nobody else ever waits for it and it protects nothing; make it once, where all callers share it"


def _not_released(body: Body, taking: Taking) -> Iterator[Problem]:
    fault = unprotected(body, taking)
    if fault is None:
        return
    lock = body.text(taking.lock)
    skipped = (
        f"when {_cause(body, fault)}, `{lock}.release()` is skipped and whoever takes `{lock}` next waits for ever"
    )
    trace = ((fault, "an exception or a cancellation here leaves it locked"),)
    yield Problem(taking.taken, f"{skipped}; use `async with {lock}`", trace=trace)


def _cause(body: Body, fault: "CSTNode") -> str:
    match fault:
        case cst.Call(func=func):
            return f"`{body.text(func)}(...)` raises"
        case cst.Raise():
            return "this body raises"
        case cst.Yield():
            return "an exception is thrown in at the `yield`"
    return f"{wait_text(body, fault)} raises or is cancelled"


def _deadlock(body: Body, again: Again) -> Problem:
    lock = body.text(again.lock)
    remedy = "release it first, or split off what needs no lock"
    if again.inner is None:
        message = f"`{body.name}` holds `{lock}` already, and taking it again waits for ever; {remedy}"
        return Problem(again.node, message, trace=((again.lock, "it is taken here"),))
    assert isinstance(again.node, cst.Call)
    called = f"`{body.text(again.node.func)}(...)` takes `{lock}`"
    message = f"{called}, which `{body.name}` holds already, and so waits for ever; {remedy}"
    return Problem(again.node, message, trace=((again.lock, "it is taken here"), (again.inner, "and again here")))


# conditions


def _conditions(body: Body) -> Iterator[Problem]:
    for call in body.all_calls():
        match call.func:
            case cst.Attribute(value=condition, attr=cst.Name(value=method)) if method in _OF_CONDITIONS:
                if body.type_of(condition) == _CONDITION:
                    yield from _misused(body, call, body.text(condition), method)


def _misused(body: Body, call: "Call", condition: str, method: str) -> Iterator[Problem]:
    above = list(body.ancestors(call))
    if not excludes_others(body, call):
        if body.name.startswith("_") or any(body.call_sites()):
            return  # whoever calls it may hold the lock
        message = f"`{condition}.{method}()` raises `RuntimeError` unless `{condition}` is held"
        yield Problem(call, f"{message}, and nothing here takes it; put it into `async with {condition}`")
    elif method == "wait" and not any(isinstance(node, cst.While | cst.For) for node in above):
        test = next((node for node in above if isinstance(node, cst.If) and _is_predicate(node)), None)
        is_held = any(
            code_of(item.item) == condition for node in above if isinstance(node, cst.With) for item in node.items
        )
        if test is not None and is_held and not is_tested_again(body, test, call):
            tested = f"`{body.text(test.test)}` is not tested again after `{condition}.wait()`"
            told = "another coroutine may have come first, or the wait ended without reason"
            advice = f"make the `if` a `while`, or use `{condition}.wait_for(...)`"
            yield Problem(call, f"{tested}, though {told}; {advice}", is_information=True)


def _is_predicate(test: "If") -> bool:
    """Does it test what others may change, rather than only variables of its own?"""
    return any(isinstance(part, cst.Attribute) for part in walk(test.test))
