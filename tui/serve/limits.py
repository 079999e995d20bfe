"""What a workshop allows: names, terminals, sizes, rates, and what one session may take of the machine."""

import hmac
import os
import re
import resource
from dataclasses import dataclass

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
"""What a user name may look like. It is a label: no account of that name is looked up."""

REPORTS = ("report.csv", "report.md")
"""The files that lie beside the folders of the names, so that no name can be theirs."""

TERMS = frozenset(
    f"{name}{suffix}"
    for name in ("xterm", "screen", "tmux", "rxvt", "rxvt-unicode", "linux", "vt100", "vt220", "putty", "alacritty")
    for suffix in ("", "-256color", "-color", "-16color", "-88color", "-direct", "-kitty", "-ghostty")
) | {"ansi", "foot", "wezterm", "konsole", "konsole-256color", "st-256color", "cygwin", "gnome-256color"}
DEFAULT_TERM = "xterm-256color"
LANGS = re.compile(r"(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\.(UTF-8|utf8))?")
NOT_UTF_8 = re.compile(r"C|POSIX|(C|[a-z]{2,3}(_[a-z]{2})?)\.(?!utf-?8)[a-z0-9-]{1,20}(@[a-z]{1,10})?", re.IGNORECASE)
"""A locale that says another charset: what it is does not matter, its terminal gets ASCII."""
COLORTERMS = frozenset({"truecolor", "24bit"})

MAX_COLUMNS, MAX_LINES = 400, 200
PASTE, PASTE_RATE = 256 * 1024, 8 * 1024
"""Bytes that one person may type or paste at once, and a second in the long run."""

TRAFFIC_OUTSIDE = 64 * 1024
"""Bytes of a connection, of whatever kind, until it asks for the program."""

TRAFFIC, TRAFFIC_A_SECOND = 1024 * 1024, 32 * 1024
"""The same afterwards, at once and a second in the long run: the largest paste with all that is put around it."""

TRAFFIC_UNREAD = 512 * 1024
"""The same while the client reads nothing of what it is sent."""

MIN_PACKET = 256
"""Bytes that an SSH client must take in a packet."""

CLOSE_WITHIN = 5.0
"""Seconds that a client has to read its last lines before the connection is cut."""

QUESTION_TIME = 60.0
"""Seconds that a question waits for its answer."""

LOGIN_GRACE = 30.0
"""Seconds in which a connection must have logged in and asked for its terminal."""

WAITING = 100
"""Connections of a kind that have not logged in yet."""

MAX_WRONG = 3
"""Wrong passwords of one connection."""

WRONG_OF_ADDRESS, WRONG_OF_ADDRESS_A_SECOND = 60, 0.5
WRONG_IN_ALL, WRONG_IN_ALL_A_SECOND = 300, 3.0
"""Wrong passwords at once, and a second in the long run: a class that comes together makes some."""

WRONG_PASSWORD_PAUSE = 1.0
"""Seconds that a wrong password takes."""

CHILD_LIMITS = {
    resource.RLIMIT_DATA: 512 * 2**20,
    resource.RLIMIT_CPU: 3_600,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_FSIZE: 128 * 2**20,
    resource.RLIMIT_CORE: 0,
}
"""Of one session: memory, seconds of processor time, open files, the longest file, no core dumps."""

NICE = 5


@dataclass(frozen=True)
class Limits:
    """Of a whole workshop: sessions in all and per address, new connections a second, seconds without a key."""

    sessions: int = 500
    per_address: int = 500
    connections_per_second: float = 30.0
    idle: float = 7_200.0


def label(name: str) -> str | None:
    """The user name as a label, if it is fit to be one: Anna and anna are the same. No file's name is one."""
    return name.lower() if LABEL.fullmatch(name) and name.lower() not in REPORTS else None


def terminal(term: str) -> str:
    """The terminal's type, or a usual one if it is none that is known here."""
    return term if term in TERMS else DEFAULT_TERM


def language(lang: str) -> str:
    """The language with UTF-8, or C if the client says that its terminal shows something else."""
    if NOT_UTF_8.fullmatch(lang):
        return "C"
    return lang if LANGS.fullmatch(lang) else "C.UTF-8"


def colors(colorterm: str) -> str:
    """What the terminal says of its colors, if that is a word known here."""
    return colorterm if colorterm in COLORTERMS else ""


def is_same(given: str, password: str) -> bool:
    """Whether this is the password, found out in a time that tells nothing of it."""
    return hmac.compare_digest(given.encode(errors="replace")[:1024], password.encode())


def size(columns: int, lines: int) -> tuple[int, int]:
    """The terminal's size, within bounds; a size not told is 80x24."""
    return min(max(columns or 80, 1), MAX_COLUMNS), min(max(lines or 24, 1), MAX_LINES)


def restrain() -> None:
    """Put this process, which is one session's, under its limits for good."""
    os.nice(NICE)
    for kind, most in CHILD_LIMITS.items():
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def open_files(sessions: int) -> bool:
    """Allow this process the descriptors that so many sessions take; False if the system does not."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Each takes a socket, a terminal and its other end, a handle and a link; others ask, or have not logged in yet.
    return hard == resource.RLIM_INFINITY or hard >= 6 * sessions + 2 * WAITING + 100
