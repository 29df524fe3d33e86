"""The paths through a body, by hand for each construct and against real Python for generated programs."""

from __future__ import annotations

from functools import cache, reduce
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import libcst
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from asynclint.rule.flow import Catch, Outcomes, Semantics, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Handler = libcst.ExceptHandler | libcst.ExceptStarHandler
    Move = Callable[[str, str], str]
    Draw = Callable[[st.SearchStrategy[Any]], Any]

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Python 3.14 warns of `return` in `finally`

KINDS = ("falls", "returns", "breaks", "continues", "raises")


# What the programs of this file mean: `a()` and `b()` leave a mark, `may()` may raise, names tell the rest.


@cache
def _source(node: libcst.CSTNode) -> str:
    return libcst.Module([]).code_for_node(node)


@cache
def _marks(node: libcst.CSTNode) -> str:
    if isinstance(node, libcst.FunctionDef | libcst.ClassDef):
        return ""
    return "".join(mark for mark in "abc" if f"{mark}()" in _source(node))


def _raises(node: libcst.CSTNode, state: str) -> tuple[str, ...]:
    return (state,) if isinstance(node, libcst.Asynchronous) or "may()" in _source(node) else ()


def _catches(handler: Handler, state: str) -> Catch:
    if handler.type is None or _source(handler.type) in ("ExceptionGroup", "Leaf"):
        return Catch.ALWAYS
    return Catch.NEVER if _source(handler.type) == "Other" else Catch.MAYBE


def _suppresses(item: libcst.WithItem, state: str) -> Catch:
    verdicts = {"perhaps()": Catch.MAYBE, "always()": Catch.ALWAYS}
    return verdicts.get(_source(item.item).split(" or ")[-1], Catch.NEVER)


def _trace(state: str, mark: str) -> str:
    return state + mark if len(state) < 6 else state


def _last(state: str, mark: str) -> str:
    return mark


def _count(state: str, mark: str) -> str:
    return str((int(state or 0) + (mark == "a")) % 3 or "")


def _semantics(move: Move) -> Semantics[str]:
    return Semantics(
        step=lambda node, state: (reduce(move, _marks(node), state),),
        raises=_raises,
        catches=_catches,
        suppresses=_suppresses,
    )


TRACE, LAST, COUNT = _semantics(_trace), _semantics(_last), _semantics(_count)


def _block(source: str) -> libcst.BaseSuite:
    indented = "\n".join(f"    {line}" for line in source.splitlines())
    function = libcst.parse_module(f"async def f():\n{indented}\n").body[0]
    assert isinstance(function, libcst.FunctionDef)
    return function.body


def _told(outcomes: Outcomes[str]) -> dict[str, set[str]]:
    return {kind: set(states) for kind, states in zip(KINDS, outcomes, strict=True) if states}


def _paths(source: str, semantics: Semantics[str] = TRACE) -> dict[str, set[str]]:
    return _told(explore(_block(source), ("",), semantics))


