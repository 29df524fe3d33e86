"""The comments that ask for silence, understood exactly as flake8 understands them."""

import io
import re
import tokenize
from collections.abc import Iterable, Mapping

from asynclint.source.text import SourceText

_NOQA = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_SKIP_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_NO_PLACE = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_LINE_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})


def is_waived(line: str, code: str) -> bool:
    """Whether a `# noqa` in this line (see `governed_lines`) silences this code: by name, by prefix, or all of them."""
    found = _NOQA.search(line)
    if found is None:
        return False
    codes = found["codes"]
    return codes is None or code.startswith(tuple(filter(None, re.split(r"[,\s]", codes))))


def skips_file(lines: Iterable[str]) -> bool:
    """Whether one of these lines holds nothing but `# flake8: noqa`, which silences the whole file."""
    return any(_SKIP_FILE.match(line) for line in lines)


def governed_lines(text: SourceText) -> Mapping[int, str]:
    """For each 1-based line in which a `# noqa` may speak: the text to search for it.

    That is the line itself, but all lines of a multi-line string or of a backslash continuation speak for one another.
    Empty when the file holds no `# noqa` or cannot be split into tokens: then each line speaks for itself alone.
    """
    if not _NOQA.search(text.text):
        return {}
    try:
        return dict(_governed(text))
    except (tokenize.TokenError, SyntaxError):
        return {}


def _governed(text: SourceText) -> Iterable[tuple[int, str]]:
    first, last = 0, 0
    for token in tokenize.generate_tokens(io.StringIO("".join(f"{line}\n" for line in text.lines), "\n").readline):
        if token.type in _NO_PLACE:
            continue
        first, last = first or token.start[0], max(last, token.end[0])
        if token.type in _LINE_ENDS:
            joined = "".join(f"{line}\n" for line in text.lines[first - 1 : last])
            yield from ((number, joined) for number in range(first, last + 1))
            first, last = 0, 0
