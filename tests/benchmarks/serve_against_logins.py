"""A workshop against plain OpenSSH logins: `python tests/benchmarks/serve_against_logins.py [--short]`.

The logins go to a real sshd on loopback, with a configuration and keys of its own that are thrown away; each runs the
program with an engine of its own, then with one that all share (`backprop-tui engine`). Prints, for all in the same
run, memory per session and the time from connecting to the first step on the screen. Needs root, as sshd does to log
people in; the goals of a workshop are a twentieth and a tenth of a login with an engine.
"""

import argparse
import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from serve import Person, Server, come, memory_of, processes_under

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
MEMORY_GOAL, TIME_GOAL = 1 / 20, 1 / 10


class Logins:
    """A real sshd that runs the program for whoever logs in, with these variables; `folder` holds its files."""

    def __init__(self, folder: Path, **environment: Path) -> None:
        folder.mkdir()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        program = folder / "program"
        variables = " ".join(f"{name}={value}" for name, value in (environment | {"XDG_STATE_HOME": folder}).items())
        program.write_text(f"#!/bin/sh\n{variables} exec {sys.executable} -m backprop_tui.tui\n")
        program.chmod(0o755)
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "PidFile": folder / "pid",
            "AuthorizedKeysFile": folder / "user.pub",
            "ForceCommand": program,
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "UsePAM": "no",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
            "DisableForwarding": "yes",
            "PrintMotd": "no",
        }
        config = folder / "config"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        os.makedirs("/run/sshd", exist_ok=True)
        self.key = str(folder / "user")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=subprocess.DEVNULL)

    async def listening(self) -> None:
        """Wait until it takes connections."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            await asyncio.sleep(0.05)
        raise SystemExit("sshd does not listen")

    def memory(self) -> tuple[float, float]:
        """PSS in MB of all that runs for those who are logged in, and what of it is sshd's."""
        mine = {pid: line for pid, line in processes_under(self.process.pid).items() if pid != self.process.pid}
        sizes = {pid: _pss(pid) for pid in mine}
        return sum(sizes.values()), sum(sizes[pid] for pid, line in mine.items() if line.startswith("sshd"))

    def close(self) -> None:
        """End it and all that it runs."""
        below = [pid for pid in processes_under(self.process.pid) if pid != self.process.pid]
        self.process.terminate()
        self.process.wait(10)
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, 15)


def _pss(pid: int) -> float:
    with contextlib.suppress(OSError):
        return memory_of(pid)[1]
    return 0.0


async def first_step(port: int, name: str, *keys: str) -> tuple[Person, float]:
    """Somebody who comes and makes a step at once; the seconds from connecting until it is on the screen."""
    began = time.perf_counter()
    person, _ = await come(port, name, *keys)
    await person.step(60)
    return person, time.perf_counter() - began


async def measured(port: int, count: int, names: str, *keys: str) -> tuple[list[Person], float, float]:
    """So many who come one after the other, then as many at once; the median seconds of each."""
    alone = [await first_step(port, names.format(number), *keys) for number in range(count)]
    together = await asyncio.gather(*(first_step(port, names.format(count + number), *keys) for number in range(count)))
    people = [person for person, _ in (*alone, *together)]
    return people, *(statistics.median(seconds for _, seconds in part) for part in (alone, together))  # type: ignore[return-value]


def leave(people: list[Person]) -> None:
    """All quit."""
    for person in people:
        person.channel.write(b"q")


async def of_logins(logins: int, folder: Path, **environment: Path) -> tuple[list[float], float]:
    """MB a session, the seconds of one alone, of several at once; and what of the memory is sshd's."""
    plain = Logins(folder, **environment)
    try:
        await plain.listening()
        people, alone, together = await measured(plain.port, logins // 2, getpass.getuser(), plain.key)
        memory, of_sshd = plain.memory()
        leave(people)
        await asyncio.sleep(2)
    finally:
        plain.close()
    return [memory / logins, alone, together], of_sshd / logins


async def of_shared(logins: int, folder: Path) -> list[float]:
    """The same of logins that share an engine."""
    path = folder / "shared" / "engine"
    engine = subprocess.Popen([sys.executable, "-m", "backprop_tui.tui", "engine", "--socket", str(path)])
    try:
        while not path.is_socket():
            await asyncio.sleep(0.05)
        await asyncio.sleep(20)  # the spare engine has started as well
        return (await of_logins(logins, folder / "sharing", BACKPROP_TUI_ENGINE=path))[0]
    finally:
        engine.terminate()
        engine.wait(20)


async def of_serve(logins: int, sessions: int, folder: Path) -> tuple[list[float], float]:
    """The same of a workshop; and the MB that all of it takes."""
    server = Server(str(folder / "state"), sessions)
    try:
        (await first_step(server.port, "first"))[0].connection.abort()
        await asyncio.sleep(12)
        guests, alone, together = await measured(server.port, logins // 2, "guest{}")
        while len(guests) < sessions:
            guests.append((await first_step(server.port, f"more{len(guests)}"))[0])
        parts = {part: sum(map(_pss, pids)) for part, pids in server.parts().items()}
        leave(guests)
    finally:
        await server.close()
    return [parts["session"] / sessions, alone, together], sum(parts.values())


async def main(logins: int, sessions: int) -> int:
    """Run; the exit code is 1 if a goal is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own, of_sshd = await of_logins(logins, folder / "plain")
        shared = await of_shared(logins, folder)
        served, whole = await of_serve(logins, sessions, folder)
    print(f"{os.cpu_count()} processors, the clients on the same; {logins} logins, {sessions} sessions of serve\n")
    print(f"{'':42}{'login':>9}{'shared':>9}{'serve':>9}{'serve/login':>13}")
    rows = ("MB a session (PSS)", "s to the first step, alone", f"s to the first step, {logins // 2} at once")
    for words, *figures in zip(rows, own, shared, served, strict=True):
        print(f"{words:42}" + "".join(f"{figure:9.2f}" for figure in figures) + f"{figures[2] / figures[0]:13.3f}")
    print(f"\nof a login's memory {of_sshd:.1f} MB are sshd's own; all of serve takes {whole:.0f} MB with its engines")
    return int(served[0] > own[0] * MEMORY_GOAL or served[1] > own[1] * TIME_GOAL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer people")
    short = parser.parse_args().short
    if not SSHD or os.geteuid() != 0:
        sys.exit("this needs an installed sshd, and root to start it")
    sys.exit(asyncio.run(main(2 if short else 8, 20 if short else 100)))
