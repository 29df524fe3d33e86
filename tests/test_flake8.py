"""flake8, the real program, with our plugin: the findings of the command line, whatever way flake8 works."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from real import copy_of_aiohttp

from asynclint.catalog import find
from asynclint.rule import Default

pytest.importorskip("flake8")

BLOCKED = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
CODES = "ASL"
METHODS = ["fork", "spawn", "forkserver"] if sys.platform == "linux" else ["spawn"]
_MAIN = "import multiprocessing as m, sys; from flake8.main.cli import main; m.set_start_method({!r}); sys.exit(main())"


# flake8 runs every plugin there is, whatever is selected, and these take minutes for a package.
_WITHOUT_OTHERS = """\
import importlib.metadata
everything = importlib.metadata.distributions
others = {"flake8-async", "flake8-bugbear"}
importlib.metadata.distributions = lambda: (each for each in everything() if each.name not in others)
"""


def flake8(
    *arguments: str,
    method: str = METHODS[0],
    stdin: str = "",
    cwd: Path | None = None,
    isolated: bool = True,
    with_others: bool = False,
) -> subprocess.CompletedProcess[str]:
    program = (
        "" if with_others else _WITHOUT_OTHERS
    ) + "import multiprocessing as m, sys\nif __name__ == '__main__':\n"
    program += "".join(f"    {line.strip()}\n" for line in _MAIN.format(method).split(";")[1:])
    assert cwd is not None
    script = cwd / "run_flake8.py"
    script.write_text(program)
    isolation = ["--isolated"] if isolated else []
    command = [sys.executable, str(script), *isolation, "--exclude=run_flake8.py", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=cwd, check=False)


def by_asynclint(*arguments: str, cwd: Path) -> list[tuple[str, int, int, str]]:
    command = [sys.executable, "-m", "asynclint", "--output-format=json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    return [
        (f["filename"], f["location"]["row"], f["location"]["column"], f"{f['code']} {f['message']}")
        for f in json.loads(done.stdout)
        if f["severity"] == "error" or find(f["code"]).default is not Default.ON
    ]


def parsed(output: str) -> list[tuple[str, int, int, str]]:
    rows = (line.split(":", 3) for line in output.splitlines())
    return sorted((path.removeprefix("./"), int(line), int(column), text[1:]) for path, line, column, text in rows)


@pytest.fixture(scope="module")
def real_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    copy_of_aiohttp(folder)
    (folder / "sleepy.py").write_text(BLOCKED)
    return folder


@pytest.mark.parametrize(("method", "jobs"), [(METHODS[0], "1"), *((method, "2") for method in METHODS)])
def test_same_findings_as_the_command_line_on_a_real_package(real_package: Path, method: str, jobs: str) -> None:
    expected = by_asynclint("--select", CODES, ".", cwd=real_package)
    done = flake8("--select", CODES, "-j", jobs, ".", method=method, cwd=real_package)
    assert len({finding[0] for finding in expected}) >= 3, expected
    assert parsed(done.stdout) == sorted((path, *rest) for path, *rest in expected), done.stderr


def test_one_file_at_a_time_gives_the_same_findings(real_package: Path) -> None:
    whole = by_asynclint("--select", CODES, ".", cwd=real_package)
    path = next(finding[0] for finding in whole)
    alone = flake8("--select", CODES, path, cwd=real_package)
    assert parsed(alone.stdout) == sorted(finding for finding in whole if finding[0] == path)


def test_on_by_default_without_selecting(tmp_path: Path) -> None:
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    done = flake8("sleepy.py", cwd=tmp_path)
    assert [finding[:3] for finding in parsed(done.stdout) if finding[3].startswith(CODES)] == [("sleepy.py", 5, 5)]
    assert done.returncode == 1


def test_stdin_is_linted_as_the_buffer_it_is(tmp_path: Path) -> None:
    (tmp_path / "sleepy.py").write_text("saved = 1\n")
    done = flake8("--select", CODES, "--stdin-display-name", "sleepy.py", "-", stdin=BLOCKED, cwd=tmp_path)
    assert [finding[:3] for finding in parsed(done.stdout)] == [("sleepy.py", 5, 5)]


def test_stdin_without_a_name(tmp_path: Path) -> None:
    done = flake8("--select", CODES, "-", stdin=BLOCKED, cwd=tmp_path)
    assert [finding[:3] for finding in parsed(done.stdout)] == [("stdin", 5, 5)]


def test_syntax_errors_are_flake8s_own(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("async def f(:\n")
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    texts = [finding[3] for finding in parsed(flake8("--select", "E9,ASL", ".", cwd=tmp_path).stdout)]
    assert [text.split()[0] for text in texts] == ["E999", "ASL201"]


def test_flake8s_noqa_and_ours_agree(tmp_path: Path) -> None:
    comments = ["# noqa", "# noqa: ASL201", "# noqa: ASL2", "# noqa: ASL101", "# NOQA:ASL201 because", "# noqa : X1"]
    body = "".join(f"    time.sleep(1)  {comment}\n" for comment in comments)
    (tmp_path / "quiet.py").write_text(f"import time\n\n\nasync def wait():\n{body}")
    ours = by_asynclint("--select", CODES, "quiet.py", cwd=tmp_path)
    assert parsed(flake8("--select", CODES, "quiet.py", cwd=tmp_path).stdout) == sorted(ours)
    assert [(finding[1], finding[3][:6]) for finding in ours] == [(8, "ASL201"), (8, "ASL001")]


def test_our_own_comments_count_on_their_line_and_noqa_is_left_to_flake8(tmp_path: Path) -> None:
    lines = [
        "time.sleep(1)  # asynclint: ignore[ASL201] why",
        "time.sleep(2)  # noqa: ASL201",
        "time.sleep(",
        "    3)  # asynclint: ignore[ASL201]",
        "time.sleep(4)  # noqa: ASL101",
    ]
    (tmp_path / "quiet.py").write_text("import time\n\n\nasync def wait():\n    " + "\n    ".join(lines) + "\n")

    def found(*arguments: str) -> list[tuple[int, str]]:
        rows = parsed(flake8("--ignore=E,W", *arguments, "quiet.py", cwd=tmp_path).stdout)
        return [(line, text.split()[0]) for _, line, _, text in rows if text.startswith(CODES)]

    assert found() == [(7, "ASL201"), (9, "ASL201")]
    assert found("--disable-noqa") == [(6, "ASL201"), (7, "ASL201"), (9, "ASL201")]
    assert found("--extend-select=ASL001") == [(7, "ASL201"), (9, "ASL201"), (9, "ASL001")]
    (tmp_path / "quiet.py").write_text(f"{BLOCKED}# asynclint: skip-file\n")
    assert found("--disable-noqa") == []
    (tmp_path / "quiet.py").write_text(f"{BLOCKED}# flake8: noqa\n")
    assert found() == []
    assert found("--disable-noqa") == [(5, "ASL201")]


def test_a_broken_configuration_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\nselekt = ['ASL101']\n")
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    done = flake8("sleepy.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "selekt" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def _in_one_process(folder: Path, code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


def test_libcst_stays_away_when_no_file_is_a_candidate(tmp_path: Path) -> None:
    (tmp_path / "calm.py").write_text("import asyncio\n\n\nasync def wait():\n    await asyncio.sleep(1)\n")
    run = (
        "import sys; from importlib import metadata; every = metadata.distributions\n"
        "metadata.distributions = lambda: (d for d in every() if d.metadata['name'] in {{'flake8', 'asynclint'}})\n"
        "from flake8.main.cli import main; main(['-j1', {!r}]); print('libcst' in sys.modules)"
    )
    assert _in_one_process(tmp_path, run.format("calm.py")).split() == ["False"]
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    assert _in_one_process(tmp_path, run.format("sleepy.py")).split()[-1] == "True"


def test_a_crash_in_one_file_costs_only_that_file(tmp_path: Path) -> None:
    """A rule is made to fail on one body: flake8 goes on, and says where."""
    (tmp_path / "doomed.py").write_text(BLOCKED.replace("wait", "doomed"))
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    run = """
from flake8.main.cli import main
from msgspec.structs import replace
from asynclint import catalog

