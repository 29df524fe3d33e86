"""The hall: `asynclint` and `python -m asynclint` both enter here."""

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

_SERVER = (["server"], ["server", "--stdio"])


def main() -> NoReturn:
    """Run the command line and leave with its exit code; never with a traceback."""
    gc.disable()  # facts and trees hold no cycles, and looking for some costs a third of a run
    try:
        if sys.argv[1:] not in _SERVER:
            _leave(_run())
        code = _serve()
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        text = ascii(f"{type(error).__name__}: {error}")[1:-1]
        sys.stderr.write(f"asynclint: internal error: {text}; please report it\n")
        code = 2
    sys.exit(code)


def _run() -> int:
    from asynclint.doors.cli import run

    return run(sys.argv[1:])


def _leave(code: int) -> NoReturn:
    """Ends the process without freeing first all that the run has gathered: the system does so at once."""
    if _is_observed():
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _is_observed() -> bool:
    """Does a profiler, debugger or shell want to go on afterwards?"""
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    tools = (monitoring.get_tool(number) for number in range(6)) if monitoring else ()
    return bool(sys.gettrace() or sys.getprofile() or sys.flags.inspect or any(tools))


def _serve() -> int:
    """An editor waits, so what the command line needs is not even imported."""
    from asynclint.doors.lsp import serve

    try:
        serve()
    except ImportError as error:
        sys.stderr.write(f"asynclint: {error}\n")
    return 2


if __name__ == "__main__":
    main()
