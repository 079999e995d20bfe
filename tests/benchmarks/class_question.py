"""A question to a class on this machine: `python tests/benchmarks/class_question.py [--sessions 50]`.

A workshop with its instructor's screen in a terminal, and asyncssh clients on the same processors. The instructor asks
about the step that is shown, all answer at once, vote once more within some seconds, and see the answer. One has
vanished and comes back, one comes late, one types nonsense. Prints how long each took: to be on every screen, and to be
counted; and the processor time of the server with its instructor's screen meanwhile, and how busy the machine is.
"""

import argparse
import asyncio
import csv
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from command import PROGRAM
from real_terminal import RealTerminal
from serve import TICKS, Person, arrive, come, milliseconds

READING = 0.7
"""Seconds from a question on the screen until somebody answers: what is typed earlier is no answer."""

WHILE = 20.0
"""Seconds in which a class answers: a person takes some to think."""

PATIENCE = 180.0
"""Seconds that anything may take."""

QUESTION = b"What will it be after the update?"


class Dashboard:
    """The instructor's screen, read by a thread of its own as a terminal does."""

    def __init__(self, state: Path, sessions: int) -> None:
        options = ["serve", "--open", "--port", "0", "--state-dir", str(state), "--connections-per-second", "200"]
        options += ["--max-sessions", str(sessions + 50), "--max-per-address", "2000"]
        if os.geteuid() == 0:
            options.append("--allow-root")
        self.terminal = RealTerminal(*options, columns=120, rows=30, program=PROGRAM)
        self.terminal.wait_for("nobody is here yet", 180)
        self.port = int(re.search(r"ssh -p (\d+)", self.terminal.text)[1])
        self._ends = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while not self._ends:
            self.terminal.read(0.05)

    async def press(self, keys: str, then: str) -> float:
        """Seconds from the keys until a text is on the screen."""
        began = time.perf_counter()
        self.terminal.press(keys)
        await self.until(lambda: then in self.terminal.text, then)
        return time.perf_counter() - began

    @property
    def processor(self) -> float:
        """Seconds of processor time that the server, with the instructor's screen, has used so far."""
        fields = Path(f"/proc/{self.terminal.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.perf_counter() + PATIENCE
        while not is_so():
            assert time.perf_counter() < end, f"{what!r} is not on\n{self.terminal.text}"
            await asyncio.sleep(0.005)

    async def close(self) -> int:
        self.terminal.press("qy")
        while self.terminal.process.poll() is None:
            await asyncio.sleep(0.05)
        self._ends = True
        self._reader.join()
        return self.terminal.process.returncode


async def seen_by(people: list[Person], text: bytes) -> list[float]:
    """Seconds until a text was on each screen."""
    return list(await asyncio.gather(*(person.wait_for(text, PATIENCE) for person in people)))


def forget(people: list[Person]) -> None:
    """What is on their screens already is not looked for."""
    for person in people:
        person.seen.clear()


async def ask(dashboard: Dashboard, people: list[Person]) -> None:
    """A question about the step that is shown."""
    forget(people)
    await dashboard.press("a", "Ask everybody")
    dashboard.terminal.press("1")
    print(f"  from the key to the question on a screen            {milliseconds(await seen_by(people, QUESTION))}")


async def answered_by(person: Person, key: str, after: float) -> float:
    """Seconds from somebody's answer until their screen says that it is counted."""
    await asyncio.sleep(after)
    person.seen.clear()
    began = time.perf_counter()
    person.channel.write(key.encode())
    await person.wait_for(b"it may be changed", PATIENCE)
    return time.perf_counter() - began


async def vote(dashboard: Dashboard, people: list[Person], keys: list[str], count: int, over: float = 0.0) -> None:
    """All answer, within so many seconds."""
    await asyncio.sleep(READING)
    random = Random(1)
    began, used = time.perf_counter(), dashboard.processor
    answering = zip(people, keys, strict=True)
    told = asyncio.gather(*(answered_by(person, key, random.uniform(0, over)) for person, key in answering))
    wanted = f" {count} answered"
    await dashboard.until(lambda: wanted in dashboard.terminal.text, wanted)
    counted = time.perf_counter() - began
    when = f"within {over:.0f} s" if over else "at once"
    print(f"  {len(people)} answer {when}: all are counted on the instructor's screen after {counted * 1e3:.0f} ms")
    print(f"    from the key to each one's screen saying so       {milliseconds(await told)}")
    print(f"    processor time of the server, with that screen    {(dashboard.processor - used) * 1e3:6.0f} ms")
    began = time.perf_counter()
    dashboard.terminal.press("?")
    await dashboard.until(
        lambda: "esc" in dashboard.terminal.text and "let all follow the" in dashboard.terminal.text, "help"
    )
    print(f"    a key on the instructor's screen after it         {(time.perf_counter() - began) * 1e3:6.0f} ms")
    dashboard.terminal.press("\x1b")
    await dashboard.until(lambda: "let all follow the" not in dashboard.terminal.text, "the help closed")


async def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        dashboard = Dashboard(state, options.sessions)
        people: list[Person] = []
        try:
            prof, _ = await come(dashboard.port, "a")
            prof.channel.write(b"s")
            await prof.wait_for(b"phase 1 ", 180)
            people, took = await arrive(dashboard.port, options.sessions - 1, options.rate, "p")
            print(f"{os.cpu_count()} processors, the clients on the same; {options.sessions} sessions")
            print(f"  load of the machine with all of this                {os.getloadavg()[0]:6.1f}")
            print(f"  from connecting to the first frame                  {milliseconds(took)}")
            await dashboard.press("\x1b[B", "here")
            await dashboard.press("f", "f on everybody's screen shows what a does")
            await ask(dashboard, people)
            for person in people[:1]:
                person.connection.abort()
            await asyncio.sleep(1)
            back, _ = await come(dashboard.port, "p0")
            late, _ = await come(dashboard.port, "late")
            people = [back, *people[1:], late]
            await seen_by([back, late], QUESTION)
            nonsense = people[1]
            nonsense.channel.write(b"7x =\x7f0;\r")
            keys = [str(1 + number % 3) for number in range(len(people))]
            await vote(dashboard, people, keys, len(people))
            await dashboard.press("a", "the vote is closed")
            forget(people)
            await dashboard.press("a", "everybody votes once more")
            await seen_by(people, b"second vote")
            await vote(dashboard, people, ["1"] * len(people), len(people), WHILE)
            await dashboard.press("a", "the vote is closed")
            forget(people)
            dashboard.terminal.press("r")
            took = await seen_by(people, b"The answer: smaller.")
            print(f"  from the key to the answer on a screen              {milliseconds(took)}")
            took_report = await dashboard.press("e", "the report is in")
            print(f"  the report                                          {took_report * 1e3:6.0f} ms")
            print("\n".join(f"    {line}" for line in (state / "report.md").read_text().splitlines() if line))
        finally:
            for person in people:
                person.connection.abort()
            code = await dashboard.close()
        with (state / "report.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        right = sum(row["right"] == "1" for row in rows)
        print(f"  the server's exit code is {code}; report.csv has {len(rows)} people, {right} right in the end")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--rate", type=float, default=10.0, help="of those who arrive, a second")
    parser.add_argument("--short", action="store_true", help="ten sessions")
    options = parser.parse_args()
    if options.short:
        options.sessions = 10
    asyncio.run(main(options))
