"""What asyncio once had: since which Python it warns, since which it is gone, and what stands in its place.

See https://docs.python.org/3/whatsnew/ of the versions named. Policies still work on Python 3.14, with a warning, and
are to go with 3.16.
"""

from collections.abc import Mapping

from msgspec import Struct

Version = tuple[int, int]


class Life(Struct, frozen=True):
    """The life of an API: first version that warns, first without it (None while that is to come), what to do.

    `name` is what can be written in its place, "" where more is to be done.
    """

    deprecated: Version
    removed: Version | None
    instead: str
    name: str = ""


def _used(deprecated: Version, removed: Version | None, name: str) -> Life:
    """What another name is used for now."""
    return Life(deprecated, removed, f"use `{name}`", name)


_LOOP = Life((3, 8), (3, 10), "leave it out: asyncio takes the running loop")
_WATCHER = Life((3, 12), (3, 14), "leave it out: asyncio watches its child processes without one")
_POLICY = Life((3, 14), None, "give `asyncio.run` or `asyncio.Runner` a `loop_factory`")
_ASKED_POLICY = Life(
    (3, 14), None, "ask for the loop: `asyncio.get_running_loop()`, or `asyncio.new_event_loop()` for a new one"
)
_SELECTOR = Life((3, 14), None, "give `asyncio.run` or `asyncio.Runner` `loop_factory=asyncio.SelectorEventLoop`")
_PROACTOR = Life((3, 14), None, "leave it out: the proactor loop is what Windows uses anyway")

# Functions, methods and classes, by canonical name.
LIVES: Mapping[str, Life] = {
    "asyncio.coroutine": Life((3, 8), (3, 11), "write `async def`, and `await` in place of `yield from`"),
    "asyncio.Task.all_tasks": _used((3, 7), (3, 9), "asyncio.all_tasks"),
    "asyncio.Task.current_task": _used((3, 7), (3, 9), "asyncio.current_task"),
    "asyncio.get_child_watcher": _WATCHER,
    "asyncio.set_child_watcher": _WATCHER,
    "asyncio.AbstractEventLoopPolicy.get_child_watcher": _WATCHER,
    "asyncio.AbstractEventLoopPolicy.set_child_watcher": _WATCHER,
    "asyncio.AbstractChildWatcher": _WATCHER,
    "asyncio.FastChildWatcher": _WATCHER,
    "asyncio.MultiLoopChildWatcher": _WATCHER,
    "asyncio.PidfdChildWatcher": _WATCHER,
    "asyncio.SafeChildWatcher": _WATCHER,
    "asyncio.ThreadedChildWatcher": _WATCHER,
    "asyncio.get_event_loop_policy": _ASKED_POLICY,
    "asyncio.set_event_loop_policy": _POLICY,
    "asyncio.AbstractEventLoopPolicy": _POLICY,
    "asyncio.DefaultEventLoopPolicy": _POLICY,
    "asyncio.WindowsSelectorEventLoopPolicy": _SELECTOR,
    "asyncio.WindowsProactorEventLoopPolicy": _PROACTOR,
    "asyncio.iscoroutinefunction": Life(
        (3, 14), None, "use `inspect.iscoroutinefunction`", "inspect.iscoroutinefunction"
    ),
}

_TOOK_A_LOOP = (
    *("as_completed", "gather", "shield", "sleep", "wait", "wait_for"),
    *("open_connection", "open_unix_connection", "start_server", "start_unix_server"),
    *("create_subprocess_exec", "create_subprocess_shell"),
    *("BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore", "LifoQueue", "PriorityQueue", "Queue"),
)
_REUSE = Life((3, 8), (3, 11), "leave it out, or use `reuse_port=True`")
_LOOPS = ("asyncio.AbstractEventLoop", "asyncio.BaseEventLoop")

# Keyword arguments, by the canonical name of what is called and their own.
KEYWORDS: Mapping[tuple[str, str], Life] = {
    **{(f"asyncio.{name}", "loop"): _LOOP for name in _TOOK_A_LOOP},
    **{(f"{loop}.create_datagram_endpoint", "reuse_address"): _REUSE for loop in _LOOPS},
}
