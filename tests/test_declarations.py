"""What a project says of its decorators and limiters, seen through every door."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import asynclint, environment

from asynclint.config import load
from asynclint.linter import Linter

SETTINGS = """\
[tool.asynclint]
limiters = ["shop.gates.Gate", "mylib.pace.*", "shop.gates.paced", "shop.gates.turn"]
[tool.asynclint.decorators]
transparent = ["mylib.traced", "shop.deco.app.task", "*.passing"]
opaque = ["shop.deco.typed", "mylib.traced_*"]
[tool.asynclint.decorators.kind]
"mylib.in_thread" = "async"
"mylib.run" = "sync"
"mylib.manager" = "context-manager"
"mylib.attr" = "property"
"mylib.once" = "cache"
"""
DECO = """\
import mylib

app = mylib.make()


def passing(function):
    return app.register(function)


def typed(function):
    return function
"""
GATES = """\
class Gate:
    async def __aenter__(self): ...
    async def __aexit__(self, *error): ...
    async def enter(self): ...


def paced(function):
    return function


async def turn(): ...
"""
USE = """\
import time

import mylib
import mylib as m
from .deco import app, passing, typed


@m.traced("x")
async def traced(): ...


@mylib.traced_loosely
async def loosely(): ...


@app.task(name="x")
async def task(): ...


@passing
async def passed(): ...


@typed
async def typed_away(): ...


@mylib.unknown
async def unknown(): ...


@mylib.in_thread
def threaded():
    time.sleep(1)
    return 1


@mylib.run
async def run() -> "str": ...


@mylib.manager
async def managed():
    yield 1


class Shop:
    @mylib.attr
    async def attr(self): ...


@mylib.once
def once():
    time.sleep(1)


async def main(shop: Shop):
    traced()  # ASL101
    loosely()
    task()  # ASL101
    passed()  # ASL101
    typed_away()
    unknown()
    threaded()  # ASL101
    await threaded()
    run()
    with managed():  # ASL105
        pass
    async with managed():
        pass
    await shop.attr
    once()
"""
FANS = """\
import asyncio

import httpx
import mylib.pace
from .gates import Gate, paced, turn


async def fetch(client: httpx.AsyncClient, url):
    return await client.get(url)


async def gated(client: httpx.AsyncClient, url, door: Gate):
    async with door:
        return await client.get(url)


async def entered(client: httpx.AsyncClient, url, door: Gate):
    await door.enter()
    return await client.get(url)


async def slowed(client: httpx.AsyncClient, url):
    await mylib.pace.ready()
    return await client.get(url)


async def in_turn(client: httpx.AsyncClient, url):
    await turn()
    return await client.get(url)


@paced
async def decorated(client: httpx.AsyncClient, url):
    return await client.get(url)


async def all_of_them(client: httpx.AsyncClient, urls, door: Gate):
    await asyncio.gather(*[fetch(client, url) for url in urls])  # ASL701


async def none_of_them(client: httpx.AsyncClient, urls, door: Gate):
    await asyncio.gather(*[gated(client, url, door) for url in urls])  # limiters
    await asyncio.gather(*[entered(client, url, door) for url in urls])  # limiters
    await asyncio.gather(*[slowed(client, url) for url in urls])  # limiters
    await asyncio.gather(*[in_turn(client, url) for url in urls])  # limiters
    await asyncio.gather(*[decorated(client, url) for url in urls])  # limiters


async def in_here(client: httpx.AsyncClient, urls, door: Gate):
    async with door:
        await asyncio.gather(*[fetch(client, url) for url in urls])  # limiters
"""


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src/shop").mkdir(parents=True)
    Path("pyproject.toml").write_text(SETTINGS)
    for name, text in {"__init__": "", "deco": DECO, "gates": GATES, "use": USE, "fans": FANS}.items():
        Path(f"src/shop/{name}.py").write_text(text)


def marked(text: str, *wanted: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if line.partition("# ")[2] in wanted]


def found(path: str, *arguments: str) -> list[int]:
    return [each["location"]["row"] for each in json.loads(asynclint("--output-format=json", *arguments, path).out)]


def test_decorators_are_what_the_project_says() -> None:
    assert found("src/shop/use.py") == marked(USE, "ASL101", "ASL105")


def test_without_a_word_only_what_is_seen_counts() -> None:
    lines = [USE.splitlines()[row - 1].strip() for row in found("src/shop/use.py", "--isolated")]
    assert lines == ["typed_away()"]


def test_a_nearer_word_changes_one_decorator() -> None:
    assert "typed_away()" in [
        USE.splitlines()[row - 1].strip()
        for row in found("src/shop/use.py", "--config", "decorators.transparent = ['shop.deco.typed']")
    ]


def test_work_under_declared_limiters_is_limited() -> None:
    assert found("src/shop/fans.py") == marked(FANS, "ASL701")
    assert found("src/shop/fans.py", "--isolated") == marked(FANS, "ASL701", "limiters")


def test_the_sieve_changes_nothing() -> None:
    for name, codes in {"use": ("ASL101", "ASL105"), "fans": ("ASL701",)}.items():
        path = f"src/shop/{name}.py"
        findings = Linter(load("."), sieve=False).lint(path).findings
        assert [f.span.line for f in findings] == marked(Path(path).read_text(), *codes)


def test_flake8_says_the_same() -> None:
    pytest.importorskip("flake8")
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=ASL", "--format=%(row)d", "src/shop/use.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment({}), check=False)
    assert list(map(int, done.stdout.split())) == marked(USE, "ASL101", "ASL105")
