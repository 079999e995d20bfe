"""How a workshop does on this machine: `python tests/benchmarks/serve.py [--sessions 500] [--quick]`.

Starts `backprop-tui serve`, comes in with asyncssh clients that run on the same processors, and prints what
docs/workshop.md quotes: from connecting to the first frame, memory, processor time and bytes of a step, and from key
to painted step.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncssh

FIRST_FRAME = b"Gradients"
TICKS = os.sysconf("SC_CLK_TCK")


class Person(asyncssh.SSHClientSession):
    """A client that waits for a text on its screen and counts bytes."""

    def __init__(self) -> None:
        self.seen, self.bytes = bytearray(), 0
        self.wanted, self.found = b"", asyncio.Event()
        self.steps = 0

    def data_received(self, data: bytes, _type: object) -> None:
        self.bytes += len(data)
        self.seen += data
        if self.wanted and self.wanted in self.seen:
            self.found.set()
        del self.seen[:-20_000]

    async def wait_for(self, text: bytes, seconds: float = 30) -> float:
        """Seconds until the text was painted."""
        began = time.perf_counter()
        self.wanted = text
        if text not in self.seen:
            self.found.clear()
            try:
                await asyncio.wait_for(self.found.wait(), seconds)
            except TimeoutError:
                raise AssertionError(f"{text!r} was not painted, but {bytes(self.seen[-1500:])!r}") from None
        self.wanted = b""
        return time.perf_counter() - began

    async def step(self, seconds: float = 30) -> float:
        """Seconds from the key to its step on the screen."""
        self.steps += 1
        self.seen.clear()
        self.channel.write(b" ")
        return await self.wait_for(b"step %d" % self.steps, seconds)


async def come(port: int, name: str, *keys: str) -> tuple[Person, float]:
    """A person who has come in, with these files of keys, and the seconds until the first frame."""
    began = time.perf_counter()
    connection = await asyncssh.connect(
        "127.0.0.1", port, username=name, known_hosts=None, client_keys=list(keys), agent_path=None, config=[]
    )
    channel, person = await connection.create_session(
        Person, term_type="xterm-256color", term_size=(80, 24), encoding=None
    )
    person.channel, person.connection = channel, connection
    await person.wait_for(FIRST_FRAME)
    return person, time.perf_counter() - began


async def arrive(port: int, count: int, rate: float, prefix: str) -> tuple[list[Person], list[float]]:
    """So many people, at random moments, `rate` a second on average."""
    coming = []
    for number in range(count):
        coming.append(asyncio.create_task(come(port, f"{prefix}{number}")))
        await asyncio.sleep(random.expovariate(rate))
    came = await asyncio.gather(*coming)
    return [person for person, _ in came], [seconds for _, seconds in came]


async def step_along(people: list[Person], every: float, seconds: float) -> list[float]:
    """Everybody steps once in `every` seconds, at moments of their own; from key to painted step."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one(person: Person) -> None:
        await asyncio.sleep(random.uniform(0, every))
        while time.perf_counter() < end:
            began = time.perf_counter()
            took.append(await person.step())
            await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))

    await asyncio.gather(*(one(person) for person in people))
    return took


def milliseconds(seconds: list[float]) -> str:
    """p50, p95 and the worst."""
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {statistics.median(ordered) * 1e3:6.0f}   p95 {p95 * 1e3:6.0f}   worst {ordered[-1] * 1e3:6.0f} ms"


