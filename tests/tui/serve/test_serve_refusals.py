"""What a workshop refuses, each with a real client; and nonsense in every place that a client can put it."""

import asyncio
import contextlib
import os
import random
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.door.host_key import host_keys
from processes import wait_until
from served import Served

pytestmark = [pytest.mark.serve, pytest.mark.one_worker, pytest.mark.needs("ssh")]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "password").write_text("four words of nonsense\n")
    with Served(folder / "state", "--open", "--max-sessions", "4", "--max-per-address", "3") as served:
        yield served


@contextlib.asynccontextmanager
async def connected(served: Served, name: str = "anna", password: str = "") -> asyncssh.SSHClientConnection:
    async with asyncssh.connect(
        "127.0.0.1",
        served.port,
        username=name,
        password=password or None,
        known_hosts=None,
        client_keys=None,
        agent_path=None,
        config=[],
    ) as connection:
        yield connection


# Nothing but the app


def test_no_command_is_run(workshop) -> None:
    ran = workshop.run("anna", command=("id",))
    assert ran.code == 1
    assert "uid=" not in ran.said
    assert "no command is run here" in ran.said
    with workshop.ssh("anna", "-t", command=("id",)) as client:
        assert client.wait_for_end() == 1
        assert b"no command is run here" in client.written


def test_no_sftp_and_no_scp(workshop, tmp_path) -> None:
    ran = workshop.run("anna", "-s", command=("sftp",))
    assert ran.code != 0
    assert "subsystem request failed" in ran.said
    target = tmp_path / "stolen"
    for legacy in ("-O", "-s"):
        command = [shutil.which("scp"), legacy, *workshop.ssh_command("anna")[1:7], "-P", str(workshop.port)]
        done = subprocess.run([*command, "anna@127.0.0.1:/etc/hostname", target], capture_output=True, timeout=20)
        assert done.returncode != 0
    assert not target.exists()


def test_without_a_terminal_it_says_so(workshop) -> None:
    ran = workshop.run("anna", "-T")
    assert ran.code != 0
    assert "a terminal is needed" in ran.said


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_can_show_no_screen_is_told_so(workshop, term) -> None:
    with workshop.ssh("anna", term=term) as client:
        assert client.wait_for_end() == 1
        assert b"can't place text on its screen" in client.written
        assert client.written.count(b"\n") < 5
    assert not workshop.processes("session")


def test_nothing_is_forwarded_to_other_hosts(workshop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as target:
        ran = workshop.run("anna", "-W", f"127.0.0.1:{target.getsockname()[1]}")
        assert ran.code != 0
        assert "forwarding failed" in ran.said or "open failed" in ran.said
        target.settimeout(0.2)
        with pytest.raises(TimeoutError):
            target.accept()


def test_nothing_is_forwarded_back(workshop) -> None:
    ran = workshop.run("anna", "-N", "-oExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1")
    assert ran.code != 0
    assert "forwarding failed" in ran.said


async def test_no_sockets_and_no_tunnels(workshop, tmp_path) -> None:
    async with connected(workshop) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/var/run/docker.sock")
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.start_unix_server(lambda *_: None, str(tmp_path / "s"))
        for opened in (connection.open_tun, connection.open_tap):
            with pytest.raises(asyncssh.ChannelOpenError):
                await opened()
        assert not (tmp_path / "s").exists()


async def test_no_x11_and_no_agent(workshop) -> None:
    async with connected(workshop) as connection:
        with pytest.raises(asyncssh.ChannelOpenError, match="X11"):
            await connection.create_process(term_type="xterm", x11_forwarding=True, x11_display="127.0.0.1:9")


def test_an_agent_that_is_offered_is_not_taken(workshop) -> None:
    agent = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True).stdout
    path = agent.partition("SSH_AUTH_SOCK=")[2].partition(";")[0]
    pid = int(agent.partition("SSH_AGENT_PID=")[2].partition(";")[0])
    try:
        said = subprocess.run(
            workshop.ssh_command("anna", "-vv", "-A", "-T"),
            env=os.environ | {"SSH_AUTH_SOCK": path},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=20,
            text=True,
        ).stderr
        assert "agent" in said
        assert "auth-agent@openssh.com" not in "".join(line for line in said.splitlines() if "channel open" in line)
    finally:
        os.kill(pid, 15)


