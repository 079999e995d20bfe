"""The engine's wire, both ways: what is malformed or too long is told, and never believed."""

import asyncio
import socket
import struct
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import msgspec
import numpy as np
import pytest
from backprop_tui.core.engine.client.process import EngineProcess
from backprop_tui.core.engine.compute import server as server_module
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.compute.server import Server
from backprop_tui.core.engine.protocol.checks import Steps, check_rows, check_table, read_steps
from backprop_tui.core.engine.protocol.messages import (
    HEADER,
    Answer,
    Descend,
    DescribeTable,
    Differentiate,
    Failed,
    FindLosses,
    FindWorst,
    Inline,
    OpenTable,
    Program,
    ReadRows,
    Request,
    RowsRead,
    RunSteps,
    StepsRun,
    TableOpened,
    TableRows,
    WireError,
    body_length,
    decode_answer,
    decode_request,
    encode,
)
from backprop_tui.core.model.arrays import MAX_FRAME, Numbers, numbers
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.session import session as session_module
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.spec import TableSpec
from driving import Settle
from hypothesis import given, settings
from hypothesis import strategies as st

STATE = numbers(Run().first_state())
ROW = numbers(np.array([[0]], "int32"))
X, Y = numbers(np.zeros((1, 2))), numbers(np.zeros((1, 1)))
REQUESTS: list[Request] = [
    OpenTable(TableSpec()),
    ReadRows(TableSpec(), numbers(np.array([0, 3]))),
    RunSteps(Program(Network()), STATE, TableRows(TableSpec(), ROW), 0.2),
    RunSteps(Program(Network()), STATE, Inline(X, Y), 0.2, 0.1),
    FindLosses(Network(), numbers(np.zeros((2, 9))), Inline(X, Y)),
    DescribeTable(TableSpec(), 10),
    FindWorst(Program(Network()), STATE, TableSpec(), 3),
    Differentiate("x**2+4*x", numbers(np.zeros(1))),
    Descend("x**2+4*x", 0.0, 0.1, 10),
]
KINDS = [type(request).__name__ for request in REQUESTS]


@pytest.mark.parametrize("request_", REQUESTS, ids=KINDS)
def test_requests_and_answers_arrive_as_they_were_sent(engine: Engine, request_: Request) -> None:
    frame = encode(request_)
    assert body_length(frame[: HEADER.size]) == len(frame) - HEADER.size
    assert decode_request(frame[HEADER.size :]) == request_
    answer = engine.answer(request_)
    assert not isinstance(answer, Failed)
    assert decode_answer(encode(answer)[HEADER.size :]) == answer


# Bodies that are no messages


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_no_message(body: bytes) -> None:
    for decode in (decode_request, decode_answer):
        with pytest.raises(WireError, match="not a message of this program"):
            decode(body)


