"""[tool.asynclint] as one frozen value; knows files and keys, no rules."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from asynclint.config.files import nearest, read, required_target
from asynclint.config.governing import Changed, Nearest, Settings
from asynclint.config.layers import Layer, from_file, from_options, from_snippets, from_variables, joined
from asynclint.config.values import (
    DEFAULT_EXCLUDE,
    DEFAULT_TEST_FILES,
    NEWEST_KNOWN,
    OLDEST_KNOWN,
    OUTPUT_FORMATS,
    BlockingCall,
    Config,
    ConfigError,
    Loudness,
    Origin,
    TargetVersion,
    Waiving,
)

__all__ = [
    "DEFAULT_EXCLUDE",
    "DEFAULT_TEST_FILES",
    "NEWEST_KNOWN",
    "OLDEST_KNOWN",
    "OUTPUT_FORMATS",
    "BlockingCall",
    "Changed",
    "Config",
    "ConfigError",
    "Loudness",
    "Nearest",
    "Origin",
    "Settings",
    "TargetVersion",
    "Waiving",
    "common_directory",
    "load",
]


def common_directory(paths: Sequence[str]) -> str:
    """The directory nearest to all of these files and directories."""
    places = [os.path.abspath(path) for path in paths] or [os.getcwd()]
    try:
        return os.path.commonpath([place if os.path.isdir(place) else os.path.dirname(place) for place in places])
    except ValueError:  # several drives
        return os.getcwd()


def load(
    directory: str,
    *,
    isolated: bool = False,
    overrides: Mapping[str, object] | None = None,
    file: str | None = None,
    snippets: Sequence[str] = (),
    environ: Mapping[str, str] = MappingProxyType({}),
    cache: bool = True,
) -> Config:
    """The configuration that governs a directory.

    `file` names the configuration file instead of looking for the nearest one upward; `isolated` reads no file at all
    and looks for no environment. What comes later here counts more: the file, variables `ASYNCLINT_<KEY>` of
    `environ`, `snippets` of TOML, `overrides`: keys (`extend-select` or `extend_select`), a None says nothing.
    Without `cache` nothing is kept, whatever they say.
    Raises `ConfigError`.
    """
    start = os.path.abspath(directory)
    nearer = [*from_variables(environ), *from_snippets(snippets), from_options(overrides or {})]
    if not cache:
        nearer.append(Layer({"cache": False}, Origin("options")))
    if isolated:
        return Config(**{"root": start, "python": "", "baseline": "", **joined(nearer)})
    required = required_target(start)
    layers = (*([Layer({"target_version": required[0]}, required[1])] if required else []),)
    document = read(os.path.abspath(file)) if file else nearest(start)
    if document is None:
        return Config(**joined((*layers, *nearer)), root=start)
    root = os.path.dirname(document.file)
    return Config(**joined((*layers, from_file(document), *nearer)), root=root, file=document.file)
