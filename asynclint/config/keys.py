"""The keys a file or a caller may set: what is said of them becomes values, or an error with its remedy."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from asynclint.config.blocking_calls import blocking_calls
from asynclint.config.origin import Origin, hint
from asynclint.config.values import OUTPUT_FORMATS, ConfigError
from asynclint.config.versions import target_version

_LISTS = (
    *("select", "extend-select", "ignore", "fixable", "unfixable"),
    *("exclude", "extend-exclude", "src", "test-files"),
)


class Keys(Struct, frozen=True, rename="kebab"):
    """The keys a file or a caller may set, in the spelling of the file."""

    select: tuple[str, ...] | UnsetType = UNSET
    extend_select: tuple[str, ...] | UnsetType = UNSET
    ignore: tuple[str, ...] | UnsetType = UNSET
    fixable: tuple[str, ...] | UnsetType = UNSET
    unfixable: tuple[str, ...] | UnsetType = UNSET
    unsafe_fixes: bool | UnsetType = UNSET
    exclude: tuple[str, ...] | UnsetType = UNSET
    extend_exclude: tuple[str, ...] | UnsetType = UNSET
    respect_gitignore: bool | UnsetType = UNSET
    force_exclude: bool | UnsetType = UNSET
    preview: bool | UnsetType = UNSET
    src: tuple[str, ...] | UnsetType = UNSET
    python: str | UnsetType = UNSET
    target_version: object = UNSET
    output_format: str | UnsetType = UNSET
    test_files: tuple[str, ...] | UnsetType = UNSET
    blocking_calls: object = UNSET


def settings_in(keys: object, origin: Origin) -> dict[str, Any]:
    """Config's fields as these keys decide them."""
    if not isinstance(keys, dict):
        raise origin.error("", "must be a table of settings")
    for key in keys:
        if key not in Keys.__struct_encode_fields__:
            raise origin.error(key, f"unknown setting; {hint(key, Keys.__struct_encode_fields__)}")
    try:
        valid = msgspec.convert(keys, Keys)
    except msgspec.ValidationError as error:
        raise _mistyped(error, keys, origin) from None
    decided = {name: value for name in Keys.__struct_fields__ if (value := getattr(valid, name)) is not UNSET}
    if "target_version" in decided:
        decided["target_version"] = target_version(decided["target_version"], origin)
    if "blocking_calls" in decided:
        decided["blocking_calls"] = blocking_calls(decided["blocking_calls"], origin)
    if (known := decided.get("output_format", "full")) not in OUTPUT_FORMATS:
        raise origin.error("output-format", f"unknown format `{known}`; {hint(known, OUTPUT_FORMATS)}")
    return decided


def _mistyped(error: msgspec.ValidationError, keys: Mapping[str, object], origin: Origin) -> ConfigError:
    message, _, path = str(error).partition(" - at `$.")
    path = path.rstrip("`")
    remedy = f'; write {path} = ["{keys[path]}"]' if path in _LISTS and isinstance(keys[path], str) else ""
    return origin.error(path, message[:1].lower() + message[1:] + remedy)
