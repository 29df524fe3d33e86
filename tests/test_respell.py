"""Syntax newer than this Python: read all the same, with every name where it stands."""

import ast
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specimens import ROOT

from asynclint.config import load
from asynclint.linter import Result, lint, lint_source
from asynclint.source.respell import parse, respelled

ALL_RULES = load(str(ROOT), isolated=True, overrides={"select": ["ALL"], "preview": True})
STDLIB = Path(sysconfig.get_paths()["stdlib"])
Place = tuple[str, int, int]

# Each name that ends in `_` has to be found, at its line and column; `since` is the first Python that reads the text.
SPELLINGS = {
    (3, 12): [
        "def f_[T](a_: T = b_()) -> T: c_()",
        "async def f_[T: (str, bytes), *Ts, **P] (a_): await c_()",
        "def f_[\n    T: int,  # ](\n\n    U,\n](\n    a_,\n): c_()",
        "def f_ [T: Literal['](', \"]\"]](a_): c_()",
        "class A:\n    @d_[x]\n    def f_[T](self): c_()",
        "class C_[T]: x_ = c_()",
        "class C_[T](Base_, meta_=a_): pass",
        "class C_[\n    T\n]:\n    def f_(self): c_()",
        "type X_ = int; c_()",
        "type X_[T: int, *Ts] = list[T]; c_()",
        "type X_[\n    T\n] = (\n    int\n)\nc_()",
        "type \\\n  X_ = int\nc_()",
        "if a_: type X_ = int; c_()",
        "type type_ = type_",
        'x_ = f"{a_["b"]} {c_(\'d\')}" + c_()',
        "x_ = f'{c_('é')} é {c_('é')}' + d_('é') + e_()",
        'x_ = f"{"\\n".join(a_)!r:>{w_("x")}}{b_ = }" % c_()',
        "x_ = f'{\n    a_()  # }\"\n}{\n  b_ =\n}', c_()",
        'x_ = f"""{\n    a_  # }\n}""", c_()',
        "f_(a_(),\n  'a' \"b\" f'{b_['c']}'\n  # and\n  rf'\\N{d_}\\N{e_('')}' 'f', g_())",
        "x_ = f'{a_['b']}'\n'text'.join(c_)",
        'f"{f"{f"{c_()}"}"}"; d_()',
        "x_ = f'{a_:{b_:{c_}}}', d_()",
        "x_ = f'{a_()!r }{a_:x}', d_()",
        "x_ = f'{{}}{a_['{']}\\N{EM DASH}\\{b_}\\'{c_}', d_()",
        "def f_[T](a_: T = f'{a_['b']}'): c_()",
    ],
    (3, 13): ["def f_[T = int, *Ts = *tuple[int], **P = [int]](a_): c_()", "class C_[T: int = str]: pass"],
    (3, 14): [
        't"{a_} é {b_()!r}"; c_()',
        "x_ = tr'\\N{a_}' Rt'''{\nb_()}''', T't', c_()",
        "x_ = t'{a_['b']}', c_()",
        "try: a_()\nexcept A_, B_: c_()",
        "try: a_()\nexcept A_,B_.c, d_() : c_()",
        "try: a_()\nexcept* A_, B_, : c_()",
        "try:\n    a_()\nexcept A_ \\\n , B_:\n    c_()",
    ],
    (3, 15): [
        "x_ = [*a_() for b_ in c_], d_()",
        "x_ = {* a_ for b_ in c_ if d_(*e_)}, d_()",
        "x_ = {**a_(b_, *c_) for d_ in e_}, f_()",
        "f_(\n  *a_ async for b_ in c_\n)",
        "x_ = [*[*a_ for a_ in b_] for b_ in c_], d_()",
        "x_ = f'{c_(*a_ for a_ in b_)}', d_()",
        "lazy import x_; lazy from a import b_, c_\nc_()",
        "if a_: lazy import x_",
        "lazy  from .a import (\n    x_,\n)\nlazy\tfrom . import y_",
    ],
}
CASES = [(since, text) for since, texts in SPELLINGS.items() for text in texts]

ORDINARY = """\
type = 3; type(x); type[x] = 4; type [x] == 4; type in[x]; lazy.foo(); lazy = 1; lazy[0]; t = 1; t("x")
raise lazy from type
raise \\
  lazy from type
match type:
    case type if type[0]: pass
def f(*args, type, **kwargs): return [*a, *b], {**a, **b}, {*a}, f(*(x for x in y)), f(*x, y), (*a,), [a for a in b]
try: pass
except (A, B): pass
x = "def f[T](): type X = 3", 'lazy import x', '''
lazy import x
except A, B: [*x for x in y]
'''  # class C[T]: type X = 3, "
x = f"{a['b']:{c}>{d}} {e!r} {f = } {g!=h} {'#'} {(lambda: 1)()} {{" f'{"x"}' rf"{a}\\N{b}" u'' "\\N{EM DASH}"
y = rb"\\\\" b'"'
x = f'''{a["b"]
  + 'c'} " {f"{d}"}'''
"""


