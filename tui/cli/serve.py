"""`backprop-tui serve`: a workshop. People type `ssh -p 2222 HOST` and are in the program."""

import argparse
import asyncio
import os
import re
import secrets
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .options import PROGRAM, Parser, UsageError, scenario_of, whole_number

if TYPE_CHECKING:
    from backprop_tui.core.course import Course
    from backprop_tui.tui.serve.door import web
    from backprop_tui.tui.serve.door.checks import Checks
    from backprop_tui.tui.serve.faults import Faults
    from backprop_tui.tui.serve.room.workshop import Workshop

_DESCRIPTION = "Serve the program over SSH to many people at once; nobody needs an account or an installation."

_EXAMPLES = f"""\
examples:
  {PROGRAM} serve                              try it: ssh -p 2222 anna@127.0.0.1
  {PROGRAM} serve --host 0.0.0.0               for everyone in the room; the password is made up and shown
  {PROGRAM} serve --scenario lesson.toml       everyone starts with this example
  {PROGRAM} serve --course first-hour          everyone starts with the first task of this course
  {PROGRAM} serve --web                        a browser will do as well: http://127.0.0.1:8000
"""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


def main(arguments: list[str]) -> int:
    """Serve until ctrl+c or SIGTERM, and return the exit code."""
    options = parser().parse_args(arguments)
    if sys.platform != "linux":
        raise UsageError("serve needs Linux: it forks sessions and holds them by process handles")
    if os.geteuid() == 0 and not options.allow_root:
        raise UsageError("serve does not run as root; start it as another user, or add --allow-root if that is meant")
    try:
        import asyncssh  # noqa: F401

        if options.web:
            import textual_serve  # noqa: F401
            import websockets  # noqa: F401
    except ImportError:
        raise UsageError("serve needs more packages; in the checkout: pip install '.[serve]'") from None
    from backprop_tui.tui.serve import limits

    if not limits.open_files(options.max_sessions):
        raise UsageError(f"{options.max_sessions} sessions need more open files than this system allows (ulimit -Hn)")
    return asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    from backprop_tui.tui.serve.door.checks import checks_of
    from backprop_tui.tui.serve.door.host_key import HostKeyError, host_keys
    from backprop_tui.tui.serve.door.ssh import SSHListener
    from backprop_tui.tui.serve.faults import Faults, open_log
    from backprop_tui.tui.serve.limits import Limits
    from backprop_tui.tui.serve.room.workshop import Workshop, open_to_others, state_folder
    from backprop_tui.tui.terminal.refusal import screen_refusal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    password = _password(options)
    course = _course(options.course, options.scenario)
    try:
        state = state_folder(options.state_dir)
        keys = host_keys(options.host_key or state / ".host_key")
    except HostKeyError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{options.state_dir}: sessions can't be saved here: {error.strerror}") from None
    limits = Limits(options.max_sessions, options.max_per_address, options.connections_per_second, options.idle_timeout)
    if warning := open_to_others(state):
        print(f"  {warning}", flush=True)
    with open_log(state / ".log") as output:
        tables = (*_tables(options.scenario), *_tables_of(course))
        opens = options.course is not None
        workshop = Workshop(limits, state, options.scenario, tables, output.fileno(), _log, course, opens)
        faults = Faults(lambda line: workshop.log(line), output.fileno())
        asyncio.get_running_loop().set_exception_handler(faults)
        await workshop.open()
        checks = checks_of(workshop, password)
        ssh_listener = SSHListener(workshop, checks, password is not None)
        web_listener = None
        try:
            try:
                port = await ssh_listener.open(options.host, options.port, keys)
            except OSError as error:
                raise UsageError(f"--host {options.host} --port {options.port}: {error.strerror}") from None
            addresses = _addresses(options.host)
            commands = [f"ssh -p {port} NAME@{address}" for address in addresses]
            if options.web:
                web_listener, web_port = await _open_web(options, workshop, checks, password is not None)
                commands += [f"http://{f'[{it}]' if ':' in it else it}:{web_port}" for it in addresses]
            for command in commands:
                print(f"  {command}", flush=True)
            print(f"  {_password_line(password, options.password_file, state)}", flush=True)
            refusal = None if options.no_dashboard else screen_refusal()
            if options.no_dashboard or refusal:
                if refusal and sys.stdout.isatty():
                    print(f"  no dashboard: {refusal}", flush=True)
                await stop.wait()
            else:
                await _show(workshop, commands, addresses[0], password, faults, stop)
        finally:
            _log("closing: everything is saved")
            workshop.log = _log
            await workshop.close()
            await ssh_listener.close()
            if web_listener is not None:
                await web_listener.close()
    return 0


async def _open_web(
    options: argparse.Namespace, workshop: "Workshop", checks: "Checks", needs_password: bool
) -> tuple["web.WebListener", int]:
    """What browsers come in by, and its port."""
    from backprop_tui.tui.serve.door import web, web_page

    try:
        listener = web.WebListener(workshop, checks, needs_password)
        return listener, await listener.open(options.host, options.web_port)
    except web_page.PageError as error:
        raise UsageError(f"--web: {error}") from None
    except OSError as error:
        raise UsageError(f"--host {options.host} --web-port {options.web_port}: {error.strerror}") from None


