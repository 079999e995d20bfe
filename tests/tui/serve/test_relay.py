"""What stands between a client and its sessions: the question, how long it waits, and who is counted meanwhile."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.door.checks import Checks, Guest, QuestionCheck, RoomCheck
from backprop_tui.tui.serve.door.relay import Relay
from backprop_tui.tui.serve.limits import Limits
from backprop_tui.tui.serve.room.fork_client import NoRoom
from backprop_tui.tui.serve.room.workshop import Workshop

ADDRESS = "192.0.2.1"


class Screen:
    """A client that notes what it is sent."""

    takes_files = False

    def __init__(self) -> None:
        self.seen, self.code = b"", -1

    def write(self, data: bytes) -> None:
        self.seen += data

    def download(self, name: str, data: bytes) -> None:
        raise AssertionError("it takes no files")

    def hold_keys(self, held: bool) -> None:
        """Its keys are pressed by the test."""

    def finish(self, code: int) -> None:
        self.code = code


class NoForks:
    """A fork server that has no room, or fails in a way that nobody has thought of."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def fork(self, *_: object) -> tuple[int, int]:
        raise self.fault


def workshop_in(folder: Path, fault: Exception) -> Workshop:
    workshop = Workshop(Limits(), folder)
    workshop.forks = NoForks(fault)
    return workshop


def come(workshop: Workshop) -> tuple[Relay, Screen]:
    screen = Screen()
    checks = Checks((), (), (), question=(QuestionCheck(workshop),), room=(RoomCheck(workshop),))
    relay = Relay(workshop, checks, screen, Guest(ADDRESS, "anna", term="xterm"), (80, 24))
    relay.begin()
    return relay, screen


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_question_that_nobody_answers_ends(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIME", 0.05)
    workshop = workshop_in(tmp_path, NoRoom())
    workshop.admit("anna", ADDRESS, Screen())
    _, screen = come(workshop)
    assert b"here already" in screen.seen
    assert workshop.asked == {ADDRESS: 1}
    await until(lambda: screen.code == 1)
    assert b"nobody has answered" in screen.seen
    assert not workshop.asked


async def test_who_answers_or_hangs_up_is_counted_no_longer(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "QUESTION_TIME", 0.2)
    workshop = workshop_in(tmp_path, NoRoom())
    workshop.admit("anna", ADDRESS, Screen())
    answering, screen = come(workshop)
    hanging, other = come(workshop)
    assert workshop.asked == {ADDRESS: 2}
    hanging.hang_up()
    assert workshop.asked == {ADDRESS: 1}
    answering.keys(b"n")
    assert not workshop.asked
    await asyncio.sleep(0.3)
    assert other.code == -1
    assert b"nobody" not in screen.seen + other.seen


async def test_a_session_that_can_not_start_is_no_ghost_whatever_the_reason(tmp_path) -> None:
    for fault in (NoRoom(), OSError(24, "Too many open files"), ValueError("anything")):
        workshop = workshop_in(tmp_path, fault)
        _, screen = come(workshop)
        await until(lambda screen=screen: screen.code == 1)
        assert b"no room on the machine" in screen.seen
        assert not workshop.sessions
        assert not workshop.addresses
