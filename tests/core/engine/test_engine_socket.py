"""The shared engine: real processes on a real Unix socket, asked by several, killed, worn, and sent nonsense."""

import asyncio
import os
import random
import signal
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.client.keeper import EngineKeeper, SocketInUse, listen
from backprop_tui.core.engine.client.socket import SharedEngine
from backprop_tui.core.engine.compute.server import MAX_COMPILED, MAX_REQUEST, refused
from backprop_tui.core.engine.protocol.limits import STEPS_A_REQUEST
from backprop_tui.core.engine.protocol.messages import (
    HEADER,
    Descend,
    Failed,
    Inline,
    OpenTable,
    Program,
    RunSteps,
    StepsRun,
    TableOpened,
    encode,
)
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from networks import hidden_layers

pytestmark = [pytest.mark.slow, pytest.mark.one_worker]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, EngineKeeper]]:
    path = tmp_path_factory.mktemp("engine") / "s"
    listener = listen(path)
    keeper = EngineKeeper(listener)
    keeper.start()
    yield path, keeper
    keeper.close()
    listener.close()


@asynccontextmanager
async def asking(path: Path) -> AsyncIterator[SharedEngine]:
    shared = SharedEngine(str(path))
    try:
        yield shared
    finally:
        shared.close()


def steps_of(network: Network, n: int = 1) -> RunSteps:
    samples = Inline(numbers(np.ones((1, network.features))), numbers(np.ones((1, 1))), n)
    return RunSteps(Program(network), numbers(np.full(network.width, 0.1, "float32")), samples, 0.1)


async def test_a_session_runs_on_it_as_on_its_own(place, settle) -> None:
    own, shared = Session(Run()), Session(Run())
    own.timeline.step()
    settle(own)
    shared.timeline.step()
    async with asking(place[0]) as engine:
        while request := shared.request():
            shared.accept(request, await engine.ask(request))
    assert own.timeline.history.states.tobytes() == shared.timeline.history.states.tobytes()
    assert {k: v.tolist() for k, v in own.timeline.trace.values.items()} == {
        k: v.tolist() for k, v in shared.timeline.trace.values.items()
    }


async def test_many_ask_at_once_and_each_gets_its_own_answer(place) -> None:
    async def one(number: int) -> list[float]:
        async with asking(place[0]) as engine:
            found = []
            for n in range(1, 6):
                x = numbers(np.full((1, 2), number / 10))
                request = RunSteps(
                    Program(Network()),
                    numbers(np.full(9, 0.1, "float32")),
                    Inline(x, numbers(np.ones((1, 1))), n),
                    0.1,
                )
                answer = await engine.ask(request)
                assert isinstance(answer, StepsRun)
                assert answer.losses.shape == (n,)
                found.append(float(answer.losses.array[0]))
            return found

    answers = await asyncio.gather(*(one(number) for number in range(40)))
    assert all(len(set(found)) == 1 for found in answers)
    assert len({found[0] for found in answers}) == 40


async def test_one_step_is_answered_between_the_pieces_of_anothers_long_descent(place) -> None:
    pieces: list[str] = []

    async def descend() -> None:
        lesson = DescentLesson("x**2 + 4*x", 0.0, 0.01)
        lesson.start_jump(200)
        async with asking(place[0]) as engine:
            while request := lesson.request():
                lesson.accept(request, await engine.ask(request))
                pieces.append("long")

    async def step() -> None:
        async with asking(place[0]) as engine:
            while len(pieces) < 2:
                await asyncio.sleep(0)
            await engine.ask(Descend("x**2 + 4*x", 1.0, 0.1, 1))
            pieces.append("short")

    await asyncio.gather(descend(), step())
    assert len(pieces) > 20
    assert 2 <= pieces.index("short") <= 6, "it waited for the piece under way, not for all of them"


