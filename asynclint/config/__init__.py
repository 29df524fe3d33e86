"""[tool.asynclint] as one frozen value; knows files and keys, no rules."""

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

from asynclint.config.files import nearest, read, required_target
from asynclint.config.keys import settings_in
from asynclint.config.origin import Origin
from asynclint.config.values import (
    DEFAULT_EXCLUDE,
    DEFAULT_TEST_FILES,
    NEWEST_KNOWN,
    OLDEST_KNOWN,
    OUTPUT_FORMATS,
    BlockingCall,
    Config,
    ConfigError,
    TargetVersion,
)

__all__ = [
    "DEFAULT_EXCLUDE",
    "DEFAULT_TEST_FILES",
    "NEWEST_KNOWN",
    "OLDEST_KNOWN",
    "OUTPUT_FORMATS",
    "BlockingCall",
    "Config",
    "ConfigError",
    "TargetVersion",
    "common_directory",
    "load",
]
_PATHS = ("exclude", "extend-exclude", "test-files")


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
    chosen = settings_in(given, Origin("options"))
    if isolated:
        return Config(**{"root": start, "python": "", **chosen})
    required = required_target(start)
    document = read(os.path.abspath(file)) if file else nearest(start)
    if document is None:
        return Config(**{**required, "root": start, **chosen})
    root = os.path.dirname(document.file)
    decided = _anchored(settings_in(document.keys or {}, document.origin), root)
    return Config(**{**required, **decided, **chosen, "root": root, "file": document.file})


def _anchored(decided: dict[str, Any], root: str) -> dict[str, Any]:
    """Paths in a file are meant from that file's directory, wherever we stand."""
    patterns = {key.replace("-", "_"): decided.get(key.replace("-", "_"), ()) for key in _PATHS}
    anchored = {key: tuple(_below(root, pattern) for pattern in value) for key, value in patterns.items() if value}
    python = {"python": os.path.join(root, decided["python"])} if decided.get("python") else {}
    return {**decided, **anchored, **python}


def _below(root: str, pattern: str) -> str:
    return os.path.join(glob.escape(root), pattern) if "/" in pattern.rstrip("/") else pattern
