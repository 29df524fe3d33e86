"""What the keys of a configuration are, for people and for editors, and what one configuration says."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from asynclint.config.keys import DecoratorKeys, Keys
from asynclint.config.layers import variable_of
from asynclint.config.values import NEWEST_KNOWN, BlockingCall, Config, TargetVersion

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = {"array": "list of strings", "boolean": "boolean", "object": "table", "string": "string"}


class Key(Struct, frozen=True):
    """One key: `default` and `example` are TOML, "" for none; `variable` is "" where none can say it."""

    name: str
    type: str
    default: str
    description: str
    example: str
    variable: str


def every_key() -> tuple[Key, ...]:
    """Every key, in the order of the documentation."""
    return tuple(_key(name, facts) for name, facts in schema()["properties"].items())


def schema() -> dict[str, Any]:
    """The JSON schema of `[tool.asynclint]`, and so of asynclint.toml."""
    made = msgspec.json.schema(Keys)["$defs"]
    properties = {name: _inlined(facts, made) for name, facts in made[Keys.__name__]["properties"].items()}
    defaults = said(Config())
    for name, facts in properties.items():
        if name in defaults:
            facts["default"] = defaults[name]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "asynclint",
        "description": "The table [tool.asynclint] of pyproject.toml, or a whole asynclint.toml.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def said(config: Config) -> dict[str, Any]:
    """What a configuration says, by key, in the values that TOML knows; what is looked for elsewhere is left out."""
    fields = {name: _plain(getattr(config, name)) for name in Keys.__struct_fields__}
    shown = {name: value for name, value in fields.items() if value is not None}
    shown["decorators"] = _roles(config)
    if config.target_version == Config().target_version and not config.origin("target_version").place:
        del shown["target_version"]
    if not config.cache_dir:
        del shown["cache_dir"]
    return {name.replace("_", "-"): value for name, value in shown.items()}


def toml(value: object) -> str:
    """A value in TOML, on one line."""
    match value:
        case Mapping():
            entries = (f"{_name(name)} = {toml(each)}" for name, each in value.items())
            return "{ " + ", ".join(entries) + " }" if value else "{}"
        case list() | tuple():
            return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def shown(config: Config) -> Iterator[str]:
    """A configuration as a file would say it, each key with the place that decided it."""
    for key, value in said(config).items():
        field = key.replace("-", "_")
        entries = getattr(config, field) if isinstance(value, dict) else ()
        names = [field, *(f"{field}.{entry}" for entry in entries)]
        places = dict.fromkeys(config.origins[name].place for name in names if name in config.origins)
        yield f"{key} = {toml(value)}  # {', '.join(places) or 'default'}"


def _key(name: str, facts: Mapping[str, Any]) -> Key:
    kind = _TYPES[facts["type"]] if "type" in facts else "string, or a pair of strings"
    if "enum" in facts:
        kind = "one of " + ", ".join(facts["enum"])
    default = toml(facts["default"]) if "default" in facts else ""
    variable = "" if kind == "table" else variable_of(name.replace("-", "_"))
    return Key(name, kind, default, facts["description"], f"{name} = {toml(facts['examples'][0])}", variable)


def _inlined(facts: dict[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    reference = facts.pop("$ref", "")
    inner = made[reference.rpartition("/")[2]] if reference else {}
    return {**{name: value for name, value in inner.items() if name != "title"}, **facts}


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml(name)


def _plain(value: object) -> object:
    match value:
        case TargetVersion(oldest=oldest, newest=newest):
            first, last = (".".join(map(str, version)) for version in (oldest, newest))
            return first if newest == NEWEST_KNOWN else [first, last]
        case BlockingCall(code=code, instead=instead):
            return {"code": code, "instead": instead} if code else instead
        case Mapping():
            return {name: False if each is None else _plain(each) for name, each in value.items()}
        case tuple():
            return list(value)
    return value


def _roles(config: Config) -> dict[str, object]:
    lists: dict[str, object] = {
        role: names
        for role in DecoratorKeys.__struct_fields__[:2]
        if (names := [name for name, each in config.decorators.items() if each == role])
    }
    kinds = {name: each for name, each in config.decorators.items() if each not in DecoratorKeys.__struct_fields__}
    return {**lists, "kind": kinds} if kinds else lists
