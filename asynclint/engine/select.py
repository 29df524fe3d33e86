"""The sieve: which bodies could break which rule, judged from the facts alone."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TypeVar

from asynclint.facts.blocking import blocking_codes
from asynclint.facts.callbacks import callback_of
from asynclint.facts.calls import CallFacts, Use, WithFacts
from asynclint.facts.changes import looped_over
from asynclint.facts.entities import AsyncGenerator, Class, Coroutine, Entity, Function, Instance, Items, Named
from asynclint.facts.functions import FunctionFacts
from asynclint.facts.habits import exceptions
from asynclint.facts.library import is_lazy
from asynclint.facts.mentions import mentions
from asynclint.facts.module import ModuleFacts, ScopeKind
from asynclint.facts.parameters import takes_result_of
from asynclint.facts.project import Project
from asynclint.facts.reach import reach_of
from asynclint.facts.reruns import may_rerun
from asynclint.facts.suspects import (
    cached_coroutines,
    cancels,
    generator_loops,
    surely_waits,
    wrong_awaits,
    wrong_callbacks,
    wrong_protocols,
    yields_in_blocks,
)
from asynclint.facts.twins import twins
from asynclint.rule import Rule
from asynclint.rule.acquisitions import may_be_entered_again
from asynclint.rule.containers import may_change_in
from asynclint.rule.fanouts import may_fan_out
from asynclint.rule.wants import OF_THE_PROJECT, Want

Key = TypeVar("Key", bound=Hashable)
Question = TypeVar("Question")
# What is asked of every function, by the field of a `Want`.
_OF_FUNCTIONS: Mapping[str, Callable[[FunctionFacts], bool]] = {
    "idle_loops": lambda function: function.may_idle,
    "idle_coroutines": lambda function: (
        function.is_async and not (function.is_generator or function.awaits or function.is_stub or function.decorators)
    ),
    "left_finallies": lambda function: function.is_async and function.leaves_finally,
    "shared_changes": lambda function: function.may_race,
    "while_loops": lambda function: function.is_async and function.has_while,
}
# What is looked for in a whole file, and found in scopes.
_OF_FILES: Mapping[str, Callable[[Project, ModuleFacts], Iterable[int]]] = {
    "async_loops": lambda _, facts: (loop.scope for loop in facts.loops if loop.is_async),
    "cached_coroutines": cached_coroutines,
    "cancels": cancels,
    "exceptional_calls": lambda _, facts: (call.scope for call, _ in exceptions(facts)),
    "fan_outs": may_fan_out,
    "generator_loops": generator_loops,
    "iterating": lambda project, facts: (
        loop.scope for loop in looped_over(project, facts) if may_change_in(project, facts.path, loop)
    ),
    "several_loops": may_rerun,
    "wrong_awaits": wrong_awaits,
    "wrong_callbacks": wrong_callbacks,
    "wrong_protocols": wrong_protocols,
    "yields_in_blocks": yields_in_blocks,
}


class Sieve:
    """What a set of rules wants, turned around: from what stands in a body to the rules that want it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._calls = _by_key(rules, lambda want: want.calls)
        self._coroutine_calls = _by_key(rules, lambda want: want.coroutine_calls)
        self._mentions = _by_key(rules, lambda want: want.mentions)
        self._mentioned = frozenset(name.rpartition(".")[2] for name in self._mentions)
        self._keywords = _by_key(rules, lambda want: want.keywords)
        self._inherited_keywords = _by_key(rules, lambda want: {keyword for _, keyword in want.keywords})
        self._used_calls = _by_key(rules, lambda want: want.used_calls)
        self._named_calls = _by_key(rules, lambda want: want.named_calls)
        self._entered = _by_key(rules, lambda want: want.entered)
        self._entered_again = _by_key(rules, lambda want: want.entered_again)
        self._entered_idly = _by_key(rules, lambda want: want.entered_idly)
        self._methods = _by_key(rules, lambda want: want.methods)
        self._method_names = frozenset(name.rpartition(".")[2] for name in self._methods)
        self._bare_methods = _by_key(rules, lambda want: want.bare_methods)
        used = frozenset(name for name, _ in self._used_calls)
        self._last_names = self._method_names | used | self._named_calls.keys() | self._bare_methods.keys()
        self._coroutine_uses = _by_key(rules, lambda want: want.coroutine_uses)
        self._arguments = _by_key(rules, lambda want: want.coroutine_arguments)
        self._blocking = _by_key(rules, lambda want: want.blocking)
        self._sync_twins = [rule for rule in rules if rule.wants.sync_twins]
        self._names = _by_key(rules, lambda want: want.coroutine_names)
        self._prefixes = _by_key(rules, lambda want: want.coroutine_prefixes)
        self._decorators = _by_key(rules, lambda want: want.coroutine_decorators)
        self._reaches = _by_key(rules, lambda want: want.reaches)
        self._handlers = _by_key(rules, lambda want: want.handlers)
        self._waiting_handlers = _by_key(rules, lambda want: want.waiting_handlers)
        self._suppressed = _by_key(rules, lambda want: want.suppressed)
        self._of_functions = _asked(rules, _OF_FUNCTIONS)
        self._of_files = _asked(rules, _OF_FILES)

    def candidates(self, project: Project, facts: ModuleFacts) -> dict[int, list[Rule]]:
        """For each body worth reading, by scope: the rules to read it for."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for scope, rules in self._wanted(project, facts):
            if not rules:
                continue
            body = facts.executor(scope)
            if facts.scopes[body].kind is not ScopeKind.LAMBDA:
                found[body].update(rule.code for rule in rules)
        return {scope: [rule for rule in self._rules if rule.code in found[scope]] for scope in sorted(found)}

    def _wanted(self, project: Project, facts: ModuleFacts) -> Iterator[tuple[int, Iterable[Rule]]]:
        yield from self._called(project, facts)
        if self._mentions:
            yield from self._mentioning(project, facts)
        for scope, here in enumerate(facts.scopes) if self._of_functions else ():
            if (function := here.function) is not None:
                yield from ((scope, rules) for holds, rules in self._of_functions if holds(function))
        for find, rules in self._of_files:
            yield from ((scope, rules) for scope in find(project, facts))
        if self._names or self._prefixes or self._decorators:
            yield from ((scope, rules) for scope, rules in self._defined(project, facts) if rules)
        for item in facts.withs if self._entered or self._entered_again or self._entered_idly else ():
            entered = _entered(project, facts, item) if _is_async(facts, item.scope) else ""
            yield item.scope, self._entered.get(entered, ())
            if entered in self._entered_again and may_be_entered_again(project, facts, item):
                yield item.scope, self._entered_again[entered]
            if entered in self._entered_idly and not surely_waits(project, facts, item):
                yield item.scope, self._entered_idly[entered]
        for handler in facts.handlers if self._handlers or self._waiting_handlers else ():
            if _is_async(facts, handler.scope):
                for name in _caught(project, facts, handler.scope, handler.type):
                    yield handler.scope, self._handlers.get(name, ())
                    yield handler.scope, self._waiting_handlers.get(name, ()) if handler.waits else ()
        for scope, here in enumerate(facts.scopes) if self._reaches else ():
            if here.function is not None and here.function.is_async:
                for code in here.function.reads:
                    read = reach_of(project).property(facts.path, scope, code)
                    yield from ((scope, rules) for rules in self._reaching(project, read))
        for item in facts.withs if self._reaches else ():
            if _is_async(facts, item.scope):
                for method in reach_of(project).managed(facts.path, item):
                    yield from ((item.scope, rules) for rules in self._reaching(project, method))

    def _mentioning(self, project: Project, facts: ModuleFacts) -> Iterator[tuple[int, Iterable[Rule]]]:
        """The bodies that name what is wanted, under its own name or under that of an import."""
        names = {*self._mentioned, *_renamed(facts, self._mentioned)}
        for scope, code in mentions(facts):
            if code.rpartition(".")[2] in names:
                entity = project.evaluate(facts.path, scope, code)
                yield scope, self._mentions.get(entity.name, ()) if isinstance(entity, Named) else ()

    def _defined(self, project: Project, facts: ModuleFacts) -> Iterator[tuple[int, Iterable[Rule]]]:
        """The coroutine functions that are wanted for their own name or for a decorator."""
        for index, scope in enumerate(facts.scopes):
            if scope.function is not None and scope.function.is_async:
                yield index, self._names.get(scope.name, ())
                yield from ((index, rules) for start, rules in self._prefixes.items() if scope.name.startswith(start))
                for code in scope.function.decorators if self._decorators else ():
                    yield index, self._decorators.get(_last_name(code), ())
                    yield index, self._decorators.get(_decorator(project, facts, scope.parent, code), ())

    def _called(self, project: Project, facts: ModuleFacts) -> Iterator[tuple[int, Iterable[Rule]]]:
        """The bodies that are wanted for a call."""
        is_async = [_is_async(facts, scope) for scope in range(len(facts.scopes))]
        for call, callee in project.calls(facts):
            scope = call.scope
            if call.last_name in self._last_names:
                yield from zip(repeat(scope), self._by_last_name(project, facts, call, is_async[scope]))
            using = self._coroutine_uses.get(call.use, ())
            made = _idle_result(project, facts, call, callee) if using or call.inside >= 0 else None
            if made is not None:
                if call.use is Use.STATEMENT or not isinstance(made, AsyncGenerator):
                    yield scope, using
                yield scope, self._given_to(project, facts, call)
            if isinstance(callee, Named):
                yield from zip(repeat(scope), self._by_name(project, facts, call, callee, is_async[scope]))
            elif callee is None and call.last_name == "__init__":
                for argument in call.arguments:
                    yield scope, self._inherited_keywords.get(argument.partition("=")[0], ())
            elif is_async[scope] and isinstance(callee, Function | Class):
                yield from zip(repeat(scope), self._by_definition(project, facts, call, callee))

    def _by_last_name(
        self, project: Project, facts: ModuleFacts, call: CallFacts, is_async: bool
    ) -> Iterator[Iterable[Rule]]:
        """The rules that want a call for its last name, whatever is called."""
        name = call.last_name
        yield self._named_calls.get(name, ())
        yield self._used_calls.get((name, call.use), ())
        if is_async and not call.arguments:
            yield self._bare_methods.get(name, ())
        if is_async and name in self._method_names:
            yield self._of_classes(project, facts, call)

    def _by_name(
        self, project: Project, facts: ModuleFacts, call: CallFacts, callee: Named, is_async: bool
    ) -> Iterator[Iterable[Rule]]:
        """The rules that want a call of what has a documented name."""
        name = callee.name
        yield self._used_calls.get((name, call.use), ())
        yield self._calls.get(name, ())
        for argument in call.arguments if self._keywords else ():
            yield self._keywords.get((name, argument.partition("=")[0]), ())
        if is_async:
            yield self._coroutine_calls.get(name, ())
            yield from (self._blocking.get(code, ()) for code in blocking_codes(project, callee))
        if name == "contextlib.suppress" and self._suppressed and is_async:
            for argument in call.arguments:
                caught = _caught(project, facts, call.scope, argument.lstrip("*"))
                yield from (self._suppressed[error] for error in caught if error in self._suppressed)
        if self._reaches and callback_of(callee) is not None:
            yield from self._reaching(project, reach_of(project).handed(facts.path, call))

    def _by_definition(
        self, project: Project, facts: ModuleFacts, call: CallFacts, callee: Function | Class
    ) -> Iterator[Iterable[Rule]]:
        """The rules that want a coroutine for calling what the project defines."""
        if not project.blocking.is_shipped:
            yield from (self._blocking.get(code, ()) for code in blocking_codes(project, callee))
        if call.use is Use.AWAITED:
            return
        if self._sync_twins and isinstance(callee, Function) and _has_twin(project, facts, call, callee):
            yield self._sync_twins
        if self._reaches:
            yield from self._reaching(project, reach_of(project).enters(callee))

    def _of_classes(self, project: Project, facts: ModuleFacts, call: CallFacts) -> Iterable[Rule]:
        """The rules that want this method, by the class of the object that has it."""
        receiver, _, method = call.callee.rpartition(".")
        entity = project.evaluate(facts.path, call.scope, receiver)
        klass = entity.of if isinstance(entity, Instance) else None
        return self._methods.get(f"{klass.name}.{method}", ()) if isinstance(klass, Named) else ()

    def _reaching(self, project: Project, entered: Function | None) -> Iterator[Iterable[Rule]]:
        """The rules that want one of the calls to which the entered function leads."""
        if entered is not None:
            reach = reach_of(project)
            yield from (rules for ends, rules in self._reaches.items() if reach.way(entered, ends) is not None)

    def _given_to(self, project: Project, facts: ModuleFacts, call: CallFacts) -> Iterable[Rule]:
        """The rules that want a coroutine which is an argument of this call's outer call."""
        if call.inside < 0 or not self._arguments:
            return ()
        outer, callee = project.calls(facts)[call.inside]
        name = callee.name if isinstance(callee, Named) else ""
        if isinstance(callee, Function) and takes_result_of(project, callee, outer.arguments, call.callee):
            name = OF_THE_PROJECT
        return [*self._arguments.get(name, ()), *self._arguments.get(outer.last_name, ())]


