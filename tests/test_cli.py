"""The command line as a user meets it: a process of its own, its exit code and its two streams."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from asynclint import __version__, catalog

BAD = "import time\n\n\nasync def serve():\n    time.sleep(1)\n"
GOOD = "import asyncio\n\n\nasync def serve():\n    await asyncio.sleep(1)\n"
FINDING = "bad.py:5:5: ASL201 [blocking-sleep] "
SUMMARY = "Found 1 error.\n1 fixable with `--fix`.\n"


class Outcome(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what would colour or reshape the output."""
    ours = {name: value for name, value in os.environ.items() if not name.endswith("COLOR")}
    return {**ours, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1", **extra}


def asynclint(
    *arguments: str | bytes, stdin: bytes = b"", prefix: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Outcome:
    """Run the tool in the current directory; a traceback is never right."""
    command: Sequence[str | bytes] = [*prefix, sys.executable, "-m", "asynclint", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env=environment(env or {}), check=False)
    outcome = Outcome(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    assert "Traceback" not in outcome.err + outcome.out
    assert "internal error" not in outcome.err + outcome.out
    gives_back = "-" in arguments and "--fix" in arguments  # then the report is on stderr
    assert gives_back or all(line.startswith("asynclint: ") for line in outcome.err.splitlines())
    return outcome


def error(*arguments: str) -> str:
    """The one line with which a run refuses to do what it was asked."""
    code, out, err = asynclint(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.py").write_text(BAD)
    Path("good.py").write_text(GOOD)


# The main job


def test_findings_are_shown_with_their_lines_and_counted() -> None:
    code, out, err = asynclint(".")
    assert (code, err) == (1, "")
    assert out.startswith(FINDING)
    excerpt = "\n5 |     time.sleep(1)\n  |     ^^^^^^^^^^^^^\n  = fix: use `await asyncio.sleep`\n\n"
    assert out.endswith(excerpt + SUMMARY)


@pytest.mark.parametrize("arguments", [("check", "."), (), ("check",), ("--isolated", "."), ("bad.py", "good.py")])
def test_the_subcommand_and_the_path_may_be_left_out(arguments: tuple[str, ...]) -> None:
    assert asynclint(*arguments) == asynclint(".")


def test_a_clean_run() -> None:
    assert asynclint("good.py") == (0, "All checks passed!\n", "")
    assert asynclint("-q", "good.py") == (0, "", "")


def test_concise_and_json() -> None:
    assert asynclint("--output-format", "concise").out.startswith("bad.py:5:5: ASL201 [blocking-sleep] ")
    code, out, _ = asynclint("--output-format=json")
    assert (code, [found["code"] for found in json.loads(out)]) == (1, ["ASL201"])
    json_asked = {"ASYNCLINT_OUTPUT_FORMAT": "json"}
    assert asynclint("good.py", env=json_asked) == (0, "[]\n", "")
    assert asynclint("good.py", "--output-format", "full", env=json_asked).out == "All checks passed!\n"


@pytest.mark.parametrize("selector", ["ASL201", "ASL2", "ASL", "blocking-sleep", "ALL", "ASL1,ASL2"])
def test_rules_are_chosen_by_code_prefix_or_name(selector: str) -> None:
    assert asynclint("--select", selector).code == 1
    assert asynclint("--ignore", selector).code == 0


def test_selectors_repeat() -> None:
    assert asynclint("--select", "ASL1").code == 0
    assert asynclint("--select", "ASL1", "--select", "ASL2").code == 1
    assert asynclint("--select", "ASL1", "--extend-select", "ASL201").code == 1


def test_stdin_has_the_name_it_is_given() -> None:
    code, out, _ = asynclint("-", "--stdin-filename", "pkg/named.py", stdin=BAD.encode())
    assert (code, out.split(":")[0]) == (1, "pkg/named.py")
    assert asynclint("-", stdin=GOOD.encode()) == (0, "All checks passed!\n", "")
    assert "stdin alone" in error("-", "bad.py")


def test_the_configuration_is_read_unless_isolated() -> None:
    Path("pyproject.toml").write_text('[tool.asynclint]\nignore = ["ASL201"]\noutput-format = "concise"\n')
    Path("other.toml").write_text('select = ["ASL2"]\noutput-format = "json"\n')
    assert asynclint(".").code == 0
    assert asynclint("--isolated").code == 1
    assert asynclint("--config", "other.toml").out.startswith("[\n")
    assert "exclude each other" in error("--isolated", "--config", "other.toml")


def test_files_are_excluded_and_listed() -> None:
    Path("gen").mkdir()
    Path("gen/worse.py").write_text(BAD)
    assert asynclint("--show-files") == (0, "bad.py\ngen/worse.py\ngood.py\n", "")
    assert asynclint("--show-files", "--exclude", "gen,good.py").out == "bad.py\n"
    assert asynclint("--show-files", "--extend-exclude", "gen/*").out == "bad.py\ngood.py\n"
    assert asynclint("--show-files", "--exclude", "bad.py", "bad.py").out == "bad.py\n"
    assert asynclint("--show-files", "--exclude", "bad.py", "--force-exclude", "bad.py", "good.py").out == "good.py\n"
    assert asynclint("--show-files", "nowhere") == (2, "", "asynclint: nowhere: no such file or directory\n")


def test_exit_zero_forgives_findings_but_no_errors() -> None:
    assert asynclint("--exit-zero", "bad.py").code == 0
    assert asynclint("--exit-zero", "bad.py", "missing.py").code == 2


def test_processes_change_nothing() -> None:
    assert asynclint("-j", "2") == asynclint("-j1") == asynclint("--jobs", "0", "--no-cache")


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colour(arguments: tuple[str, ...], env: dict[str, str], coloured: bool) -> None:
    assert ("\x1b[" in asynclint("bad.py", *arguments, env=env).out) is coloured


def test_colour_on_a_terminal() -> None:
    pty = pytest.importorskip("pty")
    for term, coloured in (("xterm", True), ("dumb", False)):
        leader, follower = pty.openpty()
        command = [sys.executable, "-m", "asynclint", "good.py"]
        subprocess.run(command, stdout=follower, env=environment({"TERM": term}), check=True)
        os.close(follower)
        assert (b"\x1b[" in os.read(leader, 1000)) is coloured
        os.close(leader)


# The other commands


def test_version_and_help() -> None:
    assert asynclint("version") == asynclint("--version") == (0, f"asynclint {__version__}\n", "")
    for arguments in (("--help",), ("-h",), ("check", "--help"), ("rule", "-h")):
        code, out, err = asynclint(*arguments)
        assert (code, err) == (0, "")
        assert out.startswith("Usage: asynclint")


def test_a_rule_is_explained_by_code_and_by_name() -> None:
    code, out, err = asynclint("rule", "ASL201")
    assert (code, err) == (0, "")
    assert out == asynclint("rule", "blocking-sleep", "--output-format", "markdown").out
    assert out == catalog.page(catalog.find("ASL201"))


def test_rules_as_json() -> None:
    one = json.loads(asynclint("rule", "ASL201", "--output-format", "json").out)
    assert (one["code"], one["name"]) == ("ASL201", "blocking-sleep")
    every = json.loads(asynclint("rule", "--all", "--output-format", "json").out)
    assert one in every
    assert [rule["code"] for rule in every] == [rule.code for rule in catalog.documented()]


def test_rule_wants_to_know_which() -> None:
    assert "name one rule" in error("rule")
    assert "name one rule" in error("rule", "ASL201", "--all")
    assert "did you mean `blocking-sleep`?" in error("rule", "blocking-slep")


def test_pages_are_written_checked_and_cleaned() -> None:
    assert asynclint("pages", "--check").code == 1
    assert asynclint("pages") == (0, "", "")
    assert {path.name: path.read_text("utf-8") for path in Path("rules").iterdir()} == catalog.pages()
    page = Path("rules/blocking-sleep.md")
    Path("rules/gone.md").write_bytes(page.read_bytes())
    Path("rules/notes.md").write_text("# Notes of somebody else\n")
    page.write_text("old")
    code, out, _ = asynclint("pages", "--check")
    assert code == 1
    assert [line.split()[0] for line in out.splitlines()] == ["rules/blocking-sleep.md", "rules/gone.md"]
    assert asynclint("pages", "rules").code == 0
    assert not Path("rules/gone.md").exists()
    assert Path("rules/notes.md").exists()
    assert asynclint("pages", "--check") == (0, "", "")


def test_pages_where_none_can_be_written() -> None:
    assert error("pages", "bad.py").startswith("asynclint: bad.py")


# Bad input


def test_a_missing_path_is_an_error_and_the_rest_is_linted() -> None:
    code, out, err = asynclint("missing.py", "bad.py")
    assert (code, err) == (2, "asynclint: missing.py: no such file or directory\n")
    assert out.startswith(FINDING)
    assert asynclint("missing.py", "good.py").out == ""


def test_an_unreadable_path_is_an_error_and_the_rest_is_linted() -> None:
    Path("secret.py").write_text(BAD)
    Path("closed").mkdir()
    for path in ("secret.py", "closed"):
        Path(path).chmod(0)
    try:
        code, out, err = asynclint(".", prefix=bound_by_permissions())
    finally:
        Path("closed").chmod(0o755)
    assert code == 2
    assert out.startswith(FINDING)
    assert sorted(err.splitlines()) == [
        "asynclint: closed: cannot be listed: permission denied",
        "asynclint: secret.py: cannot be read: permission denied",
    ]


def bound_by_permissions() -> list[str]:
    """What to put before a command so that a file's mode counts for it, even when root runs the tests."""
    if os.name == "nt":
        pytest.skip("a file's mode forbids nothing here")
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and there is no setpriv to forgo that")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"x = 1\ndef broken(:\n", ":2:", "syntax"),
        (b"# caf\xe9\n", ":1:", "is not UTF-8: byte 0xe9 at line 1, column 6"),
        (b"x = 1\n'\0'\n", ":2:", "null byte"),
        (b"# coding: klingon\n", ":1:", "klingon"),
        (b"x = " + b"(" * 10_000 + b")" * 10_000 + b"\n", ":1:", "nested"),
        (b"x = " + b"[" * 150 + b"1\n", ":1:", ""),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_finding_and_the_rest_is_linted(data: bytes, place: str, reason: str) -> None:
    Path("broken.py").write_bytes(data)
    code, out, err = asynclint("--output-format", "concise")
    assert (code, err) == (1, "")
    bad, broken, *summary = out.splitlines()
    assert bad.startswith("bad.py:5:5: ASL201")
    assert broken.startswith("broken.py" + place)
    assert "ASL000" in broken
    assert reason.lower() in broken.lower()
    assert summary == ["Found 2 errors.", "1 file could not be analysed.", "1 fixable with `--fix`."]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf",
        b"# coding: latin-1\ns = 'caf\xe9'\n",
        b"x = a" + b".b" * 5_000 + b"\n",
        b"async def f():\n    x = a" + b".b" * 5_000 + b"\n    await x\n",
        b"import time\nasync def f():\n    await (" + b"a." * 5_000 + b"b)()\n",
        b"x = " + b"-" * 2_000 + b"1\n",
        b"x = " + b"1 + " * 5_000 + b"1\n",
    ],
)
def test_odd_files_are_no_problem(data: bytes) -> None:
    Path("odd.py").write_bytes(data)
    code, out, err = asynclint("odd.py", "good.py", "--output-format", "concise")
    assert err == ""
    assert out == "All checks passed!\n" or "odd.py:1:" in out, (code, out)


@pytest.mark.parametrize("size", [1_000, 10_000])
def test_deep_code_in_a_guilty_body_never_kills(size: int) -> None:
    deep = BAD + "    x = " + "(" * size + ")" * size + "\n" + "    y = a" + ".b" * size + "\n"
    Path("deep.py").write_text(deep)
    code, out, err = asynclint("deep.py", "bad.py", "--output-format", "concise")
    assert (code, err) == (1, "")
    assert "bad.py:5:5: ASL201" in out
    assert "deep.py:" in out


def test_a_latin1_file_is_linted() -> None:
    Path("latin.py").write_bytes(b"# coding: latin-1\n" + BAD.replace("(1)", "(len('\u00e9'))").encode("latin-1"))
    code, out, _ = asynclint("latin.py")
    assert code == 1
    assert "6 |     time.sleep(len('é'))\n  |     ^^^^^^^^^^^^^^^^^^^^\n" in out


def test_loops_of_directories_end() -> None:
    Path("pkg").mkdir()
    Path("pkg/loop").symlink_to("..", target_is_directory=True)
    assert asynclint(".").out.count("ASL201") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[tool.asynclint\n", "pyproject.toml:1:16: invalid TOML: "),
        ('[tool.asynclint]\nselct = ["ASL1"]\n', "`tool.asynclint.selct`: unknown setting; did you mean `select`?"),
        ('[tool.asynclint]\nselect = ["blocking-slep"]\n', "did you mean `blocking-sleep`?"),
        ('[tool.asynclint]\nselect = "ASL1"\n', 'write select = ["ASL1"]'),
    ],
)
def test_a_wrong_configuration_stops_the_run(text: str, expected: str) -> None:
    Path("pyproject.toml").write_text(text)
    message = error(".")
    assert message.startswith("asynclint: ")
    assert "pyproject.toml" in message
    assert expected in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "blocking-slep"], "did you mean `blocking-sleep`?"),
        (["--ignore", "ASL99"], "unknown rule `ASL99`"),
        (["--bogus"], "--bogus"),
        (["--jobs", "many"], "--jobs"),
        (["-j", "-1"], "--jobs"),
        (["--color", "red"], "--color"),
        (["--output-format", "jsn"], "did you mean `json`?"),
        (["--target-version", "3.99"], "3.99"),
        (["--config", "missing.toml"], "missing.toml: cannot be read: no such file or directory"),
        (["rule", "ASL999"], "unknown rule `ASL999`"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], expected: str) -> None:
    assert expected in error(*arguments)


