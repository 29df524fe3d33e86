"""A real package to lint: aiohttp as the dev extra pins it, never imported."""

import shutil
from importlib import metadata
from pathlib import Path

import pytest

NAME, VERSION = "aiohttp", "3.12.15"


def copy_of_aiohttp(folder: Path) -> Path:
    """Copies the package into a folder; skips where it is not installed, as it is nowhere without a network."""
    try:
        found = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{NAME} is not installed; the dev extra downloads it where there is a network")
    if found.version != VERSION:
        pytest.skip(f"{NAME} is installed as {found.version}; findings are only compared for {VERSION}")
    source = Path(str(found.locate_file(NAME)))
    return shutil.copytree(source, folder / NAME, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
