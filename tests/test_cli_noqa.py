"""Comments that silence, as a user of the command line, of flake8 and of ruff meets them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cli import asynclint, error

from asynclint.adopting import add_noqa
from asynclint.config import load
from asynclint.linter import lint_source

SLEEPY = "import time\n\n\nasync def wait():\n"
BEFORE = (
    SLEEPY
    + """\
    time.sleep(1)
    time.sleep(2)  # type: ignore
    time.sleep(3)  # noqa: E501
    time.sleep(4)  # noqa: E501 because it is long
    time.sleep(5); text = '''
    # noqa: E501
    '''
    time.sleep(6) if text else \\
        None
    time.sleep(
        7
    )
    time.sleep(8)  # asynclint: ignore[ASL101] for once
    time.sleep(9), input()
"""
)
AFTER = (
    SLEEPY
    + """\
    time.sleep(1)  # noqa: ASL201
    time.sleep(2)  # type: ignore  # noqa: ASL201
    time.sleep(3)  # noqa: E501, ASL201
    time.sleep(4)  # noqa: E501, ASL201 because it is long
    time.sleep(5); text = '''
    # noqa: E501
    '''
    time.sleep(6) if text else \\
        None  # noqa: ASL201
    time.sleep(  # noqa: ASL201
        7
    )
    time.sleep(8)  # asynclint: ignore[ASL101] for once  # noqa: ASL201
    time.sleep(9), input()  # noqa: ASL201, ASL207
