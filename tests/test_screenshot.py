"""The picture in the README shows what a run really says."""

import importlib.util
from types import ModuleType
from xml.etree import ElementTree

import pytest
from specimens import ROOT


@pytest.fixture
def screenshot() -> ModuleType:
    spec = importlib.util.spec_from_file_location("screenshot", ROOT / "docs" / "screenshot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_not_stale(screenshot: ModuleType, pytestconfig: pytest.Config) -> None:
    rendered = screenshot.rendered()
    if pytestconfig.getoption("--bless"):
        screenshot.PICTURE.write_bytes(rendered.encode())
    assert screenshot.PICTURE.read_bytes().decode() == rendered, "run `python docs/screenshot.py`"


def test_a_picture_keeps_text_colours_and_columns(screenshot: ModuleType) -> None:
    svg = screenshot.picture("\x1b[1;31ma<b\x1b[0m  &c\n" + "x" * (screenshot.WIDTH + 1))
    texts = [each for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text")]
    assert [each.text for each in texts] == ["a<b", "&c", "x" * screenshot.WIDTH, "x"]
    assert texts[0].get("fill") == screenshot.COLORS["31"]
    assert texts[0].get("font-weight") == "bold"
    assert float(texts[1].get("x") or 0) == pytest.approx(screenshot.MARGIN + 5 * screenshot.CELL)
    assert len({each.get("y") for each in texts}) == 3
