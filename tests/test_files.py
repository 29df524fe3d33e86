"""Which files are linted, and what is said of the paths that cannot be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from asynclint.config import DEFAULT_EXCLUDE, DEFAULT_TEST_FILES
from asynclint.source.discovery import Discovered, Exclusions, discover
from asynclint.source.files import files_like, module_root, project_root, read

Tree = Callable[..., None]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Makes empty files, or files with a text, below the current directory."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str) -> None:
        for name in names:
            path = Path(name.partition("=")[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name.partition("=")[2])

    return make


def files(*paths: str, exclude: tuple[str, ...] = (), **options: bool) -> list[str]:
    found = discover(paths or (".",), lambda _: Exclusions.of(exclude, **options))
    assert found.problems == ()
    return list(found.files)


def test_directories_give_their_python_files_in_order(tree: Tree) -> None:
    tree("src/b.py", "src/a.py", "src/sub/c.py", "src/stub.pyi", "src/notes.txt", "src/script", "top.py")
    assert files("src") == ["src/a.py", "src/b.py", "src/sub/c.py"]
    assert files(".") == files() == ["src/a.py", "src/b.py", "src/sub/c.py", "top.py"]


def test_explicit_files_are_taken_whatever_their_suffix_but_stubs_never(tree: Tree) -> None:
    tree("script", "a.pyi", "b.py")
    assert files("script", "a.pyi", "b.py") == ["b.py", "script"]


def test_names_stay_as_typed(tree: Tree, tmp_path: Path) -> None:
    tree("src/a.py")
    assert files(str(tmp_path / "src")) == [str(tmp_path / "src" / "a.py")]
    assert files("./src") == files("src/") == ["src/a.py"]
    os.chdir("src")
    assert files("../src") == ["../src/a.py"]


def test_each_real_file_is_listed_once_under_its_own_name(tree: Tree) -> None:
    tree("pkg/a.py")
    Path("alias").symlink_to("pkg", target_is_directory=True)
    Path("alias.py").symlink_to("pkg/a.py")
    assert files("pkg", "pkg/a.py", "./pkg", "alias", ".") == ["pkg/a.py"]
    assert files("alias") == ["alias/a.py"]


def test_loops_of_directories_end(tree: Tree) -> None:
    tree("pkg/a.py", "pkg/sub/b.py")
    Path("pkg/sub/up").symlink_to("..", target_is_directory=True)
    Path("pkg/self").symlink_to(".", target_is_directory=True)
    Path("pkg/circle.py").symlink_to("circle.py")
    Path("pkg/broken.py").symlink_to("nowhere.py")
    assert files("pkg") == ["pkg/a.py", "pkg/sub/b.py"]


def test_links_out_of_the_tree_are_followed(tree: Tree) -> None:
    tree("outside/a.py", "src/b.py")
    Path("src/linked").symlink_to("../outside", target_is_directory=True)
    assert files("src") == ["src/b.py", "src/linked/a.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("gen", ["src/a.py", "src/a_pb2.py"]),
        ("gen/", ["src/a.py", "src/a_pb2.py"]),
        ("src/gen", ["gen/x.py", "src/a.py", "src/a_pb2.py"]),
        ("./src/gen/", ["gen/x.py", "src/a.py", "src/a_pb2.py"]),
        ("src/*.py", ["gen/x.py", "src/gen/y.py"]),
        ("*_pb2.py", ["gen/x.py", "src/a.py", "src/gen/y.py"]),
        ("**/gen", ["src/a.py", "src/a_pb2.py"]),
        ("a.py", ["gen/x.py", "src/a_pb2.py", "src/gen/y.py"]),
        ("nothing/*", ["gen/x.py", "src/a.py", "src/a_pb2.py", "src/gen/y.py"]),
        ("!a.py", ["gen/x.py", "src/a.py", "src/a_pb2.py", "src/gen/y.py"]),
        ("[", ["gen/x.py", "src/a.py", "src/a_pb2.py", "src/gen/y.py"]),
        ("[z-a]", ["gen/x.py", "src/a.py", "src/a_pb2.py", "src/gen/y.py"]),
    ],
)
def test_exclude_takes_names_paths_and_globs(tree: Tree, pattern: str, left: list[str]) -> None:
    tree("src/a.py", "src/a_pb2.py", "src/gen/y.py", "gen/x.py")
    assert files(".", exclude=(pattern,)) == left


def test_absolute_patterns_are_understood(tree: Tree, tmp_path: Path) -> None:
    tree("src/a.py", "src/gen/y.py", "lib/gen/z.py")
    assert files(".", exclude=(str(tmp_path / "src" / "gen"),)) == ["lib/gen/z.py", "src/a.py"]


def test_the_usual_directories_are_left_out(tree: Tree) -> None:
    tree(*(f"{name}/x.py" for name in DEFAULT_EXCLUDE), "src/a.py")
    assert files(".", exclude=DEFAULT_EXCLUDE) == ["src/a.py"]


def test_a_project_below_an_excluded_name_is_linted(tree: Tree) -> None:
    tree("build/project/a.py", "build/project/build/b.py")
    os.chdir("build/project")
    assert files(".", exclude=("build",)) == ["a.py"]


def test_given_paths_are_excluded_only_when_forced(tree: Tree) -> None:
    tree("build/a.py", "src/b.py")
    assert files("build", "build/a.py", "src/b.py", exclude=("build",)) == ["build/a.py", "src/b.py"]
    assert files("build", "build/a.py", "src/b.py", exclude=("build",), force_exclude=True) == ["src/b.py"]


def test_files_of_tests_are_the_same_wherever_we_stand(tree: Tree, tmp_path: Path) -> None:
    tree("test/project/pyproject.toml=", "test/project/tests/deep/a.py", "test/project/src/test_b.py")
    tree("test/project/src/b_test.py", "test/project/conftest.py", "test/project/src/a.py", "test/project/testing/a.py")
    project = tmp_path / "test" / "project"
    for place in (tmp_path, project, project / "tests", project / "tests" / "deep"):
        os.chdir(place)
        is_test = files_like(DEFAULT_TEST_FILES)
        found = [path.relative_to(project).as_posix() for path in sorted(project.rglob("*.py")) if is_test(str(path))]
        assert found == ["conftest.py", "src/b_test.py", "src/test_b.py", "tests/deep/a.py"]
        assert is_test(os.path.relpath(project / "tests" / "not_there.py"))


def test_without_a_marked_root_a_package_is_its_own(tree: Tree) -> None:
    tree("tests/pkg/__init__.py", "tests/pkg/a.py", "tests/pkg/tests/__init__.py", "tests/pkg/tests/b.py")
    is_test = files_like(DEFAULT_TEST_FILES)
    assert [is_test(path) for path in ("tests/pkg/a.py", "tests/pkg/tests/b.py")] == [False, True]


def test_gitignore_files_are_followed_from_the_root_of_the_work_tree(tree: Tree) -> None:
    tree(".git/HEAD", ".gitignore=gen/\n*.tmp.py\n", "src/.gitignore=!keep.tmp.py\n/local.py\n")
    tree("src/a.py", "src/x.tmp.py", "src/keep.tmp.py", "src/local.py", "src/sub/local.py", "src/gen/y.py")
    expected = ["src/a.py", "src/keep.tmp.py", "src/sub/local.py"]
    assert files("src") == files(".") == expected
    os.chdir("src/sub")
    assert files("..") == ["../a.py", "../keep.tmp.py", "../sub/local.py"]
    os.chdir("../..")
    assert "src/gen/y.py" in files(".", respect_gitignore=False)


def test_ignored_paths_are_linted_when_given(tree: Tree) -> None:
    tree(".git/HEAD", ".gitignore=gen\n", "gen/a.py", "gen/sub/b.py")
    assert files("gen") == ["gen/a.py", "gen/sub/b.py"]
    assert files("gen/a.py") == ["gen/a.py"]


@pytest.mark.filterwarnings("error")
def test_odd_gitignore_files_do_no_harm(tree: Tree) -> None:
    tree("a.py", "b.py")
    Path(".gitignore").write_bytes(b"\xef\xbb\xbfb.py\r\n!\n\\\n[z-a]\n[[x]\n\xff\xfe\n#\n\n")
    assert files(".") == ["a.py"]
    Path(".gitignore").unlink()
    Path(".gitignore").mkdir()
    assert files(".") == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("missing.py", "missing.py: no such file or directory"),
        ("a.py/b.py", "a.py/b.py: not a directory"),
        ("", "'': no such file or directory"),
        ("circle.py", "circle.py: too many levels of symbolic links"),
    ],
)
def test_paths_that_are_not_there_are_problems(tree: Tree, path: str, problem: str) -> None:
    tree("a.py")
    Path("circle.py").symlink_to("circle.py")
    assert discover([path, "a.py"], lambda _: Exclusions.of(())) == Discovered(("a.py",), (problem,))


def test_names_that_are_no_text_are_found(tree: Tree) -> None:
    tree("a.py")
    try:
        Path(os.fsdecode(b"caf\xe9.py")).write_text("")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert files(".") == ["a.py", "caf\udce9.py"]


def test_projects_and_modules_have_roots(tree: Tree, tmp_path: Path) -> None:
    tree("p/pyproject.toml", "p/src/pkg/__init__.py", "p/src/pkg/sub/__init__.py", "p/src/pkg/sub/m.py", "p/src/s.py")
    assert project_root("p/src/pkg/sub/m.py") == project_root("p") == str(tmp_path / "p")
    assert module_root("p/src/pkg/sub/m.py") == module_root("p/src/pkg/__init__.py") == str(tmp_path / "p" / "src")
    assert module_root("p/src/s.py") == str(tmp_path / "p" / "src")


def test_bytes_are_read_as_they_are(tree: Tree) -> None:
    Path("a.py").write_bytes(b"\xff\r\n")
    assert read("a.py") == b"\xff\r\n"
    with pytest.raises(FileNotFoundError):
        read("missing.py")