"""
)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.asynclint]\n")


def tool(*arguments: str) -> str:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False).stdout


def test_comments_are_added_to_what_is_there_and_what_cannot_have_one_is_said() -> None:
    Path("a.py").write_text(BEFORE)
    code, out, err = asynclint("--add-noqa")
    assert (code, out) == (1, "Added 9 codes to `# noqa` comments in 1 file.\n")
    assert err == "asynclint: a.py:9: no comment can silence ASL201 here\n"  # flake8 heeds the first one it sees
    assert Path("a.py").read_text() == AFTER
    assert ast.dump(ast.parse(AFTER)) == ast.dump(ast.parse(BEFORE))
    assert asynclint("--add-noqa").out == "Added 0 codes to `# noqa` comments in 0 files.\n"
    left = asynclint("--ignore=ASL001", "--output-format=concise").out
    assert left.startswith("a.py:9:5: ASL201")
    assert left.count("ASL") == 1
    assert [line.split(":")[1] for line in tool("flake8", "--select=ASL2", "a.py").splitlines()] == ["9"]


def test_a_reason_is_written_behind_the_codes() -> None:
    Path("a.py").write_text(f"{SLEEPY}    time.sleep(1)\n")
    assert asynclint("--add-noqa=see the tracker", "a.py").code == 0
    assert Path("a.py").read_text() == f"{SLEEPY}    time.sleep(1)  # noqa: ASL201 see the tracker\n"
    assert asynclint("a.py").code == 0
    assert "one line" in error("--add-noqa=two\nlines", "a.py")


def test_a_diff_writes_nothing() -> None:
    Path("a.py").write_text(f"{SLEEPY}    time.sleep(1)")
    code, out, err = asynclint("--add-noqa", "--diff")
    assert (code, err) == (1, "")
    assert "+    time.sleep(1)  # noqa: ASL201\n" in out
    assert Path("a.py").read_text() == f"{SLEEPY}    time.sleep(1)"
    assert asynclint("--add-noqa", "-q") == (0, "", "")
    assert asynclint("--add-noqa", "--diff") == (0, "", "")


def test_encoding_and_newlines_are_kept_and_a_read_only_file_is_named() -> None:
    text = f"# coding: latin-1\n{SLEEPY}    time.sleep(1)  # \xe9\n".replace("\n", "\r\n")
    Path("a.py").write_bytes(text.encode("latin-1"))
    Path("b.py").write_text(f"{SLEEPY}    time.sleep(1)\n")
    Path("b.py").chmod(0o444)
    code, out, err = asynclint("--add-noqa")
    assert (code, out) == (2, "Added 1 code to `# noqa` comments in 1 file.\n")
    assert err.startswith("asynclint: b.py: ")
    assert Path("a.py").read_bytes() == text.replace("\xe9", "\xe9  # noqa: ASL201").encode("latin-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--add-noqa", "--fix"),
        ("--add-noqa=why", "--write-baseline"),
        ("--fix", "--write-baseline"),
        ("--add-noqa", "-"),
    ],
)
def test_what_cannot_be_done_at_once(arguments: tuple[str, ...]) -> None:
    message = error(*arguments)
    assert arguments[0].partition("=")[0] in message
    assert "cannot be used with `-`" in message or "exclude each other" in message


def test_waivers_can_be_disregarded() -> None:
    Path("a.py").write_text(f"{SLEEPY}    time.sleep(1)  # noqa\n# asynclint: skip-file\n")
    assert asynclint("a.py") == (0, "All checks passed!\n", "")
    code, out, _ = asynclint("a.py", "--ignore-noqa")
    assert (code, "ASL201" in out) == (1, True)


def test_unused_waivers_are_fixed() -> None:
    Path("a.py").write_text("x = 1  # noqa: E501, ASL101\n# asynclint: file-ignore[ASL2] long ago\n")
    code, out, _ = asynclint("--output-format=concise")
    assert (code, out.count("ASL001 [unused-waiver]"), out.splitlines()[-1]) == (0, 2, "2 fixable with `--fix`.")
    assert asynclint("--fix").out == "Fixed 2 findings.\nAll checks passed!\n"
    assert Path("a.py").read_text() == "x = 1  # noqa: E501\n"


def test_unused_waivers_have_a_page() -> None:
    assert "# unused-waiver\n\n**ASL001** · shown as information" in asynclint("rule", "ASL001").out
    assert "# waiver-without-reason\n\n**ASL002** · off by default" in asynclint("rule", "waiver-without-reason").out


# any text

STATEMENTS = st.sampled_from(
    [
        "time.sleep(1)",
        "time.sleep(1)  # a comment",
        "time.sleep(1)  # noqa: E501",
        "x = '''\n\n    ''', time.sleep(1)",
        "x = f'''{time.sleep(1)}\n    '''",
        "x = time.sleep(1), \\\n        2",
        "x = (\n        time.sleep(1),\n\n        # noqa: E501\n    )",
        "if time.sleep(1): pass",
        "pass",
        "\ttime.sleep(1)".strip("\t") + "  ",
        "x = '# noqa: E501'",
        "x = {'a': time.sleep(1)}; time.sleep(2)",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STATEMENTS, max_size=5), st.sampled_from(["\n", ""]))
def test_added_comments_silence_everything_and_change_nothing_else(statements: list[str], end: str) -> None:
    text = SLEEPY + "\n".join(f"    {statement}" for statement in [*statements, "pass"]) + end
    Path("any.py").write_text(text)
    config = load(".", isolated=True)
    findings = lint_source(text, "any.py", config).findings
    silenced = add_noqa(findings, config)
    after = silenced.files[0].after if silenced.files else text
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(text))
    assert lint_source(after, "any.py", config).findings == silenced.withheld == ()
    assert (after == text) is (findings == ())


# ruff

OURS = """\
import os  # asynclint: ignore[ASL101] because

# asynclint: file-ignore[ASL2] generated
print(os)  # noqa: ASL101
print(os)  # noqa: ASL101, ASL201 why
"""


def ruff(*arguments: str) -> str:
    return tool("ruff", "check", "--isolated", "--no-cache", "--select=E,F,W,I,RUF,ERA,PGH,TD", *arguments)


def test_ruff_leaves_our_comments_alone_when_it_knows_the_prefix() -> None:
    Path("a.py").write_text(OURS)
    external = ("--config", "lint.external = ['ASL']")
    assert ruff(*external, "a.py") == "All checks passed!\n"
    ruff(*external, "--fix", "--unsafe-fixes", "a.py")
    assert Path("a.py").read_text() == OURS
    assert "ASL101" in ruff("a.py")
    ruff("--fix", "--unsafe-fixes", "a.py")
    assert "# noqa" not in Path("a.py").read_text()
    assert Path("a.py").read_text().count("# asynclint:") == 2
