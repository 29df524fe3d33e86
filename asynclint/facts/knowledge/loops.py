"""Calls that start an event loop, which fails where one is running, and the questions that find it out first.

See https://docs.python.org/3/library/asyncio-runner.html#asyncio.run: it cannot be called when another event loop is
running in the same thread. The same holds for the loop's own `run_until_complete` and `run_forever`.
"""

from types import MappingProxyType

# Packages that let loops nest once they are imported or applied.
PATCHES = frozenset({"chainlit", "nest_asyncio", "nest_asyncio2"})
# Packages whose coroutine functions run to their end when plain code calls them, and the module that makes them so.
WRAPPED_BY = MappingProxyType({"telethon": "telethon.sync", "pyrogram": "pyrogram", "hydrogram": "hydrogram"})
STARTERS = frozenset(
    {
        *("asyncio.run", "asyncio.Runner.run", "anyio.run", "uvloop.run"),
        *("asyncio.AbstractEventLoop.run_until_complete", "asyncio.AbstractEventLoop.run_forever"),
        *("asyncio.BaseEventLoop.run_until_complete", "asyncio.BaseEventLoop.run_forever"),
    }
)
QUESTIONS = frozenset(
    {
        *("asyncio.get_running_loop", "asyncio._get_running_loop", "asyncio.current_task"),
        *("threading.get_ident", "threading.current_thread", "threading.main_thread"),
        *("sniffio.current_async_library", "anyio.get_current_task"),
        *("asyncio.AbstractEventLoop.is_running", "asyncio.BaseEventLoop.is_running"),
    }
)
