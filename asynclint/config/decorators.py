"""What a project says of its decorators."""

from asynclint.config.keys import DecoratorKeys
from asynclint.config.names import is_dotted
from asynclint.config.values import Origin, Role


def roles(said: DecoratorKeys, origin: Origin) -> dict[str, Role]:
    """What each decorator does, by dotted name or glob. Raises `ConfigError`."""
    found: dict[str, Role] = {}
    lists: tuple[tuple[str, dict[str, Role]], ...] = (
        ("transparent", dict.fromkeys(said.transparent, "transparent")),
        ("opaque", dict.fromkeys(said.opaque, "opaque")),
        ("kind", dict(said.kind)),
    )
    for key, entries in lists:
        for name, role in entries.items():
            if not is_dotted(name):
                example = '"mylib.traced" or "mylib.tasks.*"'
                raise origin.error(f"decorators.{key}", f"`{name}` is no dotted name or glob, such as {example}")
            if name in found:
                raise origin.error(f"decorators.{key}", f"`{name}` is said to be {found[name]} as well; keep one")
            found[name] = role
    return found
