"""The table of the standard library: fresh, closed, and agreeing with the Python that runs the tests."""

import asyncio
import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import asynclint.facts.knowledge
from asynclint.facts.knowledge import Call, Kind, stdlib

TABLE = Path(asynclint.facts.knowledge.__file__).with_name("stdlib.json")


def _calls() -> Iterator[tuple[str, Call]]:
    yield from stdlib().functions.items()
    for name, known in stdlib().classes.items():
        yield from ((f"{name}.{method}", call) for method, call in known.methods.items())


def _real(dotted: str) -> object:
    """The object a dotted name reaches in this Python, or None; descriptors are not called."""
    head, *rest = dotted.split(".")
    found: object = importlib.import_module(head)
    for index, part in enumerate(rest):
        if inspect.ismodule(found) and not hasattr(found, part):
            found = _submodule(".".join((head, *rest[: index + 1])))
        else:
            found = inspect.getattr_static(found, part, None)
    return found


def _submodule(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _in_this_python(names: Iterable[str]) -> dict[str, object]:
    return {name: real for name in names if (real := _real(name)) is not None}


def _known(class_name: str, method: str) -> Call | None:
    known = stdlib().classes.get(class_name)
    if known is None:
        return None
    inherited = (call for base in known.bases if (call := _known(base, method)))
    return known.methods.get(method) or next(inherited, None)


def test_the_table_is_what_the_stubs_say(request: pytest.FixtureRequest) -> None:
    pytest.importorskip("typeshed_client", reason="the stubs come with typeshed-client")
    from stdlib_table import rendered, stdlib_table

    fresh = rendered(stdlib_table()) + "\n"
    if request.config.getoption("--bless"):
        TABLE.write_text(fresh, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == fresh, "the stubs have changed: run `pytest --bless`, read the diff"


def test_what_it_calls_a_coroutine_is_one_here() -> None:
    real = _in_this_python(name for name, call in _calls() if call.kind is Kind.COROUTINE)
    assert len(real) > 100
    assert [name for name, found in real.items() if not inspect.iscoroutinefunction(found)] == []


def test_what_it_calls_anything_else_is_no_coroutine_here() -> None:
    real = _in_this_python(name for name, call in _calls() if call.kind is not Kind.COROUTINE)
    assert len(real) > 300
    assert [name for name, found in real.items() if inspect.iscoroutinefunction(found)] == []


def test_no_coroutine_function_of_asyncio_is_missing() -> None:
    real = {f"asyncio.{name}": getattr(asyncio, name) for name in asyncio.__all__}
    coroutines = {name for name, found in real.items() if inspect.iscoroutinefunction(found)}
    assert coroutines - stdlib().functions.keys() == set()


def test_no_coroutine_method_of_a_known_class_is_missing() -> None:
    real = {name: found for name, found in _in_this_python(stdlib().classes).items() if isinstance(found, type)}
    methods = {
        (name, method)
        for name, found in real.items()
        for method in dir(found)
        if inspect.iscoroutinefunction(inspect.getattr_static(found, method)) and not method.startswith("_")
    }
    known = {(name, method): _known(name, method) for name, method in methods}
    assert {place for place, call in known.items() if call is None or call.kind is not Kind.COROUTINE} == set()


@pytest.mark.parametrize(
    ("name", "kind", "returns"),
    [
        ("asyncio.create_subprocess_exec", Kind.COROUTINE, "asyncio.subprocess.Process"),
        ("asyncio.create_task", Kind.AWAITABLE, "asyncio.Task"),
        ("asyncio.current_task", Kind.FUNCTION, "asyncio.Task"),
        ("asyncio.ensure_future", Kind.AWAITABLE, "asyncio.Future"),
        ("asyncio.gather", Kind.AWAITABLE, "asyncio.Future"),
        ("asyncio.get_running_loop", Kind.FUNCTION, "asyncio.AbstractEventLoop"),
        ("asyncio.open_connection", Kind.COROUTINE, ""),
        ("asyncio.run_coroutine_threadsafe", Kind.FUNCTION, "concurrent.futures.Future"),
        ("asyncio.shield", Kind.AWAITABLE, "asyncio.Future"),
        ("asyncio.start_server", Kind.COROUTINE, "asyncio.Server"),
        ("builtins.anext", Kind.AWAITABLE, ""),
    ],
)
def test_functions(name: str, kind: Kind, returns: str) -> None:
    assert stdlib().functions[name] == Call(kind=kind, returns=returns)


@pytest.mark.parametrize(
    ("class_name", "method", "kind", "returns"),
    [
        ("asyncio.AbstractEventLoop", "run_in_executor", Kind.AWAITABLE, "asyncio.Future"),
        ("asyncio.Lock", "__aenter__", Kind.COROUTINE, ""),
        ("asyncio.PriorityQueue", "get", Kind.COROUTINE, ""),
        ("asyncio.PriorityQueue", "get_nowait", Kind.FUNCTION, ""),
        ("asyncio.Server", "__aenter__", Kind.COROUTINE, "asyncio.Server"),
        ("asyncio.StreamWriter", "transport", Kind.PROPERTY, "asyncio.WriteTransport"),
        ("asyncio.Task", "cancel", Kind.FUNCTION, ""),
        ("asyncio.Task", "get_coro", Kind.FUNCTION, ""),
        ("asyncio.TaskGroup", "create_task", Kind.AWAITABLE, "asyncio.Task"),
        ("concurrent.futures.ThreadPoolExecutor", "submit", Kind.FUNCTION, "concurrent.futures.Future"),
        ("contextlib.AsyncExitStack", "pop_all", Kind.FUNCTION, "contextlib.AsyncExitStack"),
        ("threading.Lock", "acquire", Kind.FUNCTION, ""),
    ],
)
def test_methods(class_name: str, method: str, kind: Kind, returns: str) -> None:
    assert _known(class_name, method) == Call(kind=kind, returns=returns)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("_asyncio.Task", "asyncio.Task"),
        ("_thread.LockType", "threading.Lock"),
        ("asyncio.exceptions.CancelledError", "asyncio.CancelledError"),
        ("asyncio.exceptions.TimeoutError", "asyncio.TimeoutError"),
        ("asyncio.queues.Queue", "asyncio.Queue"),
        ("asyncio.runners.run", "asyncio.run"),
        ("asyncio.unix_events.SelectorEventLoop", "asyncio.SelectorEventLoop"),
        ("concurrent.futures._base.Future", "concurrent.futures.Future"),
        ("io.open", "builtins.open"),
    ],
)
def test_aliases(name: str, canonical: str) -> None:
    assert stdlib().aliases[name] == canonical


def test_typed_attributes() -> None:
    assert stdlib().classes["asyncio.subprocess.Process"].attributes["stdin"] == "asyncio.StreamWriter"


def test_every_name_is_canonical() -> None:
    table = stdlib()
    named = {
        *table.aliases.values(),
        *table.functions,
        *table.classes,
        *(base for known in table.classes.values() for base in known.bases),
    }
    assert named & table.aliases.keys() == set()


def test_every_returned_class_is_in_the_table() -> None:
    typed = {attribute for known in stdlib().classes.values() for attribute in known.attributes.values()}
    returned = {call.returns for _, call in _calls() if call.returns}
    assert (typed | returned) - stdlib().classes.keys() == set()
