"""Processes of the system, as tests look at them: whether they live, whose they are, and waiting for what they do."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def wait_until(is_so: Callable[[], object], seconds: float = 20, what: Callable[[], str] = lambda: "it") -> None:
    """Wait until something is so; AssertionError if it is not in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"waited {seconds} s for {what()}"
        time.sleep(0.02)


def wait_until_gone(pids: Sequence[int], seconds: float = 2) -> list[int]:
    """Wait for the end of some processes; those that are still there."""
    end = time.monotonic() + seconds
    while (alive := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < end:
        time.sleep(0.02)
    return alive


def command_line(pid: int) -> str:
    """The command line of a process; empty when it has gone or is a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def stat(pid: int) -> list[str]:
    """What /proc says of a process from its state on, `man 5 proc`, field 3; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def state(pid: int) -> str:
    """The state letter of a process (Z is a zombie); empty when it has gone."""
    return (stat(pid) or [""])[0]


def is_alive(pid: int) -> bool:
    """Whether a process is there, and is not just waiting to be collected."""
    return state(pid) not in ("", "Z")


def parent(pid: int) -> int:
    """The parent's process id, 0 when it has gone."""
    return int((stat(pid) or ["", "0"])[1])


def terminal(pid: int) -> int:
    """The number of the terminal that a process has, 0 for none."""
    return int((stat(pid) or ["0"] * 5)[4])


def descendants(pid: int) -> list[int]:
    """All processes below this one, oldest first."""
    below: dict[int, list[int]] = {}
    for entry in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        below.setdefault(parent(entry), []).append(entry)
    found, waiting = [], [pid]
    while waiting:
        children = below.get(waiting.pop(0), [])
        found += children
        waiting += children
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
