"""What is known of installed packages: read where they lie, recognised by their documented names, never linted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asynclint.config import ConfigError, load
from asynclint.linter import Linter, lint
from asynclint.source.environment import inferred_environment, site_directories

SITE = "lib/python3.12/site-packages"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    write({"pyproject.toml": ""})


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def install(files: dict[str, str], environment: str = ".venv") -> None:
    write({f"{environment}/pyvenv.cfg": "version = 3.12.3\n"})
    write({f"{environment}/{SITE}/{name}": text for name, text in files.items()})


def codes(code: str, **options: object) -> list[tuple[int, str]]:
    write({"app.py": code})
    result = Linter(load(".", overrides={"ignore": ("ASL8",), **options})).lint("app.py")
    assert result.errors == ()
    return [(finding.span.line, finding.code) for finding in result.findings]


def use(imports: str, *lines: str) -> str:
    return f"{imports}\nasync def work():\n" + "".join(f"    {line}\n" for line in lines)


STORE = {
    "store/__init__.py": "from ._conn import Conn, connect\nfrom . import aio\nfrom .words import *\n",
    "store/_conn.py": (
        "import time, somewhere_else\nfrom ._base import Base\n"
        "class Conn(Base):\n"
        "    async def save(self): ...\n"
        "    def plain(self): time.sleep(1)\n"
        "    async def rows(self):\n        yield 1\n"
        "    async def cursor(self) -> 'Cursor': ...\n"
        "    @somewhere_else.odd\n    async def unclear(self): ...\n"
        "    async def __aenter__(self): return self\n"
        "    @property\n    def twin(self) -> 'Conn': ...\n"
        "class Cursor:\n    async def fetch(self): ...\n"
        "async def connect() -> Conn: ...\n"
        "def make(): return Conn()\n"
    ),
    "store/_base.py": "class Base:\n    def __init__(self):\n        self.log = Log()\n    async def close(self): ...\n"
    "class Log:\n    async def flush(self): ...\n",
    "store/aio/__init__.py": "async def go(): ...\n",
    "store/words.py": "async def say(): ...\n",
}

FOUND = {
    "function": use("import store", "store.connect()"),
    "by its own name": use("from store import connect", "connect()"),
    "of a star": use("from store import *", "say()"),
    "submodule": use("import store.aio", "store.aio.go()"),
    "submodule by name": use("from store import aio as a", "a.go()"),
    "method of what is made": use("import store", "store.Conn().save()"),
    "method of what is awaited": use("import store", "(await store.connect()).save()"),
    "method of a parameter": "import store\nasync def work(conn: store.Conn):\n    conn.save()\n",
    "inherited method": use("from store import Conn", "Conn().close()"),
    "method of an attribute": use("from store import Conn", "Conn().log.flush()"),
    "method of a property": use("from store import Conn", "Conn().twin.save()"),
    "method of a promised result": use("from store import Conn", "(await Conn().cursor()).fetch()"),
    "from the defining module": use("from store._conn import make", "make().save()"),
    "generator": use("from store import Conn", "Conn().rows()"),
}


@pytest.mark.parametrize("shape", FOUND)
def test_coroutines_of_installed_packages_are_known(shape: str) -> None:
    assert codes(FOUND[shape]) == []
    install(STORE)
    assert codes(FOUND[shape]) == [(3, "ASL101")]


def test_what_the_project_inherits_is_known() -> None:
    install(STORE)
    assert codes(
        "from store import Conn\n"
        "class Mine(Conn):\n"
        "    def plain(self): ...\n"
        "    async def work(self):\n"
        "        self.save()\n"
        "        self.log.flush()\n"
        "        super().close()\n"
        "        self.plain()\n"
        "        self.nothing()\n"
        "        await self.cursor()\n"
    ) == [(5, "ASL101"), (6, "ASL101"), (7, "ASL101")]


def test_objects_that_are_entered_are_known() -> None:
    install(STORE)
    assert codes(use("from store import Conn", "async with Conn() as conn:", "    conn.save()")) == [(4, "ASL101")]


@pytest.mark.parametrize("call", ["Conn().plain()", "Conn().unclear()", "Conn().missing()", "Conn.missing.more()"])
def test_what_is_not_sure_stays_silent(call: str) -> None:
    install(STORE)
    assert codes(use("from store import Conn", call)) == []


def test_packages_are_neither_linted_nor_followed() -> None:
    install(STORE)
    assert codes(use("from store import Conn", "Conn().plain()"), preview=True) == []
    result = lint(["."], load("."))
    assert {finding.path for finding in result.findings} == set()
    assert result.files == 1


def test_the_tables_keep_their_names_when_the_library_is_installed() -> None:
    install(
        {
            "requests/__init__.py": "from .api import get\nfrom .sessions import Session\n",
            "requests/api.py": "def get(url): ...\n",
            "requests/sessions.py": "class Session:\n    def get(self, url): ...\n    def close(self): ...\n",
            "wrapper.py": "import requests\ndef session() -> requests.Session: ...\n"
            "class Client(requests.Session):\n    pass\n",
            "requests_more/__init__.py": "from requests.sessions import Session\ndef session() -> Session: ...\n",
        }
    )
    calls = ("requests.get('')", "Session().get('')", "wrapper.session().get('')", "Client().get('')")
    text = use(
        "import requests, wrapper, requests_more; from requests import Session; from wrapper import Client",
        *calls,
        "requests_more.session().get('')",
        "requests_more.session().close()",
    )
    assert codes(text) == [(line, "ASL202") for line in range(3, 8)]


def test_a_class_is_known_to_the_tables_from_wherever_it_is_taken() -> None:
    module = "class MongoClient:\n    def list_database_names(self): ...\n"
    wrapper = "from pymongo.synchronous.mongo_client import MongoClient\ndef made(): return MongoClient()\n"
    install(
        {
            "pymongo/__init__.py": "",
            "pymongo/synchronous/__init__.py": "",
            "pymongo/synchronous/mongo_client.py": module,
            "wrapper.py": wrapper,
        }
    )
    assert codes(use("import wrapper", "wrapper.made().list_database_names()")) == [(3, "ASL204")]


def test_stubs_go_before_sources() -> None:
    install(
        {
            "pkg/__init__.py": "def save(): ...\ndef other(): ...\n",
            "pkg/__init__.pyi": "async def save() -> None: ...\n",
            "lib/__init__.py": "from lib.inner import save\n",
            "lib/inner.py": "def save(): ...\n",
            "lib/rest.py": "async def rest(): ...\n",
            "lib-stubs/__init__.pyi": "from .inner import save as save\n",
            "lib-stubs/inner.pyi": "async def save() -> None: ...\n",
        }
    )
    text = use("import pkg, lib, lib.rest", "pkg.save()", "pkg.other()", "lib.save()", "lib.rest.rest()")
    assert codes(text) == [(3, "ASL101"), (5, "ASL101"), (6, "ASL101")]


def test_a_directory_named_like_an_installed_package_leaves_the_package_alone() -> None:
    install(STORE)
    write({"store/versions/first.py": "x = 1\n"})
    assert codes(use("import store", "store.connect()")) == [(3, "ASL101")]


def test_namespace_packages_may_be_spread() -> None:
    install({"org/one/__init__.py": "async def go(): ...\n", "org/two.py": "async def go(): ...\n"})
    write({"here/org/three.py": "async def go(): ...\n", f".venv/{SITE}/here.pth": "../../../../here\n"})
    text = use("from org import one\nimport org.two\nfrom org.three import go", "one.go()", "org.two.go()", "go()")
    assert codes(text) == [(line, "ASL101") for line in (5, 6, 7)]


def test_editable_installs_are_data_and_never_executed(tmp_path: Path) -> None:
    write({"elsewhere/pkg.py": "async def go(): ...\n", "hidden/secret.py": "async def go(): ...\n"})
    lines = ["# a comment", "", f"import os; os.mkdir({str(tmp_path / 'executed')!r})", str(tmp_path / "elsewhere")]
    install({"editable.pth": "\n".join(lines), "broken.pth": "\0\nnowhere\n"})
    assert codes(use("import pkg, secret", "pkg.go()", "secret.go()")) == [(3, "ASL101")]
    assert not Path("executed").exists()


def test_the_project_goes_before_an_installed_copy_of_it() -> None:
    install({"mine/__init__.py": "async def go(): ...\n"})
    write({"mine/__init__.py": "def go(): ...\n"})
    assert codes(use("import mine", "mine.go()")) == []


def test_the_standard_library_is_never_read_from_an_environment() -> None:
    install({"time.py": "async def sleep(s): ...\n", "typing.py": "", "asyncio/__init__.py": "def sleep(s): ...\n"})
    assert codes(use("import time, asyncio", "time.sleep(1)", "asyncio.sleep(1)")) == [(3, "ASL201"), (4, "ASL101")]


@pytest.mark.parametrize("broken", ["def (", "\0", "# coding: nonsense\n", "x = " + "(" * 5000 + ")" * 5000, "\xff"])
def test_what_cannot_be_read_is_unknown(broken: str) -> None:
    install(
        {"bad.py": broken, "good.py": "from bad import save, Base\nclass Good(Base):\n    async def go(self): ...\n"}
    )
    assert codes(use("import bad, good", "bad.save()", "good.Good().go()")) == [(4, "ASL101")]


def test_names_that_lead_in_circles_are_unknown() -> None:
    install(
        {
            "one.py": "from two import go, Go\nimport two\nhop = two.hop\nclass Ring(two.Ring): ...\n",
            "two.py": "from one import go, Go\nimport one\nhop = one.hop\nclass Ring(one.Ring): ...\n",
            "self.py": "from self import me\n",
        }
    )
    text = use("import one, self", "one.go()", "one.Go().go()", "one.hop()", "one.Ring().go()", "self.me()")
    assert codes(text) == []


# Which environment


def test_the_environment_is_that_of_the_whole_tree_whatever_is_linted() -> None:
    install(STORE)
    text = use("import store", "store.connect()")
    write({"part/pyproject.toml": "", "part/pkg/x.py": text, "part/.venv/pyvenv.cfg": "", ".git/HEAD": ""})
    install({"store.py": ""}, "part/.venv")
    for paths in (["."], ["part/pkg/x.py"], ["part"]):
        assert [finding.path for finding in lint(paths, load(paths[0])).findings] == ["part/pkg/x.py"]
    Path(".git/HEAD").unlink()
    Path(".git").rmdir()
    Path("pyproject.toml").unlink()
    Path("part/pyproject.toml").unlink()
    write({"other/y.py": text})
    assert [finding.path for finding in lint(["other/y.py"], load("other")).findings] == ["other/y.py"]


def test_an_environment_is_found_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = use("import store", "store.connect()")
    install(STORE, "active")
    assert codes(text) == []
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert codes(text) == [(3, "ASL101")]
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert codes(text) == []
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    monkeypatch.delenv("PRE_COMMIT")
    assert codes(text) == []
    install(STORE, "venv")
    assert codes(text) == [(3, "ASL101")]


@pytest.mark.parametrize("python", ["env", "env/bin/python", "./env/"])
def test_an_environment_is_named_by_its_directory_or_its_interpreter(python: str) -> None:
    install(STORE, "env")
    write({"env/bin/python": ""})
    text = use("import store", "store.connect()")
    assert codes(text, python=python) == [(3, "ASL101")]
    write({"pyproject.toml": f'[tool.asynclint]\npython = "{python}"\n'})
    assert codes(text) == [(3, "ASL101")]
    assert codes(text, python="") == []


def test_the_file_means_its_own_directory_the_option_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    install(STORE, "env")
    write({"pyproject.toml": '[tool.asynclint]\npython = "env"\n', "sub/x.py": use("import store", "store.connect()")})
    monkeypatch.chdir("sub")
    assert [finding.code for finding in lint(["x.py"], load(".")).findings] == ["ASL101"]
    assert [f.code for f in lint(["x.py"], load(".", overrides={"python": "../env"})).findings] == ["ASL101"]


def test_without_an_environment_nothing_is_read() -> None:
    install(STORE)
    text = use("import store", "store.connect()")
    assert codes(text, python="") == []
    assert Linter(load(".", isolated=True)).lint("app.py").findings == ()
    isolated = load(".", isolated=True, overrides={"python": ".venv"})
    assert len(Linter(isolated).lint("app.py").findings) == 1


@pytest.mark.parametrize("python", ["nowhere", "app.py", "."])
def test_an_environment_that_is_not_there_is_an_error_when_it_was_named(python: str) -> None:
    write({"app.py": ""})
    with pytest.raises(ConfigError, match="no Python environment is there"):
        lint(["app.py"], load(".", overrides={"python": python}), jobs=2)
    command = [sys.executable, "-m", "asynclint", "--python", python, "app.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"asynclint: `python`: {python}: no Python environment is there; name its ")
    assert done.stderr.count("\n") == 1


def test_a_broken_environment_that_was_merely_there_is_silence() -> None:
    write({".venv/pyvenv.cfg": "\0\xff nonsense", "app.py": ""})
    assert codes("x = 1\n") == []


LAYOUTS = {
    "unix": ("", "lib/python3.13/site-packages"),
    "unix, free-threaded": ("", "lib/python3.13t/site-packages"),
    "windows": ("", "Lib/site-packages"),
    "debian": ("", "lib/python3/dist-packages"),
    "debian, own": ("", "local/lib/python3.11/dist-packages"),
    "pypy": ("", "lib/pypy3.10/site-packages"),
    "venv": ("home = /nowhere\nversion = 3.12.3\n", "lib/python3.12/site-packages"),
    "virtualenv": ("version_info = 3.12.3.final.0\nversion = \n", "lib64/python3.12/site-packages"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packages_are_found_in_every_kind_of_environment(layout: str, tmp_path: Path) -> None:
    config, place = LAYOUTS[layout]
    write({f"env [x]/{place}/pkg.py": "", **({"env [x]/pyvenv.cfg": config} if config else {})})
    assert site_directories("env [x]") == (str(tmp_path / "env [x]" / place),)
    assert inferred_environment(".", {"VIRTUAL_ENV": "env [x]"}) == "env [x]"


def test_of_several_versions_the_interpreters_own_counts(tmp_path: Path) -> None:
    write({f"usr/lib/python3.{minor}/site-packages/x.py": "" for minor in (11, 12)} | {"usr/bin/python3.12": ""})
    os.symlink("python3.12", "usr/bin/python3")
    assert site_directories("usr/bin/python3") == (str(tmp_path / "usr/lib/python3.12/site-packages"),)


def test_packages_of_the_base_shine_through_when_they_may(tmp_path: Path) -> None:
    write({"usr/lib/python3.12/site-packages/x.py": ""})
    install({}, "env")
    write({f"env/{SITE}/y.py": ""})
    config = f"home = {tmp_path}/usr/bin\nversion = 3.12.1\ninclude-system-site-packages = "
    write({"env/pyvenv.cfg": config + "true\n"})
    own, base = str(tmp_path / "env" / SITE), str(tmp_path / "usr" / SITE)
    assert site_directories("env") == (own, base)
    write({"env/pyvenv.cfg": config + "false\n"})
    assert site_directories("env") == (own,)


def test_an_interpreter_may_lie_beside_its_packages(tmp_path: Path) -> None:
    write({"Python312/python.exe": "", "Python312/Lib/site-packages/x.py": ""})
    assert site_directories("Python312/python.exe") == (str(tmp_path / "Python312/Lib/site-packages"),)


def test_an_installed_library_that_says_less_than_the_table_does_not_silence_it() -> None:
    method = "    def set(self, key) -> Union[Awaitable[Any], Any]: ...\n"
    client = f"from typing import Any, Awaitable, Union\nclass Redis:\n{method}"
    package = {"redis/__init__.py": "", "redis/asyncio/__init__.py": "from .client import Redis\n"}
    install({**package, "redis/asyncio/client.py": client})
    assert codes(use("from redis.asyncio import Redis", "Redis().set('a')")) == [(3, "ASL101")]


def test_an_installed_library_that_is_another_version_has_the_last_word() -> None:
    install({"httpx/__init__.py": "class AsyncClient:\n    def get(self, url) -> str: ...\n"})
    assert codes(use("import httpx", "httpx.AsyncClient().get('a')")) == []
