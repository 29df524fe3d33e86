from collections.abc import Iterator

from asynclint.rule import Body, Default, Problem, mentioning, rule, with_keywords
from asynclint.rule import nodes as cst
from asynclint.rule.modernising import modernised
from asynclint.rule.versions import KEYWORDS, LIVES, Aged, Life, aged, spelled

_SETTER = "asyncio.set_event_loop_policy"


@rule(
    code="ASL603",
    default=Default.INFO,
    wants=mentioning(*LIVES) | with_keywords(KEYWORDS),
    pitfall="https://docs.python.org/3/library/asyncio-policy.html",
)
def deprecated_asyncio_api(body: Body) -> Iterator[Problem]:
    """A part of asyncio that warns, because it will be taken out.

    Since Python 3.14 event loop policies and `asyncio.iscoroutinefunction` give a `DeprecationWarning`; with 3.16 they
    are to go.

    ## Bad

    ```python
    import asyncio

    def uses_a_coroutine(function):
        return asyncio.iscoroutinefunction(function)  # ASL603

    def main(policy):
        asyncio.set_event_loop_policy(policy)  # ASL603
    ```

    ## Good

    ```python
    import asyncio
    import inspect

    def uses_a_coroutine(function):
        return inspect.iscoroutinefunction(function)

    def main(new_loop):
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(asyncio.sleep(1))
    ```

    ## What to do

    Choose the loop where it is made: `asyncio.run(main(), loop_factory=uvloop.new_event_loop)` since Python 3.12,
    `asyncio.Runner(loop_factory=...)` since 3.11. Whoever asks for the policy mostly wants a loop: the running one is
    `asyncio.get_running_loop()`, a new one `asyncio.new_event_loop()`. Ask `inspect.iscoroutinefunction`; of functions
    marked by `asyncio.coroutines._is_coroutine` it knows nothing, use `inspect.markcoroutinefunction` for these.

    ## Fix

    Leaves out the argument, or writes the name that took its place. `inspect.iscoroutinefunction` is unsafe before
    Python 3.12, where it does not know functions that are only marked as coroutine functions.

    ## Not reported

    What is gone already from the newest targeted Python (see ASL602), or does not warn there yet. Code that knows of
    several Pythons: under a test of `sys.version_info` or `hasattr`, in a `try` that handles the error, or in its
    handler. A policy that is made for `set_event_loop_policy`, which is reported itself.
    """
    for use in aged(body):
        newest, removed = body.target.newest, use.life.removed
        warns = newest >= use.life.deprecated and (removed is None or newest < removed)
        if warns and not _is_for_a_reported_call(body, use):
            yield Problem(use.node, _message(body, use), fixes=modernised(body, use))


def _is_for_a_reported_call(body: Body, use: Aged) -> bool:
    """Is it a policy that is given to what sets the policy?"""
    calls = (above for above in body.ancestors(use.node) if isinstance(above, cst.Call))
    return any(body.name_of(call.func) == _SETTER and call.func is not use.node for call in calls)


def _message(body: Body, use: Aged) -> str:
    since = f"is deprecated since Python {spelled(use.life.deprecated)}"
    if use.keyword:
        call = next(above for above in body.ancestors(use.node) if isinstance(above, cst.Call))
        return f"the argument `{use.keyword}` of `{body.text(call.func)}` {since}; {use.life.instead}"
    return f"`{body.text(use.node)}` {since}; {_life(body, use).instead}"


def _life(body: Body, use: Aged) -> Life:
    """The life of it, or of the known policy that it sets."""
    match body.parent(use.node):
        case cst.Call(args=[cst.Arg(value=cst.Call(func=policy))]) if use.name == _SETTER:
            return LIVES.get(body.name_of(policy), use.life)
    return use.life
