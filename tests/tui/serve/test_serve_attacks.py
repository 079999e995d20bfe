"""A workshop under attack: passwords tried, floods, memory asked for, lines that nobody reads; by real clients."""

import asyncio
import contextlib
import json
import os
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import MSG_USERAUTH_REQUEST
from asyncssh.packet import Boolean, SSHPacket, String
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.door import ssh_inner
from processes import resident, wait_until
from served import Served
from served_web import Web
from websockets.exceptions import ConnectionClosed

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]

PASSWORD = "four-words-of-nonsense"
FLOOD = "127.0.0.9"
"""The address that an attack comes from; people come from 127.0.0.1."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("passwords")
    (folder / "password").write_text(PASSWORD)
    with Web(folder / "state", "--password-file", str(folder / "password")) as served:
        yield served


@pytest.fixture(scope="module")
def open_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with Web(tmp_path_factory.mktemp("attacks") / "state", "--open") as served:
        yield served


@contextlib.asynccontextmanager
async def connected(served: Served, name: str = "anna", **given: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
    options = {"password": None, "known_hosts": None, "client_keys": None, "agent_path": None, "config": []} | given
    async with asyncssh.connect("127.0.0.1", served.port, username=name, **options) as connection:
        yield connection


# Passwords


class Guesser(asyncssh.SSHClient):
    """Sends passwords without waiting for answers, as soon as they may be sent."""

    def __init__(self, passwords: list[str]) -> None:
        self.passwords = passwords
        self.inside = False
        self.why: Exception | None = None
        self.over = asyncio.Event()

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.connection = conn

    def password_auth_requested(self) -> str:
        for password in self.passwords[:-1]:
            self.connection.send_packet(
                MSG_USERAUTH_REQUEST,
                String("anna"),
                String("ssh-connection"),
                String("password"),
                Boolean(False),
                String(password),
            )
        return self.passwords[-1]

    def auth_completed(self) -> None:
        self.inside = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.why = exc
        self.over.set()


async def guess(served: Served, passwords: list[str]) -> Guesser:
    guesser = Guesser(passwords)
    with contextlib.suppress(asyncssh.Error, OSError):
        await asyncssh.create_connection(
            lambda: guesser,
            "127.0.0.1",
            served.port,
            username="anna",
            known_hosts=None,
            client_keys=None,
            agent_path=None,
            config=[],
            preferred_auth="password",
        )
    return guesser


@pytest.mark.parametrize("wrong", [1, 3, 5000])
async def test_guesses_that_wait_for_no_answer_are_not_compared(web, wrong) -> None:
    began = time.monotonic()
    guesser = await guess(web, [f"guess {number}" for number in range(wrong)] + [PASSWORD])
    assert not guesser.inside
    assert time.monotonic() - began < 15
    assert not web.processes("session")
    with web.come("anna") as anna:
        anna.press("q")
        assert anna.wait_for_end() == 0


def refused(web: Web, password: str, source: str) -> str:
    """Why a browser is not let in; empty if it is."""
    with web.line(source=source) as line:
        line.send(json.dumps(["login", "anna", password]))
        try:
            line.recv(20)
        except ConnectionClosed as closed:
            return closed.rcvd.reason
        return ""


def test_guesses_of_an_address_are_counted_over_both_doors(web) -> None:
    reasons: list[str] = []
    guessers = [
        threading.Thread(target=lambda: reasons.append(refused(web, "wrong", FLOOD)))
        for _ in range(limits.WRONG_OF_ADDRESS + 10)
    ]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join(30)
    compared = reasons.count("that is not the password")
    assert limits.WRONG_OF_ADDRESS <= compared <= limits.WRONG_OF_ADDRESS + 3
    assert "too many wrong passwords from your address" in refused(web, PASSWORD, FLOOD)
    with web.ssh("anna", "-b", FLOOD, "-oLogLevel=INFO", columns=200) as anna:
        anna.wait_for("password:")
        anna.press(PASSWORD + "\r")
        anna.wait_for_end(20)
        assert b"too many wrong passwords from your address" in anna.written
    assert refused(web, PASSWORD, "127.0.0.1") == ""


# Names


@pytest.mark.parametrize("password", [PASSWORD, ""])
async def test_a_name_that_is_empty_has_no_folder(web, open_web, password) -> None:
    """asyncssh's own look at the name is passed over when the name is empty."""
    served = web if password else open_web
    with pytest.raises((asyncssh.Error, OSError)):
        async with connected(served, "", password=password):
            pass
    assert not served.processes("session")


def test_anna_and_anna_are_one(open_web) -> None:
    with open_web.come("Anna") as first:
        first.press(" ")
        first.wait_for("step 1")
        with open_web.ssh("anna") as second:
            second.wait_for("anna is here already")
            second.press("q")
            second.wait_for_end()
        first.press("q")
        first.wait_for_end()
    assert [path.name for path in open_web.state.iterdir() if path.name.lower() == "anna"] == ["anna"]


# Memory that is asked for


