"""`asynclint explain FILE:LINE` as a user meets it."""

import re
from pathlib import Path

import pytest
from test_cli import asynclint, error

STORE = """\
import functools
import time
from elsewhere import thing


def make():
    return thing()


def slow():
    wait()


def wait():
    time.sleep(1)


@functools.singledispatch
def cached(): ...


class Base(thing):
    def __init__(self, session, other: "Base"):
        self.session = session
        self.other = other
        self.two = Base(1, self)
        if session:
            self.two = make()

    async def fetch(self): ...
"""
APP = """\
import asyncio
from store import Base, cached, make, slow, wait as waits
from store import thing, nothing
from .gone import missing


class App(Base):
    async def run(self, x):
        self.fetch()
        await self.other.fetch()
        self.session.get()
        self.two.fetch()
        self.nope()
        x.get()
        client = make()
        client.get()
        cached().get()
        missing()
        slow()
        (lambda: 1)()
        super().fetch().close()
        a = 1
        a()
        await asyncio.sleep(1); nothing()
        client.get(
            x
        )
"""
CHAINS = {
    "self.fetch()": """\
self.fetch(...)
  self    parameter of `App.run`: an instance of `App` (app.py:7)
  .fetch  coroutine function `Base.fetch` (store.py:30)
  (...)   a coroutine of `Base.fetch`, dropped here (store.py:30)
""",
    "await self.other.fetch()": """\
self.other.fetch(...)
  self    parameter of `App.run`: an instance of `App` (app.py:7)
  .other  an instance of `Base` (store.py:22)
  .fetch  coroutine function `Base.fetch` (store.py:30)
  (...)   a coroutine of `Base.fetch`, awaited here (store.py:30)
""",
    "self.session.get()": """\
self.session.get(...)
  self       parameter of `App.run`: an instance of `App` (app.py:7)
  .session   unknown: assigned `session`, and what that gives is not known
    session  unknown: parameter of `Base.__init__`, without annotation
""",
    "self.two.fetch()": """\
self.two.fetch(...)
  self  parameter of `App.run`: an instance of `App` (app.py:7)
  .two  unknown: bound 2 times, and they do not agree: assigned `Base(...)`: an instance of `Base`; \
assigned `make(...)`: not known
""",
    "self.nope()": """\
self.nope(...)
  self   parameter of `App.run`: an instance of `App` (app.py:7)
  .nope  unknown: an instance of `App` has no such name, and `thing` it inherits from may have it
""",
    "x.get()": """\
x.get(...)
  x  unknown: parameter of `App.run`, without annotation
""",
    "client.get()": """\
client.get(...)
  client   unknown: assigned `make(...)`, and what that gives is not known
    make   imported as `store.make`: function `make` (store.py:6)
    (...)  called; what it returns is not known: `thing(...)`
""",
    "cached().get()": """\
cached(...).get(...)
  cached  imported as `store.cached`: function `cached` (store.py:19)
  (...)   called; what it gives is not known: it is decorated with `@functools.singledispatch`
""",
    "missing()": """\
missing(...)
  missing  unknown: imported as `.gone.missing`, not found in the project
""",
    "slow()": """\
slow(...)
  slow   imported as `store.slow`: function `slow` (store.py:10)
  (...)  called, dropped here; it returns None
         comes to block: calls `wait(...)` (store.py:11)
         comes to block: calls `time.sleep(...)` (store.py:15)
""",
    "(lambda: 1)()": """\
...(...)
  (...)  what is called is no chain of names, so it is not known
""",
    "super().fetch().close()": """\
super(...).fetch(...).close(...)
  super(...)  what is above `App` (app.py:7)
  .fetch      coroutine function `Base.fetch` (store.py:30)
  (...)       a coroutine of `Base.fetch` (store.py:30)
  .close      unknown: `.close` of a coroutine of `Base.fetch` is not known; is an `await` missing?
""",
    "a()": """\
a(...)
  a  unknown: bound in a way that is not followed: unpacked, deleted, `+=`, `except ... as`, or not a chain of names
""",
    "await asyncio.sleep(1); nothing()": """\
asyncio.sleep(...)
  asyncio  imported as `asyncio`: `asyncio`, of the standard library
  .sleep   `asyncio.sleep`, coroutine function of the standard library
  (...)    a coroutine of `asyncio.sleep`, awaited here

nothing(...)
  nothing    unknown: imported as `store.nothing`, not known there
    nothing  unknown: not defined there
""",
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("store.py").write_text(STORE)
    Path("app.py").write_text(APP)


def place(code: str) -> str:
    return f"app.py:{[line.strip() for line in APP.splitlines()].index(code) + 1}"


@pytest.mark.parametrize("code", CHAINS)
def test_each_name_is_explained_up_to_where_it_stops_being_known(code: str) -> None:
    exit_code, out, err = asynclint("explain", place(code))
    assert (exit_code, err) == (0, "")
    assert out.startswith(f"{place(code)}\n    {code}\n")
    assert CHAINS[code] in out


def test_a_finding_is_shown_with_every_step_and_its_line() -> None:
    out = asynclint("explain", "--preview", place("slow()")).out
    assert "\nASL210 [blocking-helper] `slow(...)` blocks the event loop: " in out
    steps = re.findall(r"^  \d\. (store\.py:\d+): .*\n +(.*)\n", out, re.MULTILINE)
    assert steps == [("store.py:11", "wait()"), ("store.py:15", "time.sleep(1)")]
    assert "\n  `asynclint rule ASL210` explains the rule\n" in out


def test_only_the_findings_of_the_line_are_shown_and_only_those_of_the_configuration() -> None:
    assert "ASL101" in asynclint("explain", place("self.fetch()")).out
    assert "Nothing is reported on this line." in asynclint("explain", place("x.get()")).out
    Path("asynclint.toml").write_text('ignore = ["ASL101"]\n')
    assert "Nothing is reported on this line." in asynclint("explain", place("self.fetch()")).out
    assert "ASL101" in asynclint("explain", "--isolated", place("self.fetch()")).out


def test_a_line_without_calls_says_so() -> None:
    assert asynclint("explain", "app.py:1").out.endswith("\nNo call starts on this line.\n")
    assert "client.get(...)" in asynclint("explain", place("client.get(")).out
    assert asynclint("explain", f"app.py:{len(APP.splitlines())}").out.endswith("\nNo call starts on this line.\n")


def test_a_place_may_be_copied_from_a_finding() -> None:
    assert asynclint("explain", f"{place('x.get()')}:9:") == asynclint("explain", place("x.get()"))


def test_what_the_configuration_says_of_a_call_is_part_of_it() -> None:
    Path("asynclint.toml").write_text('blocking-calls."elsewhere.thing" = "`athing`"\n')
    assert (
        "\n         blocks the thread it runs in (ASL206); instead: `athing`\n"
        in asynclint("explain", "store.py:7").out
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("app.py", "`app.py` is no place; write FILE:LINE"),
        ("app.py:x", "`app.py:x` is no place; write FILE:LINE"),
        ("app.py:-1", "`app.py:-1` is no place; write FILE:LINE"),
        (":3", "`:3` is no place; write FILE:LINE"),
        ("app.py:0", "app.py has no line 0: it has 27 of them"),
        ("app.py:28", "app.py has no line 28: it has 27 of them"),
        ("no.py:3", "no.py: no such file or directory"),
        ("no/no.py:3", "no.py: no such file or directory"),
        (".:3", ": is a directory"),
        ("broken.py:1", "broken.py:2: is not valid Python: "),
        ("latin.py:1", "latin.py:1: is not UTF-8"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(asked: str, expected: str) -> None:
    Path("broken.py").write_text("x = 1\ndef (\n")
    Path("latin.py").write_bytes(b"'\xe9'")
    assert expected in error("explain", asked)


def test_nothing_steers_a_terminal() -> None:
    Path("app.py").write_text("print('\x1b[31m')\n")
    assert "\x1b" not in asynclint("explain", "app.py:1").out
