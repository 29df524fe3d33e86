"""What every test may ask of the command line."""

import os

import pytest

collect_ignore = ["clean"]  # code to be broken
os.environ.pop("VIRTUAL_ENV", None)  # what is installed where the tests run says nothing of the code they lint


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite checked-in expectations instead of comparing")