def places(tree: ast.AST) -> Iterator[Place]:
    """Every name of interest with line and column (0-based, in bytes), definitions and imports among them."""
    for node in ast.walk(tree):
        name = next(
            (n for key in ("id", "name", "asname", "arg") if isinstance(n := getattr(node, key, None), str)), ""
        )
        if name.endswith("_"):
            yield name, getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def written(text: str) -> set[Place]:
    """The same, read off the text; a definition stands where its keyword does, a keyword argument where it stands."""
    found = set()
    for number, line in enumerate(text.split("\n"), 1):
        for name in re.finditer(r"(?:async def |def |class )?\b([a-zA-Z]+_)(?!\w)", line):
            found.add((name[1], number, len(line[: name.start()].encode())))
    return found


def lengths(text: str) -> list[int]:
    return [len(line) for line in re.split(r"(\r\n|\r|\n)", text)]


@pytest.mark.parametrize(("since", "text"), CASES, ids=[text for _, text in CASES])
def test_every_name_is_found_where_it_stands(since: tuple[int, int], text: str) -> None:
    if sys.version_info < since:
        with pytest.raises(SyntaxError):
            ast.parse(text)
    assert set(places(parse(text))) == written(text)


@pytest.mark.parametrize(("since", "text"), CASES, ids=[text for _, text in CASES])
def test_the_spelling_is_older_and_as_long(since: tuple[int, int], text: str) -> None:
    spelled = respelled(text)
    assert lengths(spelled) == lengths(text)
    assert respelled(spelled) == spelled
    found = {name for name, _, _ in places(ast.parse(spelled))}
    assert found == {name for name, _, _ in written(text)}
    if sys.version_info >= since:
        assert calls(ast.parse(spelled)) == calls(ast.parse(text))


def calls(tree: ast.AST) -> list[str]:
    return sorted(ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "text", ["def f_[\n\tT\n](\x0ca_): c_()\n", "f_('é', f'{\na_('')\n}', c_)\n\x0clazy import x_\n"]
)
def test_newlines_tabs_and_form_feeds_survive(text: str, newline: str) -> None:
    other = text.replace("\n", newline)
    assert lengths(respelled(other)) == lengths(other)
    assert list(places(parse(other))) == list(places(parse(text)))
    assert respelled(other).count("\x0c") >= 1


def test_several_types_are_handled_as_a_tuple() -> None:
    handler = next(n for n in ast.walk(parse("try: pass\nexcept A, B.c, D: pass")) if isinstance(n, ast.ExceptHandler))
    assert ast.unparse(handler.type or handler) == "(A, B.c, D)"


def test_what_is_read_already_stays() -> None:
    assert respelled(ORDINARY) == ORDINARY
    assert ast.parse(ORDINARY)


@pytest.mark.parametrize(
    "text", ["def f[]( ): pass", "def f[T]: pass", "type X[] = 1", "def f[T(: pass", 'f"{a', "x = = f''"]
)
def test_the_original_complaint_is_raised(text: str) -> None:
    with pytest.raises(SyntaxError) as expected:
        ast.parse(text, "a.py")
    with pytest.raises(SyntaxError) as error:
        parse(text, "a.py")
    assert str(error.value) == str(expected.value)
    assert (error.value.lineno, error.value.offset) == (expected.value.lineno, expected.value.offset)


@pytest.mark.parametrize("opening", ["(", "[*", "f(*", "def f[", 'f"{', "f'''{", "type X[", "except ", "f'{x:{"])
def test_deep_or_open_ended_texts_end(opening: str) -> None:
    text = opening * 400
    assert lengths(respelled(text)) == lengths(text)


WORDS = "def f class C type X lazy import from except for in as é"
SIGNS = r"* ** , : ; = [ ] ( ) { } \ ! # \N{"
QUOTES = "' f' rt' $ f$ t$".replace("$", "'" * 3)
BLANKS = [" ", "\n", "\r\n", "\r", "\t", "\x0c", "\\\n", "\x85"]
PIECES = st.sampled_from([*WORDS.split(), *SIGNS.split(), *QUOTES.split(), *QUOTES.replace("'", '"').split(), *BLANKS])