def test_only_its_owner_may_connect(place) -> None:
    assert stat.S_IMODE(place[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(place[0].parent.stat().st_mode) & 0o077 == 0


def test_a_socket_in_use_is_not_taken_over(place) -> None:
    with pytest.raises(SocketInUse, match="listens here already"):
        listen(place[0])


def test_a_folder_that_others_write_to_is_refused(tmp_path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SocketInUse, match="others can write"):
        listen(tmp_path / "s")


def test_a_socket_left_behind_is_replaced(tmp_path) -> None:
    tmp_path.chmod(0o700)
    listen(tmp_path / "s").close()
    listen(tmp_path / "s").close()


@pytest.mark.parametrize(
    "bytes_sent",
    [
        HEADER.pack(5) + b"hello",
        HEADER.pack(MAX_REQUEST + 1),
        HEADER.pack(2**32 - 1),
        HEADER.pack(0),
        HEADER.pack(1) + b"\xc1",
        HEADER.pack(200) + b"\x91" * 200,
    ],
)
async def test_a_malformed_peer_is_told_and_closed_and_nobody_else(place, bytes_sent) -> None:
    async with asking(place[0]) as other:
        assert isinstance(await other.ask(OpenTable(TableSpec())), TableOpened)
        reader, writer = await asyncio.open_unix_connection(str(place[0]))
        writer.write(bytes_sent)
        told = await asyncio.wait_for(reader.read(), 40)
        assert b"Failed" in told
        writer.close()
        # The same connection of the other is still in use: its engine was never restarted.
        other.on_restart = lambda: pytest.fail("the other's connection was lost")
        assert isinstance(await other.ask(OpenTable(TableSpec())), TableOpened)


async def test_random_bytes_and_cut_frames_do_no_harm(place) -> None:
    pid, generator = place[1].pid, random.Random(5)
    frame = encode(steps_of(Network()))
    for _ in range(150):
        broken = bytearray(frame)
        for _ in range(generator.randint(1, 8)):
            broken[generator.randrange(4, len(broken))] = generator.randrange(256)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(5)
            peer.connect(str(place[0]))
            peer.sendall(bytes(broken)[: generator.randint(1, len(broken))])
    async with asking(place[0]) as engine:
        assert isinstance(await engine.ask(steps_of(Network())), StepsRun)
    assert place[1].pid == pid


def test_what_a_shared_engine_refuses() -> None:
    own = TableSpec(path="/etc/passwd")
    assert "bundled table" in refused(OpenTable(own), frozenset())
    assert refused(OpenTable(own), frozenset({"/etc/passwd"})) == ""
    assert refused(OpenTable(TableSpec()), frozenset()) == ""
    assert "too large" in refused(steps_of(Network(2, hidden_layers([4000], "relu"))), frozenset())
    assert "6 layers" in refused(steps_of(Network(2, hidden_layers([2] * 8, "relu"))), frozenset())
    assert refused(steps_of(Network(2, hidden_layers([64, 64], "relu"))), frozenset()) == ""


@pytest.mark.parametrize(
    ("request_made", "told"),
    [
        (OpenTable(TableSpec(path="/etc/passwd")), "bundled table"),
        (steps_of(Network(2, hidden_layers([4000], "relu"))), "too large"),
        (steps_of(Network(), 10**12), "asks more of the shared engine"),
        (steps_of(Network(), STEPS_A_REQUEST + 1), "one request runs up to"),
        (steps_of(Network(), -1), "one request runs up to"),
    ],
)
async def test_a_refusal_is_a_notice_and_the_connection_goes_on(place, request_made, told) -> None:
    async with asking(place[0]) as engine:
        answer = await engine.ask(request_made)
        assert isinstance(answer, Failed)
        assert told in answer.message
        engine.on_restart = lambda: pytest.fail("the connection was closed")
        assert isinstance(await engine.ask(steps_of(Network())), StepsRun)


async def test_a_step_does_not_wait_for_another_s_compiling(place) -> None:
    """Steps go on, one after the other, while somebody's large network is being compiled."""
    async with asking(place[0]) as quick, asking(place[0]) as slow:
        await quick.ask(steps_of(Network()))
        compiling = asyncio.create_task(slow.ask(steps_of(Network(2, hidden_layers([40] * 5, "tanh")))))
        await asyncio.sleep(0.02)
        done = 0
        while not compiling.done():
            await quick.ask(steps_of(Network()))
            done += 1
        assert isinstance(await compiling, StepsRun)
        assert done > 10


async def test_killed_it_is_replaced_and_the_request_is_asked_again(place) -> None:
    path, keeper = place
    watching = asyncio.create_task(keeper.run())
    try:
        async with asking(path) as engine:
            assert isinstance(await engine.ask(steps_of(Network())), StepsRun)
            killed = keeper.pid
            os.kill(killed, signal.SIGKILL)
            assert isinstance(await engine.ask(steps_of(Network())), StepsRun)
            assert keeper.pid != killed
    finally:
        watching.cancel()


async def test_a_worn_engine_hands_over_and_no_request_is_lost(tmp_path, monkeypatch) -> None:
    """An engine that has compiled nearly all it may asks for relief soon; whoever asks meanwhile is answered."""
    tmp_path.chmod(0o700)
    listener = listen(tmp_path / "s")
    (tmp_path / "sitecustomize.py").write_text(
        "from backprop_tui.core.engine.compute.engine import Engine\n"
        "begin = Engine.__init__\n"
        "def nearly_worn(self, programs):\n"
        "    begin(self, programs)\n"
        f"    self.compiled = {MAX_COMPILED - 2}\n"
        "Engine.__init__ = nearly_worn\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    relieved: list[str] = []
    keeper = EngineKeeper(listener, changed=relieved.append)
    keeper.start()
    watching = asyncio.create_task(keeper.run())
    try:
        async with asking(tmp_path / "s") as engine:
            first = keeper.pid
            # It compiled a program to get warm, this is the second.
            assert isinstance(await engine.ask(steps_of(Network(2, hidden_layers([3], "tanh")))), StepsRun)
            for _ in range(100):
                assert isinstance(await engine.ask(steps_of(Network())), StepsRun)
                if keeper.pid != first:
                    break
                await asyncio.sleep(0.1)
            assert isinstance(await engine.ask(steps_of(Network())), StepsRun)
            assert len(relieved) == 1
    finally:
        watching.cancel()
        keeper.close()
        listener.close()
