"""What lets a person in: a list of small checks, which both doors (SSH and web) share.

A check looks at one thing and raises Refused if it must not be so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.limits import Rate
from backprop_tui.tui.serve.room.workshop import Workshop


class Refused(Exception):
    """Not let in: one line for the person, empty if there is nobody to read it."""


class WrongPassword(Refused):
    """The password was compared and is another one."""


@dataclass
class Guest:
    """Who stands at a door, and what their terminal is: as their client says it, until a check has looked at it."""

    address: str
    name: str = ""
    password: str = ""
    term: str = ""
    lang: str = ""
    colorterm: str = ""
    wrong_passwords: int = 0
    """How many this connection has sent."""


Check = Callable[[Guest], None]


class RateCheck:
    """New connections come no faster than so many a second."""

    def __init__(self, per_second: float) -> None:
        self._rate = Rate(per_second, 8 * per_second)

    def __call__(self, guest: Guest) -> None:
        """Raise Refused."""
        if not self._rate.take():
            raise Refused("too many come at once; please try again")


def check_name(guest: Guest) -> None:
    """The name is a label. Raises Refused."""
    if limits.label(guest.name) is None:
        raise Refused("choose a name of up to 32 letters, digits, '.', '_' and '-', as in: anna")


class PasswordCheck:
    """The password is the workshop's; None lets everybody in."""

    def __init__(self, password: str | None) -> None:
        self._password = password

    def __call__(self, guest: Guest) -> None:
        """Raise Refused, WrongPassword."""
        if self._password is None:
            return
        if guest.wrong_passwords >= limits.MAX_FAILURES:
            raise Refused("too many wrong passwords")
        if not limits.is_same(guest.password, self._password):
            guest.wrong_passwords += 1
            raise WrongPassword("that is not the password")


def check_terminal(guest: Guest) -> None:
    """There is a terminal. Raises Refused."""
    if not guest.term:
        raise Refused("a terminal is needed here: ssh -t ...")


class RoomCheck:
    """The workshop takes one more session, and one more of this address."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def __call__(self, guest: Guest) -> None:
        """Raise Refused."""
        workshop, most = self._workshop, self._workshop.limits
        if workshop.closing:
            raise Refused("the workshop is closing")
        if len(workshop.sessions) >= most.sessions:
            raise Refused(f"the workshop is full: {most.sessions} are here; please try later")
        if workshop.addresses[guest.address] >= most.per_address:
            raise Refused(f"your address has {most.per_address} sessions already; please close one")


@dataclass(frozen=True)
class Checks:
    """The checks of one workshop, by the stage at which they are made."""

    arrival: tuple[Check, ...]
    """When a connection is made."""

    login: tuple[Check, ...]
    """When a name and a password are given."""

    terminal: tuple[Check, ...]
    """When the program is asked for."""

    room: tuple[Check, ...]
    """When a session is about to start."""


def checks_of(workshop: Workshop, password: str | None) -> Checks:
    """What a workshop checks. Both doors must be given the same ones: then they count together."""
    return Checks(
        arrival=(RateCheck(workshop.limits.connections_per_second),),
        login=(check_name, PasswordCheck(password)),
        terminal=(check_terminal,),
        room=(RoomCheck(workshop),),
    )


def require(checks: tuple[Check, ...], guest: Guest) -> None:
    """Make the checks in their order. Raises Refused."""
    for check in checks:
        check(guest)