@given(st.lists(st.one_of(PIECES, st.text())))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_no_line_ever_changes_its_length(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert lengths(respelled(text)) == lengths(text)


def test_the_standard_library_stays() -> None:
    files = sorted(path for path in STDLIB.rglob("*.py") if {"test", "site-packages", "lib2to3"}.isdisjoint(path.parts))
    for path in files[::7]:
        text = path.read_text("utf-8", errors="replace")
        spelled = respelled(text)
        assert lengths(spelled) == lengths(text)
        if sys.version_info < (3, 12):
            assert spelled == text, path
        elif spelled != text:
            assert calls(ast.parse(spelled)) == calls(ast.parse(text)), path


# from end to end


def judged(source: str) -> Result:
    return lint_source(source.encode(), "module.py", ALL_RULES)


@pytest.mark.parametrize(
    ("head", "column"),
    [
        ("async def f[T: int](x: T): ", 28),
        ("async def f[é](x): ", 20),
        ("async def f(): x = f'é{a['é']}', ", 34),
        ("async def f(): x = tr'é{a}', ", 30),
        ("async def f(): [*x for x in y], ", 33),
        ("async def f(): lazy = t''; ", 28),
    ],
)
def test_a_blocked_loop_in_newer_syntax(head: str, column: int) -> None:
    result = judged(f"import time\ntype X[T] = list[T]\n\n{head}time.sleep(1)\n")
    assert [(f.code, f.span.line, f.span.column) for f in result.findings] == [("ASL201", 4, column)]


# What each of these documents has brought, around calls that block; every one is to be found where it stands.
NEWER = {
    "PEP 695: type parameters of a function": """\
import time


async def serve[T: (int, str), *Ts, **P](x: T, *args: *Ts) -> T:
    def inner[T](x: T) -> T: return x
    time.sleep(inner(1))
    return x
""",
    "PEP 695: type parameters of a class": """\
import time


class Store[T](dict[str, T]):
    async def load[K](
        self, key: K, wait=time.monotonic()
    ) -> T: time.sleep(1)
""",
    "PEP 695: type aliases": """\
import time

type Pair[T] = tuple[T, T]


async def serve():
    type Inner = int; time.sleep(1)
    x: Inner = time.sleep(2)
""",
    "PEP 696: defaults of type parameters": """\
import time


class Box[T: int = int, *Ts = *tuple[int, ...], **P = [str]]:
    async def open[S = "é"](self, s: S): time.sleep(1)
""",
    "PEP 701: f-strings": """\
import time


async def serve(a):
    x = f'é {a['b']} {time.sleep(1)}'; time.sleep(2)
    y = f"{
        time.sleep(3)  # a comment with a }
    }"; time.sleep(4)
    z = f'{'\\n'.join(a)}{f'{f'{time.sleep(5):>{time.sleep(6)}}'}'}'
""",
    "PEP 750: template strings": """\
import time


async def serve(a):
    x = t'é {a!r:>{time.sleep(1)}}'; time.sleep(2)
    y = rt"{a["b"]}", time.sleep(3)
""",
    "PEP 758: except without parentheses": """\
import time


async def serve():
    try:
        time.sleep(1)
    except ValueError, KeyError:
        time.sleep(2)
    try:
        pass
    except* OSError, EOFError: time.sleep(3)
    time.sleep(4)
""",
    "PEP 798: unpacking in comprehensions": """\
import time


async def serve(xs, ds):
    a = [*x for x in xs], time.sleep(1)
    b = {**d for d in ds if time.sleep(2)}, {*x async for x in xs}; time.sleep(3)
    return sum(*x for x in xs), time.sleep(4)
""",
    "PEP 810: lazy imports": """\
import asyncio; lazy import time
lazy from asyncio import (
    Queue,
)


async def serve():
    time.sleep(1)
""",
}


@pytest.mark.parametrize("title", NEWER)
def test_every_newer_syntax_is_analysed(title: str) -> None:
    text = NEWER[title]
    lines = enumerate(text.splitlines(), 1)
    expected = [(n, call.start() + 1) for n, line in lines for call in re.finditer(r"time\.sleep\(", line)]
    result = judged(text)
    assert [(f.span.line, f.span.column) for f in result.findings if f.code == "ASL201"] == expected
    assert {f.code for f in result.findings} == {"ASL201"}
    broken = judged(f"{text}\n\nasync def broken() = 1\n")
    assert [f.code for f in broken.findings] == ["ASL000"]
    assert result.errors == broken.errors == ()


def test_newer_syntax_tells_other_files_what_it_says(tmp_path: Path) -> None:
    store = "type Key = int\n\n\nclass Store[T]:\n    async def save[K = Key](self, key: K): ...\n"
    (tmp_path / "store.py").write_text(store)
    (tmp_path / "app.py").write_text("import store\n\n\nasync def run(s: store.Store[int]):\n    s.save(1)\n")
    result = lint([str(tmp_path)], ALL_RULES, jobs=1)
    assert [(f.code, f.span.line) for f in result.findings] == [("ASL101", 5)]


def test_what_stays_unreadable_is_said_of_the_text_as_it_stands() -> None:
    source = "type X = int\nasync def f[T]():\n    x = = 1\n"
    with pytest.raises(SyntaxError) as expected:
        ast.parse(source)
    [finding] = judged(source).findings
    assert (finding.code, finding.span.line) == ("ASL000", expected.value.lineno)
    assert expected.value.msg in finding.message
