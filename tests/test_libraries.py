"""The shipped tables of libraries: closed, canonical, and not against what is known by hand."""

import pytest

from asynclint.facts.knowledge import Call, Kind, Table, call_of, stdlib, table
from asynclint.facts.knowledge.blocking import blocking

PACKAGES = ("aiosqlite", "fastapi", "httpx", "starlette")


def _tables() -> dict[str, Table]:
    return {package: table(package) for package in PACKAGES}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aiosqlite.Connection.commit", Kind.COROUTINE),
        ("aiosqlite.Connection.execute", Kind.UNKNOWN),
        ("aiosqlite.Cursor.fetchall", Kind.COROUTINE),
        ("aiosqlite.connect", Kind.FUNCTION),
        ("httpx.AsyncClient.aclose", Kind.COROUTINE),
        ("httpx.AsyncClient.get", Kind.COROUTINE),
        ("httpx.AsyncClient.stream", Kind.UNKNOWN),
        ("httpx.Client.get", Kind.FUNCTION),
        ("starlette.requests.Request.json", Kind.COROUTINE),
        ("starlette.requests.Request.stream", Kind.ASYNC_GENERATOR),
        ("starlette.websockets.WebSocket.send_json", Kind.COROUTINE),
    ],
)
def test_it_knows_what_everybody_knows(name: str, kind: Kind) -> None:
    found = call_of(name)
    assert isinstance(found, Call)
    assert found.kind is kind


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
