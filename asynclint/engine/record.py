"""Reports that outlive a run: each holds as long as all that it rests on is as it was."""

import os
from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from asynclint.config import Config
from asynclint.engine.baselining import baseline_to_write
from asynclint.engine.code import Code
from asynclint.engine.evidence import Evidence, Seen
from asynclint.engine.file_report import FileReport
from asynclint.engine.surroundings import configured_roots, environment
from asynclint.source.files import absolute, state

_MOST_COMPARED = 64  # files; after a larger change so much is linted anew that comparing gains little


class Record:
    """Remembers the reports of files that one configuration governs, by absolute path, and what they rest on.

    `surroundings` are those in which they were made.
    """

    def __init__(
        self,
        surroundings: bytes = b"",
        reports: Mapping[str, FileReport] | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.surroundings = surroundings
        self.reports = dict(reports or {})
        self.evidence = evidence or Evidence()
        self.parsed = 0  # files, to see what has changed in them
        self.code: Code | None = None  # that has made it

    def outdated(self, files: Mapping[str, str], config: Config) -> list[str]:
        """Forgets what does not hold any more, and gives those of the files that have to be linted.

        They come with their absolute paths.
        """
        now = surroundings(config)
        if now != self.surroundings or self.evidence.is_outdated():
            self.surroundings, self.reports, self.evidence = now, {}, Evidence()
        changed = self.evidence.changed()
        quiet = self._unnoticed(changed, config)
        loud = [path for path in changed if path not in quiet]
        unsure = (path for path, report in self.reports.items() if report.errors)
        for path in (*self.evidence.affected(loud), *changed, *self._telling_of(quiet), *unsure):
            self.reports.pop(path, None)
        self.evidence.forget(loud)
        self.evidence.renew(quiet)
        return [path for path, absolute in files.items() if absolute not in self.reports]

    def _unnoticed(self, changed: Sequence[str], config: Config) -> Mapping[str, Seen]:
        """Those of the changed files of which the others know what they knew, as they are now."""
        if not 0 < len(changed) <= _MOST_COMPARED:
            return {}
        from asynclint.engine.outlines import Outlines

        outlines = Outlines(config)
        quiet = outlines.unnoticed({path: self.evidence.seen[path] for path in changed})
        self.parsed = outlines.parsed
        return quiet

    def _telling_of(self, paths: Collection[str]) -> list[str]:
        """The files with findings that show where something stands in these."""
        found = ((path, each) for path, report in self.reports.items() for each in (*report.findings, *report.hidden))
        related = ((path, os.path.abspath(place.path)) for path, finding in found for place in finding.related)
        return [path for path, place in related if place in paths]

    def learn(self, reports: Mapping[str, FileReport], evidence: Evidence) -> None:
        """Takes over what has been found."""
        of = absolute(reports)
        self.reports |= {of[path]: report for path, report in reports.items()}
        self.evidence.add(evidence)


def identity(config: Config) -> bytes:
    """What of a configuration makes a difference to what is found."""
    plain = replace(config, output_format="full", cache_dir="", origins={})
    return msgspec.msgpack.encode((plain, configured_roots(config)), enc_hook=dict)


def surroundings(config: Config) -> bytes:
    """All that reports depend on besides the files that are read and the directories looked into."""
    places = (*environment(config), baseline_to_write(config))
    return msgspec.msgpack.encode((identity(config), {place: state(place) for place in places}))
