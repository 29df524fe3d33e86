from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Function, InTests, Problem, rule, sync_twins
from asynclint.rule import nodes as cst
from asynclint.rule.twins import blocks, twin_passed_over

if TYPE_CHECKING:
    from libcst import Call


@rule(
    code="ASL213",
    on_anyio=True,
    wants=sync_twins(),
    pitfall="https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    in_tests=InTests.SILENT,
)
def sync_twin(body: Body) -> Iterator[Problem]:
    """A coroutine calls the blocking one of two functions that do the same.

    Code that serves both kinds of callers often has everything twice: `save` for plain code, and `asave`,
    `async_save` or `save_async` for coroutines. In a coroutine it is easy to write the wrong one of the two. It works,
    and nothing warns, but the whole event loop waits while it does.

    ## Bad

    ```python
    class Store:
        def __init__(self, client, async_client):
            self.client = client
            self.async_client = async_client

        def save(self, record):
            self.client.put(record)

        async def asave(self, record):
            await self.async_client.put(record)

    async def handle(store: Store, record):
        store.save(record)  # ASL213
    ```

    ## Good

    ```python
    class Store:
        def __init__(self, client, async_client):
            self.client = client
            self.async_client = async_client

        def save(self, record):
            self.client.put(record)

        async def asave(self, record):
            await self.async_client.put(record)

    async def handle(store: Store, record):
        await store.asave(record)
    ```

    Where the plain function is not seen to come to a call that blocks, it only may block, and that is information.

    ## What to do

    Await the twin: `await store.asave(record)`.

    ## Not reported

    Calls inside the twin itself and below it; getters and functions that only compute, start a task, or return an
    awaitable; pairs whose coroutine function awaits nothing or takes other arguments; functions with a flag, which
    may say that there is nothing to wait for; and coroutines that use the twin as well, because they seem to choose
    or to want both. The two must be defined by the same class or the same module. Test files are left alone.
    """
    for call in body.all_calls() if body.is_async else ():
        if found := twin_passed_over(body, call):
            twin = body.project.scope(found.twin).name
            is_known = blocks(body.project, found.plain)
            message = _message(body, call, twin, "blocks" if is_known else "may block")
            yield Problem(
                call, message, trace=tuple(_trace(body, found.plain, found.twin)), is_information=not is_known
            )


def _message(body: Body, call: "Call", twin: str, effect: str) -> str:
    owner = f"{body.text(call.func.value)}." if isinstance(call.func, cst.Attribute) else ""
    called, better = body.text(call.func), f"{owner}{twin}"
    return f"`{called}(...)` {effect} the event loop; `{better}` is its asynchronous twin: `await {better}(...)`"


def _trace(body: Body, plain: Function, twin: Function) -> Iterator[tuple[Function, str]]:
    yield plain, f"`{body.project.qualname(plain)}` is a plain function"
    yield twin, f"`{body.project.qualname(twin)}` is a coroutine function"
