"""[tool.asynclint] as one frozen value; knows files and keys, no rules."""

import difflib
import glob
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

OUTPUT_FORMATS = ("full", "concise", "json")
OLDEST_KNOWN = (3, 8)
NEWEST_KNOWN = (3, 15)
DEFAULT_EXCLUDE = (
    *(".asynclint_cache", ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox"),
    *(".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode"),
    *("__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv"),
)
DEFAULT_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py", "test/", "tests/")
_FILES = (".asynclint.toml", "asynclint.toml", "pyproject.toml")
_LISTS = (
    *("select", "extend-select", "ignore", "fixable", "unfixable"),
    *("exclude", "extend-exclude", "src", "test-files"),
)
_PATHS = ("exclude", "extend-exclude", "test-files")
_DOTTED = re.compile(r"[\w*?]+(\.[\w*?]+)+")
_LOWER_BOUND = re.compile(r"\s*(?:>=|~=|===?|>)\s*v?(\d{1,4})(?:\.(\d{1,4}))?", re.ASCII)


class ConfigError(Exception):
    """`str(error)` is the one line to print: it names the file, the key and the remedy."""


class Waiving(StrEnum):
    """Which comments silence findings: on any line of a statement, only where flake8 sees them too, or none at all.

    Where flake8 sees them, it heeds each `# noqa` itself, so we do not.
    """

    STATEMENTS = "statements"
    LINES = "lines"
    NOTHING = "nothing"


class TargetVersion(Struct, frozen=True):
    """The Python versions the code is to run on, both ends included."""

    oldest: tuple[int, int]
    newest: tuple[int, int]


class BlockingCall(Struct, frozen=True):
    """What a user says of a call that blocks: the rule to report it, "" for the usual one, and what to use instead."""

    code: str = ""
    instead: str = "`await asyncio.to_thread(...)`"


class Config(Struct, frozen=True, kw_only=True):
    """Everything a user may decide. `root` is the directory of the configuration `file`, or the one asked about.

    `python` is an interpreter or the directory of an environment, "" for none; None leaves it to be looked for.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fixable: tuple[str, ...] = ("ALL",)
    unfixable: tuple[str, ...] = ()
    unsafe_fixes: bool = False
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    force_exclude: bool = False
    preview: bool = False
    src: tuple[str, ...] = (".", "src")
    python: str | None = None
    target_version: TargetVersion = TargetVersion((3, 11), NEWEST_KNOWN)
    output_format: str = "full"
    test_files: tuple[str, ...] = DEFAULT_TEST_FILES
    blocking_calls: Mapping[str, BlockingCall | None] = {}  # by dotted name or glob; None: does not block
    baseline: str | None = None  # a file of findings to hide; "" for none, None for the usual one if it is there
    require_reason: bool = False
    waiving: Waiving = Waiving.STATEMENTS
    cache: bool = True  # may facts of installed packages be kept below `root`?
    root: str = ""
    file: str = ""


class _Keys(Struct, frozen=True, rename="kebab"):
    """The keys a file or a caller may set, in the spelling of the file."""

    select: tuple[str, ...] | UnsetType = UNSET
    extend_select: tuple[str, ...] | UnsetType = UNSET
    ignore: tuple[str, ...] | UnsetType = UNSET
    fixable: tuple[str, ...] | UnsetType = UNSET
    unfixable: tuple[str, ...] | UnsetType = UNSET
    unsafe_fixes: bool | UnsetType = UNSET
    exclude: tuple[str, ...] | UnsetType = UNSET
    extend_exclude: tuple[str, ...] | UnsetType = UNSET
    respect_gitignore: bool | UnsetType = UNSET
    force_exclude: bool | UnsetType = UNSET
    preview: bool | UnsetType = UNSET
    src: tuple[str, ...] | UnsetType = UNSET
    python: str | UnsetType = UNSET
    target_version: object = UNSET
    output_format: str | UnsetType = UNSET
    test_files: tuple[str, ...] | UnsetType = UNSET
    blocking_calls: object = UNSET
    baseline: str | UnsetType = UNSET
    require_reason: bool | UnsetType = UNSET


class _Origin(Struct, frozen=True):
    """Where keys come from: a file, or the caller's `options`; `prefix` is the dotted name of the table there."""

    place: str
    prefix: str = ""

    def error(self, key: str, message: str) -> ConfigError:
        return ConfigError(f"{self.place}: `{'.'.join(filter(None, (self.prefix, key)))}`: {message}")


class _Document(Struct, frozen=True):
    """A configuration file and what it says to us; `keys` is None when it does not speak of us."""

    file: str
    keys: object
    requires_python: object
    origin: _Origin


def common_directory(paths: Sequence[str]) -> str:
    """The directory nearest to all of these files and directories: one configuration governs a run."""
    places = [os.path.abspath(path) for path in paths] or [os.getcwd()]
    try:
        return os.path.commonpath([place if os.path.isdir(place) else os.path.dirname(place) for place in places])
    except ValueError:  # several drives
        return os.getcwd()


def load(
    directory: str, *, isolated: bool = False, overrides: Mapping[str, object] | None = None, file: str | None = None
) -> Config:
    """The configuration that governs a directory.

    `file` names the configuration file instead of looking for the nearest one upward; `isolated` reads no file at all
    and looks for no environment.
    `overrides` are keys (`extend-select` or `extend_select`) that win over the file's; a None among them says nothing.
    Raises `ConfigError`.
    """
    start = os.path.abspath(directory)
    given = {key.replace("_", "-"): value for key, value in (overrides or {}).items() if value is not None}
    chosen = _decided(given, _Origin("options"))
    if isolated:
        return Config(**{"root": start, "python": "", "baseline": "", **chosen})
    required = _required(start)
    document = _read(os.path.abspath(file)) if file else _nearest(start)
    if document is None:
        return Config(**{**required, "root": start, **chosen})
    root = os.path.dirname(document.file)
    decided = _anchored(_decided(document.keys or {}, document.origin), root)
    return Config(**{**required, **decided, **chosen, "root": root, "file": document.file})


def _nearest(directory: str) -> _Document | None:
    documents = (_read(path) for path in _upward(directory, _FILES))
    return next((document for document in documents if document.keys is not None), None)


def _required(directory: str) -> dict[str, Any]:
    """The target version that the nearest pyproject.toml asks for in `project.requires-python`, if any."""
    path = next(_upward(directory, ("pyproject.toml",)), None)
    oldest = _lower_bound(_read(path).requires_python) if path else None
    return {"target_version": TargetVersion(oldest, max(oldest, NEWEST_KNOWN))} if oldest else {}


def _upward(directory: str, names: Sequence[str]) -> Iterator[str]:
    yield from (path for name in names if os.path.lexists(path := os.path.join(directory, name)))
    if (parent := os.path.dirname(directory)) != directory:
        yield from _upward(parent, names)


def _read(path: str) -> _Document:
    content = _parsed(path)
    if os.path.basename(path) != "pyproject.toml":
        return _Document(path, content, None, _Origin(_shown(path)))
    tool, project = content.get("tool"), content.get("project")
    return _Document(
        path,
        tool.get("asynclint") if isinstance(tool, dict) else None,
        project.get("requires-python") if isinstance(project, dict) else None,
        _Origin(_shown(path), "tool.asynclint"),
    )


def _parsed(path: str) -> dict[str, Any]:
    shown, data = _shown(path), b""
    try:
        with open(path, "rb") as file:
            data = file.read()
        return tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(_not_utf8(shown, data, error.start)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_broken(shown, str(error), data.decode("utf-8-sig"))) from None
    except RecursionError:
        raise ConfigError(f"{shown}: invalid TOML: nested too deeply") from None


def _not_utf8(shown: str, data: bytes, at: int) -> str:
    before = data[:at].decode()
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{shown}:{line}:{column}: is not UTF-8: byte 0x{data[at]:02x}; TOML files must be saved as UTF-8"


def _broken(shown: str, message: str, text: str) -> str:
    reason, _, place = message.partition(" (at ")
    numbers = re.findall(r"\d+", place)
    line, column = numbers if len(numbers) == 2 else (text.count("\n") + 1, len(text) - text.rfind("\n"))
    return f"{shown}:{line}:{column}: invalid TOML: {reason[:1].lower()}{reason[1:]}"


def _shown(path: str) -> str:
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)


