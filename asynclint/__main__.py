"""The hall: `asynclint` and `python -m asynclint` both enter here."""

import gc
import sys
from typing import NoReturn

_SERVER = (["server"], ["server", "--stdio"])


def main() -> NoReturn:
    """Run the command line and leave with its exit code; never with a traceback."""
    gc.disable()  # facts and trees hold no cycles, and looking for some costs a third of a run
    try:
        code = _serve() if sys.argv[1:] in _SERVER else _run()
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
