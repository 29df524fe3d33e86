"""Where modules are found: every layout people use, with and without configuration, whatever is linted with them."""

import os
import sys
from pathlib import Path

import pytest

from asynclint.config import load
from asynclint.linter import lint
from asynclint.source.modules import ModuleFinder

COROUTINE = "async def save(): ...\n"
PROJECT = "pyproject.toml", ""


def use(statement: str, call: str) -> str:
    return f"{statement}\n\n\nasync def work():\n    {call}()\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def findings(*paths: str) -> list[tuple[str, int, str]]:
    result = lint(paths, load(str(Path(paths[0]).parent)), jobs=1)
    assert result.errors == ()
    return [(finding.path, finding.span.line, finding.code) for finding in result.findings]


LAYOUTS = {
    "src layout": (
        {"pyproject.toml": "", "src/pkg/__init__.py": "", "src/pkg/db.py": COROUTINE},
        "src/pkg/web.py",
        use("from pkg.db import save", "save"),
    ),
    "tests of a src layout": (
        {"pyproject.toml": "", "src/pkg/__init__.py": "", "src/pkg/db.py": COROUTINE, "tests/__init__.py": ""},
        "tests/unit/test_db.py",
        use("from pkg import db", "db.save"),
    ),
    "flat layout": (
        {"setup.py": "", "pkg/__init__.py": COROUTINE, "tests/conftest.py": ""},
        "tests/deep/test_pkg.py",
        use("import pkg", "pkg.save"),
    ),
    "namespace package": (
        {"pyproject.toml": "", "org/area/db.py": COROUTINE},
        "org/web/app.py",
        use("import org.area.db", "org.area.db.save"),
    ),
    "member of a namespace package": (
        {"pyproject.toml": "", "org/area/db.py": COROUTINE},
        "org/web/app.py",
        use("from org.area import db", "db.save"),
    ),
    "namespace package of a tree without any mark": (
        {"org/area/db.py": COROUTINE},
        "org/web/app.py",
        use("from org.area.db import save", "save"),
    ),
    "relative import in a namespace package": (
        {"org/area/db.py": COROUTINE},
        "org/web/app.py",
        use("from ..area import db", "db.save"),
    ),
    "sibling in a directory without __init__.py": (
        {"org/area/db.py": COROUTINE},
        "org/area/app.py",
        use("from . import db", "db.save"),
    ),
    "namespace within a package": (
        {"pkg/__init__.py": "", "pkg/db.py": COROUTINE, "pkg/ext/tasks/__init__.py": ""},
        "pkg/ext/tasks/loop.py",
        use("import pkg.db", "pkg.db.save"),
    ),
    "scripts beside each other": (
        {"scripts/db.py": COROUTINE},
        "scripts/run.py",
        use("from db import save", "save"),
    ),
    "script beside one that is called like a module of the standard library": (
        {"scripts/queue.py": COROUTINE},
        "scripts/run.py",
        use("from queue import save", "save"),
    ),
    "two packages side by side": (
        {"pyproject.toml": "", "one/__init__.py": COROUTINE, "two/__init__.py": ""},
        "two/app.py",
        use("from one import save", "save"),
    ),
    "projects of one repository": (
        {
            ".git/HEAD": "",
            "libs/core/pyproject.toml": "",
            "libs/core/src/core/__init__.py": COROUTINE,
            "apps/shop/pyproject.toml": "",
        },
        "apps/shop/shop/app.py",
        use("from core import save", "save"),
    ),
    "common code at the root of a repository": (
        {".git/HEAD": "", "common/db.py": COROUTINE, "apps/shop/pyproject.toml": ""},
        "apps/shop/shop/app.py",
        use("from common.db import save", "save"),
    ),
    "stub of an extension module": (
        {"pkg/__init__.py": "", "pkg/_fast.pyi": COROUTINE},
        "pkg/app.py",
        use("from pkg._fast import save", "save"),
    ),
    "configured roots": (
        {"pyproject.toml": "[tool.asynclint]\nsrc = ['lib', 'parts/*/code']", "parts/a/code/db.py": COROUTINE},
        "lib/app/main.py",
        use("from db import save", "save"),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_modules_are_found_whatever_is_linted_with_them(layout: str) -> None:
    files, path, text = LAYOUTS[layout]
    write({**files, path: text})
    alone = findings(path)
    assert [(found, code) for found, _, code in alone] == [(path, "ASL101")]
    assert [finding for finding in findings(".") if finding[0] == path] == alone
    assert findings(*sorted(map(str, Path().rglob("*.py")))) == alone
    os.chdir(Path(path).parent)
    assert [finding[1:] for finding in findings(Path(path).name)] == [finding[1:] for finding in alone]


INNOCENT = {
    "the source wins over the stub beside it": (
        {"pkg/__init__.py": "", "pkg/db.py": "def save(): ...\n", "pkg/db.pyi": COROUTINE},
        "pkg/app.py",
        use("from pkg.db import save", "save"),
    ),
    "the standard library wins over a module inside a package": (
        {"pyproject.toml": "", "pkg/__init__.py": "", "pkg/ext/queue.py": COROUTINE},
        "pkg/ext/app.py",
        use("from queue import save", "save"),
    ),
    "a directory of another project is no package of this one": (
        {"other/pyproject.toml": "", "other/db.py": COROUTINE, "mine/pyproject.toml": ""},
        "mine/app.py",
        use("from db import save", "save"),
    ),
    "projects of one repository share packages, not scripts": (
        {".git/HEAD": "", "a/pyproject.toml": "", "a/helper.py": COROUTINE, "b/pyproject.toml": ""},
        "b/app.py",
        use("from helper import save", "save"),
    ),
    "a directory inside a package is no root": (
        {"pkg/__init__.py": "", "pkg/db/__init__.py": COROUTINE, "pkg/ext/tool.py": ""},
        "pkg/ext/db/app.py",
        use("from db import save", "save"),
    ),
}


@pytest.mark.parametrize("layout", INNOCENT)
def test_what_is_no_module_of_the_importer_stays_unknown(layout: str) -> None:
    files, path, text = INNOCENT[layout]
    write({**files, path: text})
    assert findings(path) == []
    assert findings(".") == []


def test_a_directory_named_like_a_library_leaves_the_library_alone() -> None:
    write({"pyproject.toml": "", "requests/try_it.py": "", "app.py": use("import requests", "requests.get")})
    assert findings("app.py") == [("app.py", 5, "ASL202")]


def test_the_nearest_root_wins(tmp_path: Path) -> None:
    write({"pyproject.toml": "", "db.py": "", "src/db.py": "", "tools/db.py": "", "tools/run.py": "", "tests/t.py": ""})
    finder = ModuleFinder()
    found = {importer: finder.locate("db", importer) for importer in ("tools/run.py", "tests/t.py", "src/x.py")}
    expected = {"tools/run.py": "tools/db.py", "tests/t.py": "db.py", "src/x.py": "src/db.py"}
    assert found == {importer: str(tmp_path / path) for importer, path in expected.items()}


def test_configured_roots_win_over_guessed_ones(tmp_path: Path) -> None:
    write({"pyproject.toml": "", "db.py": "", "lib/db.py": "", "tests/t.py": ""})
    assert ModuleFinder(["lib"]).locate("db", "tests/t.py") == str(tmp_path / "lib" / "db.py")


@pytest.mark.skipif(sys.platform == "win32", reason="directories cannot be closed there")
def test_directories_that_cannot_be_listed_hold_nothing() -> None:
    write({"pyproject.toml": "", "closed/db.py": COROUTINE, "app.py": use("import closed.db", "closed.db.save")})
    Path("circle").symlink_to("circle")
    Path("closed").chmod(0)
    try:
        assert findings("app.py") == ([] if os.geteuid() else [("app.py", 5, "ASL101")])
    finally:
        Path("closed").chmod(0o755)
