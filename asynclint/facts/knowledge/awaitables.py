"""What the standard library gives that cannot be awaited, and what takes awaitables.

Only calls whose result can never be an awaitable of the user's own: `Queue.get_nowait` may well give a coroutine.
"""

from asynclint.facts.knowledge.blocking import blocking


def _methods(owner: str, names: str) -> frozenset[str]:
    return frozenset(f"{owner}.{name}" for name in names.split())


_LOOP = (
    "add_reader add_signal_handler add_writer call_at call_exception_handler call_later call_soon"
    " call_soon_threadsafe close get_debug is_closed is_running remove_reader remove_signal_handler remove_writer"
    " set_debug set_default_executor set_exception_handler set_task_factory stop time"
)
_TRANSPORT = "abort close get_extra_info is_closing set_protocol write writelines write_eof can_write_eof sendto"
_LOGGED = "debug info warning error exception critical log"

PLAIN_CALLS = frozenset(
    {
        *_methods("asyncio.Queue", "empty full put_nowait qsize shutdown task_done"),
        *_methods("asyncio.Event", "clear is_set set"),
        *_methods("asyncio.Lock", "locked release"),
        *_methods("asyncio.Semaphore", "locked release"),
        *_methods("asyncio.Condition", "locked notify notify_all release"),
        *_methods("asyncio.Future", "add_done_callback cancel cancelled done remove_done_callback set_exception"),
        "asyncio.Future.set_result",
        *_methods("asyncio.Task", "cancelling get_name get_stack print_stack set_name uncancel"),
        *_methods("asyncio.TaskGroup", "cancel"),
        *_methods("asyncio.Timeout", "expired reschedule when"),
        *_methods("asyncio.Handle", "cancel cancelled"),
        *_methods("asyncio.StreamReader", "at_eof exception feed_data feed_eof set_exception"),
        *_methods("asyncio.StreamWriter", "can_write_eof close is_closing write write_eof writelines"),
        *_methods("asyncio.Server", "abort_clients close close_clients is_serving"),
        *_methods("asyncio.AbstractServer", "abort_clients close close_clients is_serving"),
        *_methods("asyncio.subprocess.Process", "kill send_signal terminate"),
        *_methods("asyncio.AbstractEventLoop", _LOOP),
        *_methods("asyncio.BaseEventLoop", _LOOP),
        *(
            f"asyncio.{owner}.{name}"
            for owner in ("BaseTransport", "WriteTransport", "DatagramTransport", "Transport")
            for name in _TRANSPORT.split()
        ),
        *_methods("concurrent.futures.Executor", "map shutdown submit"),
        *_methods("concurrent.futures.Future", "add_done_callback cancel cancelled done running"),
        *_methods("threading.Condition", "notify notify_all release"),
        *_methods("threading.Event", "clear is_set set wait"),
        *_methods("threading.Lock", "acquire locked release"),
        *_methods("threading.RLock", "acquire locked release"),
        *_methods("threading.Semaphore", "acquire release"),
        *_methods("threading.Thread", "is_alive join start"),
        "asyncio.run_coroutine_threadsafe",  # gives a concurrent.futures.Future, see `asyncio.wrap_future`
        "asyncio.all_tasks",
        "asyncio.iscoroutine",
        "asyncio.iscoroutinefunction",
        "asyncio.isfuture",
        "asyncio.new_event_loop",
        "asyncio.get_event_loop",
        "asyncio.get_running_loop",
        "asyncio.set_event_loop",
        "time.sleep",
        "time.time",
        "time.monotonic",
        "time.perf_counter",
        *_methods("builtins", "print len isinstance hasattr str int float bool repr list dict tuple set sorted range"),
        *_methods("builtins", "input open"),
        *_methods("json", "dump dumps"),
        *_methods("logging", f"{_LOGGED} basicConfig"),
        *_methods("logging.Logger", _LOGGED),
        *_methods("logging.LoggerAdapter", _LOGGED),
        *_methods("queue.Queue", "empty full put put_nowait qsize task_done"),
    }
)
_PLAIN_MODULES = ("os.", "shutil.", "subprocess.", "pathlib.", "socket.", "urllib.", "requests.", "sqlite3.")

# Where each takes what it awaits or runs: the first argument, or all of them.
TAKES_FIRST = frozenset(
    {
        *_methods("asyncio", "create_task ensure_future run run_coroutine_threadsafe shield wait_for"),
        "asyncio.Runner.run",
        "asyncio.TaskGroup.create_task",
        *_methods("asyncio.AbstractEventLoop", "create_task run_until_complete"),
        *_methods("asyncio.BaseEventLoop", "create_task run_until_complete"),
    }
)
TAKES_ALL = frozenset({"asyncio.gather"})
# These want a coroutine; the others take any awaitable.
RAISES_VALUE_ERROR = frozenset({"asyncio.run", "asyncio.Runner.run"})

PLAIN_TYPES = frozenset(
    {
        *_methods("builtins", "bool bytearray bytes complex dict float frozenset int list range set str tuple"),
        *_methods("typing", "Dict List Set FrozenSet Tuple"),
        "io.TextIOWrapper",
    }
)
# Classes that make an object of one's own neither awaitable nor iterable nor a context manager.
PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "builtins.Exception", "builtins.ValueError"})
PLAIN_METACLASSES = frozenset({"abc.ABCMeta", "builtins.type"})
PLAIN_CLASS_DECORATORS = frozenset(
    {"dataclasses.dataclass", "typing.final", "typing_extensions.final", "functools.total_ordering"}
)


def gives_plain(name: str) -> bool:
    """Does a call of this, by canonical name, give what can never be awaited?"""
    return name in PLAIN_CALLS or (name.startswith(_PLAIN_MODULES) and name in blocking().calls)
