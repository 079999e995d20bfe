"""The workshop: the sessions there are, the engine and the fork server behind them, and what holds for all."""

import asyncio
import ctypes
import os
import stat
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from backprop_tui.core.course import Course
from backprop_tui.core.engine.client.keeper import EngineKeeper, listen
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.limits import Limits
from backprop_tui.tui.serve.notes import Broadcast, Guide, Hold, Say
from backprop_tui.tui.serve.private_folder import PrivateFolder

from .classroom import Classroom
from .fork_client import ForkClient
from .session_process import Client, SessionProcess
from .task_client import worked_out

PR_SET_CHILD_SUBREAPER = 36
IDLE_CHECK = 5.0
CATCH_UP = 0.5
"""Seconds until a session that does not take a snapshot now is sent the newest."""


class Workshop:
    """Everything that runs. `log` takes a line whenever something happens."""

    def __init__(
        self,
        limits: Limits,
        state: Path,
        scenario: Path | None = None,
        tables: tuple[str, ...] = (),
        output: int = 2,
        log: Callable[[str], None] = lambda line: None,
        course: Course | None = None,
        opens_course: bool = False,
    ) -> None:
        """`course` is the one that people can open in it; with `opens_course` it is open at their start."""
        self.limits, self.state, self.log = limits, state, log
        self.sessions: dict[str, SessionProcess] = {}
        """By label: no two sessions share one."""
        self.addresses: Counter[str] = Counter()
        """Of the sessions."""
        self.asked: Counter[str] = Counter()
        """The addresses of those who have no session, because a question or another's end is waited for."""
        self.held = False
        self.guide: SessionProcess | None = None
        """The session that all may follow."""
        self.classroom = Classroom(self.sessions.values, lambda line: self.log(line), course)
        """What everybody is asked."""
        self._newest = b""
        self.closing = False
        self._scenario, self._tables, self._output = scenario, tables, output
        self._course = course.origin if course is not None and opens_course else ""
        self._by_number: dict[int, SessionProcess] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start the engine and the fork server, and wait until the fork server can fork."""
        # Sessions whose fork server died are handed to this process, not left to be zombies of a container's first one.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._private = PrivateFolder()
        path = self._private.path / "engine"
        self._listener = listen(path)
        self.keeper = EngineKeeper(self._listener, self._tables, self._output, self.log)
        self.keeper.start()
        begins = [str(self._scenario or ""), self._course]
        self.forks = ForkClient([str(path), *begins], self._seen_to_end, self._output, self.log)
        self.forks.start()
        self._spawn(self.keeper.run())
        self._spawn(self._end_the_idle())
        await self.forks.ready()

    def _spawn(self, work: "asyncio.coroutines.Coroutine[None, None, None]") -> None:  # type: ignore[name-defined]
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Sessions

    def free_label(self, label: str) -> str:
        """The label, or the first of label-2, label-3 ... that nobody has."""
        number, found = 1, label
        while found in self.sessions:
            number += 1
            found = f"{label[:28]}-{number}"
        return found

    def admit(self, label: str, address: str, client: Client) -> SessionProcess:
        """A session that is about to start, under a label that nobody has. Its folder is named by that label."""
        if limits.label(label) != label or label in self.sessions:
            raise ValueError(f"{label!r} is no label, or not a free one")
        session = SessionProcess(label, str(self.state / label), self.forks, client)
        self.sessions[label] = self._by_number[session.number] = session
        self.addresses[address] += 1
        self.log(f"{label} came from {address}")
        return session

    def count_asked(self, address: str, asked: bool) -> None:
        """Somebody of this address is asked something before they have a session, or is no longer."""
        self.asked[address] += 1 if asked else -1
        if not self.asked[address]:
            del self.asked[address]

    def leave(self, session: SessionProcess, address: str) -> None:
        """A session is over."""
        if self.sessions.get(session.label) is session:
            del self.sessions[session.label]
        self._by_number.pop(session.number, None)
        self.addresses[address] -= 1
        if not self.addresses[address]:
            del self.addresses[address]
        with suppress(OSError):  # of one that has saved nothing, nothing is left
            os.rmdir(session.folder)
        self.classroom.leave(session)
        self.log(f"{session.label} left at step {session.report.step:,}")
        if session is self.guide:
            self.show(None)

    def settle_in(self, session: SessionProcess) -> None:
        """What a session that has just started must know."""
        session.broadcast, session.followed = self._pass_on, self._catch_up
        if self.guide is not None:
            session.tell(Guide(self.guide.label))
        if self.held:
            session.tell(Hold(True))
        self.classroom.settle_in(session)

    def _seen_to_end(self, number: int, code: int) -> None:
        session = self._by_number.get(number)
        if session is not None:
            session.code = code

    async def _end_the_idle(self) -> None:
        while True:
            await asyncio.sleep(min(IDLE_CHECK, self.limits.idle / 4))
            now = time.monotonic()
            for session in list(self.sessions.values()):
                if now - session.last_key > self.limits.idle:
                    session.last_key = now
                    self.log(f"{session.label} was idle for too long")
                    self._spawn(session.end("nothing was typed for long"))

    # What the instructor does

    def say(self, text: str) -> None:
        """A line to all."""
        for session in self.sessions.values():
            session.tell(Say(escape_controls(text)[:500]))

    def hold(self, held: bool) -> None:
        """Take nobody's keys but the guide's, or go on."""
        self.held = held
        for session in self.sessions.values():
            session.tell(Hold(held and session is not self.guide))

    def show(self, guide: SessionProcess | None) -> None:
        """All may follow this session, or nobody any more."""
        self.guide, self._newest = guide, b""
        for session in self.sessions.values():
            session.tell(Guide(guide.label if guide else "", session is guide))
        self.classroom.guide_is(guide)
        if self.held:
            self.hold(True)

    def _pass_on(self, source: SessionProcess, state: bytes) -> None:
        if source is self.guide:
            self._newest = state
            for session in self.sessions.values():
                self._catch_up(session)

    def _catch_up(self, session: SessionProcess) -> None:
        """Send the newest snapshot; if the session does not take it now, once more when it has had time."""
        if session.follows and self._newest and not session.behind:
            session.behind = not session.tell(Broadcast(self._newest))
            if session.behind:
                asyncio.get_running_loop().call_later(CATCH_UP, self._try_again, session)

    def _try_again(self, session: SessionProcess) -> None:
        session.behind = False
        self._catch_up(session)

    def ask_task(self, number: int) -> None:
        """Ask a task of the course, by its number from 0, once it is worked out. Raises ValueError if not now."""
        course, engine = self.classroom.begin_task(number), str(self._private.path / "engine")
        self._spawn(self.classroom.pose_task(number, worked_out(engine, course, number, self._output)))

    async def report(self) -> None:
        """Write the report, and say so."""
        try:
            self.log(await asyncio.to_thread(self.classroom.write, self.state))
        except ValueError as error:
            self.log(str(error))

    # The end

    async def close(self) -> None:
        """Tell everyone, have everything saved, write the report if anything was asked or done, end it all."""
        self.closing = True
        why = "the workshop has ended"
        await asyncio.gather(*(session.end(why) for session in list(self.sessions.values())))
        if self.classroom.has_anything:
            await self.report()
        await asyncio.sleep(0.1)
        for task in list(self._tasks):
            task.cancel()
        self.forks.close()
        self.keeper.close()
        self._listener.close()
        self._private.remove()


def state_folder(wanted: Path | None) -> Path:
    """The folder of the saved sessions; one that is made is this user's alone. Raises OSError."""
    if wanted is None:
        from platformdirs import user_state_path

        wanted = user_state_path("backprop-tui") / "workshop"
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    return wanted.resolve()


def open_to_others(folder: Path) -> str:
    """A line that says so if others can look into a folder or change it; what somebody else has made is left alone."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o077:
        return ""
    can = "change" if mode & 0o022 else "look into"
    return f"others can {can} {folder} (mode {mode:04o}): chmod 700 keeps them out"