def _decided(keys: object, origin: _Origin) -> dict[str, Any]:
    """Config's fields as these keys decide them."""
    if not isinstance(keys, dict):
        raise origin.error("", "must be a table of settings")
    for key in keys:
        if key not in _Keys.__struct_encode_fields__:
            raise origin.error(key, f"unknown setting; {_hint(key, _Keys.__struct_encode_fields__)}")
    try:
        valid = msgspec.convert(keys, _Keys)
    except msgspec.ValidationError as error:
        raise _mistyped(error, keys, origin) from None
    decided = {name: value for name in _Keys.__struct_fields__ if (value := getattr(valid, name)) is not UNSET}
    if "target_version" in decided:
        decided["target_version"] = _target(decided["target_version"], origin)
    if "blocking_calls" in decided:
        decided["blocking_calls"] = _blocking_calls(decided["blocking_calls"], origin)
    if (known := decided.get("output_format", "full")) not in OUTPUT_FORMATS:
        raise origin.error("output-format", f"unknown format `{known}`; {_hint(known, OUTPUT_FORMATS)}")
    return decided


def _mistyped(error: msgspec.ValidationError, keys: Mapping[str, object], origin: _Origin) -> ConfigError:
    message, _, path = str(error).partition(" - at `$.")
    path = path.rstrip("`")
    remedy = f'; write {path} = ["{keys[path]}"]' if path in _LISTS and isinstance(keys[path], str) else ""
    return origin.error(path, message[:1].lower() + message[1:] + remedy)