def test_the_environment_is_not_the_client_s_nor_the_server_s(tmp_path) -> None:
    """What a session's process sees after it has taken its place: nothing but this."""
    program = (
        "import os, sys\n"
        "from backprop_tui.tui.serve.seat.forked import _take_folder\n"
        "from backprop_tui.tui.serve.notes import Fork\n"
        "_take_folder(Fork(1, 'anna', sys.argv[1], 'xterm', 'C.UTF-8', 'truecolor', False))\n"
        "print(sorted(os.environ), os.getcwd(), os.stat('.').st_mode & 0o777)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "anna")],
        env=os.environ | {"LD_PRELOAD": "", "SECRET": "1"},
        capture_output=True,
        text=True,
    )
    expected = ["BACKPROP_TUI_WORKSHOP", "COLORTERM", "HOME", "LANG", "PATH", "TERM", "TZ"]
    assert done.stdout.strip() == f"{expected} {tmp_path / 'anna'} {0o700}"


@pytest.mark.parametrize("term", ["../../etc/passwd", "\x1b]0;x\x07", "a" * 10_000, "", "xterm\n", "vt52"])
def test_an_unknown_terminal_becomes_a_usual_one(term) -> None:
    assert limits.terminal(term) == limits.DEFAULT_TERM
    assert limits.terminal("tmux-256color") == "tmux-256color"
    assert limits.language(term) == "C.UTF-8"
    assert limits.colors(term) == ""


def test_variables_of_the_client_change_nothing(workshop) -> None:
    options = ("-oSetEnv=LANG=../../x LC_ALL=y COLORTERM=24bit;x TEXTUAL_DRIVER=os:system PYTHONPATH=/nowhere",)
    with workshop.come("env", *options) as client:
        client.press(" ")
        client.wait_for("step 1")
        client.press("q")
        assert client.wait_for_end() == 0


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("C", "C"),
        ("POSIX", "C"),
        ("de_DE.ISO-8859-15@euro", "C"),
        ("ja_JP.eucJP", "C"),
        ("ru_RU.KOI8-R", "C"),
        ("C.utf8", "C.utf8"),
        ("de_DE.UTF-8", "de_DE.UTF-8"),
        ("", "C.UTF-8"),
        ("y", "C.UTF-8"),
    ],
)
def test_a_language_is_utf_8_unless_it_says_otherwise(given: str, known: str) -> None:
    assert limits.language(given) == known


def test_a_client_whose_terminal_is_not_utf_8_gets_ascii(workshop) -> None:
    with workshop.come("ascii", "-oSetEnv=LC_ALL=C") as client:
        client.press(" ")
        client.wait_for("step 1")
        client.wait_for("new w1[1,1] = 0.5488 - 0.2*0.5086 = +0.4471")
        assert client.written.isascii()
        client.press("q")
        assert client.wait_for_end() == 0


# Who comes in


def test_a_wrong_password_takes_its_time_and_three_are_too_many(tmp_path) -> None:
    (tmp_path / "password").write_text("four words of nonsense\n")
    with Served(tmp_path / "state", "--password-file", str(tmp_path / "password")) as served:
        began = time.monotonic()
        with served.ssh("anna", "-oNumberOfPasswordPrompts=5") as client:
            for _ in range(3):
                client.wait_for("password:")
                client.press("wrong\r")
                client.screen.reset()
            assert client.wait_for_end(10) == 255
            assert b"Gradients" not in client.written
        assert time.monotonic() - began > 2.5
        assert not served.processes("session")
        with served.ssh("anna") as client:
            client.wait_for("password:")
            client.press("four words of nonsense\r")
            client.wait_for("Gradients")
            client.press("q")
            client.wait_for_end()


BAD_NAMES = [
    "../anna",
    "..",
    ".hidden",
    "a/b",
    "a" * 33,
    "a" * 100_000,
    "anna;id",
    "$(id)",
    "an na",
    "anna\n",
    "\x1b[2J",
    "ann\u202ea",
    "anna\0",
    "",
    "-oProxyCommand=x",
    "äöü",
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=[ascii(name)[:20] for name in BAD_NAMES])
async def test_a_name_that_is_no_label_is_turned_away(workshop, name, monkeypatch) -> None:
    # The client has scruples of its own.
    monkeypatch.setattr("asyncssh.connection.saslprep", lambda text: text)
    before = set(workshop.state.parent.rglob("*"))
    with pytest.raises((asyncssh.DisconnectError, OSError)):
        async with connected(workshop, name):
            pass
    assert set(workshop.state.parent.rglob("*")) == before


def test_a_name_is_told_what_is_wrong_with_it(workshop) -> None:
    ran = workshop.run("an:na", "-oLogLevel=INFO")
    assert "letters, digits" in ran.said


def test_full_is_told(workshop) -> None:
    with workshop.come("one") as one, workshop.come("two") as two, workshop.come("three") as three:
        ran = workshop.run("four", "-tt")
        assert "your address has 3 sessions already" in ran.said
        for client in (one, two, three):
            client.press("q")
            client.wait_for_end()