async def _show(
    workshop: "Workshop",
    commands: list[str],
    address: str,
    password: str | None,
    faults: "Faults",
    stop: asyncio.Event,
) -> None:
    """The instructor's screen, until it is left or a signal ends the workshop."""
    from backprop_tui.tui.serve.room.dashboard import Dashboard
    from backprop_tui.tui.terminal.driver import TerminalDriver

    dashboard = Dashboard(workshop, commands, address, password, faults)
    dashboard.driver_class = TerminalDriver
    workshop.log = dashboard.say
    showing = asyncio.create_task(dashboard.run_async())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([showing, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not showing.done():
        dashboard.exit()
    await showing


def _log(line: str) -> None:
    with suppress(OSError):  # the terminal has gone: what is still to be saved is saved all the same
        print(time.strftime("%H:%M:%S"), line, flush=True)


def _addresses(host: str) -> list[str]:
    """What people may type: the address, or this machine's own if it listens on all."""
    if host not in ("0.0.0.0", "::", ""):
        return [host]
    found = {socket.gethostname()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: this only asks which address would be used
            found.add(probe.getsockname()[0])
        except OSError:
            pass
    return sorted(found, key=lambda address: not address[0].isdigit())


def _password(options: argparse.Namespace) -> str | None:
    if options.open:
        return None
    if options.password_file is None:
        return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    try:
        found = options.password_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"--password-file {options.password_file}: {error.strerror}") from None
    except UnicodeError:
        raise UsageError(f"--password-file {options.password_file}: is not text in UTF-8") from None
    if not 1 <= len(found) <= 200:
        raise UsageError(f"--password-file {options.password_file}: give one password of up to 200 characters")
    return str(found)


def _password_line(password: str | None, given: Path | None, state: Path) -> str:
    """Where the password is. It is shown on a terminal only: what is written elsewhere is kept, and read by others."""
    if password is None:
        return "no password: everybody may come in"
    if sys.stdout.isatty():
        return f"password: {password}"
    if given is not None:
        return f"password: the one in {given}"
    path = state / ".password"
    path.unlink(missing_ok=True)
    with open(path, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(f"{password}\n")
    return f"password: in {path}"


def _tables(scenario: Path | None) -> tuple[str, ...]:
    """The file that the scenario reads, which the engine may therefore open for its sessions."""
    if scenario is None:
        return ()
    path = scenario_of(str(scenario)).run.table.path
    return (path,) if path else ()


def _course(name: str | None, scenario: Path | None) -> "Course":
    """The course of that name, or in that file; the tasks of the scenario; else what `T` opens. Raises UsageError."""
    from backprop_tui.core.course import CourseError, of_scenario, open_course

    found = scenario_of(str(scenario)) if scenario is not None else None
    try:
        return of_scenario(found) if found is not None and found.tasks else open_course(name or "")
    except CourseError as error:
        raise UsageError(str(error)) from None


def _tables_of(course: "Course") -> tuple[str, ...]:
    """The files that a course's scenarios read."""
    scenarios = (lesson.scenario for lesson in course.lessons if lesson.scenario is not None)
    return tuple({path for scenario in scenarios if (path := scenario.run.table.path)})


def parser() -> Parser:
    """What may be typed after `backprop-tui serve`."""
    found = Parser("serve", description=_DESCRIPTION, epilog=_EXAMPLES)
    add = found.add_argument
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen; 0.0.0.0 is everywhere")
    add("--port", metavar="N", type=_port, default=2222, help="default: 2222")
    add("--web", action="store_true", help="let browsers in as well, for networks that let no SSH out")
    add("--web-port", metavar="N", type=_port, default=8000, help="default: 8000")
    add("--max-sessions", metavar="N", type=_many, default=500, help="people at once (default: 500)")
    add("--max-per-address", metavar="N", type=_many, default=500, help="of these from one address (default: 500)")
    add("--connections-per-second", metavar="N", type=_many, default=30, help="new ones (default: 30)")
    door = found.add_mutually_exclusive_group()
    door.add_argument("--password-file", metavar="FILE", type=Path, help="holds the password of the workshop")
    door.add_argument("--open", action="store_true", help="no password")
    add("--host-key", metavar="FILE", type=Path, help="made at the first start if it is missing")
    add("--idle-timeout", metavar="TIME", type=_duration, default=7200.0, help="as in 90s, 30m, 2h (default: 2h)")
    start = found.add_mutually_exclusive_group()
    start.add_argument("--scenario", metavar="FILE", type=_file, help="what everyone starts with")
    start.add_argument("--course", metavar="COURSE", help="the tasks that everyone starts with: a name or a file.toml")
    add("--state-dir", metavar="FOLDER", type=Path, help="where sessions are saved")
    add("--no-dashboard", action="store_true", help="a log instead of the screen of who is there")
    add("--allow-root", action="store_true", help="run as root all the same")
    return found


def _port(text: str) -> int:
    return whole_number(text, 0, 65535)


def _many(text: str) -> int:
    return whole_number(text, 1, 2000)


def _file(text: str) -> Path:
    return Path(text).resolve()


def _duration(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a time: write 90s, 30m or 2h")
    return float(int(found[1]) * _UNITS[found[2]])
