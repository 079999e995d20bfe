"""A folder that lasts as long as its server: what servers that were killed have left is removed by the next."""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "backprop-tui-"
LOCK = "lock"
"""Held by the server, so that others see that it lives."""


class PrivateFolder:
    """Readable by its owner alone. Its lock goes with this process, however that ends."""

    def __init__(self) -> None:
        remove_what_is_left(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        coming = self.path / "coming"
        self._lock = os.open(coming, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        coming.rename(self.path / LOCK)  # which is never seen without being held

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_what_is_left(parent: Path) -> None:
    """Remove the folders of servers that live no more: of this user, and no link to elsewhere."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and _is_left(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_left(path: Path) -> bool:
    """Whether nobody holds its lock. Raises OSError if it has none: it is just being made, or somebody else's."""
    lock = os.open(path / LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