def fragile(body, check=catalog.find("ASL201").check):
    if body.name == "doomed":
        raise ZeroDivisionError("on purpose")
    yield from check(body)

rules = tuple(replace(r, check=fragile) if r.code == "ASL201" else r for r in catalog.all_rules())
catalog.all_rules = lambda: rules
main(["--isolated", "-j1", "--select=ASL", "doomed.py", "sleepy.py"])
"""
    found = parsed(_in_one_process(tmp_path, run))
    assert [(path, text.split()[0]) for path, _, _, text in found] == [("doomed.py", "ASL000"), ("sleepy.py", "ASL201")]
    assert "on purpose" in found[0][3]


# which rules speak

CHOICE = """\
import asyncio
import time


async def off():
    await asyncio.sleep(30 * 86400)


async def told():
    open("x").read()
    await asyncio.sleep(1)


async def on():
    time.sleep(1)
    await asyncio.sleep(1)
"""
ON, TOLD, OFF = "ASL201", "ASL208", "ASL904"


def codes(*arguments: str) -> list[str]:
    """Our codes in what flake8 says here, in this process, where it reads its configuration."""
    from flake8.main.cli import main

    said = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(said, write_through=True)):
        main(["-j1", *arguments])
        found = parsed(said.getvalue().decode())
    return sorted({text.split()[0] for *_, text in found if text.startswith(CODES)})


@pytest.mark.parametrize(
    ("ours", "flake8s", "expected"),
    [
        ("", "", [ON]),
        ("", "ignore = E203", [ON]),
        ("", "extend-select = ASL9", [ON, OFF]),
        ("", "extend-select = ASL208", [ON, TOLD]),
        ("", "select = ASL", [ON, TOLD, OFF]),
        ("", "select = A", [ON, TOLD, OFF]),
        ("", "select = ASL2", [ON, TOLD]),
        ("", "select = ASL\nextend-ignore = ASL20", [OFF]),
        ("", "select = E,F,W", []),
        ("", "select = ASL\nper-file-ignores = choice.py:ASL2", [OFF]),
        ("", "per-file-ignores = other.py:ASL2", [ON]),
        ("extend-select = ['ASL904']", "", [ON, OFF]),
        ("extend-select = ['ASL904']", "ignore = E203", [ON, OFF]),
        ("extend-select = ['ASL904']", "extend-ignore = ASL904", [ON]),
        ("select = ['ASL2']", "", [ON]),
        ("select = ['ASL2']", "ignore = E203", [ON]),
        ("select = ['ASL9']", "select = ASL", [OFF]),
        ("select = ['ASL9']", "extend-select = ASL201", [ON, OFF]),
        ("ignore = ['ASL2']", "", []),
        ("ignore = ['ASL2']", "extend-select = ASL201", [ON]),
    ],
)
def test_which_rules_speak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: str, flake8s: str, expected: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "choice.py").write_text(CHOICE)
    (tmp_path / "pyproject.toml").write_text(f"[tool.asynclint]\n{ours}\n")
    (tmp_path / ".flake8").write_text(f"[flake8]\n{flake8s}\n")
    assert codes("choice.py") == expected


def test_beside_other_plugins(tmp_path: Path) -> None:
    """Codes and comments of one are not taken for those of another."""
    pytest.importorskip("bugbear")
    pytest.importorskip("flake8_async")
    sleep = "    time.sleep(1)\n"
    lines = [sleep, sleep.replace("\n", "  # noqa: ASL201\n"), sleep.replace("\n", "  # noqa: ASYNC251\n")]
    text = f"import time\n\n\nasync def wait(seen=[]):\n{''.join(lines)}    return seen\n"
    (tmp_path / "sleepy.py").write_text(text)
    done = flake8("--select=ASL2,ASYNC2,B", "sleepy.py", cwd=tmp_path, with_others=True)
    found = [(line, text.split()[0]) for _, line, _, text in parsed(done.stdout)]
    assert sorted(found) == [(4, "B006"), (5, "ASL201"), (5, "ASYNC251"), (6, "ASYNC251"), (7, "ASL201")]


# options

PREVIEWED = """\
import asyncio


