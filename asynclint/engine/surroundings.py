"""What a configuration means where we stand: the root of the project, its module roots, its installed packages."""

import glob
import os

from asynclint.config import Config, ConfigError
from asynclint.source.environment import inferred_environment, site_directories
from asynclint.source.files import repository_root


def configured_roots(config: Config) -> list[str]:
    """Where a configuration file says that modules begin; without one, that is seen from each file."""
    patterns = [os.path.join(glob.escape(config.root), root) for root in config.src] if config.file else []
    return [root for pattern in patterns for root in sorted(glob.glob(pattern))]


def root_of(config: Config) -> str:
    """Where the project begins; without a configuration file, its repository."""
    return config.root if config.file or not config.root else repository_root(config.root)


def environment(config: Config) -> tuple[str, ...]:
    """The directories of the installed packages that the configuration means. Raises `ConfigError`."""
    if config.python is not None:
        sites = site_directories(config.python) if config.python else ()
        if config.python and not sites:
            place = f"{config.python}: no Python environment is there"
            raise ConfigError(f'`python`: {place}; name its interpreter or its directory, or "" for none')
        return sites
    root = root_of(config)
    inferred = inferred_environment(root, os.environ) if root else None
    return site_directories(inferred) if inferred else ()
