from collections.abc import Iterator

from asynclint.rule import Body, Problem, mentioning, rule, with_keywords
from asynclint.rule import nodes as cst
from asynclint.rule.modernising import modernised
from asynclint.rule.versions import KEYWORDS, LIVES, Aged, aged, spelled


@rule(
    code="ASL602",
    wants=mentioning(*LIVES) | with_keywords(KEYWORDS),
    pitfall="https://docs.python.org/3/whatsnew/3.10.html#changes-in-the-python-api",
)
def removed_asyncio_api(body: Body) -> Iterator[Problem]:
    """A part of asyncio that a Python the code has to run on does not have any more.

    The `loop` argument went with Python 3.10, `asyncio.coroutine` with 3.11, the child watchers with 3.14. There such
    code raises `TypeError`, `AttributeError` or `ImportError` as soon as it is reached, and often that is in a corner
    no test comes to.

    ## Bad

    ```python
    import asyncio

    async def main():
        ready = asyncio.Event(loop=asyncio.get_running_loop())  # ASL602
        ready.set()
        for task in asyncio.Task.all_tasks():  # ASL602
            task.cancel()
    ```

    ```python
    import asyncio

    @asyncio.coroutine  # ASL602
    def fetch():
        yield from asyncio.sleep(1)

    def watch():
        asyncio.set_child_watcher(asyncio.SafeChildWatcher())  # ASL602
    ```

    ## Good

    ```python
    import asyncio

    async def main():
        ready = asyncio.Event()
        ready.set()
        print(len(asyncio.all_tasks()))
    ```

    ## What to do

    Leave the `loop` out: asyncio takes the loop that runs. Write `async def` where `asyncio.coroutine` stood. A child
    watcher is not needed any more.

    ## Fix

    Leaves out the argument, or writes the name that took its place. Safe where no targeted Python knows the old way
    any more; none where more is to be rewritten.

    ## Not reported

    Code that knows of several Pythons: under a test of `sys.version_info` (or of a constant such as `PY310`), of
    `hasattr`, in a `try` that handles the error, or in its handler. Where the newest targeted Python
    (`target-version`) still has the API. `loop` where it is still taken: `asyncio.ensure_future`, `Task`, `Future`,
    `StreamReader`, `wrap_future`, `run_coroutine_threadsafe`. Keywords handed on by `**`.
    """
    for use in _outermost(body):
        yield Problem(use.node, _message(body, use), fixes=modernised(body, use))


def _outermost(body: Body) -> Iterator[Aged]:
    """The uses of what is gone, without the arguments of such calls."""
    gone = [use for use in aged(body) if use.life.removed is not None and body.target.newest >= use.life.removed]
    calls = {id(above) for use in gone if not use.keyword and isinstance(above := body.parent(use.node), cst.Call)}
    for use in gone:
        inner = next((a for a in body.ancestors(use.node) if id(a) in calls and a is not body.parent(use.node)), None)
        if inner is None:
            yield use


def _message(body: Body, use: Aged) -> str:
    since = f"was removed in Python {spelled(use.life.removed or (0, 0))}"
    if use.keyword:
        call = next(above for above in body.ancestors(use.node) if isinstance(above, cst.Call))
        what = f"the argument `{use.keyword}` of `{body.text(call.func)}` {since}"
        return f"{what} and the call raises TypeError; {use.life.instead}"
    error = "importing it raises ImportError" if isinstance(use.node, cst.Name) else "raises AttributeError"
    return f"`{body.text(use.node)}` {since} and {error}; {use.life.instead}"
