"""What a project may say in its configuration, and what is said of a mistake in it."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from asynclint.config import DEFAULT_EXCLUDE, NEWEST_KNOWN, Config, ConfigError, Origin, TargetVersion, load
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
        limiters = ["mylib.Limiter"]
        cache-dir = "kept"
        blocking-calls."mylib.fetch" = false
        severity = { ASL1 = "info" }
        per-file-ignores = { "gen.py" = ["ASL1"] }
        extend-per-file-ignores = { "old.py" = ["ASL1"] }
        fixable = ["ASL2"]
        unfixable = ["ASL3"]
        unsafe-fixes = true
        [tool.asynclint.decorators]
        transparent = ["mylib.traced"]
        opaque = ["mylib.task"]
        kind = { "mylib.in_thread" = "async" }
        """
    )
    loaded = load(".")
    assert set(loaded.origins.values()) == {Origin("pyproject.toml", "tool.asynclint")}
    assert replace(loaded, origins={}) == Config(
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
        limiters=("mylib.Limiter",),
        cache_dir=str(tmp_path / "kept"),
        blocking_calls={"mylib.fetch": None},
        severity={"ASL1": "info"},
        per_file_ignores={"gen.py": ("ASL1",)},
        extend_per_file_ignores={"old.py": ("ASL1",)},
        fixable=("ASL2",),
        unfixable=("ASL3",),
        unsafe_fixes=True,
        decorators={"mylib.traced": "transparent", "mylib.task": "opaque", "mylib.in_thread": "async"},
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
    isolated = Config(root=os.getcwd(), python="", baseline="")
    assert replace(load(".", isolated=True), origins={}) == isolated


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
        ("per-file-ignores = 3", "`tool.asynclint.per-file-ignores`: expected `object`, got `int`"),
        (
            'per-file-ignores.a = []\nper-file-ignores."b/" = "A"',
            '`tool.asynclint.per-file-ignores."b/"`: expected `array`',
        ),
        ('extend-per-file-ignores."a" = ["A", 3]', 'extend-per-file-ignores."a"[1]`: expected `str`, got `int`'),
        ("severity = 'off'", "`tool.asynclint.severity`: expected `object`, got `str`"),
        (
            "severity = {ASL1 = 'off', ASL2 = 'eror'}",
            '`tool.asynclint.severity."ASL2"`: `eror` means nothing; did you mean `error`?',
        ),
        ("severity.ASL2 = 'loud'", 'severity."ASL2"`: `loud` means nothing; known are error, info, off'),
        ("severity.ASL2 = false", '`tool.asynclint.severity."ASL2"`: expected `str`, got `bool`'),
        ("decorators = []", "`tool.asynclint.decorators`: expected `object`, got `array`"),
        (
            "decorators.transparant = []",
            "`tool.asynclint.decorators.transparant`: unknown setting; did you mean `transparent`?",
        ),
        (
            "decorators.opaque = 'a.b'",
            '`tool.asynclint.decorators.opaque`: expected `array`, got `str`; write decorators.opaque = ["a.b"]',
        ),
        (
            "decorators.opaque = ['task']",
            "`tool.asynclint.decorators.opaque`: `task` is no dotted name or glob, such as",
        ),
        (
            "decorators.kind.'a.b' = 'asinc'",
            '`tool.asynclint.decorators.kind."a.b"`: `asinc` means nothing; did you mean `async`?',
        ),
        (
            "decorators = {opaque = ['a.b'], transparent = ['a.b']}",
            "decorators.opaque`: `a.b` is said to be transparent as well",
        ),
        ("limiters = 'a.B'", '`tool.asynclint.limiters`: expected `array`, got `str`; write limiters = ["a.B"]'),
        ("limiters = ['a.b()']", "`tool.asynclint.limiters`: `a.b()` is no dotted name or glob"),
        ("cache-dir = true", "`tool.asynclint.cache-dir`: expected `str`, got `bool`"),
        ("cache-dir = 'pyproject.toml'", "`tool.asynclint.cache-dir`: pyproject.toml is a file; name a directory"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(settings: str, expected: str) -> None:
    message = complaint(f"[tool.asynclint]\n{settings}\n")
    assert message.startswith("pyproject.toml: ")
    assert expected in message


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("selct = ['A']", "--config: `selct`: unknown setting; did you mean `select`?"),
        ("severity.ASL1 = 'of'", '--config: `severity."ASL1"`: `of` means nothing; did you mean `off`?'),
        ("select = ", "--config: invalid TOML: invalid value: 'select = '; write a file, or such as 'preview = true'"),
        ("x=" + "[" * 20_000, "--config: invalid TOML: "),
    ],
)
def test_a_wrong_snippet_is_named_with_its_remedy(snippet: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(".", snippets=["preview = true", snippet])
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("ASYNCLINT_PREVIEW", "maybe", "ASYNCLINT_PREVIEW: `preview`: must be true or false, not `maybe`"),
        ("ASYNCLINT_NO_CACHE", "maybe", "ASYNCLINT_NO_CACHE: must be true or false, not `maybe`"),
        ("ASYNCLINT_OUTPUT_FORMAT", "jsn", "ASYNCLINT_OUTPUT_FORMAT: `output-format`: unknown format `jsn`; did you"),
        ("ASYNCLINT_TARGET_VERSION", "3.12,3.11", "ASYNCLINT_TARGET_VERSION: `target-version`: 3.12 is newer than"),
        ("ASYNCLINT_LIMITERS", "x", "ASYNCLINT_LIMITERS: `limiters`: `x` is no dotted name or glob"),
        ("ASYNCLINT_CACHE_DIR", "/dev/null/x", ""),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(variable: str, text: str, expected: str) -> None:
    if not expected:
        assert load(".", environ={variable: text}).cache_dir == text
        return
    with pytest.raises(ConfigError) as caught:
        load(".", environ={variable: text})
    assert str(caught.value).startswith(expected)


def test_variables_decide_any_key_that_is_no_table(tmp_path: Path) -> None:
    environ = {
        "ASYNCLINT_SELECT": "ASL1, ASL2,",
        "ASYNCLINT_PREVIEW": "Yes",
        "ASYNCLINT_RESPECT_GITIGNORE": "0",
        "ASYNCLINT_TARGET_VERSION": "3.11,3.12",
        "ASYNCLINT_PYTHON": "env",
        "ASYNCLINT_IGNORE": " ",
        "ASYNCLINT_CACHE_DIR": "kept",
        "ASYNCLINT_NO_CACHE": "1",
        "ASYNCLINT_SOMETHING": "else",
    }
    config = load("sub", environ=environ)
    assert replace(config, origins={}) == Config(
        select=("ASL1", "ASL2"),
        preview=True,
        respect_gitignore=False,
        target_version=TargetVersion((3, 11), (3, 12)),
        python="env",
        cache_dir=str(tmp_path / "kept"),
        cache=False,
        root=str(tmp_path / "sub"),
    )
    assert config.origin("preview") == Origin("ASYNCLINT_PREVIEW")


def test_options_count_more_than_snippets_than_variables_than_the_file() -> None:
    write(
        """
        [project]
        requires-python = ">=3.13"
        [tool.asynclint]
        select = ["ASL1"]
        ignore = ["ASL101"]
        fixable = ["ASL1"]
        unfixable = ["ASL2"]
        """
    )
    environ = {"ASYNCLINT_SELECT": "ASL2", "ASYNCLINT_IGNORE": "ASL201", "ASYNCLINT_FIXABLE": "ASL2"}
    snippets = ['select = ["ASL3"]\nignore = ["ASL301"]', 'ignore = ["ASL302"]']
    config = load(".", environ=environ, snippets=snippets, overrides={"select": ["ASL4"]})
    assert (config.select, config.ignore, config.fixable, config.unfixable) == (
        ("ASL4",),
        ("ASL302",),
        ("ASL2",),
        ("ASL2",),
    )
    places = [config.origin(name).place for name in ("select", "ignore", "fixable", "unfixable", "src")]
    assert places == ["options", "--config", "ASYNCLINT_FIXABLE", "pyproject.toml", ""]
    assert config.origin("target_version") == Origin("pyproject.toml", "project.requires-python")


def test_tables_are_joined_and_what_extends_is_added_up(tmp_path: Path) -> None:
    write(
        """
        [tool.asynclint]
        extend-select = ["ASL1"]
        severity = { ASL1 = "info", ASL2 = "off" }
        decorators.opaque = ["a.b", "a.c"]
        per-file-ignores = { "a.py" = ["ASL1"] }
        extend-per-file-ignores = { "b/c.py" = ["ASL1"] }
        """
    )
    snippets = [
        'severity.ASL1 = "error"',
        'decorators.kind."a.b" = "sync"',
        'extend-select = ["ASL2", "ASL1"]',
        'per-file-ignores = { "x.py" = ["ASL2"] }',
        f'extend-per-file-ignores = {{ "{tmp_path}/b/c.py" = ["ASL2"] }}',
    ]
    config = load("sub", snippets=snippets)
    assert config.extend_select == ("ASL1", "ASL2")
    assert config.severity == {"ASL1": "error", "ASL2": "off"}
    assert config.decorators == {"a.b": "sync", "a.c": "opaque"}
    assert config.per_file_ignores == {"x.py": ("ASL2",)}
    assert config.extend_per_file_ignores == {f"{tmp_path}/b/c.py": ("ASL1", "ASL2")}
    places = [config.origin("severity", selector).place for selector in ("ASL1", "ASL2")]
    assert places == ["--config", "pyproject.toml"]


def test_globs_and_directories_are_meant_from_the_file(tmp_path: Path) -> None:
    write('[tool.asynclint]\nper-file-ignores = {"a/b.py" = [], "b.py" = [], "!src/**" = []}\ncache-dir = "kept"')
    config = load("sub")
    assert list(config.per_file_ignores) == [f"{tmp_path}/a/b.py", "b.py", f"!{tmp_path}/src/**"]
    assert config.cache_dir == str(tmp_path / "kept")


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
