"""Where reports go, what counts and timings say, and what the shell completes."""

import io
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_cli import BAD, GOOD, SUMMARY, asynclint, bound_by_permissions, environment, error

from asynclint.config import OUTPUT_FORMATS
from asynclint.doors.cli.completion import name_the_command
from asynclint.doors.cli.progress import Progress, terminal
from asynclint.engine.cache import FOLDER
from asynclint.linter import Work


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.py").write_text(BAD)
    Path("good.py").write_text(GOOD)


# --output-file


def test_a_report_is_written_into_a_file_without_colour() -> None:
    on_stdout = asynclint("bad.py").out
    assert asynclint("bad.py", "-o", "report.txt", env={"FORCE_COLOR": "1"}) == (1, "", "")
    assert Path("report.txt").read_text() == on_stdout
    assert asynclint("bad.py", "--output-file=report.txt", "--output-format", "json") == (1, "", "")
    assert len(json.loads(Path("report.txt").read_text())) == 1
    assert asynclint("good.py", "-o", "report.txt", "--output-format", "json").code == 0
    assert Path("report.txt").read_text() == "[]\n"
    assert {path.name for path in Path().iterdir()} - {FOLDER} == {"bad.py", "good.py", "report.txt"}


def test_a_report_is_a_file_like_any_other() -> None:
    asynclint("bad.py", "-o", "new.txt")
    Path("like.txt").touch()
    assert Path("new.txt").stat().st_mode == Path("like.txt").stat().st_mode
    Path("old.txt").touch(mode=0o640)
    Path("link.txt").symlink_to("old.txt")
    asynclint("bad.py", "-o", "link.txt")
    assert Path("link.txt").is_symlink()
    assert stat.S_IMODE(Path("old.txt").stat().st_mode) == 0o640
    assert Path("old.txt").read_text().endswith(SUMMARY)


def test_what_is_no_regular_file_is_written_to() -> None:
    assert asynclint("bad.py", "-o", os.devnull) == (1, "", "")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("reports/out.json", "reports/out.json: there is no directory reports; make it first"),
        ("bad.py/out.json", "there is no directory bad.py"),
        (".", ".: is a directory; --output-file wants the name of a file"),
    ],
)
def test_a_report_that_has_no_place_stops_the_run(file: str, expected: str) -> None:
    assert expected in error("bad.py", "-o", file)


def test_a_report_that_cannot_be_written_is_one_line() -> None:
    Path("closed").mkdir()
    Path("closed").chmod(0o555)
    code, out, err = asynclint("good.py", "-o", "closed/out.txt", prefix=bound_by_permissions())
    assert (code, out, err) == (2, "", "asynclint: closed/out.txt: cannot be written: permission denied\n")


def test_what_programs_read_is_never_mixed_with_news() -> None:
    news = "asynclint: bad.py:\nasynclint:     1 x ASL201 [blocking-sleep]\nasynclint: Fixed 1 finding.\n"
    assert asynclint("--fix", "--show-fixes", "--output-format", "json") == (0, "[]\n", news)
    Path("bad.py").write_text(BAD)
    assert asynclint("--fix", "--show-fixes", "-o", "out.txt") == (0, "", news)
    Path("bad.py").write_text(BAD)
    assert asynclint("--diff", "-o", "out.diff").out == ""
    assert "+    await asyncio.sleep(1)" in Path("out.diff").read_text()


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
def test_any_encoding_can_print_any_format(output_format: str) -> None:
    Path("wide.py").write_text(BAD + "    time.sleep(len('\u65e5\x1b[31m\U0001f600'))\n", "utf-8")
    settings = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    code, out, err = asynclint("wide.py", "--output-format", output_format, env=settings)
    assert (code, err) == (1, "")
    assert "ASL201" in out
    assert "\x1b" not in out


# --statistics


def test_statistics_instead_of_findings() -> None:
    assert asynclint("--statistics") == (1, "1  ASL201  [*] blocking-sleep\n[*] fixable with `--fix`\n", "")
    assert asynclint("--statistics", "good.py") == (0, "", "")
    assert asynclint("--statistics", "--unfixable", "ALL").out == "1  ASL201  [ ] blocking-sleep\n"
    counted = json.loads(asynclint("--statistics", "--output-format", "json").out)
    assert counted == [{"code": "ASL201", "name": "blocking-sleep", "count": 1, "fixable": 1}]
    assert "no format `sarif`" in error("--statistics", "--output-format", "sarif")


# completion

PROGRAM = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m asynclint "$@"\n'
ASK = 'source completion.sh; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _asynclint_completion asynclint; '


