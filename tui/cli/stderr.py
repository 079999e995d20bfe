"""TensorFlow writes to descriptor 2 from C++, whatever Python says: here that goes elsewhere, our own lines do not."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def engine_lines_to(log: str | None) -> Iterator[TextIO]:
    """Descriptor 2 leads to the log file, or nowhere, from here to the end of the process; yields the real stderr.

    An exception that leaves the block puts it back, so that it can be told. Raises OSError if the file can't be
    written.
    """
    sink = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        kept = os.dup(2)
    except OSError:  # started without one
        kept = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)
    stderr = os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    try:
        yield stderr
    except BaseException:
        sys.stderr and sys.stderr.flush()
        os.dup2(kept, 2)
        raise
