"""What is kept of installed packages between runs: it saves reading them, and is never trusted."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from specimens import ROOT
from test_cli import asynclint
from test_environment import install, write

from asynclint.config import load
from asynclint.engine.cache import FOLDER
from asynclint.engine.shelf import MAKERS
from asynclint.facts.module import ModuleFacts
from asynclint.facts.soundness import is_sound
from asynclint.linter import Linter
from asynclint.source.respell import parse

ASYNC = "async def save(): ...\n"
PLAIN = "def save():       ...\n"
APP = "import store\nasync def work():\n    store.save()\n"
KEPT = Path(FOLDER)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    write({"pyproject.toml": "", "app.py": APP})
    install({"store.py": ASYNC})


def codes(*, cache: bool = True) -> list[str]:
    config = msgspec.structs.replace(load("."), cache=cache)
    return [finding.code for finding in Linter(config).lint("app.py").findings]


def entries(package: str = "store") -> list[Path]:
    """Of a package; those of the project are in `-`."""
    return list(KEPT.rglob(f"{package}/*.msgpack"))


def installed() -> Path:
    return next(Path(".venv").rglob("store.py"))


def exchange(text: str) -> None:
    """Other content of the same size and time."""
    status = installed().stat()
    installed().write_text(text)
    os.utime(installed(), ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_package_is_read_once() -> None:
    assert codes() == ["ASL101"]
    assert len(entries()) == len(entries("-")) == 1
    assert (KEPT / ".gitignore").read_text() == "*\n"
    assert (KEPT / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    say(entries()[0], PLAIN)
    assert codes() == []  # nobody looked at it again
    assert codes(cache=False) == ["ASL101"]


def test_a_file_of_the_project_is_read_once() -> None:
    assert codes() == ["ASL101"]
    say(entries("-")[0], APP.replace("store.save()", "..."))
    assert codes() == []
    assert codes(cache=False) == ["ASL101"]


def test_it_goes_by_content() -> None:
    assert codes() == ["ASL101"]
    assert len(ASYNC) == len(PLAIN)
    exchange(PLAIN)
    assert codes() == []


def say(entry: Path, text: str) -> None:
    """Lets an entry have the facts of another text."""
    path, digest, _ = msgspec.msgpack.decode(entry.read_bytes())
    entry.write_bytes(msgspec.msgpack.encode((path, digest, facts_of(text, path))))


def test_a_package_that_has_changed_is_read_again() -> None:
    assert codes() == ["ASL101"]
    installed().write_text(PLAIN + "# and more\n")
    assert codes() == []
    installed().write_text(ASYNC)
    assert codes() == ["ASL101"]


def test_nothing_is_kept_where_nothing_may_be_or_need_be() -> None:
    assert codes(cache=False) == ["ASL101"]
    assert not KEPT.exists()
    config = load(".", isolated=True, overrides={"python": ""})
    assert Linter(config).lint("app.py").findings == ()
    assert not entries()


def test_where_nothing_can_be_written_nothing_is_kept() -> None:
    KEPT.write_text("a file in the way")
    assert codes() == ["ASL101"]
    assert KEPT.read_text() == "a file in the way"


def test_text_that_cannot_be_written_is_not_kept() -> None:
    installed().write_text(ASYNC + "def other(mode: Literal['\\ud800']) -> '\\ud800': ...\n")
    assert codes() == ["ASL101"]
    assert codes() == ["ASL101"]


@settings(deadline=None)  # it reads and writes files
@given(st.binary(max_size=200))
@example(b"\x94\xa1\x92")  # text that is no UTF-8
def test_any_damage_is_repaired(damage: bytes) -> None:
    assert codes() == ["ASL101"]
    (entry,) = entries()
    whole = entry.read_bytes()
    for content in (damage, whole[: len(damage)], whole[:-1] + damage[:1], damage + whole):
        entry.write_bytes(content)
        assert codes() == ["ASL101"]


def test_facts_are_made_anew_when_any_of_their_makers_has_changed() -> None:
    says = "import sys, asynclint.facts.walk; print(*(n for n in sys.modules if n.startswith('asynclint.facts.')))"
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True, env=here).stdout
    assert sorted(f"{name.rpartition('.')[2]}.py" for name in said.split()) == sorted(MAKERS)


def facts_of(text: str, path: str = "app.py") -> ModuleFacts:
    from asynclint.facts.walk import summarise

    return summarise(parse(text, path), path, last_line=text.count("\n"))


TEXT = "class C:\n    def f(self):\n        self.a = lambda: g(h())\n        return [x for x in self.a]\n"


def test_what_is_made_is_sound_and_survives() -> None:
    facts = facts_of(TEXT)
    assert is_sound(facts)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=ModuleFacts) == facts


NUMBERS = st.one_of(st.integers(-3, 12), st.just(2**40))


@given(st.data())
def test_numbers_that_point_nowhere_are_noticed_or_harmless(data: st.DataObject) -> None:
    """Whatever numbers a stranger writes: a scope never lies in itself, and all that is pointed to is there."""
    facts = facts_of(TEXT)
    scope = data.draw(st.sampled_from(facts.scopes))
    scope.parent = data.draw(NUMBERS)
    number = data.draw(NUMBERS)
    facts.calls[:] = [msgspec.structs.replace(call, scope=number) for call in facts.calls]
    if is_sound(facts):
        for index in range(len(facts.scopes)):
            assert facts.executor(index) <= index
            assert facts.enclosing_class(index) < index or index == 0
        assert all(facts.scopes[facts.executor(call.scope)] for call in facts.calls)


@pytest.mark.parametrize("place", ["file", "variable", "option"])
def test_it_is_kept_where_the_user_wants_it(place: str) -> None:
    if place == "file":
        Path("pyproject.toml").write_text('[tool.asynclint]\ncache-dir = "kept"')
    env = {"ASYNCLINT_CACHE_DIR": "elsewhere" if place == "option" else "kept"} if place != "file" else {}
    done = asynclint("app.py", *(["--cache-dir=kept"] if place == "option" else []), env=env)
    assert "ASL101" in done.out
    assert [entry.parent.name for entry in Path("kept").glob("*/store/*.msgpack")] == ["store"]
    assert not KEPT.exists()
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize("arguments", [("--no-cache",), ()])
def test_nothing_is_kept_where_the_user_wants_nothing(arguments: tuple[str, ...]) -> None:
    asynclint(*arguments, "app.py", env={} if arguments else {"ASYNCLINT_NO_CACHE": "1"})
    assert not KEPT.exists()
