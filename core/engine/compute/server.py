"""One engine for many screens: answers on a Unix socket, a request of each connection at a time, in turn.

What is quick (compiled, open and small) is answered at once; what takes long (compiling, opening a table, long jumps)
waits for its turn in a thread of its own, so that nobody's step waits for another's million steps.
"""

import asyncio
import os
import resource
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
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
    RunSteps,
    TableRows,
    WireError,
    body_length,
    decode_request,
    encode,
)
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.table.spec import TableSpec

from .engine import Engine

MAX_REQUEST = 8 * 2**20
"""A longer request, in bytes, ends its connection."""

MAX_CONNECTIONS = 1_200
MOST_LAYERS, MOST_PARAMETERS = 6, 10_000
"""A larger network takes seconds to compile, which others would wait for."""

MAX_COMPILED = 300
"""After so many programs (8 MB each, which TensorFlow keeps) the engine asks to be relieved by a fresh one."""

QUICK = 200_000
"""Multiplications of a request that is answered at once: about a millisecond."""

COSTLY = 2**30
"""More multiplications than this in one request are refused: seconds."""

PATIENCE = 10.0
"""Seconds within which a peer sends the rest of a request, and takes an answer."""

GO, WORN = b"g", b"w"
"""On the lifeline: the keeper lets the engine begin; the engine asks to be relieved."""


class Server:
    """Answers on a listening socket. `tables` are the files, besides the bundled table, that may be opened."""

    def __init__(self, engine: Engine, tables: frozenset[str] = frozenset()) -> None:
        self._engine, self._tables = engine, tables
        self._long = ThreadPoolExecutor(1)
        self._open: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._lifeline: socket.socket | None = None
        self._draining = False

    async def run(self, listener: socket.socket, lifeline: socket.socket) -> None:
        """Answer until the lifeline ends, or until the keeper has relieved this worn engine."""
        server = await asyncio.start_unix_server(self._connected, sock=listener, backlog=MAX_CONNECTIONS)
        lifeline.setblocking(False)
        self._lifeline = lifeline
        with suppress(OSError):
            await asyncio.get_running_loop().sock_recv(lifeline, 1)
        self._draining = True
        server.close()
        # Who is in the middle of a request gets the answer; the others just connect to the next engine.
        for task in self._idle:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=PATIENCE)
        os._exit(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        writer.transport.set_write_buffer_limits(high=0)  # `drain` waits until the system has taken all of an answer
        try:
            if len(self._open) > MAX_CONNECTIONS:
                raise WireError("this engine has as many connections as it takes")
            while not self._draining:
                self._idle.add(task)
                request = await _read(reader)
                self._idle.discard(task)
                await _send(writer, await self._answer(request))
        except WireError as error:
            with suppress(ConnectionError, TimeoutError):
                await _send(writer, Failed(str(error)))
        except (EOFError, ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            self._idle.discard(task)
            # Not `close`, which keeps what is unsent for as long as the other side does not read.
            writer.transport.abort()

    async def _answer(self, request: Request) -> Answer:
        if refusal := refused(request, self._tables):
            return Failed(refusal)
        if self._engine.is_ready(request) and self._cost(request) <= QUICK:
            return answered(self._engine, request)
        answer = await asyncio.get_running_loop().run_in_executor(self._long, self._answer_long, request)
        if self._engine.compiled >= MAX_COMPILED and self._lifeline:
            with suppress(OSError):
                self._lifeline.send(WORN)
            self._lifeline = None
        return answer

    def _answer_long(self, request: Request) -> Answer:
        if isinstance(request, RunSteps | FindLosses) and isinstance(request.samples, TableRows):
            opened = answered(self._engine, OpenTable(request.samples.table))
            if isinstance(opened, Failed):
                return opened
        if self._cost(request) > COSTLY:
            return Failed("this asks more of the shared engine at once than it gives to one; try a smaller batch")
        return answered(self._engine, request)

    def _cost(self, request: Request) -> int:
        """About how many multiplications it takes."""
        match request:
            case RunSteps():
                rows = self._engine.rows_of(request.samples) or 0
                # What every step computed is copied as well, about as often.
                return request.samples.steps * rows * request.program.network.width * (4 if request.every else 1)
            case FindLosses():
                rows = self._engine.rows_of(request.samples) or 0
                return len(request.parameters.array) * rows * request.network.width
            case ReadRows():
                return int(request.rows.array.size)
            case FindWorst():
                return 2**19 * request.program.network.width
            case OpenTable() | DescribeTable() | Differentiate() | Descend():
                return 0


def refused(request: Request, tables: frozenset[str]) -> str:
    """Why a shared engine does not do this, in one line; empty if it does."""
    table, network = _table(request), _network(request)
    if table and table.path and table.path not in tables:
        return "the shared engine reads only the bundled table; for a table of your own, run with an engine of your own"
    if network and (len(network.layers) > MOST_LAYERS or network.width > MOST_PARAMETERS):
        return (
            f"{network.name} is too large for the shared engine: it takes up to {MOST_LAYERS} layers "
            f"and {MOST_PARAMETERS:,} parameters"
        )
    return ""


def _table(request: Request) -> TableSpec | None:
    if isinstance(request, OpenTable | ReadRows | DescribeTable | FindWorst):
        return request.table
    if isinstance(request, Differentiate | Descend):
        return None
    return None if isinstance(request.samples, Inline) else request.samples.table


def _network(request: Request) -> Network | None:
    if isinstance(request, RunSteps | FindWorst):
        return request.program.network
    return request.network if isinstance(request, FindLosses) else None


async def _read(reader: asyncio.StreamReader) -> Request:
    header = await reader.readexactly(HEADER.size)
    length = body_length(header)
    if length > MAX_REQUEST:
        raise WireError(f"a request of {length:,} bytes is longer than the limit of {MAX_REQUEST:,}")
    async with asyncio.timeout(PATIENCE):
        return decode_request(await reader.readexactly(length))


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(encode(answer))
    async with asyncio.timeout(PATIENCE):
        await writer.drain()


def answered(engine: Engine, request: Request) -> Answer:
    """The engine's answer; a fault of ours is answered with too, it must not take the engine away from the others."""
    try:
        return engine.answer(request)
    except MemoryError:
        return Failed("the engine has not enough memory for this; try a smaller network, batch or table")
    except Exception as error:
        import traceback

        traceback.print_exc()
        return Failed(f"the engine failed: {type(error).__name__}")


def warm_up(engine: Engine) -> None:
    """Loads the table and TensorFlow, and compiles the program that everyone begins with."""
    network, table = Network(), TableSpec()
    answered(engine, OpenTable(table))
    program = Program(network)
    state = numbers(np.zeros(program.optimizer.state_width(network), program.dtype))
    answered(engine, RunSteps(program, state, TableRows(table, numbers(np.zeros((1, 1), "int32"))), 0.1))


def main(listener: int, tables: list[str]) -> None:
    """Get warm, wait on the lifeline (descriptor 0) to be let begin, then answer on the listening descriptor."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    lifeline = socket.socket(fileno=os.dup(0))
    engine = Engine(programs=MAX_COMPILED)
    warm_up(engine)
    if lifeline.recv(1) == GO:
        asyncio.run(Server(engine, frozenset(tables)).run(socket.socket(fileno=listener), lifeline))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
