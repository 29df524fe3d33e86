"""flake8, the real program, with our plugin: the findings of the command line, whatever way flake8 works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real import copy_of_aiohttp

from asynclint.catalog import find
from asynclint.rule import Default

pytest.importorskip("flake8")

BLOCKED = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
CODES = "ASL"
METHODS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]
_MAIN = "import multiprocessing as m, sys; from flake8.main.cli import main; m.set_start_method({!r}); sys.exit(main())"


def flake8(
    *arguments: str, method: str = METHODS[0], stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    program = "import multiprocessing as m, sys\nif __name__ == '__main__':\n" + "".join(
        f"    {line.strip()}\n" for line in _MAIN.format(method).split(";")[1:]
    )
    assert cwd is not None
    script = cwd / "run_flake8.py"
    script.write_text(program)
    command = [sys.executable, str(script), "--isolated", "--exclude=run_flake8.py", *arguments]
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_same_findings_as_the_command_line_on_a_real_package(real_package: Path, method: str, jobs: str) -> None:
    expected = by_asynclint("--select", CODES, ".", cwd=real_package)
    done = flake8("--select", CODES, "-j", jobs, ".", method=method, cwd=real_package)
    assert len({finding[0] for finding in expected}) > 3, expected
    assert parsed(done.stdout) == sorted((path, *rest) for path, *rest in expected), done.stderr


def test_one_file_at_a_time_gives_the_same_findings(real_package: Path) -> None:
    whole = by_asynclint("--select", CODES, ".", cwd=real_package)
    path = next(finding[0] for finding in whole)
    alone = flake8("--select", CODES, path, cwd=real_package)
    assert parsed(alone.stdout) == sorted(finding for finding in whole if finding[0] == path)


def test_on_by_default_without_selecting(tmp_path: Path) -> None:
    (tmp_path / "sleepy.py").write_text(BLOCKED)
    done = flake8("sleepy.py", cwd=tmp_path)
    assert [finding[:3] for finding in parsed(done.stdout)] == [("sleepy.py", 5, 5)]
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
        return [(line, text.split()[0]) for _, line, _, text in rows]

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
    run = "import sys; from flake8.main.cli import main; main(['-j1', {!r}]); print('libcst' in sys.modules)"
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
