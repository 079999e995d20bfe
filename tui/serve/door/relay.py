"""What stands between a person's client and their sessions, whichever door they came through.

It asks a question if one is needed, then starts a session, and the next one if that failed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.room.fork_client import ForkServerLost, NoRoom
from backprop_tui.tui.serve.room.session_process import RESTORE, Client, SessionProcess
from backprop_tui.tui.serve.room.workshop import Workshop

from .checks import Checks, Guest, Refused, require

EARLY = 4096
"""Bytes that are kept of what is typed before the session is there."""

SAVED = "what you did is saved under your name"
CRASHED = "\r\nYour session has ended by a fault. Enter: go on from where it was saved.  q: leave.\r\n"
TAKEN = "\r\n{0} is here already, perhaps on a line that broke.\r\nEnter: take that place over.  n: come in as {1}.\r\n"


class Relay:
    """Passes keys, sizes and output on. The door calls the methods; `client` is where the output goes."""

    def __init__(self, workshop: Workshop, checks: Checks, client: Client, guest: Guest, size: tuple[int, int]) -> None:
        self._workshop, self._checks, self._client, self._guest, self._size = workshop, checks, client, guest, size
        self._session: SessionProcess | None = None
        self._asking: Callable[[bytes], None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._is_asked = False
        """Whether it is counted among those who wait for a session."""
        self._early = b""
        self._held: set[str] = set()
        self._gone = False
        self._tasks: set[asyncio.Task[None]] = set()

    # The door calls these

    def begin(self) -> None:
        """Start a session; ask first if the name is here already, and wait if it is about to leave."""
        label = self._guest.name
        other = self._workshop.sessions.get(label)
        if other is None:
            self._start(label)
            return
        try:
            require(self._checks.question, self._guest)
        except Refused as refused:
            self._part(str(refused), 1)
            return
        if other.asked_to_end:  # the line broke a moment ago, and what was done on it is being saved
            self._count_asked(True)
            self._run(self._take_over())
        else:
            self._ask(TAKEN.format(label, self._workshop.free_label(label)), self._taken)

    def keys(self, data: bytes) -> None:
        """What was typed."""
        if self._asking is not None:
            self._asking(data)
        elif self._session is None:  # it is being forked
            self._early = (self._early + data)[:EARLY]
        elif not self._session.keys(data):
            self._run(self._session.end("that was more than a person types or pastes"))

    def resize(self, size: tuple[int, int]) -> None:
        """The person's window has this many columns and lines now."""
        self._size = size
        if self._session is not None:
            self._session.resize(size)

    def hold_output(self, reason: str, held: bool) -> None:
        """Stop reading from the process, or go on, for one of several reasons."""
        self._held.add(reason) if held else self._held.discard(reason)
        if self._session is not None:
            self._session.hold_output(bool(self._held))

    def hang_up(self) -> None:
        """The client has gone: the session saves and ends."""
        self._gone = True
        self._ask_no_more()
        if self._session is not None:
            self._run(self._session.end())

    # How it goes

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _part(self, line: str, code: int) -> None:
        self._ask_no_more()
        self._client.write(b"\r\n" + line.encode() + b"\r\n")
        self._client.finish(code)

    def _ask(self, question: str, answer: Callable[[bytes], None]) -> None:
        self._count_asked(True)
        self._client.write(question.encode())
        self._asking = answer
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(limits.QUESTION_TIME, self._part, "nobody has answered", 1)

    def _answered(self) -> None:
        self._asking = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _ask_no_more(self) -> None:
        self._answered()
        self._count_asked(False)

    def _count_asked(self, asked: bool) -> None:
        if asked != self._is_asked:
            self._is_asked = asked
            self._workshop.count_asked(self._guest.address, asked)

    def _taken(self, data: bytes) -> None:
        key, label = data[:1].lower(), self._guest.name
        if key in b"\r\nn" and key:
            self._answered()
            if key == b"n":
                self._start(self._workshop.free_label(label))
            else:
                self._run(self._take_over())
        elif key in b"q\x03\x04" and key:
            self._client.finish(0)

    async def _take_over(self) -> None:
        other = self._workshop.sessions.get(self._guest.name)
        if other is not None:
            await other.end("your place was taken over by another login of your name")
            for _ in range(20):
                if other.label not in self._workshop.sessions:
                    break
                await asyncio.sleep(0.05)
        self._start(self._workshop.free_label(self._guest.name))

    def _start(self, label: str) -> None:
        self._ask_no_more()
        if self._gone:
            return
        try:
            require(self._checks.room, self._guest)
        except Refused as refused:  # said at once: whoever has nothing to type is gone in a moment
            self._part(str(refused), 1)
            return
        session = self._workshop.admit(label, self._guest.address, self._client)
        session.over = self._over
        self._run(self._settle(session))

    async def _settle(self, session: SessionProcess) -> None:
        guest = self._guest
        terminal = limits.terminal(guest.term), limits.language(guest.lang), limits.colors(guest.colorterm)
        try:
            await session.start(*terminal, self._size)
        except Exception as fault:  # whatever it was: what has not started must not be listed
            if not isinstance(fault, (NoRoom, ForkServerLost)):
                self._workshop.log(f"{session.label} could not start: {escape_controls(repr(fault))[:200]}")
            self._workshop.leave(session, guest.address)
            self._part("there is no room on the machine for one more; please try later", 1)
            return
        self._session = session
        self._workshop.settle_in(session)
        session.resize(self._size)
        session.hold_output(bool(self._held))
        if self._early:
            session.keys(self._early)
            self._early = b""
        if self._gone:
            await session.end()

    def _over(self, session: SessionProcess) -> None:
        """The process has gone."""
        self._workshop.leave(session, self._guest.address)
        self._session = None
        if self._gone:
            return
        if session.asked_to_end:
            self._client.write(RESTORE)
            self._part(f"{session.reason or 'your session was ended'}; {SAVED}", 0)
        elif session.code == 0:
            self._client.finish(0)
        else:
            self._workshop.log(f"{session.label} ended by a fault ({session.code})")
            self._client.write(RESTORE)
            self._ask(CRASHED, self._crashed)

    def _crashed(self, data: bytes) -> None:
        key = data[:1].lower()
        if key and key in b"\r\n":
            self._start(self._workshop.free_label(self._guest.name))
        elif key and key in b"q\x03\x04":
            self._client.finish(1)