def test_a_directory_without_python_files_is_worth_a_warning() -> None:
    Path("empty").mkdir()
    expected = (0, "All checks passed!\n", "asynclint: warning: no Python files found under empty\n")
    assert asynclint("empty") == expected


def test_stubs_are_not_linted() -> None:
    Path("stub.pyi").write_text(BAD)
    assert "ASL" not in asynclint("stub.pyi").out


# Odd streams


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
@pytest.mark.parametrize(
    ("arguments", "code"), [(["bad.py"], 1), (["good.py"], 0), (["bad.py", "missing.py"], 2), (["--help"], 0)]
)
def test_a_reader_that_has_gone_is_no_error(arguments: list[str], code: int) -> None:
    command = [sys.executable, "-m", "asynclint", *arguments]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment({}), check=False)
    os.close(writer)
    missing = b"asynclint: missing.py: no such file or directory\n" if "missing.py" in arguments else b""
    assert (done.returncode, done.stderr) == (code, missing)


def test_head_ends_a_long_report_in_silence() -> None:
    Path("long.py").write_text(BAD + "    time.sleep(1)\n" * 3000)
    command = [sys.executable, "-m", "asynclint", "long.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline().startswith(b"long.py:5:5: ASL201")
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
def test_a_full_disk_is_an_error() -> None:
    command = [sys.executable, "-m", "asynclint", "good.py"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment({}), check=False)
    assert (done.returncode, done.stderr) == (2, b"asynclint: standard input or output: no space left on device\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
@pytest.mark.parametrize("output_format", ["full", "concise", "json"])
def test_any_encoding_can_print_any_finding(encoding: str, output_format: str) -> None:
    Path("wide.py").write_text(BAD + "    time.sleep(len('\u65e5\x1b[31m\U0001f600'))\n", "utf-8")
    settings = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    code, out, err = asynclint("wide.py", "--output-format", output_format, env=settings)
    assert (code, err) == (1, "")
    assert out.count("ASL201") == 2
    assert "\x1b" not in out


def test_names_that_are_no_text_can_be_printed() -> None:
    name = b"caf\xe9.py"
    try:
        Path(os.fsdecode(name)).write_text(BAD)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    for arguments in (("--show-files",), (), ("--output-format", "json"), (name,), (b"missing" + name,)):
        assert "caf" in asynclint(*arguments).out + asynclint(*arguments).err


def test_escapes_in_arguments_never_reach_the_terminal() -> None:
    assert "\\x1b" in error("\x1b[31mmissing.py\n")


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
def test_an_interrupt_is_silent() -> None:
    # A background job of a shell ignores SIGINT, and its children inherit that.
    code = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", f"{code}runpy.run_module('asynclint', run_name='__main__', alter_sys=True)", "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment({})) as run:
        assert run.stdin is not None
        wait_until_it_reads(run.pid)
        run.send_signal(signal.SIGINT)
        assert run.communicate() == (b"", b"")
    assert run.returncode == 130


def wait_until_it_reads(pid: int) -> None:
    state = Path(f"/proc/{pid}/wchan")
    if not state.exists():
        pytest.skip("this system does not tell what a process waits for")
    while "pipe" not in state.read_text():
        os.sched_yield()
