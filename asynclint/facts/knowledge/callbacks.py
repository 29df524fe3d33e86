"""Calls that take a plain function to call it later or elsewhere, without awaiting what it gives."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct


class Caller(Enum):
    """Who calls the function, and so what becomes of its result."""

    LOOP = "loop"  # in its own thread, and drops it
    OTHER_THREADS_LOOP = "other thread's loop"  # the same
    SIGNAL_OF_LOOP = "signal of loop"  # the same; refuses coroutine functions
    THREAD = "thread"  # drops it
    POOL = "pool"  # a thread or process hands it back
    SIGNAL = "signal"  # drops it
    EXIT = "exit"  # when the interpreter ends or an object dies; drops it
    STACK = "stack"  # when a block is left; drops it
    ORDER = "order"  # compares it with others
    CHOICE = "choice"  # asks whether it is true


class Callback(Struct, frozen=True):
    """Where a call takes the function, by position (-1: by keyword only) or by keyword ("": by position only)."""

    caller: Caller
    position: int
    keyword: str = ""


_LOOPS = ("asyncio.AbstractEventLoop", "asyncio.BaseEventLoop")
_FUTURES = ("asyncio.Future", "asyncio.Task")
_EXECUTORS = tuple(f"concurrent.futures.{kind}" for kind in ("Executor", "ThreadPoolExecutor", "ProcessPoolExecutor"))
_OF_LOOP = {
    "call_soon": Callback(Caller.LOOP, 0, "callback"),
    "call_soon_threadsafe": Callback(Caller.OTHER_THREADS_LOOP, 0, "callback"),
    "call_later": Callback(Caller.LOOP, 1, "callback"),
    "call_at": Callback(Caller.LOOP, 1, "callback"),
    "add_reader": Callback(Caller.LOOP, 1, "callback"),
    "add_writer": Callback(Caller.LOOP, 1, "callback"),
    "add_signal_handler": Callback(Caller.SIGNAL_OF_LOOP, 1, "callback"),
    "run_in_executor": Callback(Caller.POOL, 1, "func"),
}
_ADD_DONE_CALLBACK = Callback(Caller.LOOP, 0)
_KEY = Callback(Caller.ORDER, -1, "key")

CALLBACKS: Mapping[str, Callback] = {
    **{f"{loop}.{method}": callback for loop in _LOOPS for method, callback in _OF_LOOP.items()},
    **{f"{future}.add_done_callback": _ADD_DONE_CALLBACK for future in _FUTURES},
    "concurrent.futures.Future.add_done_callback": Callback(Caller.THREAD, 0),  # in the one that did the work
    **{f"{executor}.submit": Callback(Caller.POOL, 0) for executor in _EXECUTORS},
    "contextlib._BaseExitStack.callback": Callback(Caller.STACK, 0),
    "asyncio.to_thread": Callback(Caller.POOL, 0, "func"),
    "anyio.to_thread.run_sync": Callback(Caller.POOL, 0, "func"),
    "fastapi.concurrency.run_in_threadpool": Callback(Caller.POOL, 0, "func"),
    "starlette.concurrency.run_in_threadpool": Callback(Caller.POOL, 0, "func"),
    "threading.Thread": Callback(Caller.THREAD, 1, "target"),
    "threading.Timer": Callback(Caller.THREAD, 1, "function"),
    "multiprocessing.Process": Callback(Caller.THREAD, 1, "target"),
    "signal.signal": Callback(Caller.SIGNAL, 1),
    "atexit.register": Callback(Caller.EXIT, 0),
    "weakref.finalize": Callback(Caller.EXIT, 1),
    "builtins.sorted": _KEY,
    "builtins.min": _KEY,
    "builtins.max": _KEY,
    "builtins.list.sort": _KEY,
    "heapq.nlargest": Callback(Caller.ORDER, 2, "key"),
    "heapq.nsmallest": Callback(Caller.ORDER, 2, "key"),
    "builtins.filter": Callback(Caller.CHOICE, 0),
    "itertools.filterfalse": Callback(Caller.CHOICE, 0),
    "itertools.dropwhile": Callback(Caller.CHOICE, 0),
    "itertools.takewhile": Callback(Caller.CHOICE, 0),
}
# Methods that only event loops and futures have, so that an object of which nothing is known must be one.
UNMISTAKABLE: Mapping[str, Callback] = {
    "add_done_callback": _ADD_DONE_CALLBACK,
    **{name: _OF_LOOP[name] for name in ("call_soon", "call_soon_threadsafe", "run_in_executor")},
}
RUN_ON_LOOP = frozenset({Caller.LOOP, Caller.OTHER_THREADS_LOOP, Caller.SIGNAL_OF_LOOP})
