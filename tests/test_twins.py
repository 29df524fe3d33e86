"""The makers of twins do what they say, so that a test on a twin can fail."""

import ast
import re

import pytest
from specimens import SPECIMENS, Specimen, lines_of, markers
from twins import IMPORT_TWINS, SHIFT_TWINS, Shifted, exported, without_async

PROGRAM = '''\
import time, asyncio
from asyncio import Queue
import concurrent.futures
from . import store
from .store import Row as Line


async def poll(queue: Queue, size=len(Line.names)):
    """Polls."""
    time.sleep(1)  # expect: blocking-sleep
    await asyncio.wait_for(queue.get(), asyncio.timeout)
    async with store.lock: return concurrent.futures.Future()


class Other:
    def late(self): store.close(time.sleep)
'''


def test_without_async_nothing_is_left_of_it() -> None:
    text = (
        "async def f():\n    async with a as b:\n        return (await b)[0], [await c async for c in await (d)]  # e\n"
    )
    plain = "def f():\n    with a as b:\n        return (b)[0], [c for c in (d)]  # e\n"
    assert without_async(text) == plain


SPELLED = {
    "aliases": [
        "import time as my_time; import asyncio as my_asyncio",
        "from asyncio import Queue as my_Queue",
        "import concurrent.futures as my_concurrent",
        "from . import store as my_store",
        "from .store import Row as my_Line",
        "async def poll(queue: my_Queue, size=len(my_Line.names)):",
        "    my_time.sleep(1)  # expect: blocking-sleep",
        "    await my_asyncio.wait_for(queue.get(), my_asyncio.timeout)",
        "    async with my_store.lock: return my_concurrent.Future()",
        "    def late(self): my_store.close(my_time.sleep)",
    ],
    "names-of-modules": [
        "from time import sleep; from asyncio import timeout; from asyncio import wait_for",
        "from concurrent.futures import Future",
        "    sleep(1)  # expect: blocking-sleep",
        "    await wait_for(queue.get(), timeout)",
        "    async with store.lock: return Future()",
        "    def late(self): store.close(sleep)",
    ],
    "whole-modules": [
        "import time; import asyncio",
        "import asyncio as my_asyncio",
        "from . import store as my_store",
        "async def poll(queue: my_asyncio.Queue, size=len(my_store.Row.names)):",
    ],
    "inside-functions": [
        "pass",
        "pass",
        "pass",
        '    """Polls."""',
        "    from . import store",
        "    import concurrent.futures",
        "    import time, asyncio",
        "    time.sleep(1)  # expect: blocking-sleep",
        "    def late(self): from . import store; import time, asyncio; store.close(time.sleep)",
    ],
}


@pytest.mark.parametrize("how", IMPORT_TWINS)
def test_imports_are_respelled(how: str) -> None:
    twin = IMPORT_TWINS[how](PROGRAM, ())
    ast.parse(twin)
    assert set(SPELLED[how]) - {*lines_of(twin)} == set()
    assert how == "inside-functions" or len(lines_of(twin)) == len(lines_of(PROGRAM))


@pytest.mark.parametrize("how", IMPORT_TWINS)
@pytest.mark.parametrize(
    "text",
    [
        "import time\n\ndef f(time):\n    time.sleep(1)\n",
        "import time\n\ntime = time.sleep\n",
        "try:\n    import time\nexcept ImportError:\n    raise\ntime.sleep(1)\n",
        "import time\n\ndef f(x: 'time.struct_time'):\n    return time.time()\n",
        "from time import time\n\n__all__ = ['time']\n\ndef f():\n    return time()\n",
        "from time import *\nfrom __future__ import annotations\n",
    ],
)
def test_names_that_may_mean_something_else_are_left_alone(how: str, text: str) -> None:
    assert IMPORT_TWINS[how](text, ()) == text


def test_names_that_other_files_read_are_left_alone() -> None:
    others = ["from shop.stock import reserve", "from .stock import hold", "import shop.stock as s; s.count()"]
    assert exported("stock", others) == {"reserve", "hold", "count"}
    assert exported("shop", [*others, "from . import pay"]) == {"pay", "count"}
    for spell in IMPORT_TWINS.values():
        text = "from time import sleep\n\ndef f():\n    sleep(1)\n"
        assert spell(text, {"sleep"}) == text


def test_a_linter_of_spellings_would_be_caught() -> None:
    def naive(text: str) -> list[int]:
        return [number for number, line in enumerate(lines_of(text), 1) if re.search(r"\btime\.sleep\(", line)]

    assert naive(PROGRAM) == marked_lines(PROGRAM)
    for how in ("aliases", "names-of-modules"):
        twin = IMPORT_TWINS[how](PROGRAM, ())
        assert naive(twin) != marked_lines(twin)


def marked_lines(text: str) -> list[int]:
    return [number for _, number, _ in markers({"": text})]


@pytest.mark.parametrize("how", SHIFT_TWINS)
@pytest.mark.parametrize("specimen", SPECIMENS, ids=str)
def test_every_name_is_where_the_shift_says(how: str, specimen: Specimen) -> None:
    for text in specimen.files.values():
        twin = SHIFT_TWINS[how](text)
        if twin is not None:
            ast.parse(twin.text.removeprefix("\ufeff"))
            assert_names_moved(text, twin)


def assert_names_moved(text: str, twin: Shifted) -> None:
    before, after = lines_of(text), lines_of(twin.text.removeprefix("\ufeff"))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            column = len(before[node.lineno - 1].encode()[: node.col_offset].decode()) + 1
            line, column = twin.move(node.lineno, column)
            assert after[line - 1][column - 1 :].startswith(node.id)


def test_shifts_change_what_they_say() -> None:
    text = 'import a\n\n@a\ndef f():\n    """Doc\n    string."""\n    if a:\n        a()\n    elif b:\n        b()\n'
    twins = {how: shift(text) for how, shift in SHIFT_TWINS.items()}
    assert all(twin is not None and twin.text != text for twin in twins.values())
    balloons = twins["balloons"]
    assert balloons is not None
    mark = '"\N{BALLOON}"'
    expected = f"""\
{mark}; import a

{mark}
@a
def f():
    {mark}; \"\"\"Doc
    string.\"\"\"
    {mark}
    if a:
        {mark}; a()
    elif b:
        {mark}; b()
"""
    assert balloons.text == expected
    assert balloons.move(8, 9) == (10, 14)
    below = twins["below-if"]
    assert below is not None
    assert lines_of(below.text)[5:8] == ['        """Doc', '    string."""', "        if a:"]


def test_a_future_import_must_stay_first() -> None:
    text = '"""Doc."""\nfrom __future__ import annotations\na()\n'
    assert SHIFT_TWINS["below-if"](text) is None
    balloons = SHIFT_TWINS["balloons"](text)
    assert balloons is not None
    assert lines_of(balloons.text)[:2] == lines_of(text)[:2]
    assert lines_of(balloons.text)[2] != lines_of(text)[2]
