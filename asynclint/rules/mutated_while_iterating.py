from collections.abc import Iterator
from typing import TYPE_CHECKING

from asynclint.rule import Body, Default, InTests, Place, Problem, iterating, rule
from asynclint.rule import nodes as cst
from asynclint.rule.containers import Change, Container, Kind, changes_of, container_of, kind_of
from asynclint.rule.iterations import Iteration, iterations
from asynclint.rule.meanwhile import may_happen_meanwhile
from asynclint.rule.places import place_of
from asynclint.rule.shared import is_seen_by_others
from asynclint.rule.suspension import drives_coroutines, wait_text

if TYPE_CHECKING:
    from libcst import CSTNode


@rule(
    code="ASL505",
    wants=iterating(),
    pitfall="https://docs.python.org/3/reference/compound_stmts.html#the-for-statement",
    default=Default.INFO,
    in_tests=InTests.SILENT,
    on_anyio=True,
)
def mutated_while_iterating(body: Body) -> Iterator[Problem]:
    """A set, dict or list that others change is iterated over while the loop waits, which ends it with an exception.

    A loop over a set or a dict raises `RuntimeError` when an element has come or gone since the last turn. As long as
    the loop does not wait, nothing else can run and change it. With an `await` in its body any coroutine or callback
    may: a client leaves while all clients are sent a message, and those that come later in the set are not sent any. A
    list does not even raise: when an element is removed, those behind it move up, and the loop passes over one.

    This is information and no error: whether the change can come while this very loop waits is not always to be seen,
    and of nine findings in five mature packages five were wrong.

    ## Bad

    ```python
    import asyncio

    class Hub:
        def __init__(self):
            self.clients = set()

        async def connect(self, client):
            self.clients.add(client)
            await client.closed.wait()
            self.clients.discard(client)

        async def broadcast(self, text):
            for client in self.clients:  # ASL505
                await client.send(text)
    ```

    ## Good

    ```python
    import asyncio

    class Hub:
        def __init__(self):
            self.clients = set()

        async def connect(self, client):
            self.clients.add(client)
            await client.closed.wait()
            self.clients.discard(client)

        async def broadcast(self, text):
            for client in list(self.clients):
                await client.send(text)
    ```

    ## What to do

    Iterate over a copy: `list(self.clients)`, `list(self.names.items())`. What the loop then takes from the copy may
    have left meanwhile; where that matters, ask `if client in self.clients` before using it. Or collect first and wait
    once, `await asyncio.gather(*[client.send(text) for client in self.clients])`. Or replace the container instead of
    changing it: `self.clients = self.clients - {client}`. Or hold one `asyncio.Lock` over the loop and over each
    change.

    ## Not reported

    Copies, and loops that do not wait or that end once they have waited; a `yield`, which hands over to the caller.
    Containers whose kind is not known, or that only one function sees. Changes by what runs before or after the loop in
    the same task, or under the lock that the loop holds too; those that the loop itself makes; assigning to a constant
    key; lists that only grow. Loops and changes in what makes, starts or sets something up, by its name, and `clear()`
    in what ends it. Plain methods that no coroutine of the file calls, unless they take out what the loop calls. What
    another file changes, unless it is the one that keeps the container. Loops inside `try` with `except RuntimeError`.
    Test files.
    """
    if not body.is_async or drives_coroutines(body):
        return
    for iteration in iterations(body):
        found = _changed(body, iteration)
        if found is not None:
            kind, change = found
            place = Place(change.module.path, change.line, change.column)
            trace = (iteration.waits, "here others may run"), (place, "here it is changed")
            yield Problem(iteration.view, _message(body, iteration, kind, change), trace=trace)


def _changed(body: Body, iteration: Iteration) -> tuple[Kind, Change] | None:
    """What kind of container the loop goes over, and what may change its size meanwhile."""
    project, path = body.project, body.facts.path
    scope, code = body.code_at(iteration.container)
    container = container_of(project, path, scope, code) if code else None
    if container is None or not is_seen_by_others(body, iteration.container):
        return None
    if _is_taken_away(body, iteration, container) or _is_expected(body, iteration.loop):
        return None
    kind = kind_of(project, container)
    if kind is None or (kind is Kind.LIST and iteration.is_backwards):
        return None
    for change in changes_of(project, container, kind, path):
        if may_happen_meanwhile(body, iteration.loop, container, change):
            return kind, change
    return None


def _is_taken_away(body: Body, iteration: Iteration, container: Container) -> bool:
    """Does the body put something else in its place, and iterate over what it has kept of it in a variable?"""
    if not isinstance(iteration.container, cst.Name):
        return False
    place = place_of(body.project, body.facts.path, *body.code_at(iteration.container))
    is_kept = place is not None and place.path == body.facts.path and place.scope == body.scope
    return is_kept and place != container.place and any(w.scope == body.scope for w in container.ways(body.project))


def _is_expected(body: Body, loop: "CSTNode") -> bool:
    """Does the body catch the very exception around the loop?"""
    tries = (above for above in body.ancestors(loop) if isinstance(above, cst.Try))
    return any("builtins.RuntimeError" in body.caught(h.type) for each in tries for h in each.handlers)


def _message(body: Body, iteration: Iteration, kind: Kind, change: Change) -> str:
    view, wait = body.text(iteration.view), wait_text(body, iteration.waits)
    changes = f"{_changing(body, change)} may change `{body.text(iteration.container)}` while this loop waits at {wait}"
    effect = f"ends with `{kind.error}`" if kind.error else "passes over an element"
    return f"{changes}, and then it {effect}; iterate over a copy, `list({view})`"


def _changing(body: Body, change: Change) -> str:
    if change.is_handed:
        return f"the callback `{change.code}`"
    runner = change.module.scopes[change.module.executor(change.scope)]
    if change.module.path == body.facts.path and runner is body.here:
        return f"another call of `{runner.name}`"
    return f"`{runner.qualname}`" if runner.function and runner.name.isidentifier() else "a callback"
