"""What a project says of the calls that block."""

from collections.abc import Mapping

import msgspec

from asynclint.config.hints import hint
from asynclint.config.names import is_dotted
from asynclint.config.values import BlockingCall, Origin


def blocking_calls(value: object, origin: Origin) -> dict[str, BlockingCall | None]:
    """What a project knows of blocking calls: `"name" = "instead"`, a table with a code, or false."""
    if not isinstance(value, dict):
        raise origin.error("blocking-calls", 'must be a table such as {"mylib.fetch" = "await mylib.afetch(...)"}')
    return {name: _blocking_call(said, name, origin) for name, said in value.items()}


def _blocking_call(said: object, name: str, origin: Origin) -> BlockingCall | None:
    key = f'blocking-calls."{name}"'
    if not is_dotted(name):
        raise origin.error(key, 'must be a dotted name or a glob, such as "mylib.fetch", "mylib.db.*", "builtins.open"')
    match said:
        case False:
            return None
        case str() if said.strip():
            return BlockingCall(instead=said.strip())
        case dict():
            return _blocking_table(said, key, origin)
    raise origin.error(key, 'must say what to use instead, or be a table such as {code = "ASL204"}, or false')


def _blocking_table(said: Mapping[str, object], key: str, origin: Origin) -> BlockingCall:
    for name, value in said.items():
        if name not in BlockingCall.__struct_fields__:
            raise origin.error(f"{key}.{name}", f"unknown setting; {hint(name, BlockingCall.__struct_fields__)}")
        if not isinstance(value, str) or not value.strip():
            raise origin.error(f"{key}.{name}", "must be a text")
    return msgspec.convert(said, BlockingCall)
