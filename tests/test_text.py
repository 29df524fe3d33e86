"""Decoding as Python decodes, lines as Python counts them, columns in code points."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclint.source.text import SourceText, Unreadable

NEWLINES = ["\n", "\r\n", "\r"]
NO_NEWLINES = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
line_texts = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]))


def refusal(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        SourceText.decode(data)
    return caught.value


@pytest.mark.parametrize("newline", NEWLINES)
def test_lines_end_where_python_ends_them(newline: str) -> None:
    assert SourceText.decode(f"a{newline}b{newline}".encode()).lines == ("a", "b")
    assert SourceText.decode(f"a{newline}{newline}b".encode()).lines == ("a", "", "b")
    assert SourceText.decode(f"a{newline}b{newline}".encode()).last_line == 2


@pytest.mark.parametrize("character", NO_NEWLINES)
def test_nothing_else_ends_a_line(character: str) -> None:
    assert SourceText.decode(f"a{character}b".encode()).lines == (f"a{character}b",)


def test_an_empty_file_has_no_line() -> None:
    assert SourceText.decode(b"").lines == ()
    assert SourceText.decode(b"").last_line == 0


def test_lines_outside_the_file_are_empty() -> None:
    text = SourceText.decode(b"one")
    assert (text.line(0), text.line(1), text.line(2), text.line(-1)) == ("", "one", "", "")


@given(st.lists(st.tuples(st.sampled_from(["x = 1", "# é", "'😀' # \x0c\u2028", "y"]), st.sampled_from(NEWLINES))))
def test_lines_agree_with_ast(parts: list[tuple[str, str]]) -> None:
    source = "".join(map("".join, parts)) + "last"
    text = SourceText.decode(source.encode())
    assert ast.parse(text.text).body[-1].lineno == len(text.lines)
    assert text.lines[-1] == "last"
    assert text.last_line == len(text.lines)


@given(line_texts, line_texts)
def test_columns_count_code_points(before: str, after: str) -> None:
    text = SourceText(before + after)
    assert text.column(1, len(before.encode())) == len(before) + 1


@given(line_texts, st.integers())
def test_a_column_lies_on_its_line(line: str, offset: int) -> None:
    assert 1 <= SourceText(line).column(1, offset) <= len(line) + 1


def test_columns_agree_with_ast() -> None:
    text = SourceText.decode("x = '😀é', call()\n".encode())
    call = next(node for node in ast.walk(ast.parse(text.text)) if isinstance(node, ast.Call))
    assert text.line(1)[text.column(1, call.col_offset) - 1 :] == "call()"


def test_a_byte_order_mark_is_no_text() -> None:
    assert SourceText.decode(b"\xef\xbb\xbfx").text == "x"


@pytest.mark.parametrize(
    "head",
    [b"# coding: latin-1\n", b"#!python\n# -*- coding: latin-1 -*-\n", b"\n# vim: set fileencoding=latin-1 :\n"],
)
def test_a_declared_encoding_is_used(head: bytes) -> None:
    assert SourceText.decode(head + b"'\xe9'").lines[-1] == "'é'"


@pytest.mark.parametrize("head", [b"x\n# coding: latin-1\n", b"\n\n# coding: latin-1\n", b"'# coding: latin-1'\n"])
def test_a_declaration_elsewhere_is_none(head: bytes) -> None:
    assert "is not UTF-8" in refusal(head + b"'\xe9'").message


def test_what_is_not_utf8_is_named_with_its_place() -> None:
    error = refusal("ok\r\n# é".encode() + b"\xe9")
    assert error.line == 2
    assert error.message.startswith("is not UTF-8: byte 0xe9 at line 2, column 4; ")


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"x\n'\0'", 2, "contains a null byte at line 2, column 2"),
        (b"#!x\n# coding: klingon\n", 2, "declares the unknown encoding klingon"),
        (b"# coding: rot13\n", 1, "cannot be read as rot13"),
        (b"# coding: undefined\n", 1, "cannot be read as undefined"),
        (b"# coding: ascii\n\xe9", 1, "cannot be read as ascii"),
        (b"# coding: utf-7\n'+2AA-'", 1, "cannot be read as utf-7"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "has a UTF-8 byte order mark but declares the encoding latin-1"),
        ("x".encode("utf-16"), 1, "is not UTF-8: byte 0x"),
    ],
)
def test_unreadable_files(data: bytes, line: int, message: str) -> None:
    error = refusal(data)
    assert error.line == line
    assert message in error.message
    assert "\n" not in error.message


@given(st.binary())
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = SourceText.decode(data).text
    except Unreadable as error:
        text = error.message
    assert "\0" not in text
