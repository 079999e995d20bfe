"""Saved sessions: a session as one file, checked to the last byte before it is believed.

A file is a line that names it, the checksum of all that follows, the length of a msgpack part, that part (`Saved`),
then the states and the losses of each run as they lie in memory. Nothing in it is ever executed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.scenario import Scenario
from backprop_tui.core.session.history import Change, History, Settings
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.files import reason, replace_file

from .machine import machine

NAME, VERSION = b"backprop-tui session ", b"2"
MAGIC = NAME + VERSION + b"\n"
DIGEST, LENGTH = 32, 8
HEAD = len(MAGIC) + DIGEST + LENGTH

MAX_FILE = 16 * 2**30
"""A longer file is refused before it is read, in bytes."""


class StoreError(Exception):
    """A session that can't be saved or read: one line that names the file and what is wrong."""


class SavedRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run without its arrays, and the scenario it was opened from. `table` is the digest of its table, if known."""

    run: Run
    scenario: Scenario | None
    entries: int
    dtype: Literal["float32", "float64"]
    stretches: tuple[tuple[int, Settings], ...]
    changes: dict[int, Change]
    settings: Settings
    position: Position
    stops: tuple[Position, ...]
    xla: bool
    table: bytes | None
    kept: tuple[int, ...] = ()


class Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session without its arrays: its runs, which of them, from 0, is in view, how many were dropped before."""

    runs: tuple[SavedRun, ...]
    in_view: int
    dropped: int
    machine: str
    screen: dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """A session that was saved, and what the screen kept with it (lesson, score).

    `machine`, `xla` and `table` (its digest) are what the run in view was computed on, with and from: `doubts`
    compares them. `scenario` is the one it was opened from.
    """

    session: Session
    scenario: Scenario | None
    screen: Mapping[str, Any]
    machine: str
    xla: bool
    table: bytes | None


def save(session: Session, path: Path, screen: Mapping[str, Any] | None = None) -> None:
    """Write a session, with all of its runs, to a file in one piece: until it is whole there, the earlier file stays.

    `screen` holds whatever the screen wants back: text, numbers, lists and tables of them. Raises StoreError. Only one
    program may write a file: see `folder.Claim`.
    """
    runs = tuple(_saved_run(timeline) for timeline in session.timelines)
    saved = Saved(runs, session.run_number - 1, session.dropped, machine(), dict(screen or {}))
    body = msgspec.msgpack.encode(saved)
    parts: list[bytes | memoryview] = [len(body).to_bytes(LENGTH, "big"), body]
    for timeline in session.timelines:
        parts += [_bytes(np.ascontiguousarray(part)) for part in (timeline.history.states, timeline.history.losses)]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, [MAGIC, _digest(parts), *parts], 0o600)
    except (OSError, ValueError) as error:
        raise StoreError(f"the session can't be saved to {escape_controls(str(path))}: {reason(error)}") from None


def load(path: Path) -> Loaded:
    """The session in a file. Raises StoreError if it is not whole, not of this program, or of a newer one."""
    name = escape_controls(str(path))
    content = _read(path, name)
    if not content.startswith(NAME):
        raise StoreError(f"{name}: is not a saved session of this program; it is left as it is")
    if not content.startswith(MAGIC):
        raise StoreError(f"{name}: was saved by another version of this program; it is left as it is")
    view = memoryview(content)
    if view[len(MAGIC) : len(MAGIC) + DIGEST] != _digest([view[len(MAGIC) + DIGEST :]]):
        raise StoreError(f"{name}: is damaged: its checksum does not fit; it is left as it is")
    end = HEAD + int.from_bytes(view[HEAD - LENGTH : HEAD], "big")
    try:
        saved = msgspec.msgpack.decode(view[HEAD:end], type=Saved)
        return _loaded(saved, view[end:])
    except (msgspec.MsgspecError, ValueError, TypeError, IndexError, RecursionError, OverflowError) as error:
        detail = escape_controls(str(error).split("\n")[0][:200])
        raise StoreError(f"{name}: can't be understood: {detail}; it is left as it is") from None


def doubts(loaded: Loaded, session: Session, computed: bool = False) -> list[str]:
    """Why the next digits may differ from those that would have come: clauses for a notice, none if they can't.

    `session` is the one that goes on; once it has `computed` a step, its XLA is known.
    """
    found = []
    if session.timeline.scaling and loaded.table and session.timeline.scaling.digest != loaded.table:
        found.append("the table has changed since")
    if computed and session.timeline.xla != loaded.xla:
        found.append(f"it was made {'without' if session.timeline.xla else 'with'} XLA")
    if loaded.machine != machine():
        found.append(f"it is from another machine, {escape_controls(loaded.machine)}")
    return found


