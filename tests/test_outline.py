"""What other files can know of a file stays the same wherever it stands, and notices whatever they could."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclint.facts.module import ModuleFacts
from asynclint.facts.outline import is_same_outline
from asynclint.facts.walk import summarise
from asynclint.source.respell import parse

TEXT = """\
import time
LIMIT = 3
class Store:
    kept = []
    def __init__(self, path):
        self.path = path
        count = 0
        size = LIMIT + 1
        self.lock = make(size)
    @property
    def open(self):
        if self.path:
            return [line for line in self.path]
    async def load(self):
        async with self.lock:
            with self.second: pass
            for each in self.kept:
                await each
        self.kept[self.path] = 1
        while True:
            try:
                value = await self.fetch()
            except ValueError:
                raise
            finally:
                self.close()
"""
LINES = TEXT.splitlines()


def facts_of(text: str) -> ModuleFacts:
    return summarise(parse(text), "store.py", last_line=text.count("\n"))


@given(st.lists(st.tuples(st.integers(0, len(LINES)), st.integers(0, 8)), max_size=6))
def test_comments_and_empty_lines_change_nothing(added: list[tuple[int, int]]) -> None:
    lines = list(LINES)
    for place, indentation in sorted(added, reverse=True):
        lines.insert(place, " " * indentation + ("# told" if indentation else ""))
    assert is_same_outline(facts_of(TEXT), facts_of("\n".join(lines) + "\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count = 0", "count = 1"),
        ("count = 0", "other = [1]"),
        ("count = 0", "'nothing'"),
        ("if self.path:", "if self.path is not None and True:"),
    ],
)
def test_what_only_the_body_knows(old: str, new: str) -> None:
    assert is_same_outline(facts_of(TEXT), facts_of(TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size = LIMIT + 1", "size = time.sleep"),
        ("count = 0", "count = time.sleep(1)"),
        ("count = 0", "self.count = 0"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("kept = []", "kept = {}"),
        ("async def load", "def load"),
        ("    @property\n", ""),
        ("class Store:", "class Store(Base):"),
        ("import time", "import time as clock"),
        ("while True:", "if True:"),
        ("except ValueError", "except TypeError"),
        ("self.close()", "pass"),
        (
            "        if self.path:\n            return",
            "        if True:\n            return self.path\n        else:\n            return",
        ),
    ],
)
def test_what_others_may_know(old: str, new: str) -> None:
    assert old in TEXT
    assert not is_same_outline(facts_of(TEXT), facts_of(TEXT.replace(old, new)))
