"""`# noqa` means here what it means to flake8, which is asked itself."""

from argparse import Namespace

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation

from asynclint.source.text import SourceText
from asynclint.source.waivers import governed_lines, is_waived, skips_file

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


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("code", ["ASL101", "ASL201", "ASL000"])
def test_a_line_is_waived_as_by_flake8(line: str, code: str) -> None:
    assert is_waived(line, code) is Violation(code, "a.py", 1, 1, "", line).is_inline_ignored(False)


@pytest.mark.parametrize("source", SOURCES)
def test_comments_reach_as_far_as_flake8_says(source: str) -> None:
    text = SourceText.decode(source.encode())
    processor = FileProcessor("a.py", OPTIONS, lines=[f"{line}\n" for line in text.lines])
    governed = governed_lines(text)
    for number, line in enumerate(text.lines, start=1):
        ours = is_waived(governed.get(number, line), "ASL101")
        theirs = Violation("ASL101", "a.py", number, 1, "", processor.noqa_line_for(number) or line)
        assert ours is theirs.is_inline_ignored(False), number


def test_files_without_the_comment_are_not_split_into_tokens() -> None:
    assert governed_lines(SourceText.decode(b"x = '''\n'''\n")) == {}


@pytest.mark.parametrize("line", ["# flake8: noqa", "  # FLAKE8: NOQA", "# flake8=noqa", "# flake8: noqa because"])
def test_a_comment_of_its_own_skips_the_file(line: str) -> None:
    assert skips_file(["import x", line])


@pytest.mark.parametrize("line", ["x = 1  # flake8: noqa", "# flake8 : noqa", "# noqa", "#flake8: noqa"])
def test_other_comments_do_not(line: str) -> None:
    assert not skips_file([line])
