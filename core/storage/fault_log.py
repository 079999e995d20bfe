"""What went wrong in the program itself, written down for whoever mends it: a file of bounded size."""

import os
import sys
import traceback
from datetime import datetime
from pathlib import Path

NAME = "faults.log"
MAX_BYTES = 256 * 1024
"""The file never grows beyond this: what is oldest goes first."""

HEAD, TAIL = 4 * 1024, 12 * 1024
"""As many characters of a long traceback are written, of its beginning and of its end."""


def write_down(error: BaseException, folder: Path) -> Path:
    """Add an exception with its traceback to a folder's log; which file that is. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / NAME
    trace = "".join(traceback.format_exception(error))
    if len(trace) > HEAD + TAIL:
        trace = f"{trace[:HEAD]}\n...\n{trace[-TAIL:]}"
    text = f"{datetime.now().astimezone().isoformat(timespec='seconds')}  Python {sys.version.split()[0]}\n{trace}\n"
    added = text.encode(errors="backslashreplace")
    before = path.read_bytes() if path.exists() else b""
    new = path.with_suffix(f".{os.getpid()}")
    new.touch(mode=0o600)
    new.write_bytes(before[-max(MAX_BYTES - len(added), 0) :] + added)
    new.replace(path)
    return path
