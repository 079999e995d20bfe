"""`backprop-tui engine` and `--engine`: people with accounts of their own share an engine, also through a real sshd."""

import getpass
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import PROGRAM
from processes import wait_until
from programs import SSH, SSHD
from real_terminal import RealTerminal
from served import SSH_OPTIONS

pytestmark = [pytest.mark.slow, pytest.mark.one_worker]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("shared") / "engine"
    process = subprocess.Popen([*PROGRAM, "engine", "--socket", str(path)], stdout=subprocess.PIPE)
    wait_until(path.is_socket, 30)
    yield path
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not path.exists()


def test_the_screen_asks_it_and_starts_no_engine_of_its_own(shared) -> None:
    with RealTerminal("--engine", str(shared)) as terminal:
        terminal.wait_for("Gradients")
        terminal.press(" ")
        terminal.wait_for("step 1")
        assert terminal.children() == []
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_the_variable_names_it_too(shared) -> None:
    with RealTerminal(BACKPROP_TUI_ENGINE=str(shared)) as terminal:
        terminal.wait_for("Gradients")
        terminal.press(" ")
        terminal.wait_for("step 1")
        assert terminal.children() == []
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_a_table_of_one_s_own_is_refused_in_a_line(shared, tmp_path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("a,b\n1,2\n3,4\n")
    command = ("--engine", str(shared), "--data", str(table), "--target-transform", "none")
    with RealTerminal(*command) as terminal:
        assert terminal.wait_for_end(30) == 2
        assert "an engine of your own" in terminal.text.replace("\n", " ")


def test_no_socket_is_one_line(tmp_path) -> None:
    with RealTerminal("--engine", str(tmp_path / "nothing")) as terminal:
        assert terminal.wait_for_end(20) == 2
        assert "no engine listens here" in terminal.text


def test_the_socket_is_the_owner_s_or_the_group_s(shared, tmp_path) -> None:
    assert stat.S_IMODE(shared.stat().st_mode) == 0o600
    tmp_path.chmod(0o750)
    path = tmp_path / "engine"
    process = subprocess.Popen([*PROGRAM, "engine", "--socket", str(path), "--group-may-connect"])
    try:
        wait_until(path.is_socket, 30)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def sshd(tmp_path: Path, shared: Path) -> Iterator[list[str]]:
    """A real sshd with a forced command, as `ForceCommand` in the handbook; the client's command line."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    authorized = tmp_path / "authorized"
    shutil.copy(tmp_path / "user.pub", authorized)
    authorized.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "program").write_text(
        f"#!/bin/sh\nBACKPROP_TUI_ENGINE={shared} exec {sys.executable} -m backprop_tui.tui\n"
    )
    (tmp_path / "program").chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path / 'host'}\nPidFile {tmp_path / 'pid'}\n"
        f"AuthorizedKeysFile {authorized}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
        f"StrictModes no\nPermitRootLogin yes\nForceCommand {tmp_path / 'program'}\nDisableForwarding yes\n"
    )
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)
    options = [option for option in SSH_OPTIONS if "Pubkey" not in option]
    yield [SSH, "-tt", *options, "-i", str(tmp_path / "user"), "-p", str(port), f"{getpass.getuser()}@127.0.0.1"]
    process.terminate()
    process.wait(10)


@pytest.mark.needs("ssh", "sshd")
def test_a_plain_login_over_openssh_uses_it(sshd) -> None:
    def try_once() -> bool:
        return subprocess.run([*sshd[:1], "-q", *sshd[2:], "true"], capture_output=True, timeout=20).returncode != 255

    wait_until(try_once, 40)
    with RealTerminal(program=sshd) as terminal:
        terminal.wait_for("Gradients", 40)
        terminal.press("  ")
        terminal.wait_for("step 2")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.is_restored()