def every_body(facts: ModuleFacts, rules: Sequence[Rule]) -> dict[int, list[Rule]]:
    """Without a sieve: all bodies, all rules."""
    kinds = ScopeKind.MODULE, ScopeKind.FUNCTION
    return {index: list(rules) for index, scope in enumerate(facts.scopes) if scope.kind in kinds}


def _by_key(rules: Iterable[Rule], keys: Callable[[Want], Iterable[Key]]) -> dict[Key, list[Rule]]:
    grouped: dict[Key, list[Rule]] = {}
    for rule in rules:
        for key in keys(rule.wants):
            grouped.setdefault(key, []).append(rule)
    return grouped


def _asked(rules: Sequence[Rule], questions: Mapping[str, Question]) -> list[tuple[Question, list[Rule]]]:
    """The questions that some of the rules want to be asked, with those rules."""
    wanting = ((asks, [rule for rule in rules if getattr(rule.wants, want)]) for want, asks in questions.items())
    return [(asks, own) for asks, own in wanting if own]


def _idle_result(project: Project, facts: ModuleFacts, call: CallFacts, callee: Entity | None) -> Entity | None:
    """What a call gives, where it must be awaited, entered or iterated over for anything to happen."""
    if callee is None or isinstance(callee, Class):
        return None
    if isinstance(callee, Function) and not _is_idle(project.result(callee)):
        return None
    made = project.called(facts.path, call)
    return made if _is_idle(made) else None


