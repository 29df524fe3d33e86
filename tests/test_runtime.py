"""Which library a body runs on, as its findings tell: in that library's terms, or not at all."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from asynclint.config import load
from asynclint.linter import Linter

TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {}\n"
BODY = "import time\nasync def poll(x):\n    {}\n    time.sleep(1)\n"
SWALLOWS = "async def f(x):\n    try:\n        await x.y()\n    except BaseException:\n        pass\n    await x.z()\n"


def library(files: Mapping[str, str], directory: Path) -> str:
    """The library whose `sleep` is recommended for `main.py`, "" when nothing is said."""
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    with contextlib.chdir(directory):
        found = Linter(load(".", isolated=True)).lint("main.py").findings
    assert all(finding.code == "ASL201" for finding in found)
    return found[0].message.partition("await ")[2].partition(".")[0] if found else ""


@pytest.mark.parametrize(
    ("imports", "statement", "expected"),
    [
        ("", "pass", "asyncio"),
        ("import sniffio", "pass", "asyncio"),
        ("import asyncio", "pass", "asyncio"),
        ("import trio", "pass", ""),
        ("import trio as t", "pass", ""),
        ("from trio import sleep", "pass", ""),
        ("from trio import *", "pass", ""),
        ("import trio.testing", "pass", ""),
        ("import trionics", "pass", "asyncio"),
        ("import anyio", "pass", "anyio"),
        ("from anyio.abc import TaskGroup", "pass", "anyio"),
        ("import anyio, trio", "pass", "anyio"),
        ("import anyio, asyncio", "pass", "asyncio"),
        ("import anyio, asyncio", "await anyio.lowlevel.checkpoint()", "anyio"),
        ("import anyio, asyncio", "await anyio.to_thread.run_sync(asyncio.get_running_loop().close)", "asyncio"),
        ("import asyncio, trio", "pass", "asyncio"),
        ("import asyncio, trio", "await trio.lowlevel.checkpoint()", ""),
        ("import asyncio", "import trio; x(trio.run)", ""),
        ("import asyncio", "import trio; x(trio.run); asyncio.current_task()", "asyncio"),
        ("import asyncio, trio_asyncio, trio", "await x()", "asyncio"),
        ("try:\n    import trio\nexcept ImportError:\n    trio = None", "pass", ""),
        (TYPING.format("trio"), "pass", "asyncio"),
        (TYPING.format("anyio"), "pass", "asyncio"),
        (TYPING.format("asyncio") + "import anyio", "pass", "anyio"),
        ("import typing\nif typing.TYPE_CHECKING:\n    import trio\nelse:\n    import anyio", "pass", "anyio"),
        ("def run():\n    import trio\n    trio.run(poll)", "pass", ""),
    ],
)
def test_imports_tell(imports: str, statement: str, expected: str, tmp_path: Path) -> None:
    assert library({"main.py": f"{imports}\n{BODY.format(statement)}"}, tmp_path) == expected


TRIO, ANYIO, ASYNCIO = (f"import {name}\nasync def work(): ...\n" for name in ("trio", "anyio", "asyncio"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.py": TRIO}, ""),
        ({"a.py": ANYIO}, "anyio"),
        ({"a.py": ASYNCIO}, "asyncio"),
        ({"a.py": TRIO, "b.py": ASYNCIO}, "asyncio"),
        ({"a.py": TRIO, "b.py": "limit = 1"}, ""),
        ({"a.py": TRIO, "b.py": "import asyncio\n"}, ""),
        ({"a.py": TRIO, "b.py": ANYIO}, "anyio"),
        ({"a.py": "from c import work", "c.py": TRIO}, ""),
        ({"a.py": "import c\nasync def work(): ...", "c.py": TRIO}, "asyncio"),
    ],
)
def test_what_is_imported_from_tells_one_step_away(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    imports = "".join(f"from {name[0]} import *\nimport {name[0]}\n" for name in files if name != "c.py")
    called = "".join(
        f"from {name[0]} import work\n" for name, text in files.items() if "work" in text and name != "c.py"
    )
    assert library({**files, "main.py": imports + called + BODY.format("pass")}, tmp_path) == expected


@pytest.mark.parametrize(("marker", "expected"), [("trio/__init__.py", ""), ("trio/notes.py", "asyncio")])
def test_a_library_runs_on_itself(marker: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "trio").mkdir()
    (tmp_path / marker).write_text("")
    (tmp_path / "trio/main.py").write_text(f"from . import core\n{BODY.format('pass')}")
    with contextlib.chdir(tmp_path):
        found = Linter(load(".", isolated=True)).lint("trio/main.py").findings
    assert [finding.code for finding in found] == (["ASL201"] if expected else [])


@pytest.mark.parametrize(("name", "codes"), [("asyncio", ["ASL401"]), ("anyio", []), ("trio", [])])
def test_rules_about_asyncio_speak_of_asyncio(name: str, codes: list[str], tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(f"import {name}\n{SWALLOWS}")
    with contextlib.chdir(tmp_path):
        found = Linter(load(".", isolated=True)).lint("main.py").findings
    assert [finding.code for finding in found] == codes
