"""Files by the configuration that governs them."""

import os
from collections.abc import Sequence

from msgspec import Struct

from asynclint.config import Config, Settings


class Group(Struct, frozen=True):
    """Files that one configuration governs."""

    config: Config
    paths: Sequence[str]


def grouped(paths: Sequence[str], settings: Settings) -> list[Group]:
    """The files by the configuration that governs them. Raises `ConfigError`."""
    by_directory: dict[str, Config] = {}  # all files of one are governed by the same
    by_config: dict[int, tuple[Config, list[str]]] = {}
    for path in paths:
        directory = os.path.dirname(path)
        config = by_directory.get(directory) or by_directory.setdefault(directory, settings.governing(path))
        by_config.setdefault(id(config), (config, []))[1].append(path)
    return [Group(config, files) for config, files in by_config.values()]
