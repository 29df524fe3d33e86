"""What is removed or deprecated depends on the Pythons that the code has to run on."""

import pytest
from specimens import ROOT

from asynclint.config import load
from asynclint.linter import lint_source

CODE = b"""
import asyncio

asyncio.Lock(loop=None)
asyncio.coroutine(print)
asyncio.get_child_watcher()
asyncio.iscoroutinefunction(print)
"""


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        ("3.8", {4: "ASL603", 5: "ASL603"}),
        ("3.9", {4: "ASL603", 5: "ASL603"}),
        ("3.10", {4: "ASL602", 5: "ASL603"}),
        ("3.11", {4: "ASL602", 5: "ASL602"}),
        ("3.12", {4: "ASL602", 5: "ASL602", 6: "ASL603"}),
        ("3.14", {4: "ASL602", 5: "ASL602", 6: "ASL602", 7: "ASL603"}),
    ],
)
def test_the_newest_python_decides(newest: str, expected: dict[int, str]) -> None:
    chosen = {"select": ["ASL602", "ASL603"], "target-version": ["3.8", newest]}
    found = lint_source(CODE, "example.py", load(str(ROOT), isolated=True, overrides=chosen)).findings
    assert {finding.span.line: finding.code for finding in found} == expected
