"""Calls that start an event loop, which fails where one is running, and the questions that find it out first.

See https://docs.python.org/3/library/asyncio-runner.html#asyncio.run: it cannot be called when another event loop is
running in the same thread. The same holds for the loop's own `run_until_complete` and `run_forever`, and for what calls
these in its turn (seen with aiohttp 3, discord.py 2, mcp 2, python-telegram-bot 22, quart 0.20 and uvicorn 0.3x).
"""

from types import MappingProxyType

# Packages that let loops nest once they are imported or applied.
PATCHES = frozenset({"chainlit", "nest_asyncio", "nest_asyncio2"})
# Packages whose coroutine functions run to their end when plain code calls them, and the module that makes them so.
WRAPPED_BY = MappingProxyType({"telethon": "telethon.sync", "pyrogram": "pyrogram", "hydrogram": "hydrogram"})
_AWAIT_IT = "await the coroutine instead"
_LOOPS = ("asyncio.AbstractEventLoop", "asyncio.BaseEventLoop")
_CLIENTS = ("Client", "AutoShardedClient", "Bot", "AutoShardedBot")  # the bots of `discord.ext.commands`
# Each with what to do instead in a coroutine.
STARTERS = MappingProxyType(
    {
        **dict.fromkeys(("asyncio.run", "asyncio.Runner.run", "anyio.run", "uvloop.run"), _AWAIT_IT),
        **{f"{loop}.{name}": _AWAIT_IT for loop in _LOOPS for name in ("run_until_complete", "run_forever")},
        "aiohttp.web.run_app": "use `aiohttp.web.AppRunner`",
        **{f"discord.{kind}.run": "use `await client.start(...)`" for kind in _CLIENTS},
        "mcp.server.fastmcp.server.FastMCP.run": "use `await server.run_stdio_async()`",
        "mcp.server.mcpserver.MCPServer.run": "use `await server.run_stdio_async()`",
        "quart.Quart.run": "use `await app.run_task(...)`",
        "telegram.ext.Application.run_polling": "use `await application.updater.start_polling()` and its like",
        "telegram.ext.Application.run_webhook": "use `await application.updater.start_webhook()` and its like",
        "uvicorn.Server.run": "use `await server.serve()`",
        "uvicorn.run": "use `await uvicorn.Server(uvicorn.Config(...)).serve()`",
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