async def test_one_connection_has_one_terminal(workshop) -> None:
    async with connected(workshop, "single") as connection:
        await connection.create_process(term_type="xterm", encoding=None)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process(term_type="xterm", encoding=None)


def test_a_flood_of_connections_does_not_stop_the_sessions(workshop) -> None:
    with workshop.come("calm") as calm:
        sockets = []
        for _ in range(600):
            peer = socket.socket()
            peer.settimeout(5)
            with contextlib.suppress(OSError):
                peer.connect(("127.0.0.1", workshop.port))
            sockets.append(peer)
        began = time.monotonic()
        calm.press(" ")
        calm.wait_for("step 1")
        assert time.monotonic() - began < 5
        descriptors = len(os.listdir(f"/proc/{workshop.process.pid}/fd"))
        assert descriptors < 300, descriptors
        for peer in sockets:
            peer.close()
        calm.press("q")
        assert calm.wait_for_end() == 0
    time.sleep(5)  # the rate of arrivals recovers
    with workshop.come("after") as after:
        after.press("q")
        assert after.wait_for_end() == 0


def test_who_says_nothing_is_shown_out(workshop) -> None:
    with socket.create_connection(("127.0.0.1", workshop.port)) as silent:
        silent.settimeout(limits.LOGIN_GRACE + 10)
        began = time.monotonic()
        while silent.recv(4096):
            pass
        assert limits.LOGIN_GRACE - 5 < time.monotonic() - began < limits.LOGIN_GRACE + 5


# What a session may take


def test_a_session_has_limits(workshop) -> None:
    with workshop.come("limited") as client:
        [pid] = workshop.processes("session")
        lines = Path(f"/proc/{pid}/limits").read_text()
        found = {line[:26].strip(): line[26:].split()[:2] for line in lines.splitlines()[1:]}
        assert found["Max core file size"] == ["0", "0"]
        assert found["Max open files"] == ["64", "64"]
        assert found["Max cpu time"] == ["3600", "3600"]
        assert found["Max data size"] == [str(512 * 2**20)] * 2
        assert found["Max file size"] == [str(128 * 2**20)] * 2
        assert os.getpriority(os.PRIO_PROCESS, pid) >= limits.NICE
        client.press("q")
        client.wait_for_end()


async def test_more_than_a_person_pastes_ends_the_session_alone(workshop) -> None:
    async with connected(workshop, "other") as beside:
        other = await beside.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
        async with connected(workshop, "paste") as connection:
            process = await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
            await read_until(process, b"Gradients")
            process.stdin.write(b" ")
            await read_until(process, b"step 1")
            process.stdin.write(b"\x1b[200~" + b"x" * 2 * limits.PASTE)
            await read_until(process, b"more than a person types")
        await read_until(other, b"Gradients")
        other.stdin.write(b" ")
        await read_until(other, b"step 1")
    async with connected(workshop, "paste") as connection:
        process = await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
        await read_until(process, b"resumed at step 1")


async def read_until(process: asyncssh.SSHClientProcess, text: bytes, seconds: float = 20) -> None:
    seen = b""
    async with asyncio.timeout(seconds):
        while text not in seen:
            data = await process.stdout.read(65536)
            assert data, seen[-2000:]
            seen += data


def test_a_session_writes_in_its_own_folder_only(workshop) -> None:
    with workshop.come("writer") as client:
        client.press(" ")
        client.wait_for("step 1")
        for name, told in (("../stolen.txt", "without folders"), ("/tmp/stolen.txt", "without folders")):
            client.press("e")
            client.press(name + "\r")
            client.wait_for(told)
        client.press("\x10screenshot")
        client.wait_until(lambda: "No matches" in client.text, 40, "no screenshot in the palette")
        client.press("\x1b")
        time.sleep(0.3)
        client.press("q")
        client.wait_for_end()
    assert not (workshop.state / "stolen.txt").exists()
    assert not Path("/tmp/stolen.txt").exists()


# Nonsense


async def test_random_sizes_terminals_and_keys(workshop) -> None:
    """A session gets them all, or ends alone; the server goes on and nothing is left."""
    generator = random.Random(3)
    for number in range(12):
        size = tuple(generator.choice([0, 1, 7, 80, 65535, 2**31, 2**32 - 1]) for _ in range(4))
        term = "".join(chr(generator.randrange(1, 127)) for _ in range(generator.randrange(0, 40))) or "x"
        with contextlib.suppress(asyncssh.Error, OSError):
            async with connected(workshop, f"fuzz{number % 2}") as connection:
                process = await connection.create_process(term_type=term, term_size=size, encoding=None)
                process.stdin.write(b"n")
                for _ in range(10):
                    process.stdin.write(generator.randbytes(generator.randrange(1, 200)))
                    process.change_terminal_size(generator.randrange(2**32), generator.randrange(2**32))
                    await asyncio.sleep(0.02)
    wait_until(lambda: not workshop.processes("session"), 40)
    with workshop.come("fine") as client:
        client.press("q")
        assert client.wait_for_end() == 0


