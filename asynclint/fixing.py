"""Findings mended: in memory first, then in their files."""

from collections.abc import Mapping, Sequence

from asynclint.catalog import chosen
from asynclint.config import Settings
from asynclint.engine import fix as engine
from asynclint.engine.fix import Fixed
from asynclint.engine.groups import Group, grouped
from asynclint.engine.session import Session
from asynclint.finding import Finding
from asynclint.linter import choose_fix
from asynclint.source.saving import NotSaved, save

__all__ = ["Fixed", "fix", "write"]


def fix(
    findings: Sequence[Finding], settings: Settings, contents: Mapping[str, bytes | str] | None = None
) -> list[Fixed]:
    """Fixes, in memory, what can be fixed in the files of these findings, again and again until nothing more can be.

    `contents` are what the findings are about where that is not in the files. Raises `ConfigError`.
    """
    wanted = choose_fix(settings)
    paths = tuple(dict.fromkeys(finding.path for finding in findings if wanted(finding)))
    return [fixed for group in grouped(paths, settings) for fixed in _fixed(group, wanted, contents or {})]


def _fixed(group: Group, wanted: engine.Wanted, contents: Mapping[str, bytes | str]) -> list[Fixed]:
    """Fixes what is found now: what is kept of earlier runs may be a stranger's, who would write into their code."""
    session = Session(chosen, keeps=False)
    session.check(group.paths, group.config, group.paths, contents)
    return engine.fix(session.reports, session.runner, wanted, contents)


def write(fixed: Sequence[Fixed]) -> dict[str, str]:
    """Puts fixed texts into their files, and gives a line for each path that has to stay as it was."""
    unsaved = {}
    for each in fixed:
        try:
            save(each.path, each.before, each.after)
        except NotSaved as error:
            unsaved[each.path] = f"{each.path}: {error}"
    return unsaved
