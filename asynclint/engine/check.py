"""One file: its candidate bodies read, its rules asked, their problems turned into findings."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from asynclint.engine.depth import room_for_depth
from asynclint.engine.file_report import CANNOT_ANALYSE
from asynclint.engine.select import Sieve, every_body
from asynclint.engine.trees import Trees
from asynclint.facts.entities import Class, Function
from asynclint.facts.module import ModuleFacts
from asynclint.facts.project import Project
from asynclint.facts.runtime import Runtime, runtime_of
from asynclint.finding import Finding, Related, Severity, Span
from asynclint.rule import Default, InTests, Place, Problem, Rule
from asynclint.rule.body import Body, Target
from asynclint.source.text import SourceText


class Enabled(Struct, frozen=True):
    """A rule as the user wants it."""

    rule: Rule
    by_name: bool = False  # chosen by its own code or name, so shown as an error and in tests too
    said: Severity | None = None  # how loud the user wants it
    ignored_in: tuple[str, ...] = ()  # globs

    def severity(self, *, in_tests: bool) -> Severity | None:
        """How loud it is in a file, None when it is silent there."""
        if self.by_name:
            return self.said or Severity.ERROR
        if in_tests and self.rule.in_tests is InTests.SILENT:
            return None
        default = Severity.INFO if self.rule.default is Default.INFO else Severity.ERROR
        return Severity.INFO if in_tests and self.rule.in_tests is InTests.INFO else self.said or default


class Chosen(Struct, frozen=True):
    """The rules of a run: those to ask, those about the run itself, and all there are, whom comments may name."""

    rules: tuple[Enabled, ...]
    housekeeping: tuple[Enabled, ...] = ()
    known: tuple[Rule, ...] = ()


class Crash(Struct, frozen=True):
    """An error of ours, told apart from findings because it is nobody's defect but ours."""

    message: str


class Abandoned(BaseException):
    """Nobody waits for the answer any more. It is no error, and no rule's business to catch."""


class Asked(Struct, frozen=True):
    """What is asked of some files: the rules, how loud each of them is, by code, and the sieve for what they want."""

    in_tests: bool
    rules: tuple[Rule, ...]
    heard: Mapping[str, Severity]
    sieve: Sieve


def asked_of(enabled: Iterable[Enabled], target: Target, silenced: Collection[str], *, in_tests: bool) -> Asked:
    """What is asked of files in which some of the rules, by code, are silenced."""
    loud = ((each.rule, each.severity(in_tests=in_tests)) for each in enabled if each.rule.code not in silenced)
    heard = {rule.code: severity for rule, severity in loud if severity is not None}
    known = (each.rule for each in enabled if each.rule.until is None or target.oldest < each.rule.until)
    rules = tuple(rule for rule in known if rule.code in heard)
    return Asked(in_tests, rules, heard, Sieve(rules))


class Inspection(Struct, frozen=True):
    """What all files of a run have in common."""

    project: Project
    rules: Sequence[Enabled]
    asked_of: Callable[[frozenset[str], bool], Asked]  # by the codes that are silenced, and whether files are tests
    target: Target
    shown: Callable[[str], str]  # a file's path as the user would type it
    column: Callable[[str, int, int], int]  # of a path, a line and a UTF-8 offset
    is_test: Callable[[str], bool]  # of a path
    is_meant: Callable[[str, str], bool]  # a path by a glob
    sieve: bool = True
    trees: Trees | None = None  # of bodies that may come again

    def asked(self, path: str) -> Asked:
        """What is asked of a file."""
        silenced = (each.rule.code for each in self.rules if each.ignored_in and self._is_ignored(each, path))
        return self.asked_of(frozenset(silenced), self.is_test(path))

    def heard(self, path: str, rules: Iterable[Enabled]) -> dict[str, Severity]:
        """How loud each of some other rules is in a file, by code; those silent there are missing."""
        in_tests = self.is_test(path)
        heard = (each for each in rules if not self._is_ignored(each, path))
        return {e.rule.code: severity for e in heard if (severity := e.severity(in_tests=in_tests)) is not None}

    def _is_ignored(self, enabled: Enabled, path: str) -> bool:
        return any(self.is_meant(path, glob) for glob in enabled.ignored_in)


