"""Which configuration governs a command."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from asynclint.doors.cli.streams import Failure

if TYPE_CHECKING:
    from asynclint.config import Config


def settings_of(
    paths: Sequence[str], stdin_filename: str, overrides: Mapping[str, object], file: str | None, isolated: bool
) -> "Config":
    """One configuration governs a run: the nearest one to everything that is linted."""
    from asynclint.config import common_directory, load

    if file and isolated:
        raise Failure("--config and --isolated exclude each other; use one of them")
    names = [stdin_filename or "."] if paths == ("-",) else paths
    return load(common_directory(names), isolated=isolated, overrides=overrides, file=file)
