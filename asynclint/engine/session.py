"""The same files linted again and again, each time with the findings of a fresh run."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from asynclint.config import Config
from asynclint.engine.dependencies import EVERYTHING
from asynclint.engine.file_report import FileReport
from asynclint.engine.record import surroundings as surroundings_of
from asynclint.engine.run import Choose, Runner
from asynclint.engine.trees import Trees
from asynclint.engine.workspace import Around, Overlay
from asynclint.source.files import absolute
from asynclint.source.folders import Folders

_NONE: Mapping[str, Overlay] = MappingProxyType({})


class Session:
    """Remembers the report of each file, and what has to be as it was for the report to hold."""

    def __init__(self, choose: Choose, *, keeps: bool = True) -> None:
        """One that `keeps` nothing believes nothing either of what was read before."""
        self.reports: dict[str, FileReport] = {}
        self._choose = choose
        self._keeps = keeps
        self._surroundings: object = None
        self._looks = True  # at the disk, when it is asked next
        self._config: Config | None = None
        self._runner: Runner | None = None
        self._around: Around | None = None
        self._trees = Trees()
        self._needs: dict[str, frozenset[str]] = {}  # by file: the files on which its report depends
        self._folders = Folders()
        self._unsaved: frozenset[str] = frozenset()

    def look_again(self) -> None:
        """Files on the disk may have changed, come or gone."""
        self._looks = True

    def check(
        self,
        files: Sequence[str],
        config: Config,
        typed: Sequence[str] = (),
        overlays: Mapping[str, Overlay] = _NONE,
        go_on: Callable[[], None] = lambda: None,
    ) -> list[str]:
        """Brings the reports of these files up to date; gives the files that had to be linted for it.

        `typed` are all files of the run, by the names the user knows them by; `overlays` say something else than on
        the disk, which is looked at only after `look_again`. `go_on` is called now and then, and may raise `Abandoned`
        to leave it at that.
        """
        looks = self._looks or config != self._config
        changed = self._runner.workspace.changed(overlays, looks=looks) if self._runner else frozenset[str]()
        unsaved = self._unsaved if not changed and not looks else _unsaved(overlays)
        surroundings = surroundings_of(config) if looks else self._surroundings
        if unsaved != self._unsaved or surroundings != self._surroundings or (looks and not self._folders.renew()):
            self.reports, self._needs, self._folders, self._around = {}, {}, Folders(unsaved), None
            self._unsaved = unsaved
        if looks or changed:
            self.reports = {path: each for path, each in self.reports.items() if not self._is_affected(path, changed)}
        affected = [path for path in files if path not in self.reports]
        if changed or (looks and affected) or self._runner is None:
            self._runner = self._renewed(config, overlays, changed, looks=looks)
        self._surroundings, self._config, self._looks = surroundings, config, False
        self._runner.workspace.name({path: name for name, path in absolute(typed).items()})
        for path in affected:
            self.reports[path] = self._runner.check(path, go_on)
            self._needs[path] = self._runner.workspace.dependencies.of(os.path.abspath(path))
        return affected

    def places(self) -> frozenset[str]:
        """The directories where a change may matter: of what was read, and where modules were looked for."""
        workspace = self._runner.workspace if self._runner is not None else None
        read, sites = (workspace.states, workspace.sites) if workspace is not None else ((), ())
        return frozenset((*map(os.path.dirname, read), *self._folders.known(), *sites))

    def is_outdated(self) -> bool:
        """Has something changed of what was read?"""
        return not self._folders.renew() or (self._runner is not None and bool(self._runner.workspace.changed(_NONE)))

    def _is_affected(self, path: str, changed: frozenset[str]) -> bool:
        if self.reports[path].errors:
            return True
        return EVERYTHING in self._needs[path] or not changed.isdisjoint(self._needs[path])

    def _renewed(
        self, config: Config, overlays: Mapping[str, Overlay], changed: frozenset[str], *, looks: bool
    ) -> Runner:
        """A runner that knows what has changed, and reads nothing else again."""
        if looks or self._around is None:
            looks = True
            self._around = Around(config, self._folders, keeps=self._keeps)
        self._trees.age()
        runner = Runner(config, self._choose, overlays, self._around, self._trees)
        if self._runner is not None:
            runner.workspace.take_over(self._runner.workspace, changed, looks=looks)
        return runner

    def runner(self, overlays: Mapping[str, Overlay]) -> Runner:
        """A runner of its own for other contents, which reads nothing else again; only after a `check`."""
        assert self._config is not None
        assert self._runner is not None
        changed = self._runner.workspace.changed(overlays, looks=False)
        return self._renewed(self._config, overlays, changed, looks=False)


def _unsaved(overlays: Mapping[str, Overlay]) -> frozenset[str]:
    """Those of them that are not on the disk."""
    return frozenset(path for path in map(os.path.abspath, overlays) if not os.path.exists(path))
