"""Which configuration governs which file: the nearest one upward from it."""

import os
from collections.abc import Callable
from typing import Protocol

from asynclint.config.files import is_configured
from asynclint.config.values import Config


class Settings(Protocol):
    """What tells the configuration of a file: a `Config`, which governs all of them, or `Nearest`."""

    @property
    def common(self) -> Config:
        """The one that governs a run as a whole."""
        ...

    def governing(self, path: str) -> Config:
        """The configuration of a file, or of the files in a directory. Raises `ConfigError`."""
        ...


class Nearest:
    """Configurations that are looked for upward from each file, and read once.

    Files for which the same is decided share one `Config`, so that it can be told by its identity.
    """

    def __init__(self, directory: str, load: Callable[[str], Config]) -> None:
        """`directory` holds all that is linted; `load` gives the configuration that governs a directory."""
        self._load = load
        top = os.path.abspath(directory)
        self._common = load(top)
        self._of = {top: self._common}
        self._known = [self._common]

    @property
    def common(self) -> Config:
        """The one that governs the directory of all that is linted."""
        return self._common

    def governing(self, path: str) -> Config:
        """The configuration of a file, or of the files in a directory. Raises `ConfigError`."""
        absolute = os.path.abspath(path)
        return self._of_directory(absolute if os.path.isdir(absolute) else os.path.dirname(absolute))

    def _of_directory(self, directory: str) -> Config:
        if directory not in self._of:
            above = os.path.dirname(directory)
            is_own = is_configured(directory) or above == directory
            self._of[directory] = self._same(self._load(directory)) if is_own else self._of_directory(above)
        return self._of[directory]

    def _same(self, config: Config) -> Config:
        """A known one that decides the same, if there is one."""
        for known in self._known:
            if (known.file, known.target_version) == (config.file, config.target_version):
                return known
        self._known.append(config)
        return config


class Changed:
    """The configurations of other settings, each with the same change."""

    def __init__(self, settings: Settings, change: Callable[[Config], Config]) -> None:
        self._settings = settings
        self._change = change
        self._of: dict[int, Config] = {}

    @property
    def common(self) -> Config:
        """The one that governs a run as a whole."""
        return self._changed(self._settings.common)

    def governing(self, path: str) -> Config:
        """The configuration of a file, or of the files in a directory. Raises `ConfigError`."""
        return self._changed(self._settings.governing(path))

    def _changed(self, config: Config) -> Config:
        if id(config) not in self._of:
            self._of[id(config)] = self._change(config)
        return self._of[id(config)]