@pytest.mark.slow
@given(st.sampled_from(REQUESTS), st.data())
@settings(max_examples=300, deadline=None)
def test_a_request_with_some_bytes_changed_is_told_or_is_another_request(
    request_: Request, data: st.DataObject
) -> None:
    body = bytearray(encode(request_)[HEADER.size :])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    del body[data.draw(st.integers(len(body) // 2, len(body))) :]
    with suppress(WireError):
        assert isinstance(decode_request(bytes(body)), msgspec.Struct)


STEPS = msgspec.msgpack.decode(encode(REQUESTS[3])[HEADER.size :])


def changed(whole: dict, path: str, value: object) -> dict:
    """A copy with another value at a path of keys."""
    key, _, rest = path.partition(".")
    return {**whole, key: changed(whole[key], rest, value) if rest else value}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("type", "Exec"),
        ("type", 1),
        ("more", 1),
        ("lr", "fast"),
        ("lr", None),
        ("bound", "low"),
        ("program.dtype", "float16"),
        ("program.network.features", -1),
        ("program.network.features", 2**63),
        ("program.network.layers", []),
        ("program.network.layers", [{"units": 1, "activation": "linear"}] * 13),
        ("program.network.layers", [{"units": 10**9, "activation": "linear"}]),
        ("program.network.layers", [{"units": 4096, "activation": "relu"}] * 3),
        ("program.network.layers", [{"units": 1, "activation": "__import__"}]),
        ("program.network.loss", "none"),
        ("program.network.frozen", ["w9"]),
        ("program.optimizer.name", "lbfgs"),
        ("state.dtype", "O"),
        ("state.dtype", "<f2"),
        ("state.shape", [10]),
        ("state.shape", [-9]),
        ("state.shape", [9, 1, 1, 1, 1]),
        ("state.shape", [2**62, 0]),
        ("state.data", b"\0" * 35),
        ("state.data", "36 characters are not thirty-six by."),
        ("samples.type", "Anything"),
        ("samples.steps", 1.5),
    ],
)
def test_fields_are_checked(path: str, value: object) -> None:
    assert decode_request(msgspec.msgpack.encode(STEPS)) == REQUESTS[3]
    with pytest.raises(WireError, match="not a message of this program"):
        decode_request(msgspec.msgpack.encode(changed(STEPS, path, value)))


def test_deep_nesting_is_no_crash() -> None:
    for opening in (b"\x91", b"\x81\xa1a"):
        with pytest.raises(WireError):
            decode_request(opening * 1_000_000)


def test_a_message_that_announces_more_than_there_is() -> None:
    for start in (b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"):
        with pytest.raises(WireError):
            decode_answer(start)


# Lengths


@pytest.mark.slow
def test_too_long_is_told_before_it_is_read_or_sent() -> None:
    assert body_length(struct.pack(">I", MAX_FRAME)) == MAX_FRAME
    with pytest.raises(WireError, match="longer than the limit"):
        body_length(struct.pack(">I", MAX_FRAME + 1))
    with pytest.raises(WireError, match="longer than the limit"):
        encode(ReadRows(TableSpec(), numbers(np.zeros(MAX_FRAME // 8 + 1))))


# Well-formed requests that can't be answered


SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@st.composite
def odd_numbers(draw: st.DrawFn) -> Numbers:
    dtype = draw(st.sampled_from(["<f4", "<f8", "<i4", "<i8"]))
    shape = draw(st.one_of(SHAPES, st.sampled_from([(9,), (1, 9), (1, 1), (2, 1), (1, 2), (499,)])))
    values = draw(st.sampled_from([0, 1, -1, 498, 499, 2**31 - 1]))
    return Numbers(dtype, shape, np.full(shape, values).astype(dtype).tobytes())


SPECS = st.just(TableSpec()) | st.builds(
    TableSpec,
    features=st.sampled_from([(), ("bedrooms",), ("bedrooms", "sqft_living"), ("price", "price"), ("x",)]),
    targets=st.sampled_from([(), ("price",), ("price", "bedrooms")]),
    log_target=st.booleans(),
    holdout=st.sampled_from([0.0, 0.2, 1.0, -1.0, float("nan")]),
    x=st.none() | odd_numbers(),
    y=st.none() | odd_numbers(),
)
SAMPLES = st.builds(TableRows, SPECS, odd_numbers(), st.sampled_from([0, 1, -1, 2, 1024, 2**40])) | st.builds(
    Inline, odd_numbers(), odd_numbers(), st.sampled_from([0, 1, -1, 2, 1024, 2**40])
)
PROGRAM = st.just(Program(Network()))
ODD = st.one_of(
    st.builds(OpenTable, SPECS),
    st.builds(ReadRows, SPECS, odd_numbers()),
    st.builds(RunSteps, PROGRAM, odd_numbers() | st.just(STATE), SAMPLES, st.floats(), st.none() | st.floats()),
    st.builds(FindLosses, st.just(Network()), odd_numbers(), SAMPLES),
    st.builds(DescribeTable, SPECS, st.integers()),
    st.builds(FindWorst, PROGRAM, odd_numbers() | st.just(STATE), SPECS, st.integers(), st.booleans()),
    st.builds(Differentiate, st.text(max_size=300), odd_numbers()),
    st.builds(Descend, st.text(max_size=300), st.floats(), st.floats(), st.integers()),
)


@pytest.mark.slow
@given(ODD)
@settings(max_examples=300, deadline=None)
def test_whatever_is_asked_there_is_an_answer(engine: Engine, request_: Request) -> None:
    answer = engine.answer(request_)
    assert decode_answer(encode(answer)[HEADER.size :]) is not None
    if isinstance(answer, Failed):
        assert answer.message
        assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in answer.message}


# Answers that do not fit


def answered(engine: Engine, request: Request) -> Answer:
    answer = engine.answer(request)
    assert not isinstance(answer, Failed)
    return answer


def with_trace(answer: StepsRun, **changes: Numbers | None) -> StepsRun:
    trace = {name: value for name, value in {**answer.trace, **changes}.items() if value is not None}
    return msgspec.structs.replace(answer, trace=trace)


BAD_STEPS: dict[str, Callable[[StepsRun], StepsRun]] = {
    "no steps": lambda a: msgspec.structs.replace(
        a, states=numbers(np.zeros((0, 9), "float32")), losses=numbers(np.zeros(0, "float32"))
    ),
    "too many": lambda a: msgspec.structs.replace(
        a, states=numbers(np.zeros((2, 9), "float32")), losses=numbers(np.zeros(2, "float32"))
    ),
    "narrow": lambda a: msgspec.structs.replace(a, states=numbers(np.zeros((1, 8), "float32"))),
    "flat": lambda a: msgspec.structs.replace(a, states=numbers(np.zeros(9, "float32"))),
    "one loss for two": lambda a: msgspec.structs.replace(a, states=numbers(np.zeros((2, 9), "float32"))),
    "losses in a matrix": lambda a: msgspec.structs.replace(a, losses=numbers(np.zeros((1, 1), "float32"))),
    "a loss alone": lambda a: msgspec.structs.replace(a, losses=numbers(np.float32(0))),
    "whole numbers": lambda a: msgspec.structs.replace(a, states=numbers(np.zeros((1, 9), "int32"))),
    "another precision": lambda a: msgspec.structs.replace(a, losses=numbers(np.zeros(1))),
    "no gradient": lambda a: with_trace(a, gw1=None),
    "a gradient of another shape": lambda a: with_trace(a, gw1=numbers(np.zeros((2, 3), "float32"))),
    "two samples in one value": lambda a: with_trace(a, z1=numbers(np.zeros((2, 2), "float32"))),
    "two samples for one row": lambda a: with_trace(
        a,
        x=numbers(np.zeros((2, 2), "float32")),
        y=numbers(np.zeros((2, 1), "float32")),
        **{name: numbers(np.zeros((2, 2), "float32")) for name in ("z1", "h1", "gz1", "gh1")},
        **{name: numbers(np.zeros((1, 2), "float32")) for name in ("z2", "y_pred", "gz2", "gy_pred")},
    ),
    "a trace of another precision": lambda a: with_trace(a, gw1=numbers(np.zeros((2, 2)))),
    "a name of its own": lambda a: with_trace(a, **{"\x1b[2J": numbers(np.zeros((1, 1), "float32"))}),
    "no trace": lambda a: msgspec.structs.replace(a, trace={}),
}


@pytest.mark.parametrize("spoil", BAD_STEPS.values(), ids=BAD_STEPS.keys())
def test_steps_that_do_not_fit_are_told_and_nothing_of_them_is_kept(
    engine: Engine, settle: Settle, spoil: Callable[[StepsRun], StepsRun]
) -> None:
    session = settle(Session(Run()))
    session.timeline.step()
    request = session.request()
    assert isinstance(request, RunSteps)
    answer = answered(engine, request)
    assert isinstance(answer, StepsRun)
    read_steps(request, answer)
    with pytest.raises(WireError, match="the engine"):
        session.accept(request, spoil(answer))
    assert session.timeline.history.entries == 0
    assert session.timeline.trace is None
    assert session.timeline.steps == 0
    assert settle(session).timeline.steps == 1


def test_a_table_and_rows_that_do_not_fit_are_told(engine: Engine) -> None:
    opening, reading = OpenTable(TableSpec()), ReadRows(TableSpec(), numbers(np.array([0])))
    table, rows = answered(engine, opening), answered(engine, reading)
    assert isinstance(table, TableOpened)
    assert isinstance(rows, RowsRead)
    check_table(opening, table)
    check_rows(reading, rows)
    for wrong in (
        msgspec.structs.replace(table, rows=0),
        msgspec.structs.replace(table, mean=numbers(np.zeros(3))),
        msgspec.structs.replace(table, std=numbers(np.zeros((2, 1)))),
        msgspec.structs.replace(table, digest=b""),
        msgspec.structs.replace(table, digest=bytes(2**20)),
    ):
        with pytest.raises(WireError):
            check_table(opening, wrong)
    for name in ("raw", "x", "raw_y", "y"):
        with pytest.raises(WireError):
            check_rows(reading, msgspec.structs.replace(rows, **{name: numbers(np.zeros((1, 5)))}))


def test_an_answer_of_another_kind_is_told(engine: Engine) -> None:
    session = Session(Run())
    request = session.request()
    assert request is not None
    with pytest.raises(WireError, match="not one to this request"):
        session.accept(request, answered(engine, ReadRows(TableSpec(), numbers(np.array([0])))))
    assert session.timeline.scaling is None


# A stranger at the other end of the real thing


@contextmanager
def child() -> Iterator[tuple[socket.socket, "subprocess.Popen[bytes]"]]:
    """The engine's own process, and our end of its wire."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "backprop_tui.core.engine.compute"], stdin=theirs.fileno(), stderr=subprocess.PIPE
    )
    theirs.close()
    ours.settimeout(60)
    try:
        yield ours, process
    finally:
        ours.close()
        process.kill()
        process.communicate()


def received(wire: socket.socket) -> Answer:
    with wire.makefile("rb") as stream:
        return decode_answer(stream.read(body_length(stream.read(HEADER.size))))


@pytest.mark.slow
def test_the_engine_tells_what_is_no_request_and_goes_on() -> None:
    with child() as (wire, process):
        for body in (b"", b"\xc1", b"hello", msgspec.msgpack.encode({"type": "Exec", "code": "1"})):
            wire.sendall(HEADER.pack(len(body)) + body)
            answer = received(wire)
            assert isinstance(answer, Failed)
            assert "not a message of this program" in answer.message
        wire.sendall(encode(OpenTable(TableSpec())))
        assert isinstance(received(wire), TableOpened)
        assert process.poll() is None


def test_the_engine_ends_where_a_message_would_be_too_long() -> None:
    with child() as (wire, process):
        wire.sendall(HEADER.pack(MAX_FRAME + 1))
        assert wire.recv(1) == b""
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert b"longer than the limit" in process.stderr.read()


class Stranger(EngineProcess):
    """The screen's end, with somebody else at the other: who sends these bytes for each request, then hangs up."""

    def __init__(self, *replies: bytes) -> None:
        super().__init__()
        self.replies, self.started = list(replies), 0

    def start(self) -> None:
        self.started += 1
        self._socket, theirs = socket.socketpair()
        reply = self.replies.pop(0)

        def serve() -> None:
            with theirs, suppress(BrokenPipeError):
                theirs.recv(2**20)
                theirs.sendall(reply)

        Thread(target=serve, daemon=True).start()


OPENED = encode(
    TableOpened(
        499, numbers(np.zeros(2)), numbers(np.ones(2)), bytes(16), (), numbers(np.zeros(1)), numbers(np.ones(1))
    )
)


@pytest.mark.parametrize(
    "reply",
    [
        HEADER.pack(MAX_FRAME + 1),
        HEADER.pack(5) + b"hello",
        HEADER.pack(0),
        encode(OpenTable(TableSpec())),
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
async def test_the_screen_tells_what_is_no_answer_and_starts_another_engine(reply: bytes) -> None:
    process = Stranger(reply, OPENED)
    with pytest.raises(WireError):
        await process.ask(OpenTable(TableSpec()))
    assert isinstance(await process.ask(OpenTable(TableSpec())), TableOpened)
    assert process.started == 2
    process.close()


@pytest.mark.parametrize("reply", [b"", b"\0\0", HEADER.pack(100) + b"half of it"])
async def test_an_answer_cut_off_is_asked_for_again(reply: bytes) -> None:
    process = Stranger(reply, OPENED)
    assert isinstance(await process.ask(OpenTable(TableSpec())), TableOpened)
    assert process.started == 2
    process.close()


async def test_a_request_that_is_given_up_leaves_no_answer_for_the_next() -> None:
    process = Stranger(OPENED, OPENED)
    task = asyncio.create_task(process.ask(OpenTable(TableSpec())))
    while process.started == 0:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(await process.ask(OpenTable(TableSpec())), TableOpened)
    process.close()


def test_an_answer_is_checked_and_decoded_once(engine: Engine, settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the wire's arrays is made once for a step: the states, the losses, and each value of the trace."""
    made, checked = Counter[str](), Counter[str]()
    decoded = Numbers.array.fget
    assert decoded is not None

    def counted(numbers: Numbers) -> Array:
        made["arrays"] += 1
        return decoded(numbers)

    def read(request: RunSteps, answer: Answer) -> Steps:
        checked["answers"] += 1
        return read_steps(request, answer)

    session = settle(Session(Run()))
    session.timeline.step()
    monkeypatch.setattr(Numbers, "array", property(counted))
    monkeypatch.setattr(session_module, "read_steps", read)
    while request := session.request():
        answer = answered(engine, request)
        made.clear()
        session.accept(request, answer)
    trace = session.timeline.trace
    assert trace is not None
    assert checked["answers"] == 1
    assert made["arrays"] == len(trace.values) + 2


def test_an_answer_is_bounded_before_it_is_made(engine: Engine) -> None:
    """A row that is asked for a million times would make gigabytes of many a table."""
    answer = engine.answer(ReadRows(TableSpec(), numbers(np.zeros(2**20, "int32"))))
    assert isinstance(answer, Failed)
    assert answer.message == "one request reads up to 174,762 rows of this table"
    assert isinstance(engine.answer(ReadRows(TableSpec(), numbers(np.zeros(174_762, "int32")))), RowsRead)


@pytest.mark.slow
async def test_who_never_reads_holds_nothing_once_patience_is_over(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut with what was not taken, and what waits is one answer at most."""
    monkeypatch.setattr(server_module, "PATIENCE", 0.2)
    server = Server(engine)
    listener = await asyncio.start_unix_server(server._connected, tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    frame = encode(ReadRows(TableSpec(), numbers(np.zeros(170_000, "int32"))))
    writer.write(frame * 4)
    await asyncio.sleep(2)
    assert not server._open
    with pytest.raises(ConnectionError):  # cut in the middle of the first answer
        await reader.readexactly(2**25)
    writer.close()
    listener.close()