def processes_under(pid: int) -> dict[int, str]:
    """The process and all that descend from it, with their command lines."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = {}, [pid]
    while waiting:
        current = waiting.pop()
        with contextlib.suppress(OSError):
            found[current] = Path(f"/proc/{current}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        waiting += children.get(current, [])
    return found


def memory_of(pid: int) -> tuple[float, float]:
    """Private memory and PSS in MB."""
    sizes = {"Private_Clean": 0, "Private_Dirty": 0, "Pss": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in sizes:
            sizes[name] = int(rest.split()[0])
    return (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024, sizes["Pss"] / 1024


def processor_seconds(pids: list[int]) -> float:
    """Processor time that they have used together."""
    used = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
    return used / TICKS


class Server:
    """`backprop-tui serve` as a child."""

    def __init__(self, folder: str, sessions: int) -> None:
        command = [sys.executable, "-m", "backprop_tui.tui", "serve", "--open", "--port", "0", "--no-dashboard"]
        command += ["--state-dir", folder, "--max-sessions", str(sessions + 50), "--max-per-address", "2000"]
        command += ["--connections-per-second", "200"]
        # So small a learning rate that every number is another one in every step, and is painted.
        Path(folder).mkdir(mode=0o700, exist_ok=True)
        scenario = Path(folder, "small-steps.toml")
        scenario.write_text('title = "Small steps"\n[training]\nlr = 0.001\n')
        command += ["--scenario", str(scenario)]
        if os.geteuid() == 0:
            command.append("--allow-root")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[2])
        self.pid = self.process.pid
        # Nobody reads what it logs: a pipe that is full would stop it.
        self.reader = asyncio.get_running_loop().run_in_executor(None, self.process.stdout.read)

    def parts(self) -> dict[str, list[int]]:
        """Process ids: the server, the fork server, the engines, the sessions."""
        parts: dict[str, list[int]] = {"server": [self.pid], "fork server": [], "engine": [], "session": []}
        found = processes_under(self.pid)
        fork_server = [pid for pid, line in found.items() if "fork_server" in line]
        for pid, line in found.items():
            if "compute.server" in line:
                parts["engine"].append(pid)
            elif "fork_server" in line:
                # The sessions are forks of the fork server and have its command line; it is the oldest.
                parts["fork server" if pid == min(fork_server) else "session"].append(pid)
        return parts

    async def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        await self.reader
        self.process.wait(60)


async def main(options: argparse.Namespace) -> None:
    sizes = [options.sessions] if options.short else [100, 200, options.sessions]
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, options.sessions)
        people: list[Person] = []
        try:
            first, _ = await come(server.port, "first")
            await first.step()
            await asyncio.sleep(12)  # the spare engine has started as well
            print(f"{os.cpu_count()} processors, the clients on the same; 80x24\n")
            print("from connecting to the first frame")
            idle = []
            for number in range(10):
                person, took = await come(server.port, f"idle{number}")
                idle.append(took)
                people.append(person)
                await asyncio.sleep(0.2)
            print(f"  one at a time          {milliseconds(idle)}")
            for rate in (10, 20):
                more = sizes[0] // 2
                came, took = await arrive(server.port, more, rate, f"rate{rate}-")
                people += came
                print(f"  {rate} arriving a second  {milliseconds(took)}")
            people = await report_steps(server, people, 1.0, options.seconds)
            if options.sessions >= 200:
                came, took = await arrive(server.port, sizes[1] - len(people), 10, "second-")
                people += came
                print(f"  10 a second, to {len(people)}    {milliseconds(took)}")
                people = await report_steps(server, people, 1.0, options.seconds)
            if options.sessions > 200:
                came, took = await arrive(server.port, options.sessions - len(people), 10, "third-")
                people += came
                print(f"  10 a second, to {len(people)}    {milliseconds(took)}")
                people = await report_steps(server, people, 4.0, options.seconds)
            await report_heavy(server, people[:50], options.seconds)
        finally:
            for person in people:
                person.connection.abort()
            await server.close()


async def report_steps(server: Server, people: list[Person], every: float, seconds: float) -> list[Person]:
    """Print memory, and what steps cost."""
    parts = server.parts()
    memory = [memory_of(pid) for pid in parts["session"]]
    private = [own for own, _ in memory]
    pss = sum(share for _, share in memory)
    print(
        f"  {len(memory)} sessions: private {statistics.median(private):.1f} MB each (most {max(private):.1f}), "
        f"PSS {pss / len(memory):.1f} MB each; server {memory_of(server.pid)[1]:.0f}, "
        f"engines {', '.join(f'{memory_of(pid)[1]:.0f}' for pid in parts['engine'])} MB"
    )
    before = {name: processor_seconds(pids) for name, pids in parts.items()}
    ours, sent = time.process_time(), sum(person.bytes for person in people)
    took = await step_along(people, every, seconds)
    cost = {name: (processor_seconds(pids) - before[name]) / len(took) * 1e3 for name, pids in parts.items()}
    sent = sum(person.bytes for person in people) - sent
    print(f"  {len(people)} step once in {every:g} s: from key to step {milliseconds(took)}")
    print(
        f"    a step costs {sum(cost.values()):.2f} ms of processor ("
        + ", ".join(f"{name} {spent:.2f}" for name, spent in cost.items())
        + f"; its client {(time.process_time() - ours) / len(took) * 1e3:.2f}) and {sent / len(took) / 1e3:.2f} kB",
        flush=True,
    )
    return people


async def report_heavy(server: Server, people: list[Person], seconds: float) -> None:
    """What one that jumps and autoplays does to the others."""
    alone = await step_along(people, 1.0, seconds)
    heavy, _ = await come(server.port, "heavy")

    async def busy() -> None:
        while True:
            heavy.channel.write(b"j")
            await asyncio.sleep(0.1)
            heavy.channel.write(b"1000000\r")
            await asyncio.sleep(0.2)

    task = asyncio.create_task(busy())
    beside = await step_along(people, 1.0, seconds)
    task.cancel()
    heavy.connection.abort()
    print(f"  50 step once in a second            {milliseconds(alone)}")
    print(f"  beside one that jumps without end   {milliseconds(beside)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--short", action="store_true", help="30 sessions, 3 seconds each")
    given = parser.parse_args()
    if given.short:
        given.sessions, given.seconds = 30, 3.0
    asyncio.run(main(given))
