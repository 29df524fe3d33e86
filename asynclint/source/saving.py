"""Files written so that nobody ever sees half of one."""

import contextlib
import errno
import os
import stat
import tempfile

from asynclint.source.files import read
from asynclint.source.text import SourceText, encoded


class NotSaved(Exception):  # noqa: N818
    """A file was left as it was; `str` is why, and reads on after the file's name."""


def save(path: str, before: str, after: str) -> None:
    """Puts the text `after` into a file that still says `before`, and keeps its encoding, mark, mode and links.

    The new content is complete on the disk before it takes the place of the old one, in the same directory; so it is
    the one or the other whatever happens. Raises `NotSaved`.
    """
    target = os.path.realpath(path)
    try:
        data = read(target)
        if SourceText.decode(data).text != before:
            raise NotSaved("has changed meanwhile; run again")
        mode = stat.S_IMODE(os.stat(target).st_mode)
        if _is_read_only(target, mode):
            raise NotSaved("cannot be fixed: it is read-only")
        _replace(target, encoded(after, like=data), mode)
    except OSError as error:
        raise NotSaved(f"cannot be fixed: {(error.strerror or str(error)).lower()}") from None
    except UnicodeEncodeError as error:
        raise NotSaved(f"cannot be fixed: its encoding {error.encoding} has no {error.object[error.start]!r}") from None


def put(path: str, data: bytes) -> None:
    """Gives a file, which may be new, this content if it is another one, whole or not at all. Raises OSError."""
    target = os.path.realpath(path)
    if os.path.exists(target):
        if read(target) == data:
            return
        if _is_read_only(target, stat.S_IMODE(os.stat(target).st_mode)):
            raise PermissionError(errno.EACCES, "it is read-only", path)
    save_new(path, data)


def save_new(path: str, data: bytes) -> None:
    """Puts data into a file, whole or not at all, whatever was there; what is no regular file is written to.

    Raises OSError.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            file.write(data)
    else:
        mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else 0o666 & ~_umask()
        _replace(target, data, mode)


def _is_read_only(path: str, mode: int) -> bool:
    return not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK)


def _umask() -> int:
    """What is taken from the mode of new files; it can only be asked for by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _replace(target: str, data: bytes, mode: int) -> None:
    folder, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