def check_file(
    inspection: Inspection,
    facts: ModuleFacts,
    text: Callable[[], SourceText],
    go_on: Callable[[], None] = lambda: None,
) -> Iterator[Finding | Crash]:
    """The findings of one file, in no order. An error inside a rule becomes an ASL000 of its body, and a `Crash`.

    `text` gives what the file says, and is asked only where a body is read.
    `go_on` is called before each body that is read.
    """
    asked, project = inspection.asked(facts.path), inspection.project
    found = asked.sieve.candidates(project, facts) if inspection.sieve else every_body(facts, asked.rules)
    for scope, wanting in found.items():
        runtime = runtime_of(project, facts, scope)
        speaking = [rule for rule in wanting if _speaks_on(runtime, rule)]
        if not speaking:
            continue
        go_on()
        for finding in _check_body(inspection, text(), facts, scope, speaking, asked.in_tests):
            yield finding if isinstance(finding, Crash) else _heard(finding, asked.heard)


def _speaks_on(runtime: Runtime, rule: Rule) -> bool:
    return runtime is Runtime.ASYNCIO or (runtime is Runtime.ANYIO and rule.on_anyio)


def _heard(finding: Finding, heard: Mapping[str, Severity]) -> Finding:
    if finding.severity is Severity.INFO:  # by the problem's own account
        return finding
    return replace(finding, severity=heard.get(finding.code, Severity.ERROR))


def _check_body(
    inspection: Inspection, text: SourceText, facts: ModuleFacts, scope: int, rules: Sequence[Rule], in_tests: bool
) -> Iterator[Finding | Crash]:
    from asynclint.engine.slices import NotRead, TooDeep, read_slice

    shown, here = inspection.shown(facts.path), facts.scopes[scope]
    name = f"`{here.name or shown}`"
    with room_for_depth():
        try:
            part = read_slice(text, facts, scope, inspection.trees)
            body = Body(part.body, facts, scope, inspection.project, inspection.target, is_test=in_tests)
            found = [f for rule in rules for f in _ask(inspection, rule, body, part.span, shown, text)]
        except (TooDeep, RecursionError):
            found = [cannot_analyse(shown, text, here.line, f"{name} is nested too deeply to be analysed")]
        except NotRead:
            found = [cannot_analyse(shown, text, here.line, f"{name} is written in a way that libcst cannot read")]
    yield from found


def _ask(
    inspection: Inspection, rule: Rule, body: Body, span: Callable[..., Span], shown: str, text: SourceText
) -> Iterator[Finding | Crash]:
    try:
        for problem in rule.check(body):
            yield _finding(inspection, rule, problem, span, shown, text, body.here.qualname)
    except RecursionError:
        raise
    except Exception as error:
        line = body.here.line
        reason = f"internal error in {rule.name} on `{body.name or shown}`: {said(error)}; please report it"
        yield cannot_analyse(shown, text, line, reason)
        yield Crash(f"{shown}:{line}: {reason}")


def said(error: Exception) -> str:
    """An error of ours on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _finding(
    inspection: Inspection,
    rule: Rule,
    problem: Problem,
    span: Callable[..., Span],
    shown: str,
    text: SourceText,
    scope: str,
) -> Finding:
    from asynclint.engine.edits import edits_of

    place = span(problem.node)
    proposed = (edits_of(fix, span, text) for fix in problem.fixes)
    return Finding(
        path=shown,
        span=place,
        code=rule.code,
        name=rule.name,
        message=problem.message,
        severity=Severity.INFO if problem.is_information else Severity.ERROR,
        excerpt=text.line(place.line),
        related=tuple(_related(inspection, where, message, span, shown) for where, message in problem.trace),
        scope=scope,
        fixes=tuple(fix for fix in proposed if fix is not None),
    )


def _related(inspection: Inspection, where: object, message: str, span: Callable[..., Span], shown: str) -> Related:
    if isinstance(where, Function | Class):
        scope = inspection.project.scope(where)
        where = Place(where.path, scope.line, scope.column)
    if isinstance(where, Place):
        column = inspection.column(where.path, where.line, where.column)
        return Related(inspection.shown(where.path), Span(where.line, column, where.line, column), message)
    return Related(shown, span(where), message)


def cannot_analyse(shown: str, text: SourceText | None, line: int, message: str, column: int = 1) -> Finding:
    """The finding that stands for what could not be read."""
    code, name = CANNOT_ANALYSE
    excerpt = text.line(line) if text else ""
    return Finding(shown, Span(line, column, line, column), code, name, message, excerpt=excerpt)
