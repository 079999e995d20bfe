"""The notes that server, fork server and sessions pass each other: small, typed, one a packet."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, TypeVar

import msgspec
from backprop_tui.core.course.classroom.poll import Stage
from backprop_tui.core.course.classroom.question import Kind, Question
from backprop_tui.core.course.classroom.tasks import MOST, Outcome
from msgspec import Meta

MAX_NOTE = 60_000
"""Bytes; a longer note is not sent."""

MAX_DOWNLOAD = 2 * 1024 * 1024
"""Bytes of a file that a session sends."""


MOST_OUTCOMES = 500
"""Tasks that a session tells of at once."""


class Fork(msgspec.Struct, frozen=True, tag=True):
    """To the fork server, with the terminal and the session's end of its link: fork a session."""

    session: int
    label: str
    folder: str
    term: str
    lang: str
    colorterm: str
    downloads: bool
    """Whether its person's client takes files: a browser does."""


class Started(msgspec.Struct, frozen=True, tag=True):
    """From the fork server, with a handle of the process: a session runs; `pid` is 0 if there is no room for it."""

    session: int
    pid: int


class Ended(msgspec.Struct, frozen=True, tag=True):
    """From the fork server: a session has ended, with this exit code, or minus the signal that killed it."""

    session: int
    code: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From the fork server: everything is imported."""

    modules: int


class Report(msgspec.Struct, frozen=True, tag=True):
    """From a session: where its person is."""

    lesson: str
    step: int
    loss: float | None
    losses: tuple[float, ...] = ()
    predicted: int = 0
    right: int = 0


class Say(msgspec.Struct, frozen=True, tag=True):
    """To a session: a line for its person."""

    text: str


class Hold(msgspec.Struct, frozen=True, tag=True):
    """To a session: take no keys until told otherwise."""

    held: bool


class Guide(msgspec.Struct, frozen=True, tag=True):
    """To a session: whose screen can be followed, nobody's if it is empty; `you` if it is its own."""

    name: str
    you: bool = False


class Broadcast(msgspec.Struct, frozen=True, tag=True):
    """A snapshot of the instructor's screen, from their session to the server and on to those who follow."""

    state: bytes


class Pose(msgspec.Struct, frozen=True, tag=True):
    """To the session that shows its screen: make a question about its step.

    `cell` names the number that it is about; empty: the one under the cursor.
    """

    kind: Kind
    cell: str


class Posed(msgspec.Struct, frozen=True, tag=True):
    """From the session that shows its screen: the question with its truth, or why there is none."""

    question: Question | None
    why_not: str = ""


class ClassQuestion(msgspec.Struct, frozen=True, tag=True):
    """To a session: the class question as it stands for its person; there is none any more if the number is 0.

    `answer` is what is counted of theirs. `told` is what is said once the truth is out, and is empty before.
    """

    number: int
    round: int = 1
    stage: Stage = "open"
    text: str = ""
    choices: tuple[str, ...] = ()
    may_answer: bool = False
    answer: float | None = None
    told: tuple[str, ...] = ()


class Answered(msgspec.Struct, frozen=True, tag=True):
    """From a session: its person's answer to a question in a round."""

    number: int
    round: int
    answer: float


class Progressed(msgspec.Struct, frozen=True, tag=True):
    """From a session: what has become of some tasks of the course that its person is in, by number from 0."""

    course: Annotated[str, Meta(max_length=60)]
    of: Annotated[int, Meta(ge=1, le=MOST)]
    """How many tasks the course has."""
    outcomes: Annotated[dict[int, Outcome], Meta(max_length=MOST_OUTCOMES)]


class Follow(msgspec.Struct, frozen=True, tag=True):
    """From a session: its person wants, or no longer wants, to see the instructor's screen."""

    follows: bool


class Download(msgspec.Struct, frozen=True, tag=True):
    """From a session: a part of a file that its person's browser is to download."""

    name: str
    part: bytes
    is_last: bool


FromForkServer = Started | Ended | Ready
ToSession = Say | Hold | Guide | Broadcast | Pose | ClassQuestion
FromSession = Report | Follow | Broadcast | Download | Posed | Answered | Progressed

_encoder = msgspec.msgpack.Encoder()
T = TypeVar("T")


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a link for notes."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(link: socket.socket, note: msgspec.Struct, descriptors: Sequence[int] = ()) -> bool:
    """Send a note; False if the other side is gone or does not take it now."""
    data = _encoder.encode(note)
    if len(data) > MAX_NOTE:
        return False
    with suppress(OSError):
        socket.send_fds(link, [data], descriptors)
        return True
    return False


def decode(data: bytes, kinds: type[T]) -> T:
    """A note of one of these kinds. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(data, type=kinds)
