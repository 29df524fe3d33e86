"""What is said of keys becomes Config's fields, or an error with its remedy."""

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, get_args

import msgspec
from msgspec import Struct

from asynclint.config.blocking_calls import blocking_calls
from asynclint.config.decorators import roles
from asynclint.config.hints import hint
from asynclint.config.keys import DecoratorKeys, Keys
from asynclint.config.names import is_dotted
from asynclint.config.values import OUTPUT_FORMATS, ConfigError, Kind, Loudness, Origin
from asynclint.config.versions import target_version

_FIELDS = {"": Keys.__struct_encode_fields__, "decorators": DecoratorKeys.__struct_encode_fields__}
_WORDS = {"severity": get_args(Loudness), "decorators.kind": get_args(Kind)}
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def settings_in(keys: object, origin: Origin) -> dict[str, Any]:
    """Config's fields as these keys decide them. Raises `ConfigError`."""
    if not isinstance(keys, dict):
        raise origin.error("", "must be a table of settings")
    try:
        valid = msgspec.convert(keys, Keys)
    except msgspec.ValidationError as error:
        raise _told(_located(error, keys), origin) from None
    decided = {name: value for name in Keys.__struct_fields__ if (value := getattr(valid, name)) is not msgspec.UNSET}
    if "target_version" in decided:
        decided["target_version"] = target_version(decided["target_version"], origin)
    if "blocking_calls" in decided:
        decided["blocking_calls"] = blocking_calls(decided["blocking_calls"], origin)
    if "decorators" in decided:
        decided["decorators"] = roles(decided["decorators"], origin)
    for name in decided.get("limiters", ()):
        if not is_dotted(name):
            raise origin.error("limiters", f'`{name}` is no dotted name or glob, such as "mylib.Limiter" or "mylib.*"')
    if (known := decided.get("output_format", "full")) not in OUTPUT_FORMATS:
        raise origin.error("output-format", f"unknown format `{known}`; {hint(known, OUTPUT_FORMATS)}")
    return decided


class _Mistake(Struct, frozen=True):
    """What is wrong, where, and what stands there."""

    message: str
    path: str
    value: object = None


def _located(error: msgspec.ValidationError, keys: Mapping[str, Any]) -> _Mistake:
    """Where an error of msgspec is, with the names of table entries, which it leaves out."""
    message, _, place = str(error).rpartition(" - at `$")
    path = place.rstrip("`").removeprefix(".")
    if not message:
        return _Mistake(str(error), "")
    table, found, rest = path.partition("[...]")
    parts = table.split(".")
    value = reduce(lambda within, part: within.get(part, {}), parts, keys)
    for name, entry in value.items() if found else ():
        try:
            msgspec.convert(_nested(parts, {name: entry}), Keys)
        except msgspec.ValidationError:
            return _Mistake(message, f'{table}."{name}"{rest}', None if rest else entry)
    return _Mistake(message, path, value)


def _nested(parts: Sequence[str], value: object) -> object:
    for part in reversed(parts):
        value = {part: value}
    return value


def _told(mistake: _Mistake, origin: Origin) -> ConfigError:
    message, path = mistake.message, mistake.path
    if unknown := _UNKNOWN.fullmatch(message):
        name = unknown[1]
        return origin.error(f"{path}.{name}".lstrip("."), f"unknown setting; {hint(name, _FIELDS[path])}")
    if isinstance(mistake.value, str) and message.startswith("Invalid enum value"):
        words = _WORDS[path.partition('."')[0]]
        return origin.error(path, f"`{mistake.value}` means nothing; {hint(mistake.value, words)}")
    is_one = isinstance(mistake.value, str) and "`array`" in message
    remedy = f'; write {path} = ["{mistake.value}"]' if is_one else ""
    return origin.error(path, message[:1].lower() + message[1:] + remedy)
