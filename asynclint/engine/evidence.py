"""What reports rest on: files as they were read, which of them led to which, and what was asked of directories."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from asynclint.engine.dependencies import affected
from asynclint.source.files import State, content_digest, state
from asynclint.source.folders import Asked


class Seen(Struct, frozen=True, array_like=True):
    """A file as it was: its state, and the digest of its content, "" when it could not be read."""

    state: State
    digest: str

    def again(self, path: str, now: State) -> "Seen | None":
        """The file as it is now, None when it does not say what it said.

        Only where its state tells nothing it is read, so never what has no end.
        """
        then = self.state
        if now == then:
            return self
        if now is None or then is None or now[1] != then[1] or not self.digest:
            return None
        return Seen(now, self.digest) if now[1] == 0 or content_digest(path) == self.digest else None


class Evidence(Struct):
    """By path: `seen` are files of the project and `installed` those of packages, `leads` whom names led to."""

    seen: dict[str, Seen] = {}
    leads: dict[str, set[str]] = {}
    asked: dict[str, Asked] = {}
    installed: dict[str, State] = {}
    is_renewed: bool = False  # worth being kept, though nothing was linted

    def add(self, new: "Evidence") -> None:
        """Takes over what somebody else has learnt."""
        self.seen |= new.seen
        self.installed |= new.installed
        for path, led in new.leads.items():
            self.leads.setdefault(path, set()).update(led)
        for directory, asked in new.asked.items():
            self.asked[directory] = asked.joined(self.asked.get(directory))

    def is_outdated(self) -> bool:
        """Would something be found elsewhere now, or has a package changed?"""
        moved = any(not asked.still_holds(directory) for directory, asked in self.asked.items())
        return moved or any(state(path) != seen for path, seen in self.installed.items())

    def changed(self) -> list[str]:
        """The files of the project that do not say any more what they said; the others are seen as they are now."""
        states = ((path, then, state(path)) for path, then in self.seen.items())
        now = {path: then.again(path, status) for path, then, status in states if status != then.state}
        self.renew({path: seen for path, seen in now.items() if seen is not None})
        return [path for path, seen in now.items() if seen is None]

    def renew(self, seen: Mapping[str, Seen]) -> None:
        """Other states of files, of which everybody knows what they knew."""
        self.seen |= seen
        self.is_renewed |= bool(seen)

    def affected(self, changed: Iterable[str]) -> set[str]:
        """The files that may see something of these, by way of others too, and those that may see any change."""
        return affected(self.leads, changed)

    def forget(self, paths: Iterable[str]) -> None:
        """Without files that are not as they were."""
        for path in paths:
            self.seen.pop(path, None)
            self.leads.pop(path, None)
