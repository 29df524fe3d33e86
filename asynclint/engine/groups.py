"""Files by the configuration that governs them."""

from collections.abc import Sequence

from msgspec import Struct

from asynclint.config import Config, Settings
from asynclint.source.files import directory_of


class Group(Struct, frozen=True):
    """Files that one configuration governs."""

    config: Config
    paths: Sequence[str]


def grouped(paths: Sequence[str], settings: Settings) -> list[Group]:
    """The files by the configuration that governs them. Raises `ConfigError`."""
    by_config: dict[int, tuple[Config, list[str]]] = {}
    by_directory: dict[str, list[str]] = {}  # all files of one are governed by the same
    for path in paths:
        if (directory := directory_of(path)) not in by_directory:
            config = settings.governing(path)
            by_directory[directory] = by_config.setdefault(id(config), (config, []))[1]
        by_directory[directory].append(path)
    return [Group(config, files) for config, files in by_config.values()]
