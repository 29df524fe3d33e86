"""Which files say a name is told by their texts, wherever they lie below the project's root."""

from pathlib import Path

import pytest

from asynclint.source.words import Words

FILES = {
    "pyproject.toml": "",
    "app/__init__.py": "",
    "app/store.py": "async def load(key): ...\n\nasync def save(key):  # save it\n    await load(key)\n",
    "app/deep/use.py": "from app.store import load\n\nasync def run(s):\n    await s.load(1)\n",
    "tests/fake.py": "def fake(patch):\n    patch('app.store.save')\n",
    "tests/other.py": "loads = unload = 1\n",
}


@pytest.fixture
def words(tmp_path: Path) -> Words:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Words(lambda path: Path(path).read_bytes())


def test_the_files_of_the_project_are_found_from_any_of_them(words: Words, tmp_path: Path) -> None:
    saying = tuple(str(tmp_path / path) for path in ("app/deep/use.py", "app/store.py"))
    assert words.said(str(tmp_path / "app/store.py"), "load").files == saying
    assert words.said(str(tmp_path / "app/deep/use.py"), "load").files == saying


def test_a_quoted_name_is_one_even_with_its_module(words: Words, tmp_path: Path) -> None:
    assert words.said(str(tmp_path / "app/store.py"), "save").is_quoted
    assert not words.said(str(tmp_path / "app/store.py"), "load").is_quoted


def test_of_other_names_nothing_is_known(words: Words, tmp_path: Path) -> None:
    said = words.said(str(tmp_path / "app/store.py"), "fake")
    assert (said.files, said.is_quoted) == ((), False)


def test_a_file_that_is_not_on_the_disk_counts_too(tmp_path: Path) -> None:
    path = str(tmp_path / "unsaved.py")
    assert Words(lambda _: b"async def load(): ...").said(path, "load").files == (path,)


@pytest.mark.parametrize(("word", "times"), [("load", 2), (".load", 1), ("s", 2), ("loa", 0), (".s", 0)])
def test_whole_words_are_counted(words: Words, tmp_path: Path, word: str, times: int) -> None:
    assert words.times(str(tmp_path / "app/deep/use.py"), word) == times


def test_what_cannot_be_read_says_nothing(words: Words, tmp_path: Path) -> None:
    assert words.times(str(tmp_path / "missing.py"), "load") == 0
