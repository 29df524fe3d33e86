"""Which configuration governs a command."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from asynclint.doors.cli.streams import Failure

if TYPE_CHECKING:
    from asynclint.config import Settings


def settings_of(
    paths: Sequence[str],
    stdin_filename: str,
    overrides: Mapping[str, object],
    config: Sequence[str] | None,
    isolated: bool,
    *,
    cache: bool = True,
    heeds_waivers: bool = True,
) -> "Settings":
    """The nearest configuration upward from each file governs it, unless one is named, or none is to be read."""
    from msgspec.structs import replace

    from asynclint.config import Changed, Nearest, Waiving, common_directory, load

    file, snippets = _parted(config or ())
    if file and isolated:
        raise Failure("--config and --isolated exclude each other; use one of them")
    names = [stdin_filename or "."] if paths == ("-",) else paths
    load_from = partial(
        load,
        isolated=isolated,
        file=file,
        environ=os.environ,
        snippets=snippets,
        overrides=overrides,
        cache=cache,
    )
    directory = common_directory(names)
    settings = load_from(directory) if file or isolated else Nearest(directory, load_from)
    return settings if heeds_waivers else Changed(settings, lambda each: replace(each, waiving=Waiving.NOTHING))


def rules_by_glob(option: str, pieces: Sequence[str] | None) -> dict[str, list[str]] | None:
    """`a.py:ASL1,ASL2,tests/:ASL3` as rules by glob; None when the option was not used."""
    found: dict[str, list[str]] = {}
    for piece in pieces or ():
        glob = ""
        for part in filter(None, map(str.strip, piece.split(","))):
            before, colon, rule = part.rpartition(":")
            glob = before if colon else glob
            if not glob or not rule:
                what = f"`{part}` names no {'rules' if glob else 'files'}"
                raise Failure(f"{what}; write --{option.replace('_', '-')}=GLOB:RULES, such as tests/:ASL2")
            found.setdefault(glob, []).append(rule)
    return found or None


def _parted(given: Sequence[str]) -> tuple[str | None, list[str]]:
    """The file and the snippets of TOML that `--config` was given."""
    snippets = [each for each in given if "=" in each and not os.path.exists(each)]
    files = [each for each in given if each not in snippets]
    if len(files) > 1:
        raise Failure(f"--config names several files, {files[0]} and {files[1]}; name one, beside any `key = value`")
    return next(iter(files), None), snippets