def _hint(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.replace("_", "-"), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"


def _anchored(decided: dict[str, Any], root: str) -> dict[str, Any]:
    """Paths in a file are meant from that file's directory, wherever we stand."""
    patterns = {key.replace("-", "_"): decided.get(key.replace("-", "_"), ()) for key in _PATHS}
    anchored = {key: tuple(_below(root, pattern) for pattern in value) for key, value in patterns.items() if value}
    places = {key: os.path.join(root, decided[key]) for key in ("python", "baseline") if decided.get(key)}
    return {**decided, **anchored, **places}


def _below(root: str, pattern: str) -> str:
    return os.path.join(glob.escape(root), pattern) if "/" in pattern.rstrip("/") else pattern


def _target(value: object, origin: _Origin) -> TargetVersion:
    """From "py311" or "3.11" (the oldest), or a pair of them (oldest and newest)."""
    match value:
        case str():
            return TargetVersion(_version(value, origin), NEWEST_KNOWN)
        case [str() as oldest, str() as newest]:
            target = TargetVersion(_version(oldest, origin), _version(newest, origin))
            if target.oldest > target.newest:
                raise origin.error("target-version", f"{oldest} is newer than {newest}; write the oldest first")
            return target
    raise origin.error("target-version", 'must be a string such as "3.11" or "py311", or a pair ["3.11", "3.13"]')


def _version(text: str, origin: _Origin) -> tuple[int, int]:
    found = re.fullmatch(r"py(\d)(\d+)|(\d)\.(\d+)", text, re.ASCII)
    version = tuple(int(part) for part in found.groups() if part) if found else ()
    if len(version) != 2 or not OLDEST_KNOWN <= version <= NEWEST_KNOWN:
        oldest, newest = (".".join(map(str, known)) for known in (OLDEST_KNOWN, NEWEST_KNOWN))
        raise origin.error("target-version", f'unknown version "{text}"; known are "{oldest}" to "{newest}"')
    return version[0], version[1]


def _blocking_calls(value: object, origin: _Origin) -> dict[str, BlockingCall | None]:
    """What a project knows of blocking calls: `"name" = "instead"`, a table with a code, or false."""
    if not isinstance(value, dict):
        raise origin.error("blocking-calls", 'must be a table such as {"mylib.fetch" = "await mylib.afetch(...)"}')
    return {name: _blocking_call(said, name, origin) for name, said in value.items()}


def _blocking_call(said: object, name: str, origin: _Origin) -> BlockingCall | None:
    key = f'blocking-calls."{name}"'
    if not _DOTTED.fullmatch(name):
        raise origin.error(key, 'must be a dotted name or a glob, such as "mylib.fetch", "mylib.db.*", "builtins.open"')
    match said:
        case False:
            return None
        case str() if said.strip():
            return BlockingCall(instead=said.strip())
        case dict():
            return _blocking_table(said, key, origin)
    raise origin.error(key, 'must say what to use instead, or be a table such as {code = "ASL204"}, or false')


def _blocking_table(said: Mapping[str, object], key: str, origin: _Origin) -> BlockingCall:
    for name, value in said.items():
        if name not in BlockingCall.__struct_fields__:
            raise origin.error(f"{key}.{name}", f"unknown setting; {_hint(name, BlockingCall.__struct_fields__)}")
        if not isinstance(value, str) or not value.strip():
            raise origin.error(f"{key}.{name}", "must be a text")
    return msgspec.convert(said, BlockingCall)


def _lower_bound(specifier: object) -> tuple[int, int] | None:
    """The lowest Python that a version specifier such as `>=3.11,<4` allows, as far as it says."""
    if not isinstance(specifier, str):
        return None
    clauses = (_LOWER_BOUND.match(clause) for clause in specifier.split(","))
    return max(((int(clause[1]), int(clause[2] or 0)) for clause in clauses if clause), default=None)
