"""What is said to editors and of them agrees with the configuration: the extension's settings."""

import json
import re
from typing import Any

import pytest
from specimens import ROOT

from asynclint.config.described import schema

EXTENSION = ROOT / "editors" / "vscode"
PACKAGE = EXTENSION / "package.json"

OWN: dict[str, dict[str, Any]] = {
    "asynclint.path": {
        "markdownDescription": "The program to start, as `.venv/bin/asynclint`. Without it the one beside the selected "
        "Python is taken, otherwise the one on `PATH`.",
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
    },
    "asynclint.interpreter": {
        "markdownDescription": "The Python that runs asynclint, where `asynclint.path` is not set.",
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
    },
    "asynclint.trace.server": {
        "markdownDescription": "What is written to the output of what the editor and the server tell each other.",
        "type": "string",
        "enum": ["off", "messages", "verbose"],
        "default": "off",
        "scope": "window",
    },
}
NOT_FOR_EDITORS = {"output-format", "force-exclude", "unsafe-fixes"}


def in_camel_case(key: str) -> str:
    return re.sub(r"-(\w)", lambda found: found[1].upper(), key)


def settings() -> dict[str, dict[str, Any]]:
    """All settings of the extension: its own, and the keys of the configuration."""
    keys = {key: value for key, value in schema()["properties"].items() if key not in NOT_FOR_EDITORS}
    return OWN | {f"asynclint.{in_camel_case(key)}": _setting(value) for key, value in keys.items()}


def _setting(key: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in key.items() if name not in ("description", "examples")}
    return {"markdownDescription": key["description"], **rest, "scope": "window"}


def test_the_extension_has_the_settings_that_asynclint_knows(request: pytest.FixtureRequest) -> None:
    package = json.loads(PACKAGE.read_text())
    expected = json.loads(PACKAGE.read_text())
    expected["contributes"]["configuration"]["properties"] = settings()
    if request.config.getoption("--bless"):
        PACKAGE.write_text(json.dumps(expected, indent=2) + "\n")
        package = expected
    assert package == expected
    own = re.search(r"OWN[^=]*= \[(.*?)\]", (EXTENSION / "src" / "settings.ts").read_text())
    assert own is not None
    assert set(re.findall(r"'(\w+)'", own[1])) == {name.split(".")[1] for name in OWN}


def test_no_address_of_a_registry_is_checked_in() -> None:
    """Whoever installs the extension's tools has a registry of their own."""
    assert not (EXTENSION / "package-lock.json").exists()
    assert "registry" not in (EXTENSION / ".npmrc").read_text()
    assert "package-lock=false" in (EXTENSION / ".npmrc").read_text()
