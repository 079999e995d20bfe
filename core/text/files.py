"""A file written in one piece: until the new one is whole on the disk, the old one stays."""

import os
from collections.abc import Iterable
from pathlib import Path


def replace_file(path: Path, parts: Iterable["bytes | memoryview"], mode: int = 0o666) -> None:
    """Write beside the file, wait until the disk has it, then put it in the file's place.

    What was left half-written by a process that was killed is written over the next time. Raises OSError, and
    ValueError for a path that can't be one.
    """
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with open(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def reason(error: Exception) -> str:
    """Why a file could not be read or written, without its name."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _sync_folder(folder: Path) -> None:
    """Wait until the new name is on the disk as well; some file systems can't, and need not."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        pass
