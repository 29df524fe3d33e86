"""The call graph: how loud a way is, and that the shortest is shown whoever asks first."""

from pathlib import Path

from specimens import lint_files

from asynclint.finding import Severity

PROGRAM = """\
import time

def read(path):
    with open(path) as file:
        return file.read()

def both(path):
    read(path)
    return long()

def long():
    return short()

def short():
    again()
    time.sleep(1)

def again():
    return short()

def by_error():
    try:
        return compute()
    except ValueError:
        pass
    time.sleep(1)

def compute(): ...

"""
CALLS = ["read", "both", "long", "short", "again", "by_error"]


def messages(calls: list[str], directory: Path) -> dict[str, tuple[Severity, str]]:
    body = "".join(f"    {call}(1)\n" for call in calls)
    found = lint_files({"a.py": f"{PROGRAM}async def run():\n{body}"}, "blocking-helper", directory)
    return {finding.message.partition("(")[0].strip("`"): (finding.severity, finding.message) for finding in found}


def test_only_files_are_information(tmp_path: Path) -> None:
    loud = {call: severity for call, (severity, _) in messages(CALLS, tmp_path).items()}
    error, info = Severity.ERROR, Severity.INFO
    assert loud == {"read": info, "both": error, "long": error, "short": error, "again": error}


def test_the_way_does_not_depend_on_who_asks_first(tmp_path: Path) -> None:
    found = messages(CALLS, tmp_path)
    assert found == messages(CALLS[::-1], tmp_path)
    assert "`run` -> `both` -> `long` -> `short` -> `time.sleep`;" in found["both"][1]
    assert "`run` -> `again` -> `short` -> `time.sleep`;" in found["again"][1]