BY_HAND: dict[str, tuple[str, dict[str, str]]] = {
    "nothing": ("pass", {"falls": "-"}),
    "in order, on one line": ("a(); b(); return; c()", {"returns": "ab"}),
    "one-line suite": ("if x: a(); return\nb()", {"falls": "b", "returns": "a"}),
    "nothing runs after a jump": ("return\na()", {"returns": "-"}),
    "return raises before it leaves": ("a()\nreturn may()", {"returns": "a", "raises": "a"}),
    "return is stepped": ("return a()", {"returns": "a"}),
    "raise": ("a()\nraise b()", {"raises": "ab"}),
    "raise raises early": ("raise a() or may()", {"raises": "a -"}),
    "assert": ("assert may()\na()", {"falls": "a", "raises": "-"}),
    "break and continue of the loop around": ("if x:\n  a()\n  break\ncontinue", {"breaks": "a", "continues": "-"}),
    "def is a whole": ("def g():\n  a()\n  return\nb()", {"falls": "b"}),
    "class is a whole": ("class G:\n  a()\nb()", {"falls": "b"}),
    # branches
    "if": ("if a(): b()", {"falls": "ab a"}),
    "if test raises": ("if may(): a()", {"falls": "a -", "raises": "-"}),
    "elif, else": ("if x: a()\nelif b(): c()\nelse: return", {"falls": "a bc", "returns": "b"}),
    "elif without else": ("if x: a()\nelif y: b()", {"falls": "a b -"}),
    "if True": ("if True: a()\nelse: b()", {"falls": "a"}),
    "if 0": ("if 0: a()\nelif not None: b()\nelse: c()", {"falls": "b"}),
    "not not": ("if not (not False): a()", {"falls": "-"}),
    "if 1, no else": ("if (1): return", {"returns": "-"}),
    # loops
    "while": ("while a(): b()", {"falls": "a aba ababa ababab"}),
    "while, else": ("while x:\n  if y: break\n  return\nelse: a()", {"falls": "- a", "returns": "-"}),
    "while True only breaks": ("while True:\n  if x: break\nelse: a()", {"falls": "-"}),
    "while True never ends": ("while True:\n  pass\na()", {}),
    "while 1 raises": ("while 1: may()", {"raises": "-"}),
    "while False": ("while False: a()\nelse: b()", {"falls": "b"}),
    "while test raises after a pass": (
        "while may():\n  a()\n  break\nelse: b()\nc()",
        {"falls": "ac bc", "raises": "-"},
    ),
    "continue": ("while True:\n  if x: continue\n  a()\n  break", {"falls": "a"}),
    "for": ("for x in a():\n  b()\n  return\nc()", {"returns": "ab", "falls": "ac"}),
    "for, iterable raises once": ("for x in may(): a(); break", {"falls": "a -", "raises": "-"}),
    "for, target raises each pass": ("for may().x in xs: a(); break", {"falls": "a -", "raises": "-"}),
    "for, else": ("for x in xs: break\nelse: a()", {"falls": "- a"}),
    "for, else breaks the outer": ("for x in xs:\n  pass\nelse:\n  a()\n  break", {"breaks": "a"}),
    "for over a filled tuple": ("for x in (1, 2): a(); break\nelse: b()", {"falls": "a"}),
    "for over a filled list": ("for x in [*xs, 1]: return", {"returns": "-"}),
    "for over a filled set": ("for x in {1}:\n  a()\n  if x: return\n  break", {"returns": "a", "falls": "a"}),
    "for over a string": ("for x in 'ab': return", {"returns": "-"}),
    "for over an empty string": ("for x in '': return", {"returns": "-", "falls": "-"}),
    "for over an empty tuple": ("for x in (): return", {"returns": "-", "falls": "-"}),
    "for over only a star": ("for x in (*xs,): return", {"returns": "-", "falls": "-"}),
    "for over a filled tuple, more passes": ("for x in 1, 2: a()", {"falls": "a aa aaa aaaa aaaaa aaaaaa"}),
    "async for awaits each pass and the end": ("async for x in xs: a(); break", {"falls": "a -", "raises": "-"}),
    "async for raises after a pass": (
        "async for x in xs:\n  if len(a()) > 2: return",
        {"returns": "a aa aaa aaaa aaaaa aaaaaa"} | dict.fromkeys(("falls", "raises"), "- a aa aaa aaaa aaaaa aaaaaa"),
    ),
    "nested loops": (
        "while True:\n  for x in xs:\n    break\n  else:\n    a()\n    break\n  return",
        {"falls": "a", "returns": "-"},
    ),
    # try
    "except may catch": ("try: may()\nexcept E: a()", {"falls": "- a", "raises": "-"}),
    "bare except always catches": ("try:\n  a()\n  may()\nexcept: b()", {"falls": "a ab"}),
    "always stops": ("try: raise x\nexcept Leaf: a()\nexcept E: b()", {"falls": "a"}),
    "maybe reaches the next": ("try: raise x\nexcept E: a()\nexcept F: b()", {"falls": "a b", "raises": "-"}),
    "never": ("try: raise x\nexcept Other: a()", {"raises": "-"}),
    "no exception, no handler": ("try: a()\nexcept: b()", {"falls": "a"}),
    "handlers do not protect each other": (
        "try: raise x\nexcept E: raise a()\nexcept: b()",
        {"raises": "a", "falls": "b"},
    ),
    "else after the body fell": (
        "try:\n  if x: return\n  may()\nexcept: a()\nelse: b()",
        {"falls": "a b", "returns": "-"},
    ),
    "else is not protected": ("try: a()\nexcept: b()\nelse: raise x", {"raises": "a"}),
    "else is finalised": ("try: pass\nexcept: b()\nelse: raise x\nfinally: a()", {"raises": "a"}),
    "finally for every exit": (
        "try:\n  if x: return\n  if x: break\n  if x: continue\n  may()\nfinally: a()",
        dict.fromkeys(KINDS, "a"),
    ),
    "finally after a handler": ("try: raise x\nexcept E: return a()\nfinally: b()", {"returns": "ab", "raises": "b"}),
    "return in finally over raise": ("try: raise a()\nfinally: return", {"returns": "a"}),
    "raise in finally over return": ("try: return\nfinally: raise a()", {"raises": "a"}),
    "finally may raise": ("try: return a()\nfinally: may()", {"returns": "a", "raises": "a"}),
    "break in finally": ("while True:\n  try:\n    raise x\n  finally:\n    break\na()", {"falls": "a"}),
    "continue in finally over return": (
        "for x in (1,):\n  try:\n    return a()\n  finally:\n    continue\nelse: b()",
        {"falls": "ab aab aaab aaaab aaaaab aaaaaa"},
    ),
    "nested finally": (
        "try:\n  try: return a()\n  finally: b()\nfinally:\n  try: raise x\n  except: c()",
        {"returns": "abc"},
    ),
    "finally in finally": ("try: raise x\nfinally:\n  try: return\n  finally: a()", {"returns": "a"}),
    "while True, break in try, finally": ("while True:\n  try:\n    break\n  finally: a()\nb()", {"falls": "ab"}),
    "a loop in try": ("try:\n  while True: may()\nexcept E: a()", {"falls": "a", "raises": "-"}),
    # except*
    "except* takes all, a part or nothing": (
        "try: raise x\nexcept* E: a()\nexcept* F: b()",
        {"falls": "a b ab", "raises": "- a b ab"},
    ),
    "except* always stops": ("try: raise x\nexcept* Leaf: a()\nexcept* E: b()", {"falls": "a"}),
    "except* raises after the last handler": (
        "try: raise x\nexcept* E: raise a()\nexcept* Leaf: b()",
        {"raises": "a ab", "falls": "b"},
    ),
    "except* never": ("try: raise x\nexcept* Other: a()\nelse: c()\nfinally: b()", {"raises": "b"}),
    "except* else": ("try: a()\nexcept* Leaf: c()\nelse: b()", {"falls": "ab"}),
    # with
    "with": ("with a() as x, b(): c()", {"falls": "abc"}),
    "with item raises": ("with a(), may(): b()", {"falls": "ab", "raises": "a"}),
    "with lets through": ("with x: raise a()", {"raises": "a"}),
    "with may suppress": ("with perhaps(): raise a()", {"raises": "a", "falls": "a"}),
    "with suppresses": ("with always(): raise a()", {"falls": "a"}),
    "with suppresses no return": ("with always(): return a()", {"returns": "a"}),
    "with does not suppress its own head": ("with may() or always(): a()", {"falls": "a", "raises": "-"}),
    "with suppresses a later item": ("with always(), may(): a()", {"falls": "a -"}),
    "with does not suppress an earlier item": ("with may(), always(): a()", {"falls": "a", "raises": "-"}),
    "async with awaits coming and going": ("async with a(): return b()", {"returns": "ab", "raises": "a ab"}),
    "async with suppresses the body, not its exit": ("async with always(): raise b()", {"falls": "b", "raises": "- b"}),
    # match
    "match": ("match a():\n  case 1: b()\n  case [x]: return", {"falls": "a ab", "returns": "a"}),
    "match subject raises": ("match may():\n  case 1: a()", {"falls": "- a", "raises": "-"}),
    "match exhaustive": ("match x:\n  case 1: a()\n  case _: b()\n  case 2: c()", {"falls": "a b"}),
    "match capture": ("match x:\n  case 1: a()\n  case y: return", {"falls": "a", "returns": "-"}),
    "match as": ("match x:\n  case (y as z): return", {"returns": "-"}),
    "match or": ("match x:\n  case 1 | _: return", {"returns": "-"}),
    "match or, refutable": ("match x:\n  case 1 | 2: return", {"returns": "-", "falls": "-"}),
    "match guard": ("match x:\n  case y if a(): return\n  case _: b()", {"returns": "a", "falls": "ab"}),
    "match guard may not be reached": ("match x:\n  case 1 if a(): b()", {"falls": "ab a -"}),
    "match guard raises": ("match x:\n  case _ if may(): return", {"returns": "-", "raises": "-", "falls": "-"}),
    "match guard True": ("match x:\n  case _ if True: return", {"returns": "-"}),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    source, expected = BY_HAND[name]
    assert _paths(source) == {
        kind: {state.replace("-", "") for state in states.split()} for kind, states in expected.items()
    }


def test_states_start_together() -> None:
    assert explore(_block("a()\nif x: return"), ("", "b"), LAST) == Outcomes(frozenset("a"), frozenset("a"))
    assert explore(_block("if x: return"), "ab", LAST) == Outcomes(frozenset("ab"), frozenset("ab"))
    assert explore(_block("return"), (), LAST) == Outcomes()


def test_a_list_of_statements_is_a_block() -> None:
    assert explore(_block("a()\nreturn").body, ("",), LAST) == Outcomes(returns=frozenset("a"))


def test_defaults_see_only_the_explicit() -> None:
    semantics: Semantics[int] = Semantics()
    block = _block("try:\n  may()\n  raise x\nexcept E: pass\nexcept: return\nwith x:\n  raise x")
    assert explore(block, (0,), semantics) == Outcomes(returns=frozenset({0}), raises=frozenset({0}))


def test_a_step_without_states_ends_the_path() -> None:
    semantics: Semantics[str] = Semantics(
        step=lambda node, state: () if "exit()" in _source(node) else (state,),
        raises=lambda node, state: (state + "!",) if "exit()" in _source(node) else (),
    )
    assert _paths("try: exit()\nfinally: done()\nreturn", semantics) == {"raises": {"!"}}


def test_assume_refines_branches_loops_and_guards() -> None:
    def assume(test: libcst.BaseExpression, truth: bool, state: str) -> tuple[str, ...]:
        if _source(test) == "known":
            return (state,) if truth == (state == "a") else ()
        return (state,)

    semantics: Semantics[str] = Semantics(step=LAST.step, assume=assume)
    assert _paths("a()\nif known: return\nb()", semantics) == {"returns": {"a"}}
    assert _paths("if x: a()\nif known: return", semantics) == {"returns": {"a"}, "falls": {""}}
    assert _paths("a()\nwhile known: b()", semantics) == {"falls": {"b"}}
    assert _paths("match x:\n  case _ if known: return\n  case _: a()", semantics) == {"falls": {"a"}}


def test_caught_chooses_the_states_of_the_handler() -> None:
    semantics: Semantics[str] = Semantics(step=LAST.step, caught=lambda handler, state: (state, "caught"))
    assert _paths("try: raise a()\nexcept: pass", semantics) == {"falls": {"a", "caught"}}
    assert _paths("try: raise a()\nexcept* E: pass", semantics) == {"falls": {"a", "caught"}, "raises": {"a", "caught"}}


def test_catching_depends_on_the_state() -> None:
    def catches(handler: Handler, state: str) -> Catch:
        return Catch.ALWAYS if handler.type and _source(handler.type) == state else Catch.NEVER

    semantics: Semantics[str] = Semantics(step=LAST.step, catches=catches)
    body = "try:\n  if x: raise a()\n  raise b()\n"
    assert _paths(body + "except a: return\nexcept b: pass", semantics) == {"returns": {"a"}, "falls": {"b"}}
    assert _paths(body + "except a: return\nexcept b: raise", semantics) == {"returns": {"a"}, "raises": {"b"}}
    assert _paths(body + "except* a: b()\nexcept* b: c()", semantics) == {"falls": {"b", "c"}}


def test_long_chains_need_no_deep_stack() -> None:
    branches = "".join(f"elif x == {n}: b()\n" for n in range(100))
    assert _paths(f"if a(): pass\n{branches}" + "c()\n" * 3000, LAST) == {"falls": {"c"}}


# Against real Python: every unknown of a generated program is asked of a `World`, which is led through all answers.


class Abandoned(BaseException):
    """A `while True` that went on for longer than anyone cares."""


class LeafError(Exception):
    pass


class OtherError(Exception):
    pass


LEAVES = tuple(type(f"Leaf{number}", (LeafError,), {}) for number in range(40))


def boom() -> ExceptionGroup[LeafError]:
    return ExceptionGroup("boom", [leaf() for leaf in LEAVES])


class World:
    """Answers what a program cannot know, from a script and then with the first choice; remembers what happened."""

    def __init__(self) -> None:
        self.begin([])

    def begin(self, script: list[int]) -> None:
        self.script = script
        self.taken: list[tuple[int, int]] = []
        self.marks = ""
        self.abandoned = False

    def choose(self, choices: int) -> int:
        answer = self.script[len(self.taken)] if len(self.taken) < len(self.script) else 0
        self.taken.append((answer, choices))
        return answer

    def another(self) -> list[int] | None:
        """The script of the next run: the last choice that has an answer left takes it."""
        while self.taken:
            answer, choices = self.taken.pop()
            if answer + 1 < choices:
                return [*(earlier for earlier, _ in self.taken), answer + 1]
        return None

    def a(self) -> None:
        self.marks += "a"

    def b(self) -> None:
        self.marks += "b"

    def may(self) -> None:
        if self.choose(2):
            raise boom()

    def cond(self) -> bool:
        return bool(self.choose(2))

    def passes(self) -> Iterator[bool]:
        return iter([True] * self.choose(4))

    def more(self, passes: Iterator[bool]) -> bool:
        return next(passes, False)

    def tick(self, passes: Iterator[bool]) -> None:
        if not next(passes, False):
            self.abandoned = True
            raise Abandoned

    def some(self) -> range:
        return range(self.choose(4))

    def filled(self) -> range:
        return range(1 + self.choose(4))

    def stream(self) -> Stream:
        return Stream(self)

    def plain(self) -> Manager:
        return Manager(self, lambda: False)

    def perhaps(self) -> Manager:
        return Manager(self, self.cond)

    def always(self) -> Manager:
        return Manager(self, lambda: True)

    def subject(self) -> Subject:
        return Subject(self)

    def kind(self) -> type[Exception]:
        return ExceptionGroup if self.choose(2) else OtherError

    def part(self, number: int) -> type[Exception]:
        return (OtherError, LEAVES[number], LeafError)[self.choose(3)]


class Stream:
    def __init__(self, world: World) -> None:
        self.world, self.passes = world, world.passes()

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> None:
        self.world.may()
        if not next(self.passes, False):
            raise StopAsyncIteration


class Manager:
    def __init__(self, world: World, suppresses: Callable[[], bool]) -> None:
        self.world, self.suppresses = world, suppresses

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return isinstance(error, ExceptionGroup) and self.suppresses()

    async def __aenter__(self) -> None:
        self.world.may()

    async def __aexit__(self, kind: object, error: object, trace: object) -> bool:
        suppressed = self.__exit__(kind, error, trace)
        self.world.may()
        return suppressed


class Subject:
    def __init__(self, world: World) -> None:
        self.world = world

    def __eq__(self, other: object) -> bool:
        return self.world.cond()

    __hash__ = None  # type: ignore[assignment]


class Place(NamedTuple):
    """What is legal where a generated block stands."""

    depth: int = 3
    loop: bool = True
    leave: bool = True
    reraise: bool = False


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


class Author:
    """Writes one program. Loops end after three passes: enough to go through all states of a domain of three."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.loops = 0
        self.parts = 0

    def pick(self, *options: str) -> str:
        return str(self.draw(st.sampled_from(options)))

    def often(self) -> bool:
        return bool(self.draw(st.booleans()))

    def head(self, *options: str) -> str:
        return self.pick("", "", "a() or ", "b() or ", "may() or ") + self.pick(*options)

    def test(self) -> str:
        constant = self.pick("", "", "", "True", "False", "0", "1", "None", "not True", "not (0)")
        return constant or self.head("cond()")

    def block(self, place: Place) -> list[str]:
        lines: list[str] = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines += self.statement(place)
        return lines

    def suite(self, header: str, place: Place, first: str = "") -> list[str]:
        body = self.block(place._replace(depth=place.depth - 1))
        if not first and self.often() and not any(":" in line for line in body):
            return [f"{header} {'; '.join(body)}"]
        return [header, *_indented([first] * bool(first) + body)]

    def maybe(self, header: str, place: Place) -> list[str]:
        return self.suite(header, place) if self.often() else []

    def statement(self, place: Place) -> list[str]:
        if not place.depth or self.draw(st.integers(0, 2)) == 0:
            return [self.simple(place)]
        compounds = (self.branch, self.loop, self.loop, self.guarded, self.guarded, self.managed, self.matched)
        return list(self.draw(st.sampled_from(compounds))(place))

    def simple(self, place: Place) -> str:
        options = ["a()", "b()", "may()", "a()", "b()", "may()", "pass", "assert may() or True", "def g(): a(); return"]
        options += ["raise boom()", "raise a() or boom()", "raise may() or boom()"]
        options += ["return 'returns'", "return b() or 'returns'", "return may() or 'returns'"] * place.leave
        options += ["break", "continue"] * 2 * place.loop + ["raise"] * 2 * place.reraise
        return self.pick(*options)

    def branch(self, place: Place) -> list[str]:
        lines = self.suite(f"if {self.test()}:", place)
        if self.often():
            lines += self.maybe(f"elif {self.test()}:", place)
        return lines + self.maybe("else:", place)

    def loop(self, place: Place) -> list[str]:
        inside = place._replace(loop=True)
        self.loops += 1
        passes = f"passes{self.loops}"
        match self.pick("while", "forever", "for", "filled", "async"):
            case "while":
                header = f"while {self.head(f'more({passes})')}:"
                lines = [f"{passes} = passes()", *self.suite(header, inside)]
            case "forever":
                header = f"while {self.pick('True', '1', 'not None')}:"
                lines = [f"{passes} = passes()", *self.suite(header, inside, f"tick({passes})")]
            case "for":
                lines = self.suite(f"for _ in {self.head('some()')}:", inside)
            case "filled":
                lines = self.suite("for _ in @filled:", inside)
            case _:
                lines = self.suite(f"async for _ in {self.head('stream()')}:", inside)
        return lines + self.maybe("else:", place)

    def guarded(self, place: Place) -> list[str]:
        lines = self.suite("try:", place)
        handlers = self.handlers(place) if self.often() else self.star_handlers(place)
        orelse = self.maybe("else:", place) if handlers else []
        final = self.maybe("finally:", place) if handlers else self.suite("finally:", place)
        return lines + handlers + orelse + final

    def handlers(self, place: Place) -> list[str]:
        headers = [f"except {self.pick('kind()', 'kind()', 'ExceptionGroup', 'Other')}:" for _ in range(self.few())]
        headers += ["except:"] * self.often()
        return [line for header in headers for line in self.suite(header, place._replace(reraise=True))]

    def star_handlers(self, place: Place) -> list[str]:
        inside = place._replace(loop=False, leave=False, reraise=False)
        lines: list[str] = []
        for _ in range(self.few()):
            self.parts += 1
            part = f"part({self.parts})" if self.parts < len(LEAVES) - 1 else "Other"
            lines += self.suite(f"except* {self.pick(part, part, 'Leaf', 'Other')}:", inside)
        return lines

    def few(self) -> int:
        return int(self.draw(st.integers(0, 2)))

    def managed(self, place: Place) -> list[str]:
        items = ", ".join(self.head("plain()", "perhaps()", "always()") for _ in range(1 + self.often()))
        return self.suite(f"{self.pick('', 'async ')}with {items}:", place)

    def matched(self, place: Place) -> list[str]:
        patterns = [self.pick("0", "0 | 1", "_ if ", "y if ", "0 if ") for _ in range(1 + self.often())]
        heads = [pattern + (self.test() if pattern.endswith("if ") else "") for pattern in patterns]
        heads += [self.pick("_", "y", "0 | _", "(_ as y)")] * self.often()
        cases = [line for head in heads for line in self.suite(f"case {head}:", place)]
        return [f"match {self.head('subject()')}:", *_indented(cases)]


@st.composite
def programs(draw: Draw) -> str:
    return "\n".join(Author(draw).block(Place()))


BEFORE = ("async def run():", " for first in (True, False):", "  if not first: return 'continues'")
AFTER = ("  return 'falls'", " return 'breaks'")


def _runs(source: str) -> Iterator[tuple[str, str] | None]:
    """How each run of `source` as the body of a loop ended, and its marks; None where it had to be abandoned."""
    world = World()
    lines = _indented(source.replace("@filled", "filled()").splitlines())
    code = "\n".join((*BEFORE, *lines, *AFTER))
    names = {name: getattr(world, name) for name in dir(World) if not name.startswith("_")}
    namespace: dict[str, Any] = names | {"Leaf": LeafError, "Other": OtherError, "boom": boom}
    exec(code, namespace)
    script: list[int] | None = []
    while script is not None:
        world.begin(script)
        kind = _ending(namespace["run"]())
        yield None if world.abandoned else (kind, world.marks)
        script = world.another()


def _ending(run: Coroutine[None, None, str]) -> str:
    try:
        run.send(None)
    except StopIteration as done:
        return str(done.value)
    except (BaseExceptionGroup, Abandoned):
        return "raises"
    raise AssertionError("nothing here suspends")


ENOUGH = 600


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_against_python(source: str) -> None:
    """Whatever happens was foretold; and when all that can happen was seen, nothing else was foretold."""
    runs = list(islice(_runs(source), ENOUGH))
    seen = {run for run in runs if run}
    for move in (_last, _count):
        happened = {(kind, reduce(move, marks, "")) for kind, marks in seen}
        told = _paths(source.replace("@filled", "(1, 2)"), _semantics(move))
        foretold = {(kind, state) for kind, states in told.items() for state in states}
        assert happened <= foretold
        assert len(runs) == ENOUGH or foretold <= happened
    event("all runs seen" if len(runs) < ENOUGH else "some runs seen")
