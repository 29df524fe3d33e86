"""`# noqa` means here what it means to flake8, which is asked itself; our own comments mean a little more."""

from argparse import Namespace
from collections.abc import Sequence

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation
from msgspec.structs import replace

from asynclint.config import Waiving
from asynclint.engine.waiving import waive
from asynclint.finding import Finding, Span
from asynclint.source.comments import with_ignore
from asynclint.source.edits import edited
from asynclint.source.text import SourceText
from asynclint.source.waivers import Kind, Waiver, read_waivers, skips_file

OPTIONS = Namespace(hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0)
LINES = [
    "x()",
    "x()  # noqa",
    "x()  # NoQA",
    "x()  #noqa",
    "x()  #  noqa",
    "x()  # noqa: ASL101",
    "x()  # noqa:ASL101",
    "x()  # noqa:  ASL101",
    "x()  # noqa : ASL201",
    "x()  # NOQA-ASL201",
    "x()  # noqa: ASL1",
    "x()  # noqa: ASL",
    "x()  # noqa: asl101",
    "x()  # noqa: E501,ASL101",
    "x()  # noqa: E501 ASL101",
    "x()  # noqa: E501, W291",
    "x()  # noqa: ASL101 because",
    "x()  # noqa: E501 because ASL101",
    "x()  # because  # noqa: ASL101",
    "x()  # noqa: E501  # noqa: ASL101",
    "x('# noqa')",
    "x()  # noqa:E501,,ASL101",
]
SOURCES = [
    "x()  # noqa\ny()\n",
    "x('''\n''')  # noqa\ny()\n",
    "x(\\\n1)  # noqa\ny()\n",
    "x(\n1,  # noqa\n2)\ny()\n",
    "async def f(\n    a,\n):  # noqa\n    pass\n",
    "x(f'''\n{y}\n''')  # noqa\n",
    "x('''\n# noqa: ASL101\nE501\n''')\n",
    "x()  # noqa: E501,\n\ny()\n",
    "x(  # noqa\n",
    "x()\r\ny('''\r\n''')  # noqa\r\n",
]


def waivers_in(source: str) -> tuple[Waiver, ...]:
    return read_waivers(SourceText.decode(source.encode()))


def is_waived(waivers: Sequence[Waiver], code: str, line: int, waiving: Waiving = Waiving.STATEMENTS) -> bool:
    finding = Finding("a.py", Span(line, 1, line, 2), code, "any-name", "")
    return not waive([finding], waivers, waiving).findings


def by_flake8_only(waivers: Sequence[Waiver]) -> list[Waiver]:
    """Where flake8 sees them: without the reach that our command line gives them."""
    return [replace(waiver, statement=waiver.lines) for waiver in waivers]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("code", ["ASL101", "ASL201"])
def test_a_line_is_waived_as_by_flake8(line: str, code: str) -> None:
    ours = is_waived(waivers_in(f"{line}\n"), code, 1)
    assert ours is Violation(code, "a.py", 1, 1, "", line).is_inline_ignored(False)


@pytest.mark.parametrize("source", SOURCES)
def test_comments_reach_as_far_as_flake8_says(source: str) -> None:
    text = SourceText.decode(source.encode())
    processor = FileProcessor("a.py", OPTIONS, lines=[f"{line}\n" for line in text.lines])
    waivers = by_flake8_only(read_waivers(text))
    for number, line in enumerate(text.lines, start=1):
        theirs = Violation("ASL101", "a.py", number, 1, "", processor.noqa_line_for(number) or line)
        assert is_waived(waivers, "ASL101", number) is theirs.is_inline_ignored(False), number


@pytest.mark.parametrize(
    ("source", "waived"),
    [
        ("x(\n    1,  # noqa\n    2)\ny()\n", [1, 2, 3]),
        ("x(1,\n  2)  # noqa: ASL1\ny()\n", [1, 2]),
        ("async def f(\n    a,\n):  # asynclint: ignore\n    pass\n", [1, 2, 3]),
        ("@a(\n    1)  # noqa\nasync def f():\n    pass\n", [1, 2]),
        ("# noqa\nx(\n    1)\n", [1]),
        ("x(\n    # asynclint: ignore[ASL101]\n    1)\ny()\n", [1, 2, 3]),
        ("if a:  # noqa\n    x()\n", [1]),
        ("x('# noqa', \n    1)\n", [1]),
        ("x(a,\n  '# asynclint: ignore')\n", []),
        ("x = \\\n    1  # asynclint: ignore\n", [1, 2]),
        ("x('''\n# asynclint: ignore\n''')\n", []),
    ],
)
def test_on_the_command_line_a_comment_speaks_for_its_whole_statement(source: str, waived: list[int]) -> None:
    waivers = waivers_in(source)
    assert [line for line in range(1, source.count("\n") + 1) if is_waived(waivers, "ASL101", line)] == waived


