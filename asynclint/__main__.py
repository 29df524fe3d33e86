"""The hall: `asynclint` and `python -m asynclint` both enter here."""

import gc
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and leave with its exit code; never with a traceback."""
    gc.disable()  # facts and trees hold no cycles, and looking for some costs a third of a run
    try:
        from asynclint.doors.cli import run

        code = run(sys.argv[1:], _serve)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        text = ascii(f"{type(error).__name__}: {error}")[1:-1]
        sys.stderr.write(f"asynclint: internal error: {text}; please report it\n")
        code = 2
    sys.exit(code)


def _serve() -> None:
    from asynclint.doors.lsp import serve

    serve()


if __name__ == "__main__":
    main()
