"""Breaks clean packages in one place at a time, and counts what asynclint says of it, there and elsewhere.

Run `python benchmarks/mutants.py PATH...`; see the README beside this file.
"""

import argparse
import ast
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deletions import Above, deletions, function_of, other_makers, parents

from asynclint.config import DEFAULT_TEST_FILES, Config
from asynclint.finding import Finding
from asynclint.linter import Linter
from asynclint.source.files import files_like
from asynclint.source.respell import parse
from asynclint.source.text import SourceText, Unreadable

_SLEEP = "_blocking_time"  # what `time` is imported as, so that no name of the module is in the way
_HELPER = f"\n\ndef _blocking_sleep(seconds):\n    {_SLEEP}.sleep(seconds)\n"
_HEADER = ("package", "places", "mutants", "found", "", "elsewhere", "seconds")


@dataclass(frozen=True)
class Source:
    """One file of a package, read and parsed."""

    path: str
    text: str
    tree: ast.Module


@dataclass(frozen=True)
class Mutant:
    """One defect to make: `edits` are byte spans of the file, in order, and what to put there.

    It is made on `line`, where an `await` stands at byte `start`; a finding between the lines `first` and `last` has
    found it.
    """

    path: str
    line: int
    start: int
    first: int
    last: int
    use: str
    edits: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Outcome:
    """What is said of a mutant and is not said of the clean file."""

    mutant: Mutant
    found: bool
    elsewhere: tuple[Finding, ...]


@dataclass(frozen=True)
class Score:
    """The outcomes of one package, chosen from so many places."""

    package: str
    places: int
    outcomes: tuple[Outcome, ...]
    seconds: float


# what to break


def sources(package: Path) -> Iterator[Source]:
    """The files of a package that are no tests and can be parsed."""
    is_test = files_like(DEFAULT_TEST_FILES)
    for path in sorted(package.rglob("*.py")):
        if not is_test(str(path)):
            try:
                text = SourceText.decode(path.read_bytes()).text
                yield Source(str(path), text, parse(text, str(path)))
            except (Unreadable, SyntaxError, ValueError, RecursionError):
                sys.stderr.write(f"{path}: cannot be parsed, left out\n")


def awaits(package: Path) -> Iterator[Mutant]:
    """Every `await` of a package whose deletion is a defect."""
    others = other_makers(source.tree for source in sources(package))
    for source in sources(package):
        if "await" in source.text:
            offset = _offsets(source.text)
            for deletion in deletions(source.tree, parents(source.tree), others):
                start = offset(deletion.node.lineno, deletion.node.col_offset)
                line, span = deletion.node.lineno, (start, start + len("await"), "")
                yield Mutant(source.path, line, start, deletion.first, deletion.last, deletion.use, (span,))


def sleeps(package: Path) -> Iterator[Mutant]:
    """Every `await asyncio.sleep(x)` of a package that sleeps, and is to become a `time.sleep(x)`."""
    return _blocking(package, f"{_SLEEP}.sleep")


def helpers(package: Path) -> Iterator[Mutant]:
    """The same sleeps, to become calls of a plain function at the end of the file that calls `time.sleep`."""
    for mutant in _blocking(package, "_blocking_sleep"):
        end = len(SourceText.decode(Path(mutant.path).read_bytes()).text.encode())
        yield replace(mutant, use="helper", edits=(*mutant.edits, (end, end, _HELPER)))


def _blocking(package: Path, callee: str) -> Iterator[Mutant]:
    for source in sources(package):
        if "asyncio" in source.text:
            above, offset = parents(source.tree), _offsets(source.text)
            imported = _import_end(source.tree, offset)
            for node in ast.walk(source.tree):
                if imported and isinstance(node, ast.Await) and _is_sleep(node, above):
                    assert isinstance(node.value, ast.Call)
                    func = node.value.func
                    start, end = (offset(*at) for at in _ends(node, func))
                    edits = (imported, imported, f"; import time as {_SLEEP}"), (start, end, callee)
                    last = node.end_lineno or node.lineno
                    yield Mutant(source.path, node.lineno, start, node.lineno, last, "sleep", edits)


