"""Linting while files are edited: each time as a fresh run would, but only what a change affects."""

import os
from collections.abc import Callable, Mapping, Sequence

from asynclint.catalog import chosen
from asynclint.config import Config, Settings
from asynclint.engine import fix as fixing
from asynclint.engine.baselining import baseline_to_write
from asynclint.engine.check import Abandoned
from asynclint.engine.file_report import FileReport
from asynclint.engine.fix import Fixed
from asynclint.engine.groups import grouped
from asynclint.engine.session import Session
from asynclint.linter import Result, baselines_of, choose_fix, files_to_lint, joined
from asynclint.source.discovery import Discovered, Exclusions
from asynclint.source.files import State, state, upward

__all__ = ["Abandoned", "Live", "Watch", "warm_up"]


class Watch:
    """Lints files and directories again and again, each time as a fresh run would, but only what a change affects."""

    def __init__(self, paths: Sequence[str], configure: Callable[[], Settings]) -> None:
        """`configure` gives the configurations as they are now, and may raise `ConfigError`."""
        self._paths = paths
        self._configure = configure
        self._sessions: dict[str, Session] = {}  # by the configuration file of their group
        self._found = Discovered((), ())
        self._seen: dict[str, State] = {}

    def lint(self) -> tuple[Result, Sequence[str]] | None:
        """The result as it is now, and the files that were linted for it; None when there is nothing new.

        Raises `ConfigError`.
        """
        self._seen = {place: state(place) for place in self._seen}
        settings = self._configure()
        found, former = files_to_lint(self._paths, settings), self._found
        groups = grouped(found.files, settings)
        configs = (settings.common, *(group.config for group in groups))
        for config in configs:
            chosen(config)
        baselines = baselines_of(configs)
        former_sessions, self._sessions = self._sessions, {}
        linted: list[str] = []
        reports: dict[str, FileReport] = {}
        for group in groups:
            key = f"{group.config.file}:{group.config.target_version}"
            session = self._sessions[key] = former_sessions.get(key) or Session(chosen)
            session.look_again()
            linted += session.check(group.paths, group.config, found.files)
            reports |= {path: session.reports[path] for path in group.paths}
        self._found = found
        files = (file for config in configs for file in (config.file, baseline_to_write(config)) if file)
        self._seen = {place: self._seen.get(place) for place in (*found.folders, *files)}
        if not linted and (found.files, found.problems) == (former.files, former.problems):
            return None
        return joined([reports[path] for path in found.files], found.problems, baselines), linted

    def is_outdated(self) -> bool:
        """May something have changed? This is asked where nobody tells."""
        changed = any(session.is_outdated() for session in self._sessions.values())
        return changed or any(state(place) != seen for place, seen in self._seen.items())

    def places(self) -> frozenset[str]:
        """The directories in which something may change that matters, without those inside of them.

        Those above what is linted are left out, for there is much traffic in some: see `is_outdated`.
        """
        files = (os.path.dirname(os.path.abspath(path)) for path in self._found.files)
        own = frozenset((*self._found.folders, *files, *map(os.path.dirname, self._seen)))
        above = {outer for place in own for outer in upward(os.path.dirname(place))} - own
        return own | (frozenset[str]().union(*(s.places() for s in self._sessions.values())) - above)


def warm_up() -> None:
    """Imports already now what is otherwise imported for the first body that is read closely."""
    import asynclint.engine.edits
    import asynclint.engine.slices  # noqa: F401


class Live:
    """Lints files while they are edited: each time as a fresh run would, but only what a change affects."""

    def __init__(self, settings: Settings, former: "Live | None" = None) -> None:
        """A former one lends what it has read, as far as the settings let it."""
        self.settings = settings
        self._sessions: dict[str, Session] = former._sessions if former is not None else {}
        self._excluded: dict[int, Exclusions] = {}
        self.look_again()

    def look_again(self) -> None:
        """Files on the disk may have changed, come or gone."""
        for session in self._sessions.values():
            session.look_again()

    def lint(self, path: str, contents: Mapping[str, str], go_on: Callable[[], None] = lambda: None) -> Result:
        """The result of one file, now that these say something else than on the disk; that of an excluded one is empty.

        `go_on` is called now and then, and may raise `Abandoned`. Raises `ConfigError`.
        """
        config = self.settings.governing(path)
        if self._exclusions(config).leaves_out(path):
            return joined([], (), ())
        session = self._session(config)
        session.check([path], config, (path, *contents), contents, go_on)
        return joined([session.reports[path]], (), ())

    def fix(self, path: str, contents: Mapping[str, str]) -> Fixed | None:
        """The file that was linted last with all safe fixes made, in memory; None when there is none to make."""
        session, wanted = self._session(self.settings.governing(path)), choose_fix(self.settings, unsafe=False)
        report = session.reports.get(path)
        fixed = fixing.fix({path: report}, session.runner, wanted, contents) if report is not None else ()
        return next(iter(fixed), None)

    def _session(self, config: Config) -> Session:
        return self._sessions.setdefault(f"{config.file}:{config.root}:{config.target_version}", Session(chosen))

    def _exclusions(self, config: Config) -> Exclusions:
        if id(config) not in self._excluded:
            excluded = Exclusions.of((*config.exclude, *config.extend_exclude), force_exclude=True)
            self._excluded[id(config)] = excluded
        return self._excluded[id(config)]
