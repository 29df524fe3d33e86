"""The values a configuration consists of, with their defaults."""

from collections.abc import Mapping

from msgspec import Struct

OUTPUT_FORMATS = ("full", "concise", "json")
OLDEST_KNOWN = (3, 8)
NEWEST_KNOWN = (3, 15)
DEFAULT_EXCLUDE = (
    *(".asynclint_cache", ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox"),
    *(".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode"),
    *("__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv"),
)
DEFAULT_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py", "test/", "tests/")


class ConfigError(Exception):
    """`str(error)` is the one line to print: it names the file, the key and the remedy."""


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
    cache: bool = True  # may facts of installed packages be kept below `root`?
    root: str = ""
    file: str = ""
