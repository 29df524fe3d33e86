"""One file's text, its lines and its columns: nobody else decodes bytes or counts columns."""

import codecs
import re
from functools import cached_property
from typing import Self

from msgspec import Struct

from asynclint.finding import Span

_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_NOTHING_YET = re.compile(rb"[ \t\f]*(?:#|$)")
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_REMEDY = "save it as UTF-8 or declare its encoding (PEP 263)"


class Unreadable(Exception):  # noqa: N818
    """Bytes that are no Python text: `line` is 1-based, `message` reads on after the file's name."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class SourceText(Struct, frozen=True, dict=True):
    """A decoded file: `text` without byte order mark."""

    text: str

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Take a file's bytes, raise `Unreadable` where Python could not read them either."""
        return cls.of(_decoded(data))

    @classmethod
    def of(cls, text: str) -> Self:
        """Take a text that somebody else has decoded, raise `Unreadable` when it holds a null byte."""
        if (null := text.find("\0")) >= 0:
            line, column = _place(text[:null])
            raise Unreadable(line, f"contains a null byte at line {line}, column {column}; is it a Python file?")
        return cls(text)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """As Python counts them, without newlines; of many a file nobody asks for them."""
        lines = _split(self.text)
        return tuple(lines if lines[-1] else lines[:-1])

    @property
    def last_line(self) -> int:
        """The number of the last line, 0 when there is none."""
        if "\r" in self.text:
            return len(self.lines)
        return self.text.count("\n") + (self.text[-1:] not in ("", "\n"))

    def line(self, number: int) -> str:
        """The line with this 1-based number, '' when there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def between(self, span: Span) -> str:
        """What stands there, its lines joined by `\\n`."""
        lines = list(self.lines[span.line - 1 : span.end_line])
        lines[-1] = lines[-1][: span.end_column - 1]
        return "\n".join([lines[0][span.column - 1 :], *lines[1:]])

    def column(self, line: int, byte_offset: int) -> int:
        """From `ast`'s 0-based UTF-8 offset to a 1-based code point column, at most just past that line's end."""
        text = self.line(line)
        offset = max(byte_offset, 0)
        if text.isascii():
            return min(offset, len(text)) + 1
        return len(text.encode()[:offset].decode(errors="ignore")) + 1


def encoded(text: str, like: bytes) -> bytes:
    """A text as bytes, in the encoding and with the byte order mark of these. Raises UnicodeEncodeError."""
    body = like.removeprefix(codecs.BOM_UTF8)
    return like[: len(like) - len(body)] + text.encode(_canonical(*_declared(body)))


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _place(before: str) -> tuple[int, int]:
    """Line and column (both 1-based) of what follows this text."""
    lines = _split(before)
    return len(lines), len(lines[-1]) + 1


def _decoded(data: bytes) -> str:
    body = data.removeprefix(codecs.BOM_UTF8)
    cookie, line = _declared(body)
    encoding = _canonical(cookie, line)
    if encoding == "utf-8":
        return _utf8(body)
    if len(body) < len(data):
        raise Unreadable(line, f"has a UTF-8 byte order mark but declares the encoding {cookie}; drop one of them")
    return _other(body, encoding, cookie, line)


def _declared(body: bytes) -> tuple[str, int]:
    """The encoding by PEP 263 and the line that names it; a second line counts only after blanks or a comment."""
    for number, line in enumerate(_NEWLINE.split(body, 2)[:2], start=1):
        if found := _COOKIE.match(line):
            return found[1].decode("ascii"), number
        if not _NOTHING_YET.match(line):
            break
    return "utf-8", 1


def _canonical(cookie: str, line: int) -> str:
    try:
        return codecs.lookup(cookie).name
    except LookupError:
        raise Unreadable(line, f"declares the unknown encoding {cookie}; {_REMEDY}") from None


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line, column = _place(body[: error.start].decode())
        byte = f"byte 0x{body[error.start]:02x} at line {line}, column {column}"
        raise Unreadable(line, f"is not UTF-8: {byte}; {_REMEDY}") from None


def _other(body: bytes, encoding: str, cookie: str, line: int) -> str:
    try:
        text = body.decode(encoding)
        text.encode()  # utf-7 and its like can spell lone surrogates, which no parser accepts
    except (LookupError, UnicodeError):
        raise Unreadable(line, f"cannot be read as {cookie}, the encoding it declares; {_REMEDY}") from None
    return text