def _saved_run(timeline: Timeline) -> SavedRun:
    run, history = timeline.run, timeline.history
    if run.table.path:
        # Resumed from another folder, it is still the same file.
        path = os.path.abspath(run.table.path)
        run = replace(run, table=msgspec.structs.replace(run.table, path=path))
    return SavedRun(
        run,
        cast("Scenario | None", timeline.opened_from),
        history.entries,
        "float32" if run.dtype == "float32" else "float64",
        tuple(history.stretches),
        dict(history.changes),
        timeline.settings,
        timeline.position,
        timeline.stops,
        timeline.xla,
        timeline.scaling.digest if timeline.scaling else None,
        history.kept,
    )


def _loaded(saved: Saved, rest: memoryview) -> Loaded:
    if not 0 <= saved.in_view < len(saved.runs):
        raise ValueError("the run in view is not among its runs")
    timelines = []
    for run in saved.runs:
        size = _size(run)
        timelines.append(_timeline(run, rest[:size]))
        rest = rest[size:]
    if len(rest):
        raise ValueError("its arrays do not have the size of its runs")
    seen = saved.runs[saved.in_view]
    session = Session.restored(timelines, saved.in_view, saved.dropped)
    return Loaded(session, seen.scenario, saved.screen, saved.machine, seen.xla, seen.table)


def _size(saved: SavedRun) -> int:
    """How many bytes its states and losses take."""
    width = saved.run.optimizer.state_width(saved.run.network)
    if saved.dtype != saved.run.dtype or saved.entries < 0:
        raise ValueError("its arrays do not have the size of its runs")
    return ((len(saved.kept) or saved.entries + 1) * width + saved.entries) * np.dtype(saved.dtype).itemsize


def _timeline(saved: SavedRun, arrays: memoryview) -> Timeline:
    """The timeline of a run from its states and losses. The table is read anew."""
    run, entries = saved.run, saved.entries
    width = run.optimizer.state_width(run.network)
    rows = len(saved.kept) or entries + 1
    numbers = np.frombuffer(arrays, np.dtype(saved.dtype).newbyteorder("<"))
    if len(numbers) != rows * width + entries:
        raise ValueError("its arrays do not have the size of its runs")
    _check(saved, entries)
    states = numbers[: rows * width].reshape(rows, width)
    timeline = Timeline(run, saved.scenario)
    timeline.history = History.restored(states, numbers[rows * width :], saved.stretches, saved.changes, saved.kept)
    timeline.settings, timeline.position = saved.settings, saved.position
    timeline.stops, timeline.xla = saved.stops, saved.xla
    if not 0 <= saved.position.done <= timeline.whole:
        raise ValueError("its place is not in its run")
    return timeline


def _check(saved: SavedRun, entries: int) -> None:
    starts = [start for start, _ in saved.stretches]
    if starts[:1] != [0] or starts != sorted(set(starts)) or starts[-1] > entries:
        raise ValueError("its settings do not cover its steps")
    begin = [*starts, *(place for entry in saved.changes for place in (entry, entry + 1)), entries]
    kept = saved.kept
    if kept and (kept[0] != 0 or kept[-1] != entries or list(kept) != sorted(set(kept)) or not set(begin) <= set(kept)):
        raise ValueError("its states do not cover its steps")
    if any(not 0 <= entry < entries for entry in saved.changes):
        raise ValueError("its changes are not in its history")
    if not 0 <= saved.position.entry <= entries:
        raise ValueError("its place is not in its history")


def _bytes(array: Array) -> memoryview:
    """The bytes of an array as it lies in memory, little-endian: no copy on the machines there are."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False).reshape(-1).view("uint8").data


def _digest(parts: "list[bytes | memoryview]") -> bytes:
    digest = blake2b(digest_size=DIGEST)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _read(path: Path, name: str) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise StoreError(f"{name}: is not a file")
        with path.open("rb") as file:
            if not file.read(len(NAME)) == NAME or os.fstat(file.fileno()).st_size > MAX_FILE:
                raise StoreError(f"{name}: is not a saved session of this program; it is left as it is")
            file.seek(0)
            return file.read()
    except FileNotFoundError:
        raise StoreError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{name}: can't be read: {reason(error)}") from None
    except MemoryError:
        raise StoreError(f"{name}: needs more memory than there is") from None
