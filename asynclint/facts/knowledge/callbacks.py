"""Calls that hand a plain function to the event loop, which runs it in its own thread, and where they take it."""

from collections.abc import Mapping

_LOOPS = ("asyncio.AbstractEventLoop", "asyncio.BaseEventLoop")
_OF_LOOP = {
    "call_soon": 0,
    "call_soon_threadsafe": 0,
    "call_later": 1,
    "call_at": 1,
    "add_reader": 1,
    "add_writer": 1,
    "add_signal_handler": 1,
}

RUN_ON_LOOP: Mapping[str, int] = {
    **{f"{loop}.{method}": position for loop in _LOOPS for method, position in _OF_LOOP.items()},
    "asyncio.Future.add_done_callback": 0,
    "asyncio.Task.add_done_callback": 0,
}