def _ends(first: ast.expr, last: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the first begins and the last ends."""
    return (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


def _is_sleep(node: ast.Await, above: Above) -> bool:
    match node.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="sleep"), args=[seconds]):
            nothing = isinstance(seconds, ast.Constant) and seconds.value == 0  # only gives way to other tasks
            return not nothing and isinstance(function_of(node, above), ast.AsyncFunctionDef)
    return False


def _import_end(tree: ast.Module, offset: Callable[[int, int], int]) -> int:
    """The end of the first import that another one may follow on its line, 0 when there is none."""
    for node in tree.body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            return offset(node.end_lineno or 0, node.end_col_offset or 0)
    return 0


def _offsets(text: str) -> Callable[[int, int], int]:
    """From a line and a column as `ast` counts them to the byte offset in the file."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return lambda line, column: starts[line - 1] + column


def mutated(text: str, mutant: Mutant) -> str | None:
    """The text with the defect, None when it is not where the tree says (older Pythons misplace parts of f-strings)."""
    data = text.encode()
    if not data[mutant.start :].startswith(b"await"):
        return None
    for start, end, new in reversed(mutant.edits):
        rest = data[end:] if new else data[end:].lstrip(b" \t")
        data = data[:start] + new.encode() + rest
    try:
        parse(data.decode())
    except SyntaxError:
        return None
    return data.decode()


KINDS: Mapping[str, tuple[Callable[[Path], Iterator[Mutant]], frozenset[str]]] = {
    "await": (awaits, frozenset({"ASL101", "ASL102"})),
    "sleep": (sleeps, frozenset({"ASL201"})),
    "helper": (helpers, frozenset({"ASL210"})),
}

# what is said of it


def outcomes(mutants: Sequence[Mutant], codes: frozenset[str]) -> Iterator[Outcome]:
    """Each mutant linted in the place of its file, and compared with the clean file."""
    for path in sorted({mutant.path for mutant in mutants}):
        text = SourceText.decode(Path(path).read_bytes()).text
        clean = Counter(map(_said, _findings(path, text)))
        for mutant in mutants:
            if mutant.path == path and (broken := mutated(text, mutant)) is not None:
                new = _new(_findings(path, broken), clean)
                hits = [f for f in new if f.code in codes and mutant.first <= f.span.line <= mutant.last]
                yield Outcome(mutant, bool(hits), tuple(f for f in new if f not in hits))


def _findings(path: str, text: str) -> Sequence[Finding]:
    """A new linter each time: what a file says may change what is known of every other one."""
    return Linter(Config(), {path: text}).lint(path).findings


def _said(finding: Finding) -> tuple[str, int, str]:
    return finding.code, finding.span.line, finding.message


def _new(findings: Sequence[Finding], clean: Counter[tuple[str, int, str]]) -> list[Finding]:
    left = clean.copy()
    left.subtract(map(_said, findings))
    return [finding for finding in findings if left[_said(finding)] < 0]


def score(package: Path, seed: int, size: int, kind: str) -> Score:
    """Lints that many mutants of a package, chosen at random."""
    make, codes = KINDS[kind]
    places = list(make(package))
    chosen = random.Random(f"{seed} {package.name}").sample(places, min(size, len(places)))
    start = time.perf_counter()
    told = tuple(outcomes(chosen, codes))
    return Score(package.name, len(places), told, time.perf_counter() - start)


# what is printed


def table(scores: Sequence[Score]) -> Iterator[str]:
    """One line for each package, in columns."""
    rows = [_HEADER, *map(_row, scores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join((row[0].ljust(widths[0]), *cells))


def _row(score: Score) -> tuple[str, ...]:
    found, mutants = sum(o.found for o in score.outcomes), len(score.outcomes)
    share = f"{100 * found / mutants:.0f} %" if mutants else "-"
    elsewhere = sum(len(o.elsewhere) for o in score.outcomes)
    return score.package, str(score.places), str(mutants), str(found), share, str(elsewhere), f"{score.seconds:.0f}"


def misses(score: Score, count: int) -> Iterator[str]:
    """Every finding elsewhere, and that many of the mutants that were not found."""
    for outcome in score.outcomes:
        for finding in outcome.elsewhere:
            made = f"{outcome.mutant.path}:{outcome.mutant.line}"
            yield f"elsewhere: {made} gives {finding.span.line}: {finding.code} {finding.message}"
    missed = [outcome.mutant for outcome in score.outcomes if not outcome.found]
    for mutant in random.Random(score.package).sample(missed, min(count, len(missed))):
        code = SourceText.decode(Path(mutant.path).read_bytes()).line(mutant.line).strip()
        yield f"missed: {mutant.path}:{mutant.line}: {mutant.use}: {code}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+", type=Path, metavar="PATH", help="directory of a package")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--mutants", type=int, default=300, metavar="N", help="of each package (default: 300)")
    parser.add_argument("--kind", choices=sorted(KINDS), default="await")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="show so many of each package's misses")
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    scores = []
    for package in options.packages:
        scores.append(score(package, options.seed, options.mutants, options.kind))
        sys.stdout.writelines(f"{line}\n" for line in misses(scores[-1], options.misses))
        sys.stdout.flush()
    sys.stdout.writelines(f"{line}\n" for line in table(scores))


if __name__ == "__main__":
    main()
