"""All a rule may know: the decorator that declares it, the problem it yields, the body it reads."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Items, Named
from asynclint.rule.body import Body, BodyKind
from asynclint.rule.fixes import Fix
from asynclint.rule.wants import (
    Want,
    async_loops,
    awaited_coroutines,
    bare_methods,
    blocking_calls,
    bound_coroutines,
    cached_coroutines,
    calls,
    cancelling,
    coroutine_functions,
    coroutine_functions_beginning,
    decorated_coroutines,
    dropped_coroutines,
    entering,
    entering_again,
    entering_idly,
    exceptional_calls,
    fanning_out,
    generator_loops,
    given_coroutines,
    handlers,
    idle_coroutines,
    idle_loops,
    iterating,
    left_finallies,
    mentioning,
    methods,
    misused_coroutines,
    named_calls,
    reaching,
    returned_coroutines,
    several_loops,
    shared_changes,
    suppressing,
    sync_twins,
    used_calls,
    while_loops,
    with_keywords,
    wrong_awaits,
    wrong_callbacks,
    wrong_protocols,
    yields_in_blocks,
)

if TYPE_CHECKING:
    from libcst import CSTNode

__all__ = [
    "AsyncGenerator",
    "Body",
    "BodyKind",
    "Check",
    "Class",
    "Coroutine",
    "Default",
    "Entity",
    "Fix",
    "Function",
    "InTests",
    "Instance",
    "Items",
    "Named",
    "Place",
    "Problem",
    "Rule",
    "async_loops",
    "awaited_coroutines",
    "bare_methods",
    "blocking_calls",
    "bound_coroutines",
    "cached_coroutines",
    "calls",
    "cancelling",
    "coroutine_functions",
    "coroutine_functions_beginning",
    "decorated_coroutines",
    "dropped_coroutines",
    "entering",
    "entering_again",
    "entering_idly",
    "exceptional_calls",
    "fanning_out",
    "generator_loops",
    "given_coroutines",
    "handlers",
    "idle_coroutines",
    "idle_loops",
    "iterating",
    "left_finallies",
    "mentioning",
    "methods",
    "misused_coroutines",
    "named_calls",
    "reaching",
    "returned_coroutines",
    "rule",
    "several_loops",
    "shared_changes",
    "suppressing",
    "sync_twins",
    "used_calls",
    "while_loops",
    "with_keywords",
    "wrong_awaits",
    "wrong_callbacks",
    "wrong_protocols",
    "yields_in_blocks",
]


class Default(StrEnum):
    """What a rule does when the user has not chosen."""

    ON = "on"
    INFO = "info"
    OFF = "off"


class InTests(StrEnum):
    """How a rule treats test files by default."""

    SAME = "same"
    INFO = "info"
    SILENT = "silent"


class Place(Struct, frozen=True):
    """A place in any file of the project: `line` is 1-based, `column` ast's 0-based UTF-8 offset."""

    path: str
    line: int
    column: int


class Problem:
    """One defect: the narrowest wrong node, a sentence, and what explains it.

    That is a node of the same body, a function or class of the project, or a place in another file.
    Where `is_information` it is never shown as an error, whatever the rule's default. Of `fixes` the first is the best.
    """

    __slots__ = ("fixes", "is_information", "message", "node", "trace")

    def __init__(
        self,
        node: "CSTNode",
        message: str,
        *,
        trace: "tuple[tuple[CSTNode | Function | Class | Place, str], ...]" = (),
        is_information: bool = False,
        fixes: "tuple[Fix, ...]" = (),
    ) -> None:
        self.node = node
        self.message = message
        self.trace = trace
        self.is_information = is_information
        self.fixes = fixes


Check = Callable[[Body], Iterator[Problem]]


class Rule(Struct, frozen=True):
    """A documented pitfall and the function that finds it in one body."""

    code: str
    name: str
    check: Check
    wants: Want
    pitfall: str
    doc: str
    default: Default = Default.ON
    preview: bool = False
    in_tests: InTests = InTests.SAME
    on_anyio: bool = False
    aliases: tuple[str, ...] = ()  # names it had before
    until: tuple[int, int] | None = None  # the Python that makes it no mistake any more


def rule(
    *,
    code: str,
    wants: Want,
    pitfall: str,
    default: Default = Default.ON,
    preview: bool = False,
    in_tests: InTests = InTests.SAME,
    on_anyio: bool = False,
    aliases: tuple[str, ...] = (),
    until: tuple[int, int] | None = None,
) -> Callable[[Check], Rule]:
    """Declares a rule: the function's name is the mistake, its docstring the page.

    `wants` says what must stand in a body for it to be worth reading, `pitfall` is the address of the
    documentation that warns of the mistake. With `on_anyio` it is one on anyio just the same, and `Body.library` names
    the library for the message; without it the rule is silent where the code runs on anyio. On trio all are.
    `aliases` are names that the rule had before and that go on meaning it. Where the code runs only on the Python
    `until` or later ones, the rule is not asked.
    """

    def declare(check: Check) -> Rule:
        name = check.__name__.replace("_", "-")
        doc = check.__doc__ or ""
        return Rule(code, name, check, wants, pitfall, doc, default, preview, in_tests, on_anyio, aliases, until)

    return declare
