"""Which rules a selector means: ALL, a code, the beginning of codes, or a name; the rules need not be loaded for it."""

import pkgutil
import re
from collections.abc import Iterable
from functools import cache
from typing import Protocol

import msgspec
from msgspec import Struct

from asynclint.config import Config, ConfigError

_ALL = "ALL"
_PREFIX = re.compile(r"ASL\d{0,3}")


class Named(Protocol):
    """What a selector may mean."""

    @property
    def code(self) -> str:
        """It never changes."""
        ...

    @property
    def name(self) -> str:
        """The one that it has now."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Those that it had."""
        ...


class Names(Struct, frozen=True, array_like=True):
    """What a rule is called."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()


@cache
def every_name() -> tuple[Names, ...]:
    """What all rules are called, in the order of their codes: in a table, so that no rule is loaded for it."""
    return msgspec.json.decode(pkgutil.get_data("asynclint", "rules.json") or b"", type=tuple[Names, ...])


def reach(rule: Named, selector: str) -> int:
    """How precisely a selector means a rule, 0 when it does not: ALL 1, a prefix its length, the name the most."""
    if selector == _ALL:
        return 1
    if selector.lower() in (rule.name, *rule.aliases):
        return len(rule.code)
    return len(selector) if _PREFIX.fullmatch(selector) and rule.code.startswith(selector) else 0


def longest(rule: Named, selectors: Iterable[str]) -> int:
    """How precisely the most precise of some selectors means a rule."""
    return max((reach(rule, selector) for selector in selectors), default=0)


def fixable(config: Config) -> frozenset[str]:
    """The codes whose fixes may be made: `unfixable` wins where it says so as precisely as `fixable`.

    Raises `ConfigError` for a selector that means nothing.
    """
    for field in ("fixable", "unfixable"):
        for selector in getattr(config, field):
            _check(field, selector, config, every_name())
    wanted = (rule for rule in every_name() if longest(rule, config.fixable) > longest(rule, config.unfixable))
    return frozenset(rule.code for rule in wanted)


def check_selectors(config: Config, known: Iterable[Named]) -> None:
    """Raises `ConfigError` for a selector that means none of these rules."""
    known = tuple(known)
    for field in ("select", "extend_select", "ignore"):
        for selector in getattr(config, field):
            _check(field, selector, config, known)
    for selector in config.severity:
        _check("severity", selector, config, known, entry=selector)
    for field in ("per_file_ignores", "extend_per_file_ignores"):
        for glob, selectors in getattr(config, field).items():
            for selector in selectors:
                _check(field, selector, config, known, entry=glob)


def _check(field: str, selector: str, config: Config, known: Iterable[Named], *, entry: str = "") -> None:
    if selector != _ALL and not any(reach(rule, selector) for rule in known):
        origin, key = config.origin(field, entry), field.replace("_", "-")
        place = f"{origin.place}: " if origin.prefix or origin.place not in ("", "options") else ""
        path = ".".join(filter(None, (origin.prefix, key, f'"{entry}"' if entry and entry != selector else "")))
        raise ConfigError(f"{place}unknown rule `{selector}` in `{path}`{did_you_mean(selector, known)}")


def did_you_mean(text: str, known: Iterable[Named]) -> str:
    """The hint that names the nearest rule, "" when none is near."""
    import difflib

    names = {name.lower(): name for rule in known for name in (rule.code, rule.name)}
    close = difflib.get_close_matches(text.lower(), names, n=1)
    return f", did you mean `{names[close[0]]}`?" if close else ""
