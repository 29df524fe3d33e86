"""What a project may say in its configuration, and what is said of a mistake in it."""

import os
from pathlib import Path

import pytest

from asynclint.config import DEFAULT_EXCLUDE, NEWEST_KNOWN, Config, ConfigError, TargetVersion, load
from asynclint.linter import Linter


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub/deep").mkdir(parents=True)


def write(text: str, name: str = "pyproject.toml") -> None:
    Path(name).write_text(text)


def complaint(text: str | bytes, name: str = "pyproject.toml") -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(".")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load("sub") == Config(root=str(tmp_path / "sub"))
    assert Config().target_version == TargetVersion((3, 11), NEWEST_KNOWN)
    assert Config().exclude == DEFAULT_EXCLUDE


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        """
        [tool.asynclint]
        select = ["ASL1"]
        extend-select = ["ASL2"]
        ignore = ["ASL101"]
        exclude = ["gen"]
        extend-exclude = ["old/"]
        respect-gitignore = false
        force-exclude = true
        preview = true
        src = ["lib"]
        python = "env"
        target-version = "py312"
        output-format = "concise"
        test-files = ["checks/"]
        """
    )
    assert load(".") == Config(
        select=("ASL1",),
        extend_select=("ASL2",),
        ignore=("ASL101",),
        exclude=("gen",),
        extend_exclude=("old/",),
        respect_gitignore=False,
        force_exclude=True,
        preview=True,
        src=("lib",),
        python=str(tmp_path / "env"),
        target_version=TargetVersion((3, 12), NEWEST_KNOWN),
        output_format="concise",
        test_files=("checks/",),
        root=str(tmp_path),
        file=str(tmp_path / "pyproject.toml"),
    )


def test_the_nearest_file_that_speaks_of_us_counts(tmp_path: Path) -> None:
    write('[tool.asynclint]\nselect = ["ASL1"]')
    write("[tool.other]\n", "sub/pyproject.toml")
    assert load("sub/deep").root == str(tmp_path)
    write('select = ["ASL2"]', "sub/asynclint.toml")
    assert load("sub/deep").select == ("ASL2",)
    write('select = ["ASL3"]', "sub/.asynclint.toml")
    assert load("sub/deep").file == str(tmp_path / "sub" / ".asynclint.toml")


def test_a_file_may_be_named_or_none_be_read() -> None:
    write('[tool.asynclint]\nselect = ["ASL1"]\n[project]\nrequires-python = ">=3.13"')
    write('select = ["ASL2"]', "other.toml")
    assert load(".", file="other.toml").select == ("ASL2",)
    assert load(".", isolated=True) == Config(root=os.getcwd(), python="", baseline="")


def test_overrides_win_in_either_spelling_and_none_says_nothing() -> None:
    write('[tool.asynclint]\nselect = ["ASL1"]\npreview = true')
    overrides = {"select": ["ASL3"], "extend_select": ("ASL4",), "output-format": "json", "preview": None}
    config = load(".", overrides=overrides)
    assert (config.select, config.extend_select, config.output_format) == (("ASL3",), ("ASL4",), "json")
    assert config.preview
    assert load(".", isolated=True, overrides={"preview": True}).preview


def test_excluded_paths_are_meant_from_the_file(tmp_path: Path) -> None:
    write('[tool.asynclint]\nextend-exclude = ["src/gen", "name", "dir/", "/abs/x"]')
    assert load("sub").extend_exclude == (str(tmp_path / "src/gen"), "name", "dir/", "/abs/x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"py311"', TargetVersion((3, 11), NEWEST_KNOWN)),
        ('"3.9"', TargetVersion((3, 9), NEWEST_KNOWN)),
        ('["3.11", "py313"]', TargetVersion((3, 11), (3, 13))),
        ('["3.12", "3.12"]', TargetVersion((3, 12), (3, 12))),
    ],
)
def test_target_versions(value: str, expected: TargetVersion) -> None:
    write(f'[project]\nrequires-python = ">=3.14"\n[tool.asynclint]\ntarget-version = {value}')
    assert load(".").target_version == expected