async def by_to_thread(read):
    queue = asyncio.Queue()

    def reader():
        queue.put_nowait(read())

    await asyncio.to_thread(reader)
    return await queue.get()
"""


def test_options_go_before_the_configuration_of_asynclint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "choice.py").write_text(CHOICE)
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\nextend-select = ['ASL904']\n")
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "strict.toml").write_text("select = ['ASL201']\n")
    assert codes("choice.py") == [ON, OFF]
    assert codes("--asynclint-config", "settings/strict.toml", "choice.py") == [ON]
    (tmp_path / "settings" / ".flake8").write_text("[flake8]\nasynclint-config = ./strict.toml\n")
    assert codes("--config", "settings/.flake8", "choice.py") == [ON]


@pytest.mark.parametrize("method", METHODS)
def test_options_reach_every_process(tmp_path: Path, method: str) -> None:
    """A rule on trial, for two files in two processes."""
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(PREVIEWED)
    (tmp_path / ".flake8").write_text("[flake8]\nasynclint-preview = true\njobs = 2\n")
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\nselect = ['ASL604']\n")
    done = flake8("one.py", "two.py", method=method, cwd=tmp_path, isolated=False)
    assert [(path, text.split()[0]) for path, *_, text in parsed(done.stdout)] == [
        ("one.py", "ASL604"),
        ("two.py", "ASL604"),
    ], done.stderr
    assert "ASL604" not in flake8("one.py", "two.py", cwd=tmp_path).stdout


def test_the_environment_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("version = 3.12.3\n")
    (site / "store.py").write_text("async def save(): ...\n")
    (tmp_path / "shop.py").write_text("from store import save\n\n\nasync def shop():\n    save()\n")
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\n")
    (tmp_path / ".flake8").write_text("[flake8]\nasynclint-python = ./env\n")
    assert codes("--asynclint-no-cache", "shop.py") == ["ASL101"]
    assert not (tmp_path / ".asynclint_cache").exists()
    assert codes("--isolated", "shop.py") == []
    assert codes("--asynclint-python=", "shop.py") == []


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--asynclint-python=nowhere", "nowhere: no Python environment is there"),
        ("--asynclint-target-version=3.x", "target-version"),
        ("--asynclint-config=nothing.toml", "nothing.toml: cannot be read"),
    ],
)
def test_a_wrong_option_is_one_clear_line(tmp_path: Path, option: str, told: str) -> None:
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    done = flake8(option, "sleepy.py", cwd=tmp_path)
    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_what_one_process_has_read_all_others_know(tmp_path: Path, method: str) -> None:
    """A file that says something else than the cache is read anew, any other is not: see `tests/test_shelf.py`."""
    (tmp_path / "pyproject.toml").write_text("[tool.asynclint]\n")
    (tmp_path / "store.py").write_text("async def save(): ...\n")
    for number in range(4):
        (tmp_path / f"shop{number}.py").write_text("import store\nasync def shop():\n    store.save()\n")
    found = flake8("--select", CODES, "-j2", ".", method=method, cwd=tmp_path).stdout
    assert found.count("ASL101") == 4
    kept = {path: path.stat().st_ino for path in (tmp_path / ".asynclint_cache").rglob("-/*.msgpack")}
    assert len(kept) == 5
    (tmp_path / "shop0.py").write_text("import store\nasync def shop():\n    await store.save()\n")
    found = flake8("--select", CODES, "-j2", ".", method=method, cwd=tmp_path).stdout
    assert found.count("ASL101") == 3
    assert sum(path.stat().st_ino == number for path, number in kept.items()) == 4