@pytest.mark.parametrize(
    ("source", "waived"),
    [
        ("x()  # noqa\n", []),  # flake8's own business
        ("x()  # asynclint: ignore\n", [1]),
        ("x(\n  1)  # asynclint: ignore\n", [2]),
        ("x('''\n''')  # asynclint: ignore\n", [1, 2]),
        ("x()\n# asynclint: file-ignore[ASL101]\n", [1, 2]),
    ],
)
def test_beside_flake8_only_our_own_comments_count_and_only_on_their_line(source: str, waived: list[int]) -> None:
    waivers, lines = waivers_in(source), range(1, source.count("\n") + 1)
    assert [line for line in lines if is_waived(waivers, "ASL101", line, Waiving.LINES)] == waived


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# asynclint: ignore", ["ASL101", "ASL201"]),
        ("#asynclint:ignore", ["ASL101", "ASL201"]),
        ("# asynclint: ignore because", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[ALL]", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[ASL101]", ["ASL101"]),
        ("# asynclint: ignore [ASL101] because", ["ASL101"]),
        ("# asynclint: ignore[ASL1] because", ["ASL101"]),
        ("# asynclint: ignore[ASL]", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[any-name]", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[Any-Name]", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[ASL301, ASL201]", ["ASL201"]),
        ("# asynclint: ignore[ASL301,ASL201]", ["ASL201"]),
        ("# asynclint: file-ignore[ASL2] generated", ["ASL201"]),
        ("# type: ignore # asynclint: ignore[ASL201] why  # noqa: ASL1", ["ASL101", "ASL201"]),
        ("# asynclint: ignore[asl101]", []),
        ("# asynclint: ignore[]", []),
        ("# asynclint: ignore[ASL101", []),
        ("# asynclint: ingore[ASL101]", []),
        ("# Asynclint: ignore", []),
        ("# asynclint: see the documentation", []),
        ("# write `# asynclint: ignore` here", []),
    ],
)
def test_our_own_comments(comment: str, codes: list[str]) -> None:
    waivers = waivers_in(f"x()  {comment}\n")
    assert [code for code in ("ASL101", "ASL201") if is_waived(waivers, code, 1)] == codes
    assert not is_waived(waivers, "ASL000", 1)
    assert not is_waived(waivers, "ASL001", 1)


def test_what_speaks_of_comments_is_silenced_by_its_own_code_alone() -> None:
    for comment in ("# noqa: ASL001", "# asynclint: ignore[ASL201, ASL001]", "# asynclint: file-ignore[ASL001]"):
        assert is_waived(waivers_in(f"x()  {comment}\n"), "ASL001", 1)
    for comment in ("# noqa", "# noqa: ASL0", "# asynclint: ignore[ALL]", "# asynclint: ignore[unused-waiver]"):
        assert not is_waived(waivers_in(f"x()  {comment}\n"), "ASL001", 1)


@pytest.mark.parametrize("comment", ["# asynclint: skip-file", "#asynclint: skip-file generated"])
def test_a_file_can_be_skipped(comment: str) -> None:
    assert [(waiver.kind, waiver.flaw) for waiver in waivers_in(f"x = 1\n{comment}\n")] == [(Kind.SKIP_FILE, "")]
    assert waivers_in(f"x = '{comment}'\n") == ()


def test_what_cannot_be_split_into_tokens_is_read_line_by_line() -> None:
    waivers = waivers_in("x(  # noqa\n")
    assert is_waived(waivers, "ASL101", 1)
    assert not waivers[0].is_comment


def test_newer_syntax_than_ours_is_split_all_the_same() -> None:
    waivers = waivers_in("x = f'{y['a']}'  # asynclint: ignore[ASL101]\ntype X[T] = T  # noqa: ASL201\n")
    kinds = [(waiver.kind, waiver.line, waiver.is_comment) for waiver in waivers]
    assert kinds == [("ignore", 1, True), ("noqa", 2, True)]


@pytest.mark.parametrize("line", ["# flake8: noqa", "  # FLAKE8: NOQA", "# flake8=noqa", "# flake8: noqa because"])
def test_a_comment_of_its_own_skips_the_file(line: str) -> None:
    assert skips_file(["import x", line])


@pytest.mark.parametrize("line", ["x = 1  # flake8: noqa", "# flake8 : noqa", "# noqa", "#flake8: noqa"])
def test_other_comments_do_not(line: str) -> None:
    assert not skips_file([line])


def test_a_former_name_silences_too() -> None:
    finding = Finding("a.py", Span(1, 1, 1, 2), "ASL101", "any-name", "")
    waivers = waivers_in("x()  # asynclint: ignore[Former-Name]\n")
    assert waive([finding], waivers, Waiving.STATEMENTS).findings == {finding}
    assert waive([finding], waivers, Waiving.STATEMENTS, {"ASL101": ("former-name",)}).findings == set()


@pytest.mark.parametrize(
    ("source", "line", "expected"),
    [
        ("x()\n", 1, "x()  # asynclint: ignore[ASL101]\n"),
        ("x()  \n", 1, "x()  # asynclint: ignore[ASL101]\n"),
        ("x()  # why", 1, "x()  # why  # asynclint: ignore[ASL101]"),
        ("x()  # noqa: E501\n", 1, "x()  # noqa: E501  # asynclint: ignore[ASL101]\n"),
        ("x()  # asynclint: ignore[ASL2] because\n", 1, "x()  # asynclint: ignore[ASL2, ASL101] because\n"),
        ("x()  # asynclint: ignore[ASL2\n", 1, "x()  # asynclint: ignore[ASL2  # asynclint: ignore[ASL101]\n"),
        ("x('''\n''')\n", 1, "x('''\n''')  # asynclint: ignore[ASL101]\n"),
        ("x(\\\n1)\n", 1, "x(\\\n1)  # asynclint: ignore[ASL101]\n"),
        ("x(\n1,\n)\n", 2, "x(\n1,  # asynclint: ignore[ASL101]\n)\n"),
        ("x('# asynclint: ignore[ASL2]')\n", 1, "x('# asynclint: ignore[ASL2]')  # asynclint: ignore[ASL101]\n"),
    ],
)
def test_a_waiver_is_written_where_it_is_heeded(source: str, line: int, expected: str) -> None:
    text = SourceText.of(source)
    after = edited(text, [with_ignore(text, line, "ASL101")])
    assert after == expected
    finding = Finding("a.py", Span(line, 1, line, 2), "ASL101", "any-name", "")
    assert waive([finding], waivers_in(after), Waiving.LINES).findings == set()