def test_nonsense_instead_of_ssh(workshop) -> None:
    generator = random.Random(4)
    for number in range(20):
        with socket.create_connection(("127.0.0.1", workshop.port)) as peer, contextlib.suppress(OSError):
            peer.settimeout(5)
            if number % 2:
                peer.sendall(b"SSH-2.0-x\r\n" + struct.pack(">I", generator.randrange(2**32)))
            peer.sendall(generator.randbytes(3000))
    with workshop.come("fine") as client:
        client.press("q")
        assert client.wait_for_end() == 0


# How it starts


def refused(*options: str, root: bool = True) -> tuple[int, str]:
    command = [sys.executable, "-m", "backprop_tui.tui", "serve", "--port", "0", "--no-dashboard", *options]
    if root and os.geteuid() == 0:
        command.append("--allow-root")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def one_line(said: str) -> bool:
    return said.count("\n") == 1 and said.startswith("backprop-tui: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_is_refused_unless_told() -> None:
    code, said = refused(root=False)
    assert (code, one_line(said)) == (2, True)
    assert "--allow-root" in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--password-file", "/nowhere/p"), "No such file"),
        (("--password-file", "/dev/null"), "give one password"),
        (("--idle-timeout", "2x"), "write 90s"),
        (("--scenario", "/nowhere.toml"), "nowhere.toml"),
        (("--open", "--password-file", "x"), "not allowed with"),
        (("--host", "203.0.113.1"), "--host 203.0.113.1"),
        (("--max-sessions", "0"), "between 1"),
    ],
)
def test_a_bad_option_is_one_line(options, told, tmp_path) -> None:
    code, said = refused("--state-dir", str(tmp_path / "state"), *options)
    assert (code, one_line(said)) == (2, True), said
    assert told in said


def test_a_host_key_that_others_can_read_is_refused(tmp_path) -> None:
    key = tmp_path / "key"
    key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    key.chmod(0o644)
    code, said = refused("--state-dir", str(tmp_path / "state"), "--host-key", str(key))
    assert (code, one_line(said)) == (2, True)
    assert "chmod 600" in said


def test_it_listens_on_this_machine_alone_unless_told(workshop) -> None:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{workshop.port:04X}"
    [address] = [line.split()[1] for line in lines if line.split()[3] == "0A" and line.split()[1].endswith(port)]
    assert address.startswith("0100007F")


def test_a_folder_that_is_there_keeps_its_mode_and_others_are_told_of(tmp_path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o755)
    with Served(state, "--open") as served:
        assert f"others can look into {state} (mode 0755): chmod 700 keeps them out" in served.log
        assert stat.S_IMODE(state.stat().st_mode) == 0o755
        for path in state.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    made = tmp_path / "made"
    with Served(made, "--open") as served:
        assert "others can" not in served.log
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_password_is_shown_on_a_terminal_and_nowhere_else(tmp_path) -> None:
    with Served(tmp_path / "state") as served:
        assert served.password
        assert served.password not in served.read_log(0.2)
        [path] = [path for path in served.state.iterdir() if path.name == ".password"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "given").write_text("three-words-long")
    with Served(tmp_path / "state", "--password-file", str(tmp_path / "given")) as served:
        assert served.password == "three-words-long"
        assert served.password not in served.read_log(0.2)


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "rsa-sha2-512"])
def test_there_is_a_host_key_for_each_kind_of_client(workshop, algorithm) -> None:
    ran = workshop.run("anna", "-T", "-v", f"-oHostKeyAlgorithms={algorithm}")
    assert f"Server host key: {algorithm.replace('rsa-sha2-512', 'ssh-rsa')}" in ran.said
    assert "a terminal is needed" in ran.said


def test_a_host_key_that_is_given_is_the_only_one(tmp_path) -> None:
    """Several servers are given the same one: what one of them made beside it, the others would not have."""
    key = tmp_path / "key"
    key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    key.chmod(0o600)
    assert len(host_keys(key)) == 1
    assert len(host_keys(tmp_path / "made")) == 2
    assert [each.get_algorithm() for each in host_keys(tmp_path / "made")] == ["ssh-ed25519", "ssh-rsa"]
