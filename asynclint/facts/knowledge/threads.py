"""What of asyncio may be done only by the thread of the event loop.

See https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading: almost no object of asyncio is
thread-safe, and what another thread does to it does not wake the loop. Functions that look for the running loop raise
`RuntimeError` in any other thread.
"""

from collections.abc import Mapping

_LOOPS = ("asyncio.AbstractEventLoop", "asyncio.BaseEventLoop")
_SAFELY = "use `{loop}.call_soon_threadsafe({method}, ...)`"
_AS_COROUTINE = "use `asyncio.run_coroutine_threadsafe(..., {loop})`"
_LATER = "use `{loop}.call_soon_threadsafe(...)` to call a function there that does it"
_METHODS = {
    "asyncio.Queue": ("put_nowait", "get_nowait", "task_done", "shutdown"),
    "asyncio.Event": ("set", "clear"),
    "asyncio.Future": ("set_result", "set_exception", "cancel"),
    "asyncio.Task": ("cancel",),
    "asyncio.Lock": ("release",),
    "asyncio.Semaphore": ("release",),
    "asyncio.BoundedSemaphore": ("release",),
    "asyncio.Condition": ("notify", "notify_all"),
}

# Methods, each with what to do instead; `{loop}` and `{method}` stand for the user's own names.
UNSAFE: Mapping[str, str] = {
    **{f"{klass}.{name}": _SAFELY for klass, names in _METHODS.items() for name in names},
    **{f"{loop}.call_soon": "use `{loop}.call_soon_threadsafe(...)`" for loop in _LOOPS},
    **{f"{loop}.{name}": _LATER for loop in _LOOPS for name in ("call_later", "call_at", "add_reader", "add_writer")},
    **{f"{loop}.create_task": _AS_COROUTINE for loop in _LOOPS},
    **{f"{loop}.stop": _SAFELY for loop in _LOOPS},
}
# Functions that raise RuntimeError where no loop runs.
LOOKING: Mapping[str, str] = {
    **dict.fromkeys(("asyncio.create_task", "asyncio.ensure_future"), _AS_COROUTINE),
    **dict.fromkeys(("asyncio.get_running_loop", "asyncio.get_event_loop"), "ask for the loop outside and hand it in"),
}
THREADSAFE = frozenset({"call_soon_threadsafe", "run_coroutine_threadsafe"})
# What makes the thread the one of a loop.
OWNING = frozenset({"asyncio.new_event_loop", "asyncio.set_event_loop", "asyncio.set_event_loop_policy"})
