"""Where sessions are saved, which program may write which file, and what a file held before.

A program claims a name before it saves under it, and holds the claim as a lock on a file beside the session's, which
the system gives up when the program ends, however it ends. So two programs at once never write the same file.

Whoever goes on with a session and then saves it writes over what was there. That stays beside it, as `NAME.session~1`
(the newest), `~2` and `~3`: to go back, move one of them to `NAME.session`. Names are the same whatever their case.
"""

import fcntl
import os
import shutil
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from time import sleep
from types import TracebackType

from backprop_tui.core.text.escape import escape_controls
from platformdirs import user_state_path

from .store import StoreError

SUFFIX, LOCK = ".session", ".lock"
MAX_NAME = 80
TRIES, PAUSE = 5, 0.01

EARLIER, SPREAD = 3, 3600.0
"""How many earlier files of a session are kept, and within how many seconds of another one is the first to go."""


class Claim:
    """The right to write one session's file, until it is released or the process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give it up; another program may claim the name then."""
        if self._descriptor is not None:
            # The name goes first: who opens it after this makes a new lock.
            _lock_of(self.path).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "Claim":
        return self

    def __exit__(self, *_: "type[BaseException] | BaseException | TracebackType | None") -> None:
        self.release()


def state_folder() -> Path:
    """The platform's folder for what a program keeps between its runs: `~/.local/state/backprop-tui` on Linux."""
    return user_state_path("backprop-tui", appauthor=False)


def claim(folder: Path, name: str) -> Claim:
    """Claim a name. Raises StoreError if it is no name, another program holds it, or the folder can't be used."""
    if not _is_name(name):
        raise StoreError(
            f"'{escape_controls(name)[:MAX_NAME]}' is no name for a session: letters, digits, spaces, - _ and ."
        )
    path = _path_of(folder, name)
    # Tried more than once: whoever lists the sessions holds a lock for a moment, and a lock that is given up vanishes.
    for _ in range(TRIES):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreError(f"sessions can't be saved in {escape_controls(str(folder))}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still_there(descriptor, _lock_of(path)):
                return Claim(path, descriptor)
        except OSError:
            sleep(PAUSE)
        os.close(descriptor)
    raise StoreError(f"the session '{name}' is open in another program; give it another name")


def claim_new(folder: Path, now: datetime | None = None) -> Claim:
    """Claim a name that no session has: the date and the time, with a number if several start in one second."""
    base = (now or datetime.now()).strftime("%Y-%m-%d %H.%M.%S")
    taken = {path.stem for path in folder.glob(f"*{SUFFIX}")}
    for number in range(1, 10_000):
        name = base if number == 1 else f"{base} {number}"
        if name in taken or _is_claimed(folder / (name + SUFFIX)):
            continue
        try:
            return claim(folder, name)
        except StoreError:
            if not _is_claimed(folder / (name + SUFFIX)):
                raise
    raise StoreError(f"there are too many sessions of {base} in {escape_controls(str(folder))}")


def saved_names(folder: Path) -> list[str]:
    """The names of the saved sessions, the newest first; without those that are open in another program."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            if path.is_file() and not _is_claimed(path):
                found.append((path.stat().st_mtime_ns, path.stem))
        except OSError:
            continue
    return [name for _, name in sorted(found, reverse=True)]


def keep_earlier(path: Path) -> None:
    """Before a session's file is written over for the first time: keep what it holds, as `~1`.

    If there are `EARLIER` already, one goes: one that was saved soon after the one before it, else the oldest. So
    nobody who takes a name again and again to save over it pushes out what was done before. Raises StoreError.
    """
    try:
        _keep_earlier(path)
    except OSError as error:
        raise StoreError(f"what {escape_controls(str(path))} holds can't be kept: {error.strerror}") from None


def _keep_earlier(path: Path) -> None:
    places = [path.with_name(f"{path.name}~{number}") for number in range(1, EARLIER + 1)]
    kept = [place for place in places if place.exists()]
    if not path.exists() or (kept and os.path.samefile(path, kept[0])):
        return
    if len(kept) == EARLIER:
        _least_needed(kept).unlink()
        kept = [place for place in kept if place.exists()]
    # From the oldest on: the place of each is free by then.
    for place, file in reversed([*zip(places[1:], kept, strict=False)]):
        file.replace(place)
    try:
        os.link(path, places[0])
    except OSError:  # a file system without links
        shutil.copy2(path, places[0])


def _least_needed(files: list[Path]) -> Path:
    """Of files from the newest to the oldest: the one that came soonest after the one before it, else the oldest."""
    times = [file.stat().st_mtime for file in files]
    pauses = [min(newer - older, SPREAD) for newer, older in pairwise(times)]
    return min(zip([*pauses, SPREAD], range(0, -len(files), -1), files, strict=True))[2]


def _is_name(name: str) -> bool:
    """Whether it is no path, no hidden file, and nothing that a terminal would act on."""
    allowed = all(character.isalnum() or character in " -_." for character in name)
    return 0 < len(name) <= MAX_NAME and allowed and name[0].isalnum() and name == name.strip()


def same_name(name: str) -> str:
    """What two names have in common that differ in case alone."""
    return name.casefold()


def _path_of(folder: Path, name: str) -> Path:
    """The file of a session: the one that is there, however its name is written."""
    there = (path for path in folder.glob(f"*{SUFFIX}") if same_name(path.stem) == same_name(name))
    return next(there, folder / (name + SUFFIX))


def _lock_of(path: Path) -> Path:
    return path.with_name(f".{same_name(path.name)}{LOCK}")


def _is_claimed(path: Path) -> bool:
    try:
        descriptor = os.open(_lock_of(path), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)


def _is_still_there(descriptor: int, lock: Path) -> bool:
    """Whether the file that was locked still has its name: its holder may have released it in between."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(lock))
    except OSError:
        return False
