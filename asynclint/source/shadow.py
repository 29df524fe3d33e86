"""The shadow of a text: what is left of it without strings and comments, each character at its place."""

import re
from collections.abc import Callable
from typing import NamedTuple

_DEEPEST = 50  # of strings within fields of strings
_NEWLINE, _SPACED = re.compile(r"[\r\n]"), re.compile(r"!\w*\s")
_NOTED = re.compile(r"""["'](?:(?<=")""|(?<=')'')?|#[^\n\r]*|\\(?:\r\n|\r|\n)""")
_CODE = re.compile(r"""["'](?:(?<=")""|(?<=')'')?|#[^\n\r]*|[=!<>]=|[][(){}:!=]""")
_TEXT = r"\\N\{[^{}\r\n]*\}|\\(?=[{}])|\\(?:\r\n|[\s\S])|\{\{|\}\}|[{\r\n]|"
_QUOTES = ('"', "'", '"""', "'''")
_TEXTS = {quote: re.compile(_TEXT + quote) for quote in _QUOTES}
_BRACE, _FORMATTED = re.compile("[{}]"), re.compile("[fFtT]")
_PLAIN = {
    **{q: re.compile(rf"[^{q}\\\r\n]*+(?:\\(?:\r\n|[\s\S])[^{q}\\\r\n]*+)*+{q}") for q in _QUOTES[:2]},
    **{q * 3: re.compile(rf"(?:[^{q}\\]++|\\[\s\S]|{q}(?!{q}{q}))*+{q * 3}") for q in _QUOTES[:2]},
}


class _Unclosed(Exception):  # noqa: N818
    """A string without an end."""


class Code(NamedTuple):
    """What stands in a field of an f-string, 0-based; `is_new` when Python 3.11 could not read it there."""

    start: int
    end: int
    is_new: bool


class Shadow(NamedTuple):
    """Comments and backslashes at line ends are blanks, strings are `"`, or `'` when a field of theirs is new."""

    text: str
    codes: list[Code]
    templates: list[int]  # where the t of t-strings stands


def shadow_of(text: str, changes: Callable[[str], bool]) -> Shadow:
    """Take a text and what tells whether a field's code holds new syntax. Newlines outside of strings are all `\\n`."""
    pieces: list[str] = []
    done = at = 0
    shadow = Shadow("", [], [])
    while token := _NOTED.search(text, at):
        (start, at), fill = token.span(), " "
        if (quote := token[0])[0] in "\"'":
            prefix, codes = _prefix(text, start), list[Code]()
            try:
                at = _string_end(text, at, quote, prefix, codes)
            except _Unclosed:
                codes.clear()
            start -= len(prefix)
            fill = "'" if any(code.is_new or changes(text[code.start : code.end]) for code in codes) else '"'
            shadow.codes.extend(codes)
            shadow.templates.extend(start + n for n, letter in enumerate(prefix) if letter in "tT")
        pieces += text[done:start], fill * (at - start)
        done = at
    return shadow._replace(text="".join([*pieces, text[done:]]).replace("\r", "\n"))


def _prefix(text: str, quote: int) -> str:
    start = quote
    while start and quote - start < 2 and text[start - 1] in "bBrRuUfFtT":
        start -= 1
    in_word = start and (text[start - 1].isalnum() or text[start - 1] == "_")
    return "" if in_word else text[start:quote]


def _string_end(text: str, at: int, quote: str, prefix: str, codes: list[Code], level: int = 0) -> int:
    """From behind the opening quote to behind the closing one. Adds the codes of the string's fields."""
    if not (prefix and _FORMATTED.search(prefix)):
        if plain := _PLAIN[quote].match(text, at):
            return plain.end()
        raise _Unclosed
    fields = _Fields(text, quote, codes, level)
    while token := _TEXTS[quote].search(text, at):
        mark, at = token[0], token.end()
        if mark == quote:
            return at
        if mark == "{":
            at = fields.end(at)
        elif mark in "\r\n" and len(quote) == 1:
            break
        elif mark[:2] == r"\N" and "r" in prefix.lower():
            at = token.start() + 2
    raise _Unclosed


class _Fields(NamedTuple):
    """The fields of one f-string; `level` tells how many others it stands in."""

    text: str
    quote: str
    codes: list[Code]
    level: int

    def end(self, at: int, formats: int = 0) -> int:
        """From behind `{` to behind `}`; `formats` tells in how many format specifications it stands."""
        start, depth, is_new = at, 0, formats > 1
        while token := _CODE.search(self.text, at):
            mark, at = token[0], token.end()
            if mark[0] in "\"'":
                at = self._behind_nested(at, mark)
            elif mark[0] == "#":
                is_new = True
            elif not depth and mark in "!:=}":
                before = len(self.codes)
                at = self._behind_format(token.start(), formats)
                is_new |= self._is_refused(start, token.start(), at)
                self.codes.insert(before, Code(start, token.start(), is_new))
                return at
            else:
                depth += (mark in "([{") - (mark in ")]}")
            if depth < 0:
                break
        raise _Unclosed

    def _is_refused(self, start: int, stop: int, end: int) -> bool:
        code = self.text[start:stop]
        broken = len(self.quote) == 1 and _NEWLINE.search(self.text, start, end)
        return bool("\\" in code or self.quote in code or broken or _SPACED.match(self.text, stop))

    def _behind_nested(self, at: int, quote: str) -> int:
        if self.level == _DEEPEST:
            raise _Unclosed
        return _string_end(self.text, at, quote, _prefix(self.text, at - len(quote)), [], self.level + 1)

    def _behind_format(self, at: int, formats: int) -> int:
        while brace := _BRACE.search(self.text, at):
            if brace[0] == "}":
                return brace.end()
            at = self.end(brace.end(), formats + 1)
        raise _Unclosed
