"""Where settings come from, and what is said there of a mistake in them."""

import difflib
from collections.abc import Sequence

from msgspec import Struct

from asynclint.config.values import ConfigError


class Origin(Struct, frozen=True):
    """Where keys come from: a file, or the caller's `options`; `prefix` is the dotted name of the table there."""

    place: str
    prefix: str = ""

    def error(self, key: str, message: str) -> ConfigError:
        """What to raise of a key."""
        return ConfigError(f"{self.place}: `{'.'.join(filter(None, (self.prefix, key)))}`: {message}")


def hint(word: str, known: Sequence[str]) -> str:
    """What the user may have meant by a word, else what there is."""
    close = difflib.get_close_matches(word.replace("_", "-"), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
