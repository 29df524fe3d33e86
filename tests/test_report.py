"""Findings as people and programs read them."""

import json as standard_json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclint.finding import Finding, Related, Severity, Span
from asynclint.report import json, text


def finding(
    excerpt: str = "save()",
    start: int = 1,
    end: int = 7,
    *,
    last_line: int = 12,
    path: str = "src/a.py",
    code: str = "ASL101",
    message: str = "never awaited",
    severity: Severity = Severity.ERROR,
    related: tuple[Related, ...] = (),
) -> Finding:
    span = Span(12, start, last_line, end)
    return Finding(path, span, code, "unawaited-coroutine", message, severity, excerpt, related)


def carets(excerpt: str, start: int, end: int, last_line: int = 12) -> tuple[str, str]:
    """The shown source line and the line of carets below it, without the gutter."""
    _, source, marks = text.full([finding(excerpt, start, end, last_line=last_line)]).splitlines()
    return source.removeprefix("12 | "), marks.removeprefix("   | ")


def test_full_shows_the_place_the_line_and_what_explains_it() -> None:
    related = (Related("src/b.py", Span(3, 1, 3, 9), "`save` is a coroutine function"),)
    shown = text.full([finding("    save()", 5, 11, related=related), finding()])
    assert shown == (
        "src/a.py:12:5: ASL101 [unawaited-coroutine] never awaited\n"
        "12 |     save()\n"
        "   |     ^^^^^^\n"
        "   = src/b.py:3:1: `save` is a coroutine function\n"
        "\n"
        "src/a.py:12:1: ASL101 [unawaited-coroutine] never awaited\n"
        "12 | save()\n"
        "   | ^^^^^^\n"
    )


def test_concise_is_one_line_each() -> None:
    assert text.concise([finding(), finding(start=3)]) == (
        "src/a.py:12:1: ASL101 [unawaited-coroutine] never awaited\n"
        "src/a.py:12:3: ASL101 [unawaited-coroutine] never awaited\n"
    )


def test_grouped_names_each_file_once() -> None:
    assert text.grouped([finding(), finding(start=13), finding(path="src/b.py")]) == (
        "src/a.py:\n"
        "  12:1   ASL101 [unawaited-coroutine] never awaited\n"
        "  12:13  ASL101 [unawaited-coroutine] never awaited\n"
        "\n"
        "src/b.py:\n"
        "  12:1  ASL101 [unawaited-coroutine] never awaited\n"
    )


def test_nothing_found_is_nothing_shown() -> None:
    assert text.full([]) == text.concise([]) == text.grouped([]) == ""
    assert json.report([], {}) == "[]\n"


@pytest.mark.parametrize(
    ("excerpt", "start", "end", "source", "marks"),
    [
        ("\tsave()", 2, 8, "    save()", "    ^^^^^^"),
        ("a\tsave()", 3, 9, "a   save()", "    ^^^^^^"),
        ("'日本' + save()", 8, 14, "'日本' + save()", "         ^^^^^^"),
        ("'日本'", 2, 3, "'日本'", " ^^"),
        ("'e\u0301' + f()", 8, 11, "'e\u0301' + f()", "      ^^^"),
        ("x", 1, 40, "x", "^"),
        ("x", 30, 40, "x", " ^"),
        ("x = 1   ", 9, 9, "x = 1", "     ^"),
        ("save()", 3, 3, "save()", "  ^"),
        ("\x1b[2Jsave()", 5, 11, "\\x1b[2Jsave()", "       ^^^^^^"),
        ("'\u202e' + f()", 7, 10, "'\\u202e' + f()", "           ^^^"),
    ],
)
def test_carets_stand_under_the_span(excerpt: str, start: int, end: int, source: str, marks: str) -> None:
    assert carets(excerpt, start, end) == (source, marks)


def test_a_span_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    assert carets("    async with a,  ", 11, 3, last_line=14) == ("    async with a,", "          ^^^^^^^")


def test_a_very_long_line_is_cut_around_the_span() -> None:
    source, marks = carets("(" * 5000 + "save()" + ")" * 5000, 5001, 5007)
    assert source.startswith("...(((")
    assert source.endswith(")))...")
    assert len(source) < 200
    assert source[marks.index("^") : len(marks)] == "save()"


def test_an_empty_line_is_not_shown() -> None:
    assert text.full([finding("  ")]) == "src/a.py:12:1: ASL101 [unawaited-coroutine] never awaited\n"


@given(st.text(), st.integers(1, 400), st.integers(1, 400), st.text(), st.text())
def test_nothing_steers_the_terminal(excerpt: str, start: int, end: int, message: str, path: str) -> None:
    found = [finding(excerpt, start, end, message=message, path=path)]
    for shown in (text.full(found), text.concise(found), text.grouped(found), text.pylint(found, {})):
        assert all(line == text.printable(line) for line in shown.split("\n"))
        shown.encode()


def test_a_name_that_is_no_text_can_be_printed() -> None:
    assert text.printable("caf\udce9\ud800.py") == "caf\\xe9\\ud800.py"


def test_colour_adds_nothing_but_colour() -> None:
    found = [finding(), finding(severity=Severity.INFO, related=(Related("b.py", Span(1, 1, 1, 2), "here"),))]
    for report in (text.full, text.concise, text.grouped, text.summary):
        coloured = report(found, True)
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == report(found)
    assert "\x1b[" in text.full(found, True)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], "All checks passed!\n"),
        ([finding()], "Found 1 error.\n"),
        ([finding()] * 3, "Found 3 errors.\n"),
        ([finding(severity=Severity.INFO)], "Found 1 note.\n"),
        ([finding()] * 2 + [finding(severity=Severity.INFO)], "Found 2 errors and 1 note.\n"),
        ([finding(code="ASL000")], "Found 1 error.\n1 file could not be analysed.\n"),
        (
            [finding(code="ASL000", path=path) for path in ("a.py", "a.py", "b.py")],
            "Found 3 errors.\n2 files could not be analysed.\n",
        ),
    ],
)
def test_summary(findings: list[Finding], expected: str) -> None:
    assert text.summary(findings) == expected


def test_json_has_the_names_that_ruff_gave_them() -> None:
    related = (Related("b.py", Span(1, 2, 3, 4), "here"),)
    assert standard_json.loads(json.report([finding(message="é\x1b", related=related)], {})) == [
        {
            "code": "ASL101",
            "name": "unawaited-coroutine",
            "message": "é\x1b",
            "filename": "src/a.py",
            "location": {"row": 12, "column": 1},
            "end_location": {"row": 12, "column": 7},
            "fix": None,
            "noqa_row": 12,
            "url": None,
            "severity": "error",
            "related": [
                {
                    "message": "here",
                    "filename": "b.py",
                    "location": {"row": 1, "column": 2},
                    "end_location": {"row": 3, "column": 4},
                }
            ],
        }
    ]
    assert json.report([finding("é")], {}).isascii()
