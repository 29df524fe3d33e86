"""The directory in which a run leaves what may spare the next one its work.

What lies there is data, perhaps a stranger's: nothing of it is ever executed, and what is damaged, or was made by other
code, is made anew. Several runs may use it at once, because files are replaced whole.
"""

import os

from asynclint.config import Config, ConfigError
from asynclint.engine.surroundings import root_of

FOLDER = ".asynclint_cache"
# See https://bford.info/cachedir/.
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of asynclint.\n"


def cache_directory(config: Config) -> str:
    """Where a configuration wants things to be kept, "" for nowhere."""
    beside = os.path.join(root_of(config), FOLDER) if config.root else ""
    return (config.cache_dir or beside) if config.cache else ""


def keep(directory: str, place: str, content: bytes) -> None:
    """Puts a file below the directory, or does nothing where that cannot be: the next run will do its work anew."""
    path = os.path.join(directory, place)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
            if not os.path.exists(os.path.join(directory, name)):
                _write(os.path.join(directory, name), text.encode())
        _write(path, content)
    except (OSError, UnicodeEncodeError):
        return


def _write(path: str, content: bytes) -> None:
    """Whole or not at all."""
    import tempfile

    handle, unfinished = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except OSError:
        os.unlink(unfinished)
        raise


def clean(directory: str) -> bool:
    """Removes a cache of ours with all that is in it, and tells whether there was one.

    Raises `ConfigError` for another directory, and OSError when it cannot be removed.
    """
    try:
        with open(os.path.join(directory, "CACHEDIR.TAG"), "rb") as file:
            is_ours = file.read() == _TAG.encode()
    except FileNotFoundError:
        is_ours = False
    if is_ours:
        import shutil

        shutil.rmtree(directory)
    elif os.path.exists(directory):
        raise ConfigError(f"{directory}: is no cache of asynclint, so it stays; name another directory")
    return is_ours
