"""Who imports whom in a tree, and one more line in the body of a function."""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


def leaf_and_hub(root: Path, files: Sequence[Path]) -> tuple[Path, Path, int]:
    """A file of the usual length that no other imports, the one that most others import, and how many these are.

    Both have a function to change. Raises LookupError when there are none.
    """
    trees = {file: tree for file in files if (tree := _tree(file.read_bytes())) is not None}
    names = {_name(root, file): file for file in files}
    importers = Counter(target for file, tree in trees.items() for target in set(_imports(root, file, tree, names)))
    changeable = [file for file, tree in trees.items() if _place(tree) is not None]
    leaves = sorted((file for file in changeable if not importers[file]), key=lambda file: file.stat().st_size)
    if not leaves:
        raise LookupError("there is no file with a function that no other file imports")
    hub = max(changeable, key=lambda file: importers[file])
    return leaves[len(leaves) // 2], hub, importers[hub]


def readable(files: Sequence[Path]) -> list[Path]:
    """Those that this very Python can parse."""
    return [file for file in files if _tree(file.read_bytes()) is not None]


def add_line(file: Path) -> None:
    """Puts a `pass` before the last statement of a function of the file."""
    data = file.read_bytes()
    tree = _tree(data)
    place = tree and _place(tree)
    assert place, f"{file}: there is no function to change"
    line, column = place
    lines = data.split(b"\n")
    lines.insert(line - 1, lines[line - 1][:column] + b"pass")
    file.write_bytes(b"\n".join(lines))


def _tree(data: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            return None


def _place(tree: ast.Module) -> tuple[int, int] | None:
    """Line and column of the last statement of a function with several, where it has a line of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
            before, last = node.body[-2:]
            is_plain = not isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)  # with decorators
            if is_plain and before.end_lineno is not None and before.end_lineno < last.lineno:
                return last.lineno, last.col_offset
    return None


def _name(root: Path, file: Path) -> str:
    """The dotted name by which a file is imported, when the tree is a package, or what is in it."""
    base = root.parent if (root / "__init__.py").exists() else root
    parts = file.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(root: Path, file: Path, tree: ast.Module, names: Mapping[str, Path]) -> Iterator[Path]:
    for node in ast.walk(tree):
        for name in _said(root, file, node):
            if (target := names.get(name)) not in (None, file):
                yield target


def _said(root: Path, file: Path, node: ast.AST) -> Iterator[str]:
    """Modules that an import may name: `from a import b` names a module `a`, and perhaps one `a.b`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = _absolute(_name(root, file.parent / "__init__.py"), node)
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _absolute(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")
    parts = [*above[: len(above) + 1 - node.level], *([node.module] if node.module else [])]
    return ".".join(filter(None, parts))
