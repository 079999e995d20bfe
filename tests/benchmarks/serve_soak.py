"""A workshop in which people come and go: `python tests/benchmarks/serve_soak.py [--sessions 1000]`.

A third quit, a third hang up, a third vanish without a word. Prints what the server holds before and after, and
fails if anything has grown that must not: processes, descriptors, pseudo-terminals, memory.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from serve import Person, Server, come, memory_of

AT_ONCE = 12
GROWTH_MB = 25.0
"""What the server, the fork server or an engine may grow by: allocators keep some of what they are given back."""


async def visit(port: int, number: int, prefix: str = "p") -> None:
    """Come in, step, and go in one of three ways."""
    person, _ = await come(port, f"{prefix}{number}")
    for _ in range(number % 4):
        await person.step()
    if number % 3 == 0:
        person.channel.write(b"q")
        await asyncio.wait_for(person.connection.wait_closed(), 30)
    elif number % 3 == 1:
        person.connection.close()
    else:
        vanish(person)


def vanish(person: Person) -> None:
    """The line breaks: nothing is said."""
    person.connection.abort()


async def held(server: Server) -> dict[str, float]:
    """What the server has, once all sessions have gone."""
    for _ in range(300):
        if not server.parts()["session"]:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    parts = server.parts()
    found = {
        "processes": float(sum(len(pids) for pids in parts.values())),
        "sessions": float(len(parts["session"])),
        "descriptors of the server": float(len(os.listdir(f"/proc/{server.pid}/fd"))),
        "descriptors of the fork server": float(len(os.listdir(f"/proc/{parts['fork server'][0]}/fd"))),
        "pseudo-terminals": float(Path("/proc/sys/kernel/pty/nr").read_text()),
        "MB of the server": memory_of(server.pid)[0],
        "MB of the fork server": memory_of(parts["fork server"][0])[0],
    }
    for number, pid in enumerate(sorted(parts["engine"]), 1):
        found[f"descriptors of engine {number}"] = float(len(os.listdir(f"/proc/{pid}/fd")))
        found[f"MB of engine {number}"] = memory_of(pid)[0]
    return found


async def main(sessions: int) -> int:
    """Run; the exit code is 1 if something has grown."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, 100)
        try:
            await asyncio.gather(*(visit(server.port, number, "first") for number in range(AT_ONCE)))
            await asyncio.sleep(12)
            before = await held(server)
            gate = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> None:
                async with gate:
                    await visit(server.port, number)

            await asyncio.gather(*(one(number) for number in range(sessions)))
            after = await held(server)
        finally:
            await server.close()
    grown = False
    for name, value in after.items():
        allowed = GROWTH_MB if name.startswith("MB") else 2 if name == "pseudo-terminals" else 0
        grows = value - before.get(name, 0) > allowed
        grown |= grows
        print(f"{name:28} {before.get(name, 0):8.1f} -> {value:8.1f}{'   GROWN' if grows else ''}")
    return int(grown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--short", action="store_true", help="50 sessions")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(50 if given.short else given.sessions)))