def _is_idle(entity: Entity | None) -> bool:
    return isinstance(entity, Coroutine | AsyncGenerator) or is_lazy(entity)


def _has_twin(project: Project, facts: ModuleFacts, call: CallFacts, callee: Function) -> bool:
    receiver = call.callee.rpartition(".")[0]
    return twins(project, callee, project.evaluate(facts.path, call.scope, receiver)) is not None


def _renamed(facts: ModuleFacts, names: frozenset[str]) -> Iterator[str]:
    """What a file calls that which it imports, or assigns, under one of these names."""
    for scope in facts.scopes:
        for name, bindings in scope.names.items():
            for binding in bindings:
                if binding.value and binding.value.rpartition(":")[2].rpartition(".")[2] in names:
                    yield name


def _last_name(decorator: str) -> str:
    return decorator.removesuffix("()").rpartition(".")[2]


def _decorator(project: Project, facts: ModuleFacts, scope: int, code: str) -> str:
    entity = project.evaluate(facts.path, scope, code.removesuffix("()"))
    return entity.name if isinstance(entity, Named) else ""


def _entered(project: Project, facts: ModuleFacts, item: WithFacts) -> str:
    """The documented name of what a `with` enters: of the function that is called for it, or of the object's class."""
    callee = project.evaluate(facts.path, item.scope, item.item.removesuffix("()")) if item.item else None
    if not isinstance(callee, Named):
        entered = project.evaluate(facts.path, item.scope, item.item) if item.item else None
        callee = entered.of if isinstance(entered, Instance) else callee
    return callee.name if isinstance(callee, Named) else ""


def _is_async(facts: ModuleFacts, scope: int) -> bool:
    function = facts.scopes[facts.executor(scope)].function
    return function is not None and function.is_async


def _caught(project: Project, facts: ModuleFacts, scope: int, code: str | None) -> set[str]:
    if code is None:
        return {"builtins.BaseException"}
    entity = project.evaluate(facts.path, scope, code)
    items = entity.items if isinstance(entity, Items) else (entity,)
    return {item.name for item in items if isinstance(item, Named)}
