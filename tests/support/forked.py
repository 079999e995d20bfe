"""The program as a process that is forked from one that has imported TensorFlow, Keras and pandas already.

Everything else is real: its arguments, folder, output, exit code and end. It takes half a second where a process from
the start takes three. What the start itself does (its imports, signals meanwhile) is for `command.run`.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

LONGEST = 65_536


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What the program says and its exit code, with nothing to read."""
    asked = json.dumps([list(arguments), str(cwd or Path.cwd()), dict(os.environ)]).encode()
    with open(os.devnull) as nothing, tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        socket.send_fds(_forking(), [asked], [nothing.fileno(), output.fileno(), errors.fileno()])
        code = int(_forking().recv(LONGEST))
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


@cache
def _forking() -> socket.socket:
    """The line to the process that forks. It ends with this one, which closes the line."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen([sys.executable, __file__], stdin=theirs, stderr=subprocess.DEVNULL, start_new_session=True)
    return ours


def _fork_what_is_asked(line: socket.socket) -> None:
    while True:
        asked, descriptors, _, _ = socket.recv_fds(line, LONGEST, 3)
        if not asked:
            return
        pid = os.fork()
        if pid == 0:
            line.close()
            os._exit(_become(*json.loads(asked), descriptors))
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(arguments: list[str], folder: str, environment: dict[str, str], descriptors: list[int]) -> int:
    from backprop_tui.tui.__main__ import main

    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["backprop-tui", *arguments]
    code = main()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    import backprop_tui.core.engine.compute.graph.keras
    import backprop_tui.core.engine.compute.program
    import backprop_tui.core.engine.compute.table  # noqa: F401

    _fork_what_is_asked(socket.socket(fileno=os.dup(0)))
