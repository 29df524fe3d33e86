"""Several places say something: files, variables, options. The nearer one counts more."""

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from asynclint.config.checked import settings_in
from asynclint.config.files import Document
from asynclint.config.keys import Keys
from asynclint.config.values import Config, ConfigError, Origin, TargetVersion

_JOINED = frozenset({"severity", "blocking_calls", "decorators"})
_PATHS = ("exclude", "extend_exclude", "test_files", "per_file_ignores", "extend_per_file_ignores")
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_VARIABLE = "ASYNCLINT_"


class Layer(Struct, frozen=True):
    """What one place says: fields of Config, by name."""

    fields: Mapping[str, Any]
    origin: Origin


def joined(layers: Sequence[Layer]) -> dict[str, Any]:
    """Config's fields as places decide them, the nearest of which comes last.

    It replaces what another has said, but adds to `extend_...`, and to tables without one entry by entry.
    """
    fields: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for layer in layers:
        for name, value in layer.fields.items():
            fields[name] = _with(name, fields.get(name), value)
            origins[name] = layer.origin
            for entry in value if isinstance(value, Mapping) else ():
                origins[f"{name}.{entry}"] = layer.origin
    return {**fields, "origins": origins} if origins else fields


def _with(name: str, before: Any, value: Any) -> Any:
    if before is None or not (name.startswith("extend_") or name in _JOINED):
        return value
    if isinstance(value, tuple):
        return tuple(dict.fromkeys((*before, *value)))
    if name in _JOINED:
        return {**before, **value}
    return {key: (*before.get(key, ()), *value.get(key, ())) for key in (*before, *value)}


def from_file(document: Document) -> Layer:
    """What a configuration file says. Raises `ConfigError`."""
    return _layer(document.keys or {}, document.origin, os.path.dirname(document.file))


def from_options(options: Mapping[str, object]) -> Layer:
    """Keys in either spelling; a None says nothing. Raises `ConfigError`."""
    given = {key.replace("_", "-"): value for key, value in options.items() if value is not None}
    return _layer(given, Origin("options"))


def from_snippets(snippets: Sequence[str]) -> Iterator[Layer]:
    """Of each `key = value`, in TOML. Raises `ConfigError`."""
    if not snippets:
        return
    import tomllib

    for snippet in snippets:
        try:
            keys = tomllib.loads(snippet)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            message = str(error).partition(" (at ")[0]
            said = f"--config: invalid TOML: {message[:1].lower()}{message[1:]}: {snippet!r}"
            raise ConfigError(f"{said}; write a file, or such as 'preview = true'") from None
        yield _layer(keys, Origin("--config"))


def from_variables(environ: Mapping[str, str]) -> Iterator[Layer]:
    """Of the variables `ASYNCLINT_<KEY>`; lists have commas, tables cannot be said. Raises `ConfigError`."""
    for field, default in ((name, getattr(Config(), name)) for name in Keys.__struct_fields__):
        variable = variable_of(field)
        if (text := environ.get(variable, "").strip()) and not isinstance(default, Mapping):
            origin, key = Origin(variable), field.replace("_", "-")
            yield _layer(
                {key: _value(text, default, origin.error(key, f"must be true or false, not `{text}`"))}, origin
            )
    no_cache = f"{_VARIABLE}NO_CACHE"
    if text := environ.get(no_cache, "").strip():
        is_off = _truth(text, ConfigError(f"{no_cache}: must be true or false, not `{text}`"))
        yield Layer({"cache": not is_off}, Origin(no_cache))


def variable_of(field: str) -> str:
    """The variable that decides a field."""
    return _VARIABLE + field.upper()


def _layer(keys: object, origin: Origin, root: str = "") -> Layer:
    """What keys say. Paths in a file are meant from that file's directory `root`, wherever we stand."""
    fields = settings_in(keys, origin)
    if cache := fields.get("cache_dir"):
        fields["cache_dir"] = os.path.abspath(os.path.join(root, os.path.expanduser(cache)))
        if os.path.isfile(fields["cache_dir"]):
            raise origin.error("cache-dir", f"{cache} is a file; name a directory")
    if not root:
        return Layer(fields, origin)
    for name in ("python", "baseline"):
        if fields.get(name):
            fields[name] = os.path.join(root, fields[name])
    anchored = {name: _below(root, fields[name]) for name in _PATHS if name in fields}
    return Layer({**fields, **anchored}, origin)


def _below(root: str, patterns: Any) -> Any:
    """The patterns of a list, or those by which a table goes."""
    if isinstance(patterns, Mapping):
        return {_anchored(root, pattern): value for pattern, value in patterns.items()}
    return tuple(_anchored(root, pattern) for pattern in patterns)


def _anchored(root: str, pattern: str) -> str:
    if pattern.startswith("!"):
        return f"!{_anchored(root, pattern[1:])}"
    return os.path.join(glob.escape(root), pattern) if "/" in pattern.rstrip("/") else pattern


def _value(text: str, default: object, mistake: ConfigError) -> object:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    match default:
        case bool():
            return _truth(text, mistake)
        case tuple():
            return parts
        case TargetVersion() if len(parts) > 1:
            return parts
    return text


def _truth(text: str, mistake: ConfigError) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise mistake
    return text.lower() in _TRUE
