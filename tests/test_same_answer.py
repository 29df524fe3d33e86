"""The same answer everywhere: a file of a real project has its findings, whatever it is linted with and through."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TypeAlias

import pytest
from real import copy_of_aiohttp, spoilt

from asynclint import linter
from asynclint.catalog import find
from asynclint.config import load
from asynclint.doors.cli import run
from asynclint.rule import Default

Findings: TypeAlias = Mapping[str, list[str]]  # of each file, by its place below the project

OPTIONS = ("--select=ASL", "--preview", "--output-format=json", "-q")
FEWEST_FINDINGS = 40

PROJECT = {
    "pyproject.toml": "[project]\nname = 'shop'\nrequires-python = '>=3.10'\n",
    ".git/HEAD": "",
    ".venv/pyvenv.cfg": "version = 3.12.3\n",
    ".venv/lib/python3.12/site-packages/store/__init__.py": "from .conn import Conn, connect\n",
    ".venv/lib/python3.12/site-packages/store/conn.py": (
        "class Conn:\n    async def save(self): ...\n\nasync def connect() -> Conn: ...\n"
    ),
    "src/shop/__init__.py": "",
    "src/shop/db.py": (
        "import time\nfrom store import connect\n\n\ndef slow():\n    time.sleep(1)\n\n\n"
        "async def save():\n    conn = await connect()\n    conn.save()\n"
    ),
    "src/shop/web.py": (
        "from aiohttp import ClientSession\nfrom shop.db import save, slow\n\n\n"
        "async def handle(session: ClientSession):\n    save()\n    slow()\n    session.close()\n"
    ),
    "org/area/tools.py": "from shop.web import handle\n\n\nasync def tool():\n    handle(None)\n",
    "org/app/run.py": "import org.area.tools\n\norg.area.tools.tool()\n",
    "tests/test_shop.py": "from shop.db import save\n\n\nasync def test_save():\n    save()\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of several layouts around a real package in which awaits have been lost."""
    folder = tmp_path_factory.mktemp("real").resolve()
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for path in sorted(copy_of_aiohttp(folder).glob("client*.py")) + sorted((folder / "aiohttp").glob("web*.py")):
        path.write_text(spoilt(path.read_text()))
    return folder


def by_command_line(*arguments: str, stdin: bytes = b"", monkeypatch: pytest.MonkeyPatch, project: Path) -> Findings:
    """What the command line prints, file by file; names as seen from the project."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    with redirect_stdout(io.StringIO()) as out:
        assert run([*OPTIONS, *arguments]) in (0, 1)
    found: dict[str, list[str]] = {}
    for finding in json.loads(out.getvalue(), object_hook=lambda value: _named_from(project, value)):
        found.setdefault(finding["filename"], []).append(json.dumps(finding, sort_keys=True))
    return found


def _named_from(project: Path, value: dict[str, object]) -> dict[str, object]:
    return {
        key: os.path.relpath(str(each), project) if key in ("filename", "path") else each for key, each in value.items()
    }


Lint: TypeAlias = Callable[..., Findings]


@pytest.fixture
def lint(project: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    monkeypatch.chdir(project)
    return lambda *arguments, **options: by_command_line(
        *arguments, monkeypatch=monkeypatch, project=project, **options
    )


@pytest.fixture(scope="module")
def files(project: Path) -> list[str]:
    return sorted(str(path.relative_to(project)) for path in project.rglob("*.py") if ".venv" not in path.parts)


@pytest.fixture(scope="module")
def expected(project: Path, files: list[str]) -> Findings:
    """Of the whole tree, by the real program."""
    command = [sys.executable, "-m", "asynclint", *OPTIONS, "-j1", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project, check=False)
    assert done.stderr == ""
    found: dict[str, list[str]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["filename"], []).append(json.dumps(finding, sort_keys=True))
    assert sum(map(len, found.values())) >= FEWEST_FINDINGS
    own = {path: [json.loads(finding)["code"] for finding in found.get(path, ())] for path in PROJECT if path in files}
    assert own == {
        "src/shop/__init__.py": [],
        "src/shop/db.py": ["ASL101"],
        "src/shop/web.py": ["ASL101", "ASL210", "ASL101"],
        "org/area/tools.py": ["ASL101"],
        "org/app/run.py": ["ASL101"],
        "tests/test_shop.py": ["ASL101"],
    }
    return found


def joined(parts: Iterable[Findings]) -> Findings:
    return {path: found for part in parts for path, found in part.items()}


def test_in_one_process_and_in_two(lint: Lint, expected: Findings) -> None:
    assert lint("-j1", ".") == expected
    assert lint("-j2", ".") == expected


def test_as_a_list_of_files_in_any_order(lint: Lint, files: list[str], expected: Findings) -> None:
    assert lint(*files) == expected
    assert lint("-j2", *reversed(files)) == expected


def test_each_file_alone(lint: Lint, files: list[str], expected: Findings) -> None:
    assert joined(lint(file) for file in files) == expected


def test_each_directory_alone(lint: Lint, files: list[str], expected: Findings) -> None:
    folders = sorted({file.rpartition("/")[0] for file in files})
    assert joined(lint(folder) for folder in folders) == expected


def test_from_stdin_with_a_filename(lint: Lint, project: Path, files: list[str], expected: Findings) -> None:
    texts = {file: (project / file).read_bytes() for file in files}
    assert joined(lint("-", "--stdin-filename", file, stdin=text) for file, text in texts.items()) == expected


def test_from_elsewhere(
    lint: Lint, project: Path, files: list[str], expected: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert lint(str(project)) == expected
    monkeypatch.chdir(project / "src" / "shop")
    assert lint("../..") == expected
    shop = {path: found for path, found in expected.items() if path.startswith("src/shop")}
    assert lint(".") == joined(lint(Path(path).name) for path in shop) == shop


def test_through_flake8(project: Path, files: list[str], expected: Findings) -> None:
    """All files in one call, and one call for each file; what is information by default is shown when selected."""
    pytest.importorskip("flake8")
    errors = sorted(
        f"./{path}:{f['location']['row']}:{f['location']['column']}: {f['code']} {f['message']}"
        for path, found in expected.items()
        for f in map(json.loads, found)
        if f["severity"] == "error" or find(f["code"]).default is not Default.ON
    )
    program = "import sys\nfrom flake8.main.cli import main\nfor path in sys.argv[1:]:\n    main(path.split(':'))\n"
    options = "--isolated:--select=ASL:--asynclint-preview:--exclude=.venv:-j{}:{}"
    calls = {"whole": [options.format(1, ".")], "two": [options.format(2, ".")]}
    calls["alone"] = [options.format(1, f"./{file}") for file in files]
    for how, arguments in calls.items():
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=project, check=False)
        assert done.stderr == "", how
        assert sorted(done.stdout.splitlines()) == errors, how


def test_files_are_called_what_the_user_calls_them_whichever_is_linted_first(project: Path) -> None:
    """A finding in one file names places in others, which may not have had their turn yet."""
    paths = [str(project / "src"), str(project / "org")]
    one, several = (linter.lint(paths, load(str(project), isolated=True), jobs=jobs) for jobs in (1, 2))
    related = {place.path for finding in one.findings for place in finding.related}
    assert one == several
    assert related
    assert all(os.path.isabs(path) for path in related)
