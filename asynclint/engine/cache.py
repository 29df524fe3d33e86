"""The directory in which a run leaves what may spare the next one its work.

What lies there is data, perhaps a stranger's: nothing of it is ever executed, no link in it is followed, and what is
damaged, or was made by other code, is made anew. Several runs may use it at once, because files are replaced whole.
"""

import os
import stat
from itertools import accumulate

from asynclint.config import Config, ConfigError
from asynclint.engine.surroundings import root_of

FOLDER = ".asynclint_cache"
# See https://bford.info/cachedir/.
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of asynclint.\n"
_UNFINISHED = ".asynclint-"


def cache_directory(config: Config) -> str:
    """Where a configuration wants things to be kept, "" for nowhere.

    Raises `ConfigError` where it names a directory in which other things lie.
    """
    if not config.cache:
        return ""
    if not config.cache_dir:
        return os.path.join(root_of(config), FOLDER) if config.root else ""
    directory = config.cache_dir  # a link that the user names is meant
    if os.path.islink(directory):
        directory = os.path.realpath(directory)
    if not (_is_tagged(directory) or _is_empty(directory)):
        others = "is no cache of asynclint and holds other things; name a new or an empty directory"
        raise ConfigError(f"`cache-dir`: {config.cache_dir} {others}")
    return directory


def keep(directory: str, place: str, content: bytes) -> bool:
    """Puts a file below the directory, unless that cannot be: then the next run will do its work anew."""
    path = os.path.join(directory, place)
    try:
        if _leads_elsewhere(directory, place) or not (_is_tagged(directory) or _is_empty(directory)):
            return False
        os.makedirs(directory, exist_ok=True)
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
            if not os.path.lexists(os.path.join(directory, name)):
                _write(os.path.join(directory, name), text.encode())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _write(path, content)
    except (OSError, UnicodeEncodeError):
        return False
    return True


def recall(directory: str, place: str) -> bytes:
    """What a file below the directory holds. Raises OSError, also for what is reached by a link or is no plain file."""
    if _leads_elsewhere(directory, place):
        raise FileNotFoundError(place)
    return _content(os.path.join(directory, place))


def _leads_elsewhere(directory: str, place: str) -> bool:
    """Is there a link on the way, from the directory itself on?"""
    return any(map(os.path.islink, accumulate(place.split(os.sep), os.path.join, initial=directory)))


def _content(path: str, most: int = -1) -> bytes:
    """What a plain file holds; reading another one might never end."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise FileNotFoundError(path)
    with open(path, "rb") as file:
        return file.read(most)


def _is_tagged(directory: str) -> bool:
    """Does it say that it is ours?"""
    try:
        return _content(os.path.join(directory, "CACHEDIR.TAG"), len(_TAG) + 1) == _TAG.encode()
    except OSError:
        return False


def _is_empty(directory: str) -> bool:
    """Is nothing to be seen in a directory but what another run is writing?"""
    try:
        return all(name.startswith(_UNFINISHED) for name in os.listdir(directory))
    except OSError:
        return True


def _write(path: str, content: bytes) -> None:
    """Whole or not at all."""
    import tempfile

    handle, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def clean(directory: str) -> bool:
    """Removes a cache of ours with all that is in it, and tells whether there was one.

    Raises `ConfigError` for another directory, and OSError when it cannot be removed.
    """
    if os.path.islink(directory):
        raise ConfigError(f"{directory}: is a link, so it stays; remove it yourself")
    is_ours = _is_tagged(directory)
    if is_ours:
        import shutil

        shutil.rmtree(directory)
    elif os.path.exists(directory):
        raise ConfigError(f"{directory}: is no cache of asynclint, so it stays; name another directory")
    return is_ours
