"""Real packages to lint, never imported: aiohttp as the dev extra pins it, and others where they may be downloaded."""

import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from library_tables import PINS

NAME, VERSION = "aiohttp", "3.12.15"
_AWAIT = re.compile(r"^( +)((?:\w+ = )?)await (?=[\w.]+\()", re.MULTILINE)


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


def downloaded(folder: Path) -> Path:
    """The sources of the distributions whose tables are shipped, as pinned; skips where there is no network."""
    wheels, sources = folder / "wheels", folder / "sources"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    fetched = subprocess.run(
        [*pip, "--dest", str(wheels), "-r", str(PINS)], capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        pytest.skip(f"the libraries cannot be downloaded: {fetched.stderr.strip().splitlines()[-1:]}")
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(sources)
    return sources


def spoilt(text: str) -> str:
    """Every third `await` that starts a statement or an assignment is lost."""
    places = list(_AWAIT.finditer(text))[1::3]
    for place in reversed(places):
        text = f"{text[: place.start()]}{place[1]}{place[2]}{text[place.end() :]}"
    return text