@pytest.fixture
def bash(tmp_path: Path) -> Callable[..., list[str]]:
    """What a real bash completes where this line of words ends."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    Path("bin").mkdir()
    Path("bin/asynclint").write_text(PROGRAM)
    Path("bin/asynclint").chmod(0o755)
    env = environment({"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"})
    script = subprocess.run(
        ["asynclint"], env={**env, "_ASYNCLINT_COMPLETE": "source_bash"}, capture_output=True, check=True
    ).stdout
    Path("completion.sh").write_bytes(script)

    def complete(*words: str) -> list[str]:
        ask = ["bash", "--norc", "-c", ASK + 'printf "%s\\n" "${COMPREPLY[@]}"', "bash", "asynclint", *words]
        done = subprocess.run(ask, env=env, capture_output=True, encoding="utf-8", check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return complete


def test_bash_completes_commands_options_rules_and_formats(bash: Callable[..., list[str]]) -> None:
    assert {"check", "rule", "explain"} <= set(bash(""))
    assert bash("ru") == ["rule"]
    for line in (("--sel",), ("bad.py", "--sel"), ("check", "--sel")):
        assert bash(*line) == ["--select"]
    assert bash("--select", "ASL20") == [f"ASL20{digit}" for digit in range(1, 10)]
    assert bash("check", "--ignore", "blocking-s") == ["blocking-sleep", "blocking-subprocess", "blocking-socket"]
    assert bash("--select", "ASL1,ASL201") == ["ASL1,ASL201"]
    assert bash("rule", "unaw") == ["unawaited-coroutine"]
    assert bash("rule", "ASL000") == ["ASL000"]
    assert bash("--output-format", "js") == ["json", "json-lines"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("asynclint --sel", "asynclint check --sel"),
        ("asynclint bad.py --sel", "asynclint check bad.py --sel"),
        ("asynclint bad.py ", "asynclint check bad.py "),
        ("asynclint ru", "asynclint ru"),
        ("asynclint ", "asynclint "),
        ("asynclint rule ASL", "asynclint rule ASL"),
    ],
)
def test_other_shells_know_the_command_that_is_left_out(line: str, expected: str) -> None:
    asked = {"_TYPER_COMPLETE_ARGS": line}
    name_the_command(asked, lambda word: word in {"rule", "check"})
    assert asked == {"_TYPER_COMPLETE_ARGS": expected}


# --verbose and progress


@pytest.mark.parametrize("arguments", [(), ("-j2",), ("--diff",), ("-", "--stdin-filename", "bad.py")])
def test_verbose_tells_files_workers_and_stages(arguments: tuple[str, ...]) -> None:
    code, out, err = asynclint("--verbose", *arguments, stdin=BAD.encode())
    quiet = asynclint(*arguments, stdin=BAD.encode())
    assert (code, out) == quiet[:2]
    assert err.startswith(quiet.err)
    files, *stages = err.removeprefix(quiet.err).splitlines()
    number, workers = (1 if "-" in arguments else 2), (2 if "-j2" in arguments else 1)
    shape = f"asynclint: {number} files?, {workers} workers?, [0-9.]+ s in all"
    assert re.fullmatch(shape, files)
    times = dict(re.findall(r"^asynclint: (\w[\w ]+?) +([0-9.]+) s(?:, .+)?$", "\n".join(stages), re.MULTILINE))
    read = f"{number} file{'s' if number > 1 else ''} parsed"
    assert any(stage.endswith(f" s, {read}") for stage in stages)
    assert list(times)[:3] == ["discover", "read", "link and check"]
    assert list(times)[3:] == (["fix", "report"] if "--diff" in arguments else ["report"])


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_one_line_from_the_first_second_on() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock)
    progress.discovered(300, 2, 0.1)
    for now in (0.2, 0.9, 1.1, 1.15, 1.3):
        clock.now = now
        progress.worked(Work(48, 0.1, 0.2))
    assert stream.getvalue() == "\r\x1b[Kasynclint: 144 of 300 files\r\x1b[Kasynclint: 240 of 300 files"
    progress.clear()
    progress.clear()
    assert stream.getvalue().endswith("240 of 300 files\r\x1b[K")
    assert progress.told()[0] == "300 files, 2 workers, 1.300 s in all"


def test_short_runs_and_runs_without_a_terminal_show_no_progress() -> None:
    clock, stream = Clock(), io.StringIO()
    for shown in (Progress(stream, clock), Progress(None, Clock())):
        shown.discovered(1, 1, 0.0)
        shown.worked(Work(1, 0.1, 0.2))
        shown.clear()
    assert stream.getvalue() == ""
    assert terminal() is None or sys.stderr.isatty()


def test_progress_goes_to_a_terminal_only() -> None:
    pty = pytest.importorskip("pty")
    program = "import sys; from asynclint.doors.cli.progress import terminal; sys.exit(terminal() is None)"
    for term, silent in (("xterm", 0), ("dumb", 1)):
        leader, follower = pty.openpty()
        done = subprocess.run([sys.executable, "-c", program], stderr=follower, env=environment({"TERM": term}))
        os.close(follower)
        os.close(leader)
        assert done.returncode == silent