@pytest.mark.parametrize(
    ("specifier", "oldest"),
    [
        (">=3.12", (3, 12)),
        (">= 3.12.4, <4", (3, 12)),
        ("<4,>3.12", (3, 12)),
        ("~=3.12", (3, 12)),
        ("==3.12.*", (3, 12)),
        (">=3", (3, 0)),
        (">=3.9,!=3.10.*,>=3.12", (3, 12)),
        ("<4", (3, 11)),
        ("nonsense", (3, 11)),
        ("", (3, 11)),
    ],
)
def test_the_lower_bound_of_requires_python_is_the_default_target(specifier: str, oldest: tuple[int, int]) -> None:
    write(f'[project]\nrequires-python = "{specifier}"')
    assert load("sub").target_version == TargetVersion(oldest, NEWEST_KNOWN)


@pytest.mark.parametrize("text", ["[project]\nrequires-python = 3", "project = 3", "tool = 3"])
def test_what_other_tools_must_complain_of_is_not_our_business(text: str) -> None:
    write(text)
    assert load(".").target_version.oldest == (3, 11)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ('selct = ["A"]', "`tool.asynclint.selct`: unknown setting; did you mean `select`?"),
        ('extend_select = ["A"]', "`tool.asynclint.extend_select`: unknown setting; did you mean `extend-select`?"),
        ("zzz = 1", "`tool.asynclint.zzz`: unknown setting; known are select, extend-select, "),
        ('select = "A"', '`tool.asynclint.select`: expected `array`, got `str`; write select = ["A"]'),
        ('select = ["A", 3]', "`tool.asynclint.select[1]`: expected `str`, got `int`"),
        ("preview = 1", "`tool.asynclint.preview`: expected `bool`, got `int`"),
        ("src = 1979-05-27", "`tool.asynclint.src`: expected `array`, got "),
        ("target-version = 3.11", "`tool.asynclint.target-version`: must be a string such as"),
        ('target-version = "3.99"', 'target-version`: unknown version "3.99"; known are "3.8" to "3.15"'),
        ('target-version = "py3"', "`tool.asynclint.target-version`: unknown version"),
        ('target-version = ["3.12"]', "`tool.asynclint.target-version`: must be a string such as"),
        ('target-version = ["3.12", "3.11"]', "3.12 is newer than 3.11; write the oldest first"),
        ('output-format = "jsn"', "`tool.asynclint.output-format`: unknown format `jsn`; did you mean `json`?"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(settings: str, expected: str) -> None:
    message = complaint(f"[tool.asynclint]\n{settings}\n")
    assert message.startswith("pyproject.toml: ")
    assert expected in message


def test_a_file_of_our_own_has_bare_keys() -> None:
    message = complaint("selct = 1", "asynclint.toml")
    assert message == "asynclint.toml: `selct`: unknown setting; did you mean `select`?"


def test_a_wrong_override_is_called_an_option() -> None:
    with pytest.raises(ConfigError, match=r"^options: `target-version`: unknown version"):
        load(".", overrides={"target_version": "4.0"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n[tool.asynclint", "pyproject.toml:2:16: invalid TOML: "),
        ("\n\nx = ", "pyproject.toml:3:5: invalid TOML: "),
        ('x = """abc', "pyproject.toml:1:11: invalid TOML: "),
        ("x = 1\nx = 2", "pyproject.toml:2:6: invalid TOML: "),
        ("x = " + "[" * 20_000, "pyproject.toml: invalid TOML: nested too deeply"),
        (b"x = 1\n# caf\xe9", "pyproject.toml:2:6: is not UTF-8: byte 0xe9; "),
        ("tool.asynclint = 3", "pyproject.toml: `tool.asynclint`: must be a table of settings"),
    ],
)
def test_a_broken_file_is_named_with_its_place(text: str | bytes, expected: str) -> None:
    assert complaint(text).startswith(expected)


def test_a_directory_is_no_configuration() -> None:
    Path("pyproject.toml").mkdir()
    with pytest.raises(ConfigError, match=r"^pyproject\.toml: cannot be read: is a directory$"):
        load("sub")


def test_a_missing_file_that_was_named_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^no\.toml: cannot be read: no such file or directory$"):
        load(".", file="no.toml")


def test_what_counts_as_a_test_file_is_chosen(tmp_path: Path) -> None:
    write('[tool.asynclint]\ntest-files = ["checks/", "src/trial/*.py"]')
    text = "import subprocess\nasync def work():\n    subprocess.run([])\n"
    paths = ["checks/a.py", "src/trial/a.py", "src/trial/deep/a.py", "src/a.py", "tests/test_a.py"]
    found = {path: Linter(load("."), {path: text}).lint(path).findings for path in paths}
    assert [path for path in paths if found[path]] == ["src/trial/deep/a.py", "src/a.py", "tests/test_a.py"]
