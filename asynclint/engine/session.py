"""The same files linted again and again, each time with the findings of a fresh run."""

import os
from collections.abc import Sequence

from asynclint.config import Config
from asynclint.engine.baselining import baseline_to_write
from asynclint.engine.dependencies import EVERYTHING
from asynclint.engine.run import Choose, FileReport, Runner
from asynclint.engine.surroundings import configured_roots, environment
from asynclint.engine.workspace import Workspace
from asynclint.source.files import state
from asynclint.source.folders import Folders


class Session:
    """Remembers the report of each file, and what has to be as it was for the report to hold."""

    def __init__(self, choose: Choose) -> None:
        self.reports: dict[str, FileReport] = {}
        self._choose = choose
        self._surroundings: object = None
        self._workspace: Workspace | None = None
        self._needs: dict[str, frozenset[str]] = {}  # by file: the files on which its report depends
        self._folders = Folders()

    def check(self, files: Sequence[str], config: Config, typed: Sequence[str]) -> list[str]:
        """Brings the reports of these files up to date; gives the files that had to be linted for it.

        `typed` are all files of the run, by the names the user knows them by.
        """
        former = self._workspace
        changed = former.changed() if former is not None else frozenset[str]()
        surroundings = _surroundings(config)
        if surroundings != self._surroundings or not self._folders.renew():
            self.reports, self._needs, self._folders = {}, {}, Folders()
        affected = [path for path in files if self._is_affected(path, changed)]
        kept = {path: self.reports[path] for path in files if path in self.reports}
        self.reports = kept | self._checked(affected, typed, config, former, changed) if affected else kept
        self._surroundings = surroundings
        return affected

    def places(self) -> frozenset[str]:
        """The directories where a change may matter: of what was read, and where modules were looked for."""
        read = self._workspace.states if self._workspace is not None else ()
        sites = self._workspace.sites if self._workspace is not None else ()
        return frozenset((*map(os.path.dirname, read), *self._folders.known(), *sites))

    def is_outdated(self) -> bool:
        """Has something changed of what was read?"""
        return not self._folders.renew() or (self._workspace is not None and bool(self._workspace.changed()))

    def _is_affected(self, path: str, changed: frozenset[str]) -> bool:
        report = self.reports.get(path)
        if report is None or report.errors:
            return True
        return EVERYTHING in self._needs[path] or not changed.isdisjoint(self._needs[path])

    def _checked(
        self,
        files: Sequence[str],
        typed: Sequence[str],
        config: Config,
        former: Workspace | None,
        changed: frozenset[str],
    ) -> dict[str, FileReport]:
        runner = Runner(config, self._choose, folders=self._folders)
        workspace = self._workspace = runner.workspace
        workspace.name(typed)
        if former is not None:
            workspace.take_over(former, changed)
        reports = {path: runner.check(path) for path in files}
        self._needs |= {path: workspace.dependencies.of(os.path.abspath(path)) for path in files}
        return reports


def _surroundings(config: Config) -> object:
    """All that a run depends on besides the files that are read and the directories in which modules are looked for."""
    places = (*environment(config), baseline_to_write(config))
    return config, configured_roots(config), {place: state(place) for place in places}
