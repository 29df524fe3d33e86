"""The shipped tables of libraries: fresh, closed, canonical, and not against what is known by hand."""

import hashlib
import os
import warnings
from pathlib import Path

import pytest
from library_tables import PACKAGES, SHIPPED, library_tables
from real import downloaded

from asynclint.facts.knowledge import Call, Kind, Table, call_of, stdlib, table
from asynclint.facts.knowledge.blocking import blocking

_LARGEST = 1_500_000  # bytes, all tables together


def _tables() -> dict[str, Table]:
    return {package: table(package) for package in PACKAGES}


def _call(name: str) -> Call | None:
    """What is known of a name as users write it: of a function, or of a method of a class that may be an alias."""
    owner, _, method = name.rpartition(".")
    aliases = table(name).aliases
    return call_of(aliases.get(name, f"{aliases.get(owner, owner)}.{method}"))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "aiosqlite.Connection.commit",
            "aiosqlite.Cursor.fetchall",
            "httpx.AsyncClient.aclose",
            "httpx.AsyncClient.get",
        ),
        *("starlette.requests.Request.json", "starlette.websockets.WebSocket.send_json", "anyio.sleep"),
        *("anyio.Event.wait", "anyio.to_thread.run_sync", "aiohttp.ClientSession.close", "aiohttp.ClientResponse.json"),
        *("aiohttp.web.Request.json", "aiohttp.web.StreamResponse.write", "redis.asyncio.Redis.get"),
        *("redis.asyncio.client.Pipeline.execute", "sqlalchemy.ext.asyncio.AsyncSession.execute"),
        *("sqlalchemy.ext.asyncio.AsyncSession.commit", "asyncpg.Connection.fetch", "asyncpg.connect"),
        *("discord.abc.Messageable.send", "discord.TextChannel.send", "telegram.Bot.send_message"),
        *("telegram.Message.reply_text", "websockets.ClientConnection.send", "pymongo.AsyncMongoClient.close"),
        *("playwright.async_api.Page.click", "telethon.TelegramClient.send_message", "mcp.ClientSession.call_tool"),
        *("aiokafka.AIOKafkaProducer.send_and_wait", "aio_pika.connect_robust", "aiogram.Bot.send_message"),
        *("tortoise.Tortoise.init", "databases.Database.execute"),
    ],
)
def test_coroutine_functions_are_known(name: str) -> None:
    found = _call(name)
    assert found is not None
    assert found.kind is Kind.COROUTINE


@pytest.mark.parametrize(
    "name",
    [
        *("httpx.Client.get", "httpx.AsyncClient.stream", "redis.Redis.get", "redis.asyncio.client.Pipeline.get"),
        *("sqlalchemy.ext.asyncio.AsyncSession.add", "sqlalchemy.orm.Session.execute", "pymongo.MongoClient.close"),
        *("playwright.sync_api.Page.click", "starlette.testclient.TestClient.get", "anyio.create_task_group"),
    ],
)
def test_what_is_no_coroutine_function_is_not_taken_for_one(name: str) -> None:
    found = _call(name)
    assert found is None or found.kind not in (Kind.COROUTINE, Kind.LAZY)


def test_requests_do_nothing_before_they_are_awaited() -> None:
    made = _call("aiohttp.ClientSession.post")
    assert made is not None
    assert made.kind is Kind.LAZY
    assert call_of(f"{made.returns}.__aenter__") == Call(kind=Kind.COROUTINE, returns="aiohttp.ClientResponse")


def test_re_exports_lead_to_the_library_that_defines_them() -> None:
    assert table("fastapi").aliases["fastapi.Request"] == "starlette.requests.Request"


def test_every_class_that_is_told_is_described() -> None:
    classes = {name: known for each in _tables().values() for name, known in each.classes.items()}
    calls = [call for each in _tables().values() for call in each.functions.values()]
    calls += [call for known in classes.values() for call in known.methods.values()]
    assert {call.returns for call in calls if call.returns} - classes.keys() == set()
    assert {base for known in classes.values() for base in known.bases} - stdlib().classes.keys() == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_canonical_and_of_the_library(package: str) -> None:
    known = table(package)
    names = known.classes.keys() | known.functions.keys()
    assert names & known.aliases.keys() == set()
    assert {name for name in names if name.partition(".")[0] != package} == set()


def test_no_table_hides_a_blocking_call() -> None:
    led = {name for each in _tables().values() for name in each.aliases}
    assert {name for name in blocking().calls if name in led or name.rpartition(".")[0] in led} == set()


def test_they_stay_small_and_are_those_of_the_pins() -> None:
    files = list(SHIPPED.iterdir())
    assert sorted(file.stem for file in files) == sorted(PACKAGES)
    assert sum(file.stat().st_size for file in files) < _LARGEST


# Indexes have served different wheels of these very versions; the tables are those of the ones with these digests.
SERVED_TWICE = {"telethon": "1aebaca04fd8410968816645bdbcc0baeff55429b6d6bec37e647417bb8e8a2c"}


def digests(folder: Path) -> set[str]:
    return {hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in folder.rglob("*.whl")}


@pytest.mark.skipif(
    "ASYNCLINT_LIBRARIES" not in os.environ, reason="downloads two dozen libraries: ASYNCLINT_LIBRARIES=1"
)
def test_the_tables_are_what_the_sources_say(tmp_path: Path) -> None:
    sources = downloaded(tmp_path)
    others = {package for package, known in SERVED_TWICE.items() if known not in digests(tmp_path)}
    for package in others:
        warnings.warn(f"{package}: the index serves another file of its version", stacklevel=1)
    stale = [
        name
        for name, text in library_tables(sources).items()
        if name.removesuffix(".json") not in others and (SHIPPED / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "tests/library_tables.py writes them anew"
