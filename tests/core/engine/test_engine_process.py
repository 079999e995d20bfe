"""The engine as a real child process: it answers, dies and is started again, and never outlives its screen."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.client.process import MAX_TRIES, EngineLost, EngineProcess
from backprop_tui.core.engine.protocol.messages import HEADER, OpenTable, ReadRows, RowsRead, TableOpened
from backprop_tui.core.model.arrays import MAX_FRAME, numbers
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from processes import is_alive

pytestmark = pytest.mark.slow

OPEN = OpenTable(TableSpec())


@pytest.fixture
async def process() -> AsyncIterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


async def drive(process: EngineProcess, session: Session, before: Callable[[], None] = lambda: None) -> Session:
    while request := session.request():
        before()
        session.accept(request, await process.ask(request))
    return session


def kill(process: EngineProcess) -> None:
    if process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)


async def test_it_answers_in_the_order_of_the_questions(process: EngineProcess) -> None:
    process.start()
    questions = [ReadRows(TableSpec(), numbers(np.array([row]))) for row in range(5)]
    answers = await asyncio.gather(*(process.ask(question) for question in questions))
    assert [answer.raw.array[0, 1] for answer in answers if isinstance(answer, RowsRead)] == [
        1340,
        3650,
        1930,
        2000,
        1940,
    ]


async def test_kill_9_between_any_two_requests_loses_nothing(process: EngineProcess, settle: Settle) -> None:
    """The engine is dead each time it is asked."""
    restarts = []
    process.on_restart = lambda: restarts.append(process.pid)
    session, undisturbed = Session(Run()), Session(Run())
    for act in (
        lambda session: session.timeline.step(),
        lambda session: session.timeline.start_jump(5),
        lambda session: session.timeline.go_to(3),
    ):
        act(session)
        act(undisturbed)
        await drive(process, session, before=lambda: kill(process))
        settle(undisturbed)
    assert len(restarts) == 4  # for each request after the first: the row, the step, the jump, the step long past
    assert session.timeline.history.states.tobytes() == undisturbed.timeline.history.states.tobytes()
    assert session.timeline.history.losses.tobytes() == undisturbed.timeline.history.losses.tobytes()
    assert session.timeline.position == undisturbed.timeline.position


async def test_kill_9_while_it_is_busy_loses_nothing(process: EngineProcess) -> None:
    process.start()
    session = await drive(process, Session(Run()))
    session.timeline.step()
    request = session.request()
    assert request is not None
    first = process.pid
    answer = asyncio.create_task(process.ask(request))
    await asyncio.sleep(0.5)  # TensorFlow is being imported
    assert not answer.done()
    kill(process)
    session.accept(request, await answer)
    assert process.pid != first
    assert session.timeline.steps == 1
    assert session.timeline.trace is not None
    assert np.isfinite(session.timeline.trace.loss)


async def test_an_engine_that_dies_each_time_is_told(process: EngineProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    restarts = []
    process.on_restart = lambda: restarts.append(1)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(EngineLost, match="ended each time"):
            await process.ask(OPEN)
        assert len(restarts) == MAX_TRIES
        patch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(EngineLost, match="can't be started: No such file"):
            await process.ask(OPEN)
    # And it answers again when it can.
    assert isinstance(await process.ask(OPEN), TableOpened)


async def test_an_interrupt_at_the_keyboard_is_not_for_the_engine(process: EngineProcess) -> None:
    assert isinstance(await process.ask(OPEN), TableOpened)
    pid = process.pid
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    assert isinstance(await process.ask(OPEN), TableOpened)
    assert process.pid == pid


async def test_closing_ends_and_collects_it(process: EngineProcess) -> None:
    process.start()
    pid = process.pid
    assert pid is not None
    process.close()
    assert process.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    process.close()


async def test_its_lines_go_to_the_log_and_nowhere_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "engine.log"
    log.write_text("kept\n")
    for path in (str(log), None):
        process = EngineProcess(path)
        process.start()
        assert process._socket is not None
        process._socket.sendall(HEADER.pack(MAX_FRAME + 1))
        assert process._child is not None
        process._child.wait(20)
        process.close()
    assert log.read_text().startswith("kept\n")
    assert log.read_text().count("longer than the limit") == 1
    assert capfd.readouterr() == ("", "")


PARENT = """
import asyncio, sys
from backprop_tui.core.engine.client.process import EngineProcess

process = EngineProcess()
process.start()
print(process.pid, flush=True)

async def main():
    from backprop_tui.core.session.run import Run
    from backprop_tui.core.session.session import Session
    session = Session(Run())
    for _ in range(int(sys.argv[1])):
        request = session.request() or (session.timeline.step(), session.request())[1]
        print("asked", flush=True)
        session.accept(request, await process.ask(request))
    print("idle", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("requests", "line", "later"),
    [(0, "", 0.0), (0, "idle", 0.5), (3, "asked", 0.3), (3, "asked", 1.0), (3, "asked", 2.0), (3, "idle", 0.0)],
    ids=["starting", "idle", "importing pandas", "importing TensorFlow", "compiling", "idle after a step"],
)
def test_it_is_gone_within_a_second_of_its_screen(requests: int, line: str, later: float) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(requests)], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        while line and line not in (read := parent.stdout.readline()):
            assert read, "the parent has ended"
        time.sleep(later)
        assert is_alive(pid)
    finally:
        parent.kill()
    killed = time.monotonic()
    parent.wait()
    while is_alive(pid) and time.monotonic() < killed + 10:
        time.sleep(0.01)
    assert time.monotonic() - killed < 1
    assert not is_alive(pid)


UNREAD = """
import select, time
from backprop_tui.core.engine.client.process import EngineProcess
from backprop_tui.core.engine.protocol.messages import HEADER

process = EngineProcess()
process.start()
process._socket.sendall(HEADER.pack(1) + bytes([0xC1]))  # no message: it is answered without an import
select.select([process._socket], [], [])
print(process.pid, flush=True)
time.sleep(60)
"""


def test_it_is_gone_with_a_screen_that_is_killed_before_it_reads_an_answer() -> None:
    """Such a connection is reset, and has no end of file."""
    for _ in range(15):
        with subprocess.Popen([sys.executable, "-c", UNREAD], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert is_alive(pid)
            parent.kill()
        killed = time.monotonic()
        while is_alive(pid) and time.monotonic() < killed + 2:
            time.sleep(0.01)
        assert not is_alive(pid)
