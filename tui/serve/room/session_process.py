"""One person's session: a process on a pseudo-terminal, and the bytes between it and the person's client."""

import asyncio
import fcntl
import os
import signal
import socket
import struct
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import count
from typing import Protocol

import msgspec
from backprop_tui.tui.serve import limits, notes
from backprop_tui.tui.serve.notes import (
    MAX_DOWNLOAD,
    Answered,
    Broadcast,
    Download,
    Follow,
    Fork,
    FromSession,
    Posed,
    Progressed,
    Report,
)
from backprop_tui.tui.serve.rates import Rate

from .fork_client import ForkClient, ForkServerLost, NoRoom

READ = 65_536
PATIENCE = 5.0
"""Seconds between asking a session to end and ending it."""

RESTORE = b"\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
"""Makes a terminal usual again after an app that could not do so itself."""

MAX_FORKS = 3
_numbers = count(1)


class Client(Protocol):
    """Where the session's output goes."""

    takes_files: bool
    """Whether it can download files."""

    def write(self, data: bytes) -> None:
        """Send to the person's terminal."""

    def download(self, name: str, data: bytes) -> None:
        """Give the person a file, if it takes files."""

    def hold_keys(self, held: bool) -> None:
        """Take no more from the client for now, or go on."""

    def finish(self, code: int) -> None:
        """The session is over: end the channel."""


