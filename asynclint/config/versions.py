"""Which versions of Python a project says it runs on."""

import re

from asynclint.config.values import NEWEST_KNOWN, OLDEST_KNOWN, Origin, TargetVersion

_LOWER_BOUND = re.compile(r"\s*(?:>=|~=|===?|>)\s*v?(\d{1,4})(?:\.(\d{1,4}))?", re.ASCII)


def target_version(value: object, origin: Origin) -> TargetVersion:
    """From "py311" or "3.11" (the oldest), or a pair of them (oldest and newest)."""
    match value:
        case str():
            return TargetVersion(_version(value, origin), NEWEST_KNOWN)
        case [str() as oldest, str() as newest]:
            target = TargetVersion(_version(oldest, origin), _version(newest, origin))
            if target.oldest > target.newest:
                raise origin.error("target-version", f"{oldest} is newer than {newest}; write the oldest first")
            return target
    raise origin.error("target-version", 'must be a string such as "3.11" or "py311", or a pair ["3.11", "3.13"]')


def _version(text: str, origin: Origin) -> tuple[int, int]:
    found = re.fullmatch(r"py(\d)(\d+)|(\d)\.(\d+)", text, re.ASCII)
    version = tuple(int(part) for part in found.groups() if part) if found else ()
    if len(version) != 2 or not OLDEST_KNOWN <= version <= NEWEST_KNOWN:
        oldest, newest = (".".join(map(str, known)) for known in (OLDEST_KNOWN, NEWEST_KNOWN))
        raise origin.error("target-version", f'unknown version "{text}"; known are "{oldest}" to "{newest}"')
    return version[0], version[1]


def lower_bound(specifier: object) -> tuple[int, int] | None:
    """The lowest Python that a version specifier such as `>=3.11,<4` allows, as far as it says."""
    if not isinstance(specifier, str):
        return None
    clauses = (_LOWER_BOUND.match(clause) for clause in specifier.split(","))
    return max(((int(clause[1]), int(clause[2] or 0)) for clause in clauses if clause), default=None)
