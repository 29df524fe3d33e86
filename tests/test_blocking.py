"""The table of blocking calls: its names are those of real things, under the names that the project resolves to."""

import ast
import importlib
import io
import multiprocessing
import pkgutil
import sys
import threading
from collections.abc import Iterable

import pytest

from asynclint.facts import knowledge
from asynclint.facts.blocking import blocked_call
from asynclint.facts.knowledge import stdlib
from asynclint.facts.knowledge.blocking import Blocked, BlockingCalls, blocking
from asynclint.facts.project import Project
from asynclint.facts.walk import summarise

CODES = {f"ASL20{digit}" for digit in range(1, 10)}
LOCKS = ("BoundedSemaphore", "Condition", "Lock", "RLock", "Semaphore")
YOUNGER_THAN_3_11 = {"pathlib.Path.walk", "pathlib.Path.with_segments"}
MADE = {  # whose methods only an object has
    **{f"multiprocessing.{kind}": getattr(multiprocessing, kind) for kind in ("JoinableQueue", "Queue", "SimpleQueue")},
    **{f"multiprocessing.synchronize.{kind}": getattr(multiprocessing, kind) for kind in LOCKS},
    **{f"threading.{kind}": getattr(threading, kind) for kind in LOCKS},
}


def of_stdlib(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.partition(".")[0] in sys.stdlib_module_names)


def real(name: str) -> object:
    """What a dotted name of the standard library leads to, None when there is no such thing."""
    if name.startswith("sys.stdin."):
        return getattr(io.BufferedReader if ".buffer." in name else io.TextIOWrapper, name.rpartition(".")[2], None)
    owner, _, method = name.rpartition(".")
    if owner in MADE:
        return getattr(MADE[owner](), method, None)
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        return found
    return None


def missing(names: Iterable[str]) -> list[str]:
    return [name for name in names if real(name) is None and name not in YOUNGER_THAN_3_11]


def test_every_call_into_the_standard_library_exists() -> None:
    calls = of_stdlib(blocking().calls)
    assert len(calls) > 300
    assert missing(calls) == []


def test_every_typed_name_of_the_standard_library_exists() -> None:
    table = blocking()
    assert missing(of_stdlib(table.returns)) == []
    assert missing(of_stdlib(table.returns.values())) == []
    assert missing(of_stdlib(table.attributes.values())) == []


@pytest.mark.parametrize("name", of_stdlib(blocking().aliases))
def test_an_alias_is_the_same_thing(name: str) -> None:
    found, meant = real(name), real(blocking().aliases[name])
    if found is not None and not name.startswith("ntpath"):
        assert found is meant or issubclass(found, meant) or callable(found)  # type: ignore[arg-type]


def test_no_name_is_known_twice() -> None:
    table = blocking()
    others = table.aliases.keys() | stdlib().aliases.keys()
    named = {*table.calls, *table.returns, *table.returns.values(), *table.attributes.values()}
    assert named & others == set()
    assert {meant for meant in table.aliases.values() if meant in others} == set()


def test_methods_stand_under_the_class_that_the_stubs_say_defines_them() -> None:
    classes = stdlib().classes
    split = (name.rpartition(".") for name in blocking().calls)
    stray = [(owner, method) for owner, _, method in split if owner in classes and method not in classes[owner].methods]
    assert [f"{owner}.{method}" for owner, method in stray if method not in ("__enter__", "__exit__")] == []


def test_every_entry_has_a_rule_and_something_better() -> None:
    assert {blocked.code for blocked in blocking().calls.values()} == CODES
    assert [name for name, blocked in blocking().calls.items() if not blocked.instead.strip()] == []


def test_the_file_is_sorted_with_one_entry_on_each_line() -> None:
    lines = (pkgutil.get_data(knowledge.__name__, "blocking.json") or b"").decode().splitlines()
    entries = [line for line in lines if line.startswith("  ")]
    table = blocking()
    kept = [sorted(part) for part in (table.aliases, table.attributes, table.calls, table.returns)]
    assert [line.split('"')[1] for line in entries] == [name for part in kept for name in part]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("time.sleep", ["0"]),
        ("threading.Lock.acquire", ["False"]),
        ("threading.Lock.acquire", ["blocking=False"]),
        ("threading.Event.wait", ["timeout=0"]),
        ("queue.Queue.get", ["block=False"]),
        ("queue.Queue.put", ["item", "False"]),
        ("concurrent.futures.Executor.shutdown", ["wait=False", "cancel_futures=True"]),
        ("os.waitpid", ["pid", "os.WNOHANG"]),
        ("os.waitpid", ["pid", ""]),
        ("os.spawnl", ["os.P_NOWAIT", ""]),
        ("socket.getaddrinfo", ["host", "port", "flags=NUMERIC"]),
        ("select.select", ["a", "b", "c", "0"]),
        ("json.loads", ["text"]),
    ],
)
def test_what_does_not_block(name: str, arguments: list[str]) -> None:
    assert BlockingCalls().with_arguments(name, arguments) is None


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("time.sleep", ["delay"], "ASL201"),
        ("requests.get", ["url", "timeout=0"], "ASL202"),
        ("os.waitpid", ["pid", "0"], "ASL203"),
        ("os.spawnl", ["os.P_WAIT", ""], "ASL203"),
        ("threading.Lock.acquire", [], "ASL206"),
        ("threading.Lock.acquire", ["True", "timeout="], "ASL206"),
        ("queue.Queue.put", ["False"], "ASL206"),
        ("queue.Queue.put", ["0"], "ASL206"),
        ("builtins.open", [""], "ASL208"),
    ],
)
def test_what_blocks(name: str, arguments: list[str], code: str) -> None:
    blocked = BlockingCalls().with_arguments(name, arguments)
    assert isinstance(blocked, Blocked)
    assert blocked.code == code


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import requests\nwith requests.Session() as s:\n s.get('')", ["ASL202"]),
        ("from requests.sessions import Session\nSession().get('')", ["ASL202"]),
        ("from pathlib import Path\np = Path('a') / 'b'\n(p.parent / 'c').with_suffix('.d').exists()", ["ASL208"]),
        ("import queue\nq = queue.Queue()\nq.put(1)", []),
        ("import queue\nq = queue.Queue(5)\nq.put(1)", ["ASL206"]),
        ("import queue\nq = queue.LifoQueue(maxsize=0)\nq.put(1)", []),
        ("import socket\ns = socket.socket()\ns.recv(1)", ["ASL205"]),
        ("import socket\ns = socket.socket()\ns.settimeout(0)\ns.recv(1)", []),
        (
            "from sqlalchemy.orm import sessionmaker\nS = sessionmaker()\nwith S() as s:\n s.query(1).filter(2).all()",
            ["ASL204"],
        ),
        ("f = open('a')\nf.read()", ["ASL208"]),
        ("import threading\na = threading.Lock() if 1 else print\na.acquire()", []),
    ],
)
def test_calls_of_a_file(code: str, names: list[str]) -> None:
    facts = summarise(ast.parse(code), "a.py", last_line=9)
    project = Project(lambda path: facts, lambda name, importer: None)
    found = (blocked_call(project, facts, call) for call in facts.calls)
    assert [blocked.code for blocked in found if blocked] == names
