"""The mutations of `benchmarks/mutants.py`: each makes a finding of its rule appear in code that has none."""

import shutil
from pathlib import Path

import pytest
from mutants import Linting
from mutations import KINDS, chosen
from mutations.kind import Kind
from mutations.source import Package

from asynclint.catalog import UnknownRule, documented
from asynclint.config import Config, TargetVersion
from asynclint.linter import Linter

CLEAN = Path(__file__).parent / "clean"
WITHOUT = {
    "ASL000": "what is no Python is no mutant",
    "ASL407": "the timeout may be set by any caller",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The clean code, in a directory that is not one of tests."""
    return Package(Path(shutil.copytree(CLEAN, tmp_path_factory.mktemp("project") / "app")))


@pytest.fixture(scope="module")
def linting() -> Linting:
    """Lints the clean code once for all kinds."""
    return Linting()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_mutation_is_found(kind: Kind, package: Package, linting: Linting) -> None:
    sources = [source for source in package.sources() if source.is_test == kind.in_tests]
    mutants = [mutant for source in sources for mutant in kind.mutants(source)]
    assert any(outcome.found for outcome in linting.outcomes(mutants, kind))


def test_the_clean_code_is_clean(package: Package) -> None:
    target = TargetVersion((3, 10), (3, 15))
    config = Config(extend_select=("ALL",), preview=True, target_version=target)
    paths = [source.path for source in package.sources()]
    found = [finding for path in paths for finding in Linter(config).lint(path).findings]
    assert not [f"{finding.path}:{finding.span.line} {finding.code} {finding.message}" for finding in found]


def test_kinds_are_chosen_by_their_name_or_their_rule() -> None:
    assert [kind.code for kind in chosen("sleep")] == ["ASL201"]
    assert chosen("blocking-sleep") == chosen("ASL201") == chosen("sleep")
    assert {kind.name for kind in chosen("ASL501")} == {"task-done", "task-done-finally"}
    assert {kind.name for kind in chosen("ASL102")} == {"await", "return"}
    assert tuple(chosen("all")) == KINDS
    with pytest.raises(UnknownRule, match="no mutation"):
        chosen("missing-timeout")


def test_every_rule_has_a_mutation() -> None:
    without = {rule.code for rule in documented()} - {code for kind in KINDS for code in kind.codes}
    assert without == set(WITHOUT)
