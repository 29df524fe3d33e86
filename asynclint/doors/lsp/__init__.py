"""The language server: findings in an editor, while the code is being typed.

Only this room knows pygls. See https://microsoft.github.io/language-server-protocol/ for the protocol.
"""

import gc
import logging
import os
import sys
from typing import NoReturn


def serve() -> NoReturn:
    """Speaks the protocol on stdin and stdout until the client ends it. Raises `ImportError` without pygls."""
    try:
        from asynclint.doors.lsp.server import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pygls", "lsprotocol"}:
            raise
        raise ImportError(
            "the language server needs pygls; install it with `python -m pip install 'asynclint[lsp]'`"
        ) from None
    logging.basicConfig(level=logging.ERROR, format="asynclint: %(message).500s")  # a message may hold a whole file
    gc.enable()  # a server lives long, but need not look for cycles in the middle of each answer
    gc.set_threshold(50_000, 20, 50)
    with os.fdopen(os.dup(1), "wb") as protocol:
        os.dup2(2, 1)  # whatever else prints, the protocol stays clean
        sys.stdout = sys.stderr
        server.start_io(stdout=protocol)
    sys.stderr.flush()
    os._exit(0 if server.is_over else 1)  # at once: no thread is waited for, and nothing is tidied up