async def test_variables_without_end(open_web) -> None:
    before = resident(open_web.process.pid)
    env = {f"V{number}": "x" * 29_000 for number in range(3_000)}
    with pytest.raises((asyncssh.Error, OSError)):
        async with connected(open_web) as connection:
            await connection.create_process(term_type="xterm", env=env, encoding=None)
    assert resident(open_web.process.pid) - before < 8 * 2**20


def test_of_the_variables_only_those_looked_at_are_kept_and_none_that_is_long() -> None:
    channel = SimpleNamespace(_env={})
    ssh_inner.keep_environment_small(channel)
    given = {"LANG": "C.UTF-8", "COLORTERM": "truecolor", "PATH": "/", "LC_ALL": "C"} | {f"V{n}": "" for n in range(99)}
    taken = [name for name, value in given.items() if sends(channel, name, value)]
    assert taken == ["LANG", "COLORTERM", "LC_ALL"]
    assert not sends(channel, "LANG", "x" * 10_000)
    assert channel._env == {b"LANG": b"C.UTF-8", b"COLORTERM": b"truecolor", b"LC_ALL": b"C"}


def sends(channel: SimpleNamespace, name: str, value: str) -> bool:
    return channel._process_env_request(SSHPacket(String(name) + String(value)))


async def read_until(process: asyncssh.SSHClientProcess, text: bytes, seconds: float = 20) -> None:
    seen = b""
    async with asyncio.timeout(seconds):
        while text not in seen:
            data = await process.stdout.read(65536)
            assert data, seen[-2000:]
            seen += data


def test_a_request_without_end_is_cut_off(open_web) -> None:
    before = resident(open_web.process.pid)
    lines = []
    for port in (open_web.port, open_web.web_port) * 20:
        line = socket.create_connection(("127.0.0.1", port), source_address=(FLOOD, 0))
        lines.append(line)
        with contextlib.suppress(OSError):
            line.sendall(b"GET / HTTP/1.1\r\n" if port == open_web.web_port else b"SSH-2.0-x\r\n")
            for number in range(100):
                line.sendall(b"X-%d: %s\r\n" % (number, b"x" * 8_000))
    for line in lines:
        line.settimeout(10)
        with contextlib.suppress(ConnectionError):
            while line.recv(65536):
                pass
        line.close()
    assert resident(open_web.process.pid) - before < 8 * 2**20


# Newcomers pushed out


@contextlib.contextmanager
def flood(port: int, say: bytes, source: str = FLOOD, per_second: int = 40) -> Iterator[None]:
    """Connections that stay, so many a second."""
    over = threading.Event()

    def run() -> None:
        lines: list[socket.socket] = []
        while not over.wait(1 / per_second):
            line = socket.socket()
            line.settimeout(0.2)
            with contextlib.suppress(OSError):
                line.bind((source, 0))
                line.connect(("127.0.0.1", port))
                line.sendall(say)
            lines.append(line)
        for line in lines:
            line.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_who_types_slowly_gets_in_beside_a_flood_on_ssh(web) -> None:
    with flood(web.port, b"SSH-2.0-x\r\n"):
        time.sleep(12)  # all that may come at once has come
        with web.ssh("anna") as anna:
            anna.wait_for("password:")
            time.sleep(5)
            anna.press(PASSWORD + "\r")
            anna.wait_for("Gradients")
            anna.press("q")
            assert anna.wait_for_end() == 0


def test_who_types_slowly_gets_in_beside_a_flood_on_the_web(web) -> None:
    asking = b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    asking += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    with flood(web.web_port, asking % (web.web_port, web.address.encode())):
        time.sleep(12)
        with web.line() as line:
            time.sleep(5)
            line.send(json.dumps(["login", "anna", PASSWORD]))
            assert line.recv(20)


# Questions


async def test_those_who_are_asked_are_counted(tmp_path) -> None:
    with Web(tmp_path / "state", "--open", "--max-per-address", "2") as served, served.come("anna") as anna:
        async with connected(served) as one, connected(served) as two, connected(served) as three:
            for connection in (one, two):
                process = await connection.create_process(term_type="xterm", encoding=None)
                await read_until(process, b"here already")
            process = await three.create_process(term_type="xterm", encoding=None)
            await read_until(process, b"too many are being asked")
        async with connected(served) as four:
            process = await four.create_process(term_type="xterm", encoding=None)
            await read_until(process, b"here already")
        anna.press("q")
        assert anna.wait_for_end() == 0


