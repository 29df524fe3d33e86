"""What an editor shows is linted as it is typed: the findings are those of a fresh run, and little is read for them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_watch import COROUTINE, PROJECT

from asynclint.config import Nearest, load
from asynclint.engine import workspace
from asynclint.linter import Result
from asynclint.live import Abandoned, Live


class Shown:
    """An editor that shows files of a project, each linted as soon as it changes."""

    def __init__(self, folder: Path, **keys: object) -> None:
        self._folder = folder
        self._load: Callable[[str], object] = lambda directory: load(directory, overrides=keys)
        self.live = Live(Nearest(str(folder), self._load))
        self.contents: dict[str, str] = {}

    def show(self, name: str, text: str) -> None:
        self.contents[str(self._folder / name)] = text

    def hide(self, name: str) -> None:
        del self.contents[str(self._folder / name)]

    def found(self, name: str, go_on: Callable[[], None] = lambda: None) -> Result:
        """The result, which is that of a fresh run."""
        path = str(self._folder / name)
        result = self.live.lint(path, dict(self.contents), go_on)
        assert result == Live(Nearest(str(self._folder), self._load)).lint(path, self.contents)
        return result

    def codes(self, name: str) -> list[str]:
        return [finding.code for finding in self.found(name).findings]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are parsed."""
    names: list[str] = []
    real = workspace.parse

    def parse(text: str, path: str) -> object:
        names.append(Path(path).name)
        return real(text, path)

    monkeypatch.setattr(workspace, "parse", parse)
    return names


def test_an_edit_of_one_file_parses_one_file(folder: Path, parsed: list[str]) -> None:
    live = Live(Nearest(str(folder), lambda directory: load(directory, cache=False)))
    contents: dict[str, str] = {}

    def lint(name: str) -> list[str]:
        parsed.clear()
        live.lint(str(folder / name), dict(contents))
        return sorted(parsed)

    assert lint("app.py") == ["api.py", "app.py", "store.py"]
    for number in range(3):
        contents[str(folder / "app.py")] = PROJECT["app.py"] + f"# {number}\n"
        assert lint("app.py") == ["app.py"]
    contents[str(folder / "shop/store.py")] = COROUTINE
    assert lint("app.py") == ["store.py"]
    assert lint("alone.py") == ["alone.py"]
    contents[str(folder / "alone.py")] = "x = 1\n"
    assert lint("app.py") == []
    assert lint("alone.py") == ["alone.py"]
    del contents[str(folder / "shop/store.py")]
    assert lint("app.py") == ["store.py"]
    live.look_again()
    assert lint("app.py") == []
    (folder / "shop" / "store.py").write_text(COROUTINE)
    assert lint("app.py") == []
    live.look_again()
    assert lint("app.py") == ["store.py"]


def test_findings_are_those_of_a_fresh_run(folder: Path) -> None:
    shown = Shown(folder)
    assert shown.codes("app.py") == ["ASL210"]
    shown.show("shop/store.py", COROUTINE)
    assert shown.codes("app.py") == ["ASL101"]
    shown.show("shop/store.py", "async def save(:\n")
    assert shown.codes("app.py") == []
    assert shown.codes("shop/store.py") == ["ASL000"]
    shown.show("app.py", PROJECT["alone.py"])
    assert shown.codes("app.py") == ["ASL201"]
    shown.hide("app.py")
    shown.hide("shop/store.py")
    assert shown.codes("app.py") == ["ASL210"]


def test_a_file_that_was_never_saved_can_be_imported(folder: Path) -> None:
    shown = Shown(folder)
    shown.show("new.py", "from shop.newer import save\n\n\nasync def main():\n    save()\n")
    assert shown.codes("new.py") == []
    shown.show("shop/newer.py", COROUTINE)
    assert shown.codes("new.py") == ["ASL101"]
    shown.hide("shop/newer.py")
    assert shown.codes("new.py") == []


def test_what_depends_on_all_files_follows_all_files(folder: Path) -> None:
    shown = Shown(folder, preview=True, extend_select=["ASL9", "ASL7"])
    idle = "async def idle():\n    return 1\n\n\nasync def main():\n    await idle()\n"
    shown.show("alone.py", idle)
    before = shown.codes("alone.py")
    shown.show("app.py", "from alone import idle\n\ncallback = idle\n")
    after = shown.codes("alone.py")
    assert before != after
    shown.show("app.py", "x = 1\n")
    assert shown.codes("alone.py") == before
    shown.show("alone.py", idle.replace("idle", "lazy"))
    shown.show("app.py", "from alone import lazy\n\ncallback = lazy\n")
    assert shown.codes("alone.py") == after


def test_a_check_that_is_abandoned_leaves_nothing_wrong_behind(folder: Path) -> None:
    shown = Shown(folder)
    shown.show("alone.py", PROJECT["alone.py"] * 3)
    times = 0

    def give_up() -> None:
        nonlocal times
        times += 1
        if times == 2:
            raise Abandoned

    with pytest.raises(Abandoned):
        shown.live.lint(str(folder / "alone.py"), dict(shown.contents), give_up)
    assert shown.codes("alone.py") == ["ASL201"] * 3
    assert shown.codes("app.py") == ["ASL210"]


def test_other_settings_take_over_what_was_read(folder: Path, parsed: list[str]) -> None:
    live = Live(Nearest(str(folder), load))
    path = str(folder / "app.py")
    assert [finding.code for finding in live.lint(path, {}).findings] == ["ASL210"]
    parsed.clear()
    live = Live(Nearest(str(folder), lambda directory: load(directory, overrides={"ignore": ["ASL210"]})), live)
    assert live.lint(path, {}).findings == ()
    assert parsed == []


def test_the_next_process_reads_only_what_it_shows(folder: Path, parsed: list[str]) -> None:
    path, contents = str(folder / "app.py"), {str(folder / "app.py"): PROJECT["app.py"]}
    first = Live(Nearest(str(folder), load)).lint(path, contents)
    assert sorted(parsed) == ["api.py", "app.py", "store.py"]
    parsed.clear()
    assert Live(Nearest(str(folder), load)).lint(path, contents) == first
    assert parsed == ["app.py"]
    (folder / "shop" / "store.py").write_text(COROUTINE)
    assert [finding.code for finding in Live(Nearest(str(folder), load)).lint(path, contents).findings] == ["ASL101"]
    (folder / "shop" / "store.py").write_text("def save(:\n")
    live = Live(Nearest(str(folder), load))
    assert live.lint(path, contents).findings == ()
    again = Live(Nearest(str(folder), load))
    assert again.lint(path, contents).findings == ()
    assert [finding.code for finding in again.lint(str(folder / "shop" / "store.py"), {}).findings] == ["ASL000"]
