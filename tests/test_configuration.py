"""What the tool says of its own configuration: the keys, the schema, the documentation, the settings that govern."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from specimens import ROOT
from test_cli import asynclint, error

from asynclint.config import load
from asynclint.config.described import Key, every_key, schema, shown, toml
from asynclint.config.keys import Keys

SCHEMA = ROOT / "asynclint.schema.json"
PAGE = ROOT / "docs" / "configuration.md"
GENERATED = "markdown`. -->\n\n"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_schema_is_the_one_that_is_checked_in(request: pytest.FixtureRequest) -> None:
    printed = asynclint("config", "--schema").out
    if request.config.getoption("--bless"):
        SCHEMA.write_text(printed)
    assert SCHEMA.read_text() == printed
    jsonschema.Draft7Validator.check_schema(json.loads(printed))


def test_the_page_names_every_key(request: pytest.FixtureRequest) -> None:
    written, _, _ = PAGE.read_text().partition(GENERATED)
    page = written + GENERATED + asynclint("config", "--output-format=markdown").out
    if request.config.getoption("--bless"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    assert headings == list(Keys.__struct_encode_fields__)


@pytest.mark.parametrize("key", every_key(), ids=lambda key: key.name)
def test_examples_and_defaults_are_valid(key: Key) -> None:
    for text in (key.example, f"{key.name} = {key.default}" if key.default else ""):
        Path("asynclint.toml").write_text(text)
        load(".")
        jsonschema.validate(tomllib.loads(text), schema())


@pytest.mark.parametrize(
    "wrong",
    ["selct = []", "severity.ASL1 = 'loud'", "decorators.kinds = {}", "preview = 'yes'", "blocking-calls.'a.b' = true"],
)
def test_the_schema_refuses_what_the_tool_refuses(wrong: str) -> None:
    Path("asynclint.toml").write_text(wrong)
    assert "asynclint.toml: `" in error(".")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(wrong), schema())


def test_keys_are_listed_and_explained() -> None:
    listed = asynclint("config").out.splitlines()
    assert [line.partition(" (")[0] for line in listed] == list(Keys.__struct_encode_fields__)
    explained = asynclint("config", "tool.asynclint.unsafe_fixes").out
    lines = {
        "unsafe-fixes",
        "Type: boolean",
        "Default: false",
        "Variable: ASYNCLINT_UNSAFE_FIXES",
        "unsafe-fixes = true",
    }
    assert lines <= set(explained.splitlines())
    assert json.loads(asynclint("config", "severity", "--output-format=json").out)["default"] == "{}"
    assert len(json.loads(asynclint("config", "--output-format=json").out)) == len(listed)


def test_an_unknown_key_is_answered_with_the_nearest_one() -> None:
    assert error("config", "selct") == "asynclint: unknown key `selct`; did you mean `select`?\n"


def test_the_settings_that_govern_are_shown_with_their_places() -> None:
    for name, text in {
        "pyproject.toml": "[tool.asynclint]\nseverity = {ASL1 = 'info', 'odd \"x\"' = 'off'}\n",
        "a.py": "",
        "b.py": "",
        "sub/asynclint.toml": "preview = true\ndecorators = {opaque = ['x.y'], kind = {'x.z' = 'async'}}\n",
        "sub/c.py": "",
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    code, out, err = asynclint("--show-settings", "--ignore=ASL7", "--config=severity.ASL2='off'", ".")
    assert (code, err) == (0, "")
    first, second = out.split("\n\n")
    here = Path.cwd()
    assert first.startswith(f"# {here}/pyproject.toml (governs 2 files, the first is a.py)\n")
    assert second.startswith(f"# {here}/sub/asynclint.toml (governs 1 file, the first is sub/c.py)\n")
    joined = '{ ASL1 = "info", "odd \\"x\\"" = "off", ASL2 = "off" }'
    assert f"\nseverity = {joined}  # --config, pyproject.toml\n" in first
    assert '\nignore = ["ASL7"]  # options\n' in first
    assert '\ndecorators = { opaque = ["x.y"], kind = { "x.z" = "async" } }  # sub/asynclint.toml\n' in second
    assert "\npreview = true  # sub/asynclint.toml\n" in second


def test_what_is_shown_says_the_same_again(tmp_path: Path) -> None:
    Path("asynclint.toml").write_text(
        """
        target-version = ["3.11", "3.13"]
        python = "env"
        cache-dir = "kept"
        blocking-calls = { "a.b" = false, "a.c" = "this", "a.d" = { code = "ASL204" } }
        per-file-ignores = { "!x.py" = ["ASL1"] }
        decorators = { transparent = ["a.e"], kind = { "a.f" = "cache" } }
        """
    )
    config = load(".")
    Path("again.toml").write_text("\n".join(shown(config)))
    again = load(".", file="again.toml")
    assert list(shown(again)) == [line.replace("# asynclint.toml", "# again.toml") for line in list(shown(again))]
    assert [line.partition("  # ")[0] for line in shown(again)] == [line.partition("  # ")[0] for line in shown(config)]


def test_odd_text_is_toml() -> None:
    odd = {"a.b": 'q"\\\n\x7f\u2028é😀', "c": [True, False], "d": {}, "": []}
    assert tomllib.loads(f"x = {toml(odd)}") == {"x": odd}
