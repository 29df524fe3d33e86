"""Configuration files: the nearest one upward, and what it says to us."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from asynclint.config.values import NEWEST_KNOWN, ConfigError, Origin, TargetVersion
from asynclint.config.versions import lower_bound

_FILES = (".asynclint.toml", "asynclint.toml", "pyproject.toml")


class Document(Struct, frozen=True):
    """A configuration file and what it says to us; `keys` is None when it does not speak of us."""

    file: str
    keys: object
    requires_python: object
    origin: Origin


def nearest(directory: str) -> Document | None:
    """The configuration file in a directory or the nearest above that speaks of us. Raises `ConfigError`."""
    documents = (read(path) for path in _upward(directory, _FILES))
    return next((document for document in documents if document.keys is not None), None)


def is_configured(directory: str) -> bool:
    """Does a configuration file lie in a directory? A broken pyproject.toml that does not mention us is none."""
    names = [name for name in _FILES if os.path.lexists(os.path.join(directory, name))]
    return bool(names) and (names != ["pyproject.toml"] or not _is_foreign(os.path.join(directory, *names)))


def _is_foreign(path: str) -> bool:
    """Is it a template, or somebody's test data?"""
    try:
        with open(path, "rb") as file:
            data = file.read()
        return b"asynclint" not in data and not _is_toml(data)
    except OSError:
        return os.path.isdir(path)


def _is_toml(data: bytes) -> bool:
    import tomllib

    try:
        tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def required_target(directory: str) -> tuple[TargetVersion, Origin] | None:
    """The target version that the nearest pyproject.toml asks for in `project.requires-python`, if any."""
    path = next(_upward(directory, ("pyproject.toml",)), None)
    oldest = lower_bound(read(path).requires_python) if path else None
    if path is None or oldest is None:
        return None
    return TargetVersion(oldest, max(oldest, NEWEST_KNOWN)), Origin(_shown(path), "project.requires-python")


def _upward(directory: str, names: Sequence[str]) -> Iterator[str]:
    yield from (path for name in names if os.path.lexists(path := os.path.join(directory, name)))
    if (parent := os.path.dirname(directory)) != directory:
        yield from _upward(parent, names)


def read(path: str) -> Document:
    """A configuration file. Raises `ConfigError` when it is none or cannot be read."""
    content = _parsed(path)
    if os.path.basename(path) != "pyproject.toml":
        return Document(path, content, None, Origin(_shown(path)))
    tool, project = content.get("tool"), content.get("project")
    return Document(
        path,
        tool.get("asynclint") if isinstance(tool, dict) else None,
        project.get("requires-python") if isinstance(project, dict) else None,
        Origin(_shown(path), "tool.asynclint"),
    )


def _parsed(path: str) -> dict[str, Any]:
    import tomllib

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
