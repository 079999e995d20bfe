"""A real workshop: `backprop-tui serve` as a process, and OpenSSH clients that come in."""

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from backprop_tui.tui.serve.seat import fork_server
from processes import command_line, descendants, parent, terminal, wait_until
from programs import SSH
from real_terminal import RealTerminal

SSH_OPTIONS = (
    "-F/dev/null",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
    "-oLogLevel=ERROR",
    "-oPubkeyAuthentication=no",
    "-oIdentitiesOnly=yes",
    "-oConnectTimeout=20",
)


def come(dashboard: RealTerminal, name: str, seen: str = "Gradients") -> RealTerminal:
    port = re.search(r"ssh -p (\d+)", dashboard.text)[1]
    password = re.search(r"password: (\S+)", dashboard.text)[1]
    client = RealTerminal(program=[SSH, *SSH_OPTIONS, "-p", port, f"{name}@127.0.0.1"])
    client.wait_for("password:")
    client.press(password + "\r")
    client.wait_for(seen)
    return client


def line_of(dashboard: RealTerminal, name: str) -> str:
    return next((line for line in dashboard.screen.display if f"│{name}" in line), "")


class Served:
    """A server. `log` holds the lines it has written."""

    def __init__(self, state: Path, *options: str) -> None:
        self.state = state
        command = [sys.executable, "-m", "backprop_tui.tui", "serve", "--port", "0", "--no-dashboard"]
        if os.geteuid() == 0:
            command.append("--allow-root")
        self.process = subprocess.Popen(
            [*command, "--state-dir", str(state), *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/"
        )
        self.log = ""
        self.wait_for_log(r"password")
        self.port = int(re.search(r"ssh -p (\d+)", self.log)[1])
        found = re.search(r"^  password: (?:the one )?in (\S+)", self.log, re.M)
        self.password = Path(found[1]).read_text().strip() if found else ""

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """As ctrl+c does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def read_log(self, seconds: float = 0.0) -> str:
        """All that it has logged."""
        output = self.process.stdout
        while select.select([output], [], [], seconds)[0]:
            data = os.read(output.fileno(), 65536)
            if not data:
                break
            self.log += data.decode()
        return self.log

    def wait_for_log(self, pattern: str, seconds: float = 60) -> None:
        """Wait until a line was logged."""
        wait_until(lambda: re.search(pattern, self.read_log(0.05)), seconds, lambda: f"{pattern!r} in\n{self.log}")

    def ssh_command(self, name: str, *options: str, command: tuple[str, ...] = ()) -> list[str]:
        """The command line of a client."""
        return [SSH, *SSH_OPTIONS, "-p", str(self.port), *options, f"{name}@127.0.0.1", *command]

    def ssh(self, name: str, *options: str, command: tuple[str, ...] = (), **settings: Any) -> RealTerminal:
        """A client on a terminal of its own."""
        return RealTerminal(program=self.ssh_command(name, *options, command=command), **settings)

    def come(self, name: str, *options: str, **settings: str) -> RealTerminal:
        """A client that has come in and sees the screen."""
        terminal = self.ssh(name, *options, **settings)
        if self.password:
            terminal.wait_for("password:")
            terminal.press(self.password + "\r")
        terminal.wait_for("Gradients")
        return terminal

    def run(self, name: str, *options: str, command: tuple[str, ...] = (), seconds: float = 20) -> "Ran":
        """A client without a terminal: what it said and its exit code."""
        done = subprocess.run(
            self.ssh_command(name, *options, command=command),
            capture_output=True,
            timeout=seconds,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    # Its processes

    def processes(self, what: str) -> list[int]:
        """Process ids of this server's fork server, sessions or engines, oldest first."""
        engine = what == "engine"
        word = "backprop_tui.core.engine.compute.server" if engine else fork_server.__name__
        found = []
        for pid in descendants(self.process.pid):
            line = command_line(pid)
            if word in line:
                found.append(pid)
        if engine:
            return found
        servers = [pid for pid in found if parent(pid) == self.process.pid and not terminal(pid)]
        return servers if what == "fork server" else [pid for pid in found if pid not in servers]


class Ran:
    """What a command said, and its exit code."""

    def __init__(self, code: int, said: str) -> None:
        self.code, self.said = code, said