@contextlib.contextmanager
def few_descriptors(pid: int, room: int) -> Iterator[None]:
    """So many descriptors more, and no more, may a process open."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    numbers = sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
    free = [number for number in range(numbers[-1] + room + 2) if number not in numbers]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free[room - 1] + 1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("room", [1, 2, 3, 4, 5])
def test_at_the_limit_of_descriptors_nobody_becomes_a_ghost(open_web, room) -> None:
    with few_descriptors(open_web.process.pid, room):
        ran = open_web.run("ghost", "-tt", "-oLogLevel=INFO", "-oConnectTimeout=3")
        assert ran.code != 0
    with open_web.ssh("ghost") as ghost:
        ghost.wait_until(lambda: "Gradients" in ghost.text or "already" in ghost.text, 40, "the screen")
        assert "already" not in ghost.text
        ghost.press("q")
        assert ghost.wait_for_end() == 0
    wait_until(lambda: not open_web.processes("session"))


@pytest.mark.parametrize("room", [1, 2])
def test_a_fork_server_at_its_limit_refuses_and_lives_on(open_web, room) -> None:
    [fork_server] = open_web.processes("fork server")
    with few_descriptors(fork_server, room), open_web.ssh("ghost") as ghost:
        ghost.wait_for_end(20)
        assert b"no room on the machine" in ghost.written
    with open_web.come("ghost") as ghost:
        ghost.press("q")
        assert ghost.wait_for_end() == 0
    assert open_web.processes("fork server") == [fork_server]


# Lines that nobody reads


async def test_answers_that_nobody_reads_are_not_kept(open_web) -> None:
    async with connected(open_web, "deaf") as connection:
        await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
        before = resident(open_web.process.pid)
        transport = connection._transport
        transport.pause_reading()
        end = time.monotonic() + 20
        while time.monotonic() < end and not transport.is_closing():
            for _ in range(500):
                connection.send_packet(80, String("keepalive@openssh.com"), Boolean(True))
            while transport.get_write_buffer_size() > 2**16 and time.monotonic() < end:
                await asyncio.sleep(0.01)
        assert resident(open_web.process.pid) - before < 4 * 2**20
        transport.abort()
    wait_until(lambda: not open_web.processes("session"))


async def test_a_key_exchange_that_is_never_completed_keeps_no_frames(open_web) -> None:
    async with connected(open_web, "stalled") as connection:
        process = await connection.create_process(term_type="xterm", encoding=None, window=2**30)
        await read_until(process, b"Gradients")
        before = resident(open_web.process.pid)
        connection._send_kexinit()
        connection.data_received = lambda *_: None
        for number in range(150):
            # Nothing but the exchange may be sent, by a client that keeps to the protocol.
            connection._kex_complete = True
            process.channel.change_terminal_size(380 + number % 2, 190)
            await asyncio.sleep(0.04)
        assert resident(open_web.process.pid) - before < 3 * 2**20
        connection._transport.abort()
    wait_until(lambda: not open_web.processes("session"))


async def test_packets_of_one_byte_are_not_served(open_web) -> None:
    async with connected(open_web, "tiny") as connection:
        process = await connection.create_process(term_type="xterm", encoding=None, max_pktsize=1)
        assert await process.stdout.read(65536) == b""
    assert not open_web.processes("session")


def deaf_line(web: Web) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", web.web_port))
    return line


def test_pongs_that_nobody_reads_are_not_kept(open_web) -> None:
    sock = deaf_line(open_web)
    with open_web.line(sock=sock) as line:
        line.send(json.dumps(["login", "deaf", ""]))
        line.recv(20)
        before = resident(open_web.process.pid)
        ping = bytes([0x89, 0x80 | 125]) + bytes(4) + bytes(125)
        with contextlib.suppress(OSError):
            sock.settimeout(1)
            for _ in range(40_000):
                sock.sendall(ping)
        assert resident(open_web.process.pid) - before < 4 * 2**20
        sock.close()
    wait_until(lambda: not open_web.processes("session"), 30)


def test_a_browser_that_is_told_the_end_and_reads_nothing_is_cut_off(open_web) -> None:
    def held() -> int:
        return len(os.listdir(f"/proc/{open_web.process.pid}/fd"))

    wait_until(lambda: not open_web.processes("session"))
    time.sleep(0.5)
    before = held()
    sock = deaf_line(open_web)
    with open_web.line(sock=sock) as line:
        line.send(json.dumps(["login", "cut", ""]))
        line.recv(20)
        for number in range(60):
            line.send(json.dumps(["resize", {"width": 380 + number % 2, "height": 190}]))
            time.sleep(0.04)
        with open_web.come_in("cut") as other:
            assert b"here already" in other.recv(20)
            other.send(json.dumps(["stdin", "\r"]))
            other.recv(20)
        wait_until(lambda: held() <= before, limits.CLOSE_WITHIN + 15, lambda: f"{before} descriptors, not {held()}")
        sock.close()


# What is typed


def test_a_size_that_is_typed_is_not_the_terminal_s(open_web) -> None:
    with open_web.come("huge") as huge:
        [session] = open_web.processes("session")
        before = resident(session)
        huge.press("\x1b[?2048;1$y\x1b[48;20000;20000;0;0t\x1b[<35;5;5M\x1b[99999999999;1u")
        huge.press(" ")
        huge.wait_for("step 1")
        assert resident(session) - before < 5 * 2**20
        huge.resize(100, 30)
        huge.wait_until(lambda: any(len(line.rstrip()) == 100 for line in huge.screen.display), 40, "100 columns")
        huge.press("q")
        assert huge.wait_for_end() == 0
