"""How loud rules are, and where: severity and per-file ignores, seen as a user sees them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import asynclint, environment, error

READ = "async def read():\n    with open('a') as file:\n        return file.read()\n"
BLOCKED = "import time\n\n\nasync def wait():\n    time.sleep(1)\n    wait()\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("app.py", "src/gen/made.py", "src/gen/deep/made.py", "tests/test_app.py"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(BLOCKED)
    Path("sub").mkdir()


def settings(text: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.asynclint]\n{text}\n")


def found(*arguments: str) -> tuple[int, list[str]]:
    code, out, _ = asynclint("--output-format=json", "--no-cache", *arguments)
    shown = ["{}:{}:{}".format(Path(f["filename"]).as_posix(), f["code"], f["severity"]) for f in json.loads(out)]
    return code, shown


EVERYWHERE = [
    f"{path}:{code}:error"
    for path in ("app.py", "src/gen/deep/made.py", "src/gen/made.py", "tests/test_app.py")
    for code in ("ASL201", "ASL101")
]


@pytest.mark.parametrize(
    ("severity", "code", "expected"),
    [
        ("", 1, ["ASL201:error", "ASL101:error"]),
        ("ASL2 = 'info'", 1, ["ASL201:info", "ASL101:error"]),
        ("ALL = 'info'", 0, ["ASL201:info", "ASL101:info"]),
        ("ALL = 'off'\nASL2 = 'error'\nASL201 = 'info'", 0, ["ASL201:info"]),
        ("blocking-sleep = 'off'\nASL = 'error'", 1, ["ASL101:error"]),
        ("ASL201 = 'off'\nblocking-sleep = 'info'", 1, ["ASL201:info", "ASL101:error"]),
    ],
)
def test_the_longest_selector_decides_the_severity_and_so_the_exit_code(
    severity: str, code: int, expected: list[str]
) -> None:
    settings(f"[tool.asynclint.severity]\n{severity}")
    assert found("app.py") == (code, [f"app.py:{each}" for each in expected])


def test_severity_turns_nothing_on() -> None:
    settings("select = ['ASL2']\nseverity.ASL101 = 'error'")
    assert found("app.py") == (1, ["app.py:ASL201:error"])


def test_what_is_chosen_by_name_may_be_information() -> None:
    settings("select = ['ASL201']\nseverity.ASL2 = 'info'")
    assert found("app.py", "tests") == (0, ["app.py:ASL201:info", "tests/test_app.py:ASL201:info"])


@pytest.mark.parametrize(
    ("entries", "silent"),
    [
        ("'app.py' = ['ASL1']", {"app.py:ASL101"}),
        (
            "'made.py' = ['ASL1', 'blocking-sleep']",
            {f"src/gen/{p}:{c}" for p in ("made.py", "deep/made.py") for c in ("ASL101", "ASL201")},
        ),
        ("'src/gen/*.py' = ['ASL1']", {"src/gen/made.py:ASL101"}),
        (
            "'src/' = ['ASL1']\n'src/gen/deep' = ['ASL2']",
            {"src/gen/made.py:ASL101", "src/gen/deep/made.py:ASL101", "src/gen/deep/made.py:ASL201"},
        ),
        ("'!src/' = ['ASL1']", {"app.py:ASL101", "tests/test_app.py:ASL101"}),
        ("'tests/**' = ['ALL']", {"tests/test_app.py:ASL101", "tests/test_app.py:ASL201"}),
        ("'other.py' = ['ALL']", set()),
    ],
)
def test_a_file_ignores_what_is_said_of_its_glob(
    entries: str, silent: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(f"[tool.asynclint.per-file-ignores]\n{entries}")
    expected = [each for each in EVERYWHERE if each.rpartition(":")[0] not in silent]
    assert found(".")[1] == expected
    assert found("-j2", ".")[1] == expected
    monkeypatch.chdir("sub")
    assert found("..")[1] == [f"../{each}" for each in expected]


def test_options_replace_or_extend_what_is_ignored() -> None:
    settings("per-file-ignores = {'app.py' = ['ASL2']}")
    assert found("app.py") == (1, ["app.py:ASL101:error"])
    assert found("--per-file-ignores=a*.py:ASL1,ASL2", "app.py") == (0, [])
    assert found("--per-file-ignores=app.py:ASL1,other.py:ASL2", "app.py") == (1, ["app.py:ASL201:error"])
    assert found("--extend-per-file-ignores=app.py:ASL1", "app.py") == (0, [])


def test_an_option_that_names_no_files_is_refused() -> None:
    assert error("--per-file-ignores=ASL1", ".") == (
        "asynclint: `ASL1` names no files; write --per-file-ignores=GLOB:RULES, such as tests/:ASL2\n"
    )
    assert "`x:` names no rules" in error("--extend-per-file-ignores=x:", ".")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity.ASL9O1 = 'off'", "pyproject.toml: unknown rule `ASL9O1` in `tool.asynclint.severity`, did you mean"),
        (
            "select = ['blocking-slep']",
            "unknown rule `blocking-slep` in `tool.asynclint.select`, did you mean `blocking-",
        ),
        (
            "per-file-ignores.'a.py' = ['blocking-slep']",
            'unknown rule `blocking-slep` in `tool.asynclint.per-file-ignores."',
        ),
    ],
)
def test_a_selector_that_means_nothing_is_named_with_its_key(text: str, expected: str) -> None:
    settings(text)
    assert expected in error(".")


def test_the_place_is_named_where_the_selector_stands() -> None:
    settings("severity.ASL1 = 'off'")
    assert error("--config", "severity.ASL99 = 'off'", ".").startswith("asynclint: --config: unknown rule `ASL99`")
    assert error("--select=ASL99", ".").startswith("asynclint: unknown rule `ASL99` in `select`")


def flake8(*arguments: str) -> list[str]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--format=%(path)s:%(code)s", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment({}), check=False)
    return [each for each in done.stdout.split() if "ASL" in each]


def test_flake8_hears_the_same() -> None:
    pytest.importorskip("flake8")
    settings("per-file-ignores = {'src/' = ['ASL2']}\nseverity = {ASL1 = 'off'}")
    assert flake8("--select=ASL", ".") == ["./app.py:ASL201", "./tests/test_app.py:ASL201"]


def test_flake8_shows_what_the_project_makes_an_error() -> None:
    pytest.importorskip("flake8")
    Path("read.py").write_text(READ)
    assert flake8("read.py") == []
    settings("severity.blocking-file-io = 'error'")
    assert flake8("read.py") == ["read.py:ASL208"]


def test_the_command_line_counts_more_than_the_environment_than_the_file() -> None:
    settings("select = ['ASL2']\noutput-format = 'concise'")
    env = {"ASYNCLINT_SELECT": "ASL1", "ASYNCLINT_OUTPUT_FORMAT": "json"}
    assert [each["code"] for each in json.loads(asynclint("app.py", env=env).out)] == ["ASL101"]
    arguments = ("--config", "output-format = 'json'", "--config=select = ['ASL1']", "--select=ASL201", "app.py")
    assert [each["code"] for each in json.loads(asynclint(*arguments, env={"ASYNCLINT_SELECT": "ASL1"}).out)] == [
        "ASL201"
    ]


def test_a_variable_is_named_in_what_is_said_of_it() -> None:
    code, out, err = asynclint(".", env={"ASYNCLINT_PREVIEW": "perhaps"})
    assert (code, out) == (2, "")
    assert err == "asynclint: ASYNCLINT_PREVIEW: `preview`: must be true or false, not `perhaps`\n"


def test_config_takes_one_file_beside_its_lines() -> None:
    Path("one.toml").write_text("ignore = ['ASL1']")
    assert found("--config=one.toml", "--config=severity.ASL2='info'", "app.py") == (0, ["app.py:ASL201:info"])
    assert "--config names several files, one.toml and two.toml; name one" in error(
        "--config=one.toml", "--config=two.toml", "."
    )
    assert "--config: invalid TOML" in error("--config=ignore = [", ".")
    assert "--config: `ignre`: unknown setting; did you mean `ignore`?" in error("--config=ignre = []", ".")
    assert "nothing.toml: cannot be read" in error("--config=nothing.toml", ".")
