"""What a user may have meant."""

import difflib
from collections.abc import Sequence


def hint(word: str, known: Sequence[str]) -> str:
    """What the user may have meant by a word, else what there is."""
    close = difflib.get_close_matches(word.replace("_", "-"), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
