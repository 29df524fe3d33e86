"""What a project says of its own blocking calls, seen through every door."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import asynclint, environment, error

from asynclint.config import load
from asynclint.linter import Linter

SETTINGS = """\
[tool.asynclint]
preview = true
[tool.asynclint.blocking-calls]
"mylib.fetch" = "`await mylib.afetch(...)`"
"mylib.db.*" = { code = "ASL204", instead = "the async client" }
"mylib.db.quick" = false
"mylib.nap" = { code = "ASL201" }
"requests.get" = false
"urllib.request.urlopen" = "our own client"
"shop.store.load" = "`await aload(...)`"
"shop.store.Store.re*" = "the cache"
"shop.store.harmless" = false
"""
STORE = """\
import time


def load():
    time.sleep(1)


def harmless():
    time.sleep(1)


def deep():
    return load()


class Store:
    def read(self): ...
    def write(self): ...
    async def refresh(self): ...
"""
APP = """\
import asyncio
import mylib as m
import requests
from mylib import db
from urllib.request import urlopen
from .store import Store, deep, harmless, load


def helper():
    m.fetch()


class Repository(db.Base):
    async def load(self):
        self.select()  # ASL204 the async client


async def handle(store: Store, client: db.Client):
    m.fetch(1)  # ASL206 `await mylib.afetch(...)`
    m.nap()  # ASL201 `await asyncio.to_thread(...)`
    db.query()  # ASL204 the async client
    client.get()  # ASL204 the async client
    urlopen("")  # ASL202 our own client
    load()  # ASL206 `await aload(...)`
    store.read()  # ASL206 the cache
    helper()  # ASL210 `asyncio.to_thread`
    deep()  # ASL210 `asyncio.to_thread`
    store.refresh()  # ASL101 keep the task
    await store.refresh()
    await db.afetch()
    await asyncio.to_thread(load)
    db.quick()
    requests.get("")
    harmless()
    store.write()


def plain():
    m.fetch()
    load()
"""
EXPECTED = [
    (number, *comment.split(maxsplit=1))
    for number, line in enumerate(APP.splitlines(), 1)
    if (comment := line.partition("# ")[2])
]


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src/shop").mkdir(parents=True)
    Path("pyproject.toml").write_text(SETTINGS)
    Path("src/shop/__init__.py").touch()
    Path("src/shop/store.py").write_text(STORE)
    Path("src/shop/app.py").write_text(APP)


def found(output: str) -> list[tuple[int, str, str]]:
    return [(each["location"]["row"], each["code"], each["message"].split("; ")[-1]) for each in json.loads(output)]


def test_each_entry_says_what_blocks_and_what_to_use_instead() -> None:
    findings = found(asynclint("--output-format=json", ".").out)
    assert [(row, code) for row, code, _ in findings] == [(row, code) for row, code, _ in EXPECTED]
    assert [advice for (_, _, said), (_, _, advice) in zip(findings, EXPECTED, strict=True) if advice not in said] == []


def test_without_the_entries_only_the_table_speaks() -> None:
    findings = found(asynclint("--output-format=json", "--isolated", "--select=ASL20", "src").out)
    assert [APP.splitlines()[row - 1].strip() for row, code, _ in findings] == [
        'urlopen("")  # ASL202 our own client',
        'requests.get("")',
    ]


def test_processes_and_the_sieve_change_nothing() -> None:
    one = asynclint("--output-format=json", "-j1", ".")
    assert asynclint("--output-format=json", "-j2", ".") == one
    unsifted = Linter(load("."), sieve=False).lint("src/shop/app.py").findings
    assert [(f.span.line, f.code) for f in unsifted] == [(row, code) for row, code, _ in found(one.out)]


def test_flake8_says_the_same() -> None:
    pytest.importorskip("flake8")
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=ASL", "--format=%(row)d %(code)s", "src"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment({}), check=False)
    assert done.stdout.splitlines() == [f"{row} {code}" for row, code, _ in EXPECTED]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("blocking-calls = 3", "`tool.asynclint.blocking-calls`: must be a table"),
        ("blocking-calls.fetch = 'x'", '`tool.asynclint.blocking-calls."fetch"`: must be a dotted name or a glob'),
        ("blocking-calls.'a.b()' = 'x'", '`tool.asynclint.blocking-calls."a.b()"`: must be a dotted name'),
        ("blocking-calls.'a.b' = true", '`tool.asynclint.blocking-calls."a.b"`: must say what to use instead, or'),
        ("blocking-calls.'a.b' = ''", '`tool.asynclint.blocking-calls."a.b"`: must say what to use instead, or'),
        ("blocking-calls.'a.b' = {cod = 'x'}", '`tool.asynclint.blocking-calls."a.b".cod`: unknown setting; did you'),
        ("blocking-calls.'a.b' = {code = 3}", '`tool.asynclint.blocking-calls."a.b".code`: must be a text'),
        ("blocking-calls.'a.b' = {code = 'ASL101'}", '"a.b".code`: `ASL101` is no code of a blocking call; did you'),
        ("blocking-calls.'a.b' = {code = 'blocking-http'}", "did you mean `ASL202`?"),
        ("blocking-call = 3", "`tool.asynclint.blocking-call`: unknown setting; did you mean `blocking-calls`?"),
    ],
)
def test_a_wrong_entry_is_named_with_its_remedy(entry: str, expected: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.asynclint]\n{entry}\n")
    assert expected in error(".")
