"""The defects that are made in clean packages: where, and by which edits. Decided on the syntax tree alone.

A module for each group of rules; each lists its `KINDS`, and a kind names the rules it is to be found as.
"""

from asynclint.catalog import UnknownRule, find
from mutations import blocking, cancellation, coroutines, habits, loops, resources, sharing, tasks
from mutations.kind import Kind

__all__ = ["KINDS", "chosen"]

_MODULES = (coroutines, blocking, tasks, cancellation, sharing, loops, resources, habits)
KINDS: tuple[Kind, ...] = tuple(sorted((kind for module in _MODULES for kind in module.KINDS), key=lambda k: k.code))


def chosen(name: str) -> list[Kind]:
    """The kinds of that name, of the rule of that name or code, or of `all`. Raises `UnknownRule`."""
    if named := [kind for kind in KINDS if name in ("all", kind.name)]:
        return named
    code = find(name).code
    if not (of_rule := [kind for kind in KINDS if code in kind.codes]):
        raise UnknownRule(f"no mutation is to be found as {code}: see benchmarks/README.md")
    return of_rule
