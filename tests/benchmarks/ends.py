"""Two hundred ends of the program: hung up, signaled, blocked, stopped and continued; none may outlive its terminal.

    python tests/benchmarks/ends.py [ENDS] [FIRST]

does so many, from that number on; the default is 200 from 0, with --short 12. The last column says whether the
settings were restored and the session saved.
"""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from ends import WAYS, ended
from measured import PROGRAM
from processes import wait_until
from real_terminal import RealTerminal


def main() -> int:
    """End them, print a line each; 1 if one did not end well."""
    given = [argument for argument in sys.argv[1:] if argument != "--short"]
    short = "--short" in sys.argv
    count, first = (int(argument) for argument in [*given, *("12" if short else "200", "0")[len(given) :]])
    names, bad, slowest = list(WAYS), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "engine"
        engine = subprocess.Popen([*PROGRAM, "engine", "--socket", str(socket)], stdout=subprocess.DEVNULL)
        wait_until(socket.is_socket, 30)
        for number in range(first, first + count):
            name = names[number % len(names)]
            state = Path(folder) / str(number)
            # Every fifth has an engine of its own, which is loading TensorFlow or has done so.
            shared = () if number % 5 == 4 else ("--engine", str(socket))
            ignored = number // len(names) % 2 == 1
            with RealTerminal(*shared, ignored=[signal.SIGHUP] * ignored, XDG_STATE_HOME=str(state)) as terminal:
                found = ended(terminal, WAYS[name], state)
            slowest = max(slowest, found.seconds)
            bad += not found.well
            print(f"{number:3} {name:26} {'' if shared else 'own engine'}{' SIGHUP ignored' * ignored:16}", end="")
            print(f"{found.seconds:6.2f} s  {'well' if found.well else found}", flush=True)
        engine.send_signal(signal.SIGTERM)
        engine.wait()
    print(f"{count} ends, {bad} not well, the slowest took {slowest:.2f} s")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