class SessionProcess:
    """A process, its terminal, and its link to this server. `over` is called once, when the process has gone."""

    def __init__(self, label: str, folder: str, forks: ForkClient, client: Client) -> None:
        self.number = next(_numbers)
        self.label, self.folder = label, folder
        self.last_key = time.monotonic()
        self.report = Report("", 0, None)
        self.follows = False
        """Whether its person wants to see the instructor's screen."""
        self.behind = False
        """Whether the newest snapshot of it is still to be sent."""
        self.reason = ""
        """Why it was asked to end."""
        self.code: int | None = None
        """The exit code as the fork server saw it; None if it did not."""
        self.over: Callable[[SessionProcess], None] = lambda session: None
        self.broadcast: Callable[[SessionProcess, bytes], None] = lambda session, state: None
        """Called with each snapshot that it shows to others."""
        self.followed: Callable[[SessionProcess], None] = lambda session: None
        """Called when its person begins to follow, or ends."""
        self.answered: Callable[[SessionProcess, Answered], None] = lambda session, answer: None
        """Called when its person answers the class question."""
        self.posed: Callable[[SessionProcess, Posed], None] = lambda session, posed: None
        """Called when it has made a question about the step that it shows."""
        self.progressed: Callable[[SessionProcess, Progressed], None] = lambda session, note: None
        """Called when its person has done something of a course."""
        self._forks, self._client = forks, client
        self._master = self._handle = -1
        self._link: socket.socket | None = None
        self._input = bytearray()
        self._file = bytearray()
        self._paste = Rate(limits.PASTE_RATE, limits.PASTE)
        self._paused = self._ending = self._reading = self._full = False
        self._ended = asyncio.Event()
        self.pid = 0

    # Beginning

    async def start(self, term: str, lang: str, colorterm: str, size: tuple[int, int]) -> None:
        """Fork it. Raises NoRoom, and ForkServerLost if fork servers die again and again."""
        note = Fork(self.number, self.label, self.folder, term, lang, colorterm, self._client.takes_files)
        for attempt in range(MAX_FORKS):
            try:
                await self._fork(note, size)
                return
            except ForkServerLost:
                if attempt == MAX_FORKS - 1:
                    raise

    async def _fork(self, note: Fork, size: tuple[int, int]) -> None:
        with ExitStack() as ours, ExitStack() as theirs:
            try:
                master, slave = os.openpty()
                ours.callback(os.close, master)
                theirs.callback(os.close, slave)
                link, other_end = notes.pair()
            except OSError:
                raise NoRoom from None
            ours.enter_context(link)
            theirs.enter_context(other_end)
            _set_size(master, size)
            self.pid, self._handle = await self._forks.fork(note, slave, other_end.fileno())
            ours.pop_all()
        self._master, self._link = master, link
        for descriptor in (master, link.fileno()):
            os.set_blocking(descriptor, False)
        loop = asyncio.get_running_loop()
        self._read_on()
        loop.add_reader(self._handle, self._gone)
        loop.add_reader(link, self._heard)

    # From the process to the person

    def _from_process(self) -> None:
        try:
            data = os.read(self._master, READ)
        except BlockingIOError:
            return
        except OSError:  # nobody has the other side open any more
            data = b""
        if not data:
            self._read_no_more()
        elif not self._ending:
            self._client.write(data)

    def hold_output(self, held: bool) -> None:
        """Read no more from the process, whose client is slow, or go on: the process waits meanwhile."""
        self._paused = held
        if held and not self._ending:
            self._read_no_more()
        else:
            self._read_on()

    def _read_on(self) -> None:
        if self._master >= 0 and not self._reading:
            asyncio.get_running_loop().add_reader(self._master, self._from_process)
            self._reading = True

    def _read_no_more(self) -> None:
        if self._reading:
            asyncio.get_running_loop().remove_reader(self._master)
            self._reading = False

    # From the person to the process

    def keys(self, data: bytes) -> bool:
        """Pass on what was typed; False if it is more than a person types or pastes."""
        if not self._paste.take(len(data)):
            return False
        self.last_key = time.monotonic()
        if self._master >= 0 and not self._ending:
            self._input += data
            self._write()
        return True

    def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            written = os.write(self._master, self._input) if self._input else 0
            del self._input[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._input.clear()
        if self._input and not self._full:
            self._full = True
            loop.add_writer(self._master, self._write)
            self._client.hold_keys(True)
        elif self._full and not self._input:
            self._full = False
            loop.remove_writer(self._master)
            self._client.hold_keys(False)  # which may hand over more at once

    def resize(self, size: tuple[int, int]) -> None:
        """The person's window has this many columns and lines now."""
        if self._master >= 0:
            _set_size(self._master, size)

    @property
    def asked_to_end(self) -> bool:
        """Whether its end is our doing."""
        return self._ending

    # The link

    def tell(self, note: notes.ToSession) -> bool:
        """Send it a note; False if it has not taken those before."""
        return self._link is None or notes.send(self._link, note)

    def _heard(self) -> None:
        assert self._link is not None
        try:
            data = self._link.recv(notes.MAX_NOTE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._link)
            return
        with suppress(msgspec.MsgspecError):
            note: FromSession = notes.decode(data, FromSession)  # type: ignore[arg-type]
            match note:
                case Report():
                    self.report = note
                case Follow():
                    self.follows = note.follows
                    self.followed(self)
                case Broadcast():
                    self.broadcast(self, note.state)
                case Download():
                    self._take_part(note)
                case Answered():
                    self.answered(self, note)
                case Posed():
                    self.posed(self, note)
                case Progressed():
                    self.progressed(self, note)

    def _take_part(self, note: Download) -> None:
        self._file += note.part
        if len(self._file) > MAX_DOWNLOAD:
            self._file.clear()
        elif note.is_last:
            self._client.download(note.name, bytes(self._file))
            self._file.clear()

    # Ending

    async def end(self, reason: str = "") -> None:
        """Ask it to save and end; end it if it does not; its person is told why. Returns when it has gone."""
        self.reason = self.reason or reason
        if not self._ending and self._handle >= 0:
            self._ending = True
            self._read_on()  # what it still writes is read and dropped: a full terminal must not hold it up
            for number in (signal.SIGHUP, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, number)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), PATIENCE)
                    break
        elif self._handle >= 0:
            await self._ended.wait()

    def _gone(self) -> None:
        """The process has ended: pass on its last words, close everything."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._handle)
        os.close(self._handle)
        self._handle = -1
        with suppress(ChildProcessError):  # only if its fork server had died, and it was handed to us
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        while not self._ending:
            try:
                data = os.read(self._master, READ)
            except OSError:
                break
            if not data:
                break
            self._client.write(data)
        self._read_no_more()
        loop.remove_writer(self._master)
        os.close(self._master)
        self._master = -1
        assert self._link is not None
        loop.remove_reader(self._link)
        self._link.close()
        self._link = None
        self._ended.set()
        # The fork server's word on how it ended is on its way.
        loop.call_later(0.05, self.over, self)


def _set_size(terminal: int, size: tuple[int, int]) -> None:
    columns, lines = size
    with suppress(OSError):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
