"""The values a configuration consists of, with their defaults."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct

OUTPUT_FORMATS = (
    *("full", "concise", "grouped", "json", "json-lines", "sarif"),
    *("github", "gitlab", "junit", "rdjson", "azure", "pylint"),
)
OLDEST_KNOWN = (3, 8)
NEWEST_KNOWN = (3, 15)
DEFAULT_EXCLUDE = (
    *(".asynclint_cache", ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints"),
    *(".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox"),
    *(".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules"),
    *("site-packages", "venv"),
)
DEFAULT_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py", "test/", "tests/")

Loudness = Literal["error", "info", "off"]
Kind = Literal["async", "sync", "context-manager", "property", "cache"]
Role = Literal["transparent", "opaque"] | Kind


class ConfigError(Exception):
    """`str(error)` is the one line to print: it names the file, the key and the remedy."""


class Waiving(StrEnum):
    """Which comments silence findings: on any line of a statement, only where flake8 sees them too, or none at all.

    Where flake8 sees them, it heeds each `# noqa` itself, so we do not.
    """

    STATEMENTS = "statements"
    LINES = "lines"
    NOTHING = "nothing"


class Origin(Struct, frozen=True):
    """Where keys come from: a file, a variable, `--config`, the caller's `options`, "" for the defaults.

    `prefix` is the dotted name of the table there.
    """

    place: str = ""
    prefix: str = ""

    def error(self, key: str, message: str) -> ConfigError:
        """What to raise of a key."""
        return ConfigError(f"{self.place}: `{'.'.join(filter(None, (self.prefix, key)))}`: {message}")


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
    `origins` says, by field, where it was decided; what is missing there is a default. The entries of a table that is
    joined from several places go by `field.entry`.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = {}  # by glob
    extend_per_file_ignores: Mapping[str, tuple[str, ...]] = {}
    severity: Mapping[str, Loudness] = {}  # by selector
    preview: bool = False
    fixable: tuple[str, ...] = ("ALL",)
    unfixable: tuple[str, ...] = ()
    unsafe_fixes: bool = False
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    force_exclude: bool = False
    test_files: tuple[str, ...] = DEFAULT_TEST_FILES
    src: tuple[str, ...] = (".", "src")
    python: str | None = None
    target_version: TargetVersion = TargetVersion((3, 11), NEWEST_KNOWN)
    blocking_calls: Mapping[str, BlockingCall | None] = {}  # by dotted name or glob; None: does not block
    decorators: Mapping[str, Role] = {}  # by dotted name or glob
    limiters: tuple[str, ...] = ()  # dotted names or globs
    output_format: str = "full"
    baseline: str | None = None  # a file of findings to hide; "" for none, None for the usual one if it is there
    require_reason: bool = False
    waiving: Waiving = Waiving.STATEMENTS
    cache: bool = True  # may anything be kept between runs?
    cache_dir: str = ""  # where; "" for below the project's root
    root: str = ""
    file: str = ""
    origins: Mapping[str, Origin] = {}

    @property
    def common(self) -> "Config":
        """Itself: see `asynclint.config.governing.Settings`."""
        return self

    def governing(self, path: str) -> "Config":
        """Itself: a single configuration governs every file."""
        return self

    def origin(self, field: str, entry: str = "") -> Origin:
        """Where a field was decided, or one entry of it."""
        return self.origins.get(f"{field}.{entry}") or self.origins.get(field) or Origin()
