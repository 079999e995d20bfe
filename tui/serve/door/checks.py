"""What lets a person in: a list of small checks, which both doors (SSH and web) share.

A check looks at one thing and raises Refused if it must not be so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.rates import FairRate, Rate, group_of
from backprop_tui.tui.serve.room.workshop import Workshop
from backprop_tui.tui.terminal import terminal_refusal

MAX_KNOWN = 10_000


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
    command: str = ""
    """What is to be run instead of the program."""
    term: str = ""
    lang: str = ""
    colorterm: str = ""
    wrong_passwords: int = 0
    """How many this connection has sent."""

    @property
    def group(self) -> str:
        """What counts as one address with this one."""
        return group_of(self.address)


Check = Callable[[Guest], None]


class RateCheck:
    """New connections come no faster than so many a second; no address keeps the others out."""

    def __init__(self, per_second: float) -> None:
        self._rate = FairRate(per_second, 8 * per_second)

    def __call__(self, guest: Guest) -> None:
        """Raise Refused."""
        if not self._rate.take(guest.group):
            raise Refused("too many come at once; please try again")


def check_name(guest: Guest) -> None:
    """The name is fit to be a label, and becomes it. Raises Refused."""
    label = limits.label(guest.name)
    if label is None:
        raise Refused("choose a name of up to 32 letters, digits, '.', '_' and '-', as in: anna")
    guest.name = label


class PasswordCheck:
    """The password is the workshop's; None lets everybody in.

    Wrong ones are counted per connection, per address and in all. A count that is full refuses before it compares.
    """

    def __init__(self, password: str | None) -> None:
        self._password = password
        self._in_all = Rate(limits.WRONG_IN_ALL_A_SECOND, limits.WRONG_IN_ALL)
        self._of_address: dict[str, Rate] = {}
        """Of the addresses that have sent wrong ones lately."""
        self._known: dict[str, None] = {}
        """The addresses that have sent the right one: what strangers send does not keep them out."""

    def __call__(self, guest: Guest) -> None:
        """Raise Refused, WrongPassword."""
        if self._password is None:
            return
        address = guest.group
        of_address = self._of_address.get(address)
        if guest.wrong_passwords >= limits.MAX_WRONG:
            raise Refused("too many wrong passwords")
        if of_address is not None and of_address.left < 1:
            raise Refused("too many wrong passwords from your address; please try again in a minute")
        if self._in_all.left < 1 and address not in self._known:
            raise Refused("too many wrong passwords come in; please try again in a minute")
        if limits.is_same(guest.password, self._password):
            self._known.pop(address, None)
            self._known[address] = None
            if len(self._known) > MAX_KNOWN:
                del self._known[next(iter(self._known))]
            return
        guest.wrong_passwords += 1
        self._in_all.take()
        self._count(address)
        raise WrongPassword("that is not the password")

    def _count(self, address: str) -> None:
        for other in [other for other, rate in self._of_address.items() if rate.is_rested]:
            del self._of_address[other]
        rate = self._of_address.setdefault(address, Rate(limits.WRONG_OF_ADDRESS_A_SECOND, limits.WRONG_OF_ADDRESS))
        rate.take()


def check_command(guest: Guest) -> None:
    """Nothing but the program is asked for. Raises Refused."""
    if guest.command:
        raise Refused("no command is run here, only the program: leave the command out")


def check_terminal(guest: Guest) -> None:
    """There is a terminal on which a screen can be painted. Raises Refused."""
    if not guest.term:
        raise Refused("a terminal is needed here: ssh -t ...")
    if refusal := terminal_refusal(guest.term):
        raise Refused(refusal)


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


class QuestionCheck:
    """No more people are asked than may have a session: in all, and of this address."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def __call__(self, guest: Guest) -> None:
        """Raise Refused."""
        asked, most = self._workshop.asked, self._workshop.limits
        if asked.total() >= most.sessions or asked[guest.address] >= most.per_address:
            raise Refused("too many are being asked; please try later")


@dataclass(frozen=True)
class Checks:
    """The checks of one workshop, by the stage at which they are made."""

    arrival: tuple[Check, ...]
    """When a connection is made."""

    login: tuple[Check, ...]
    """When a name and a password are given."""

    terminal: tuple[Check, ...]
    """When the program is asked for."""

    question: tuple[Check, ...]
    """When a question must be answered first."""

    room: tuple[Check, ...]
    """When a session is about to start."""


def checks_of(workshop: Workshop, password: str | None) -> Checks:
    """What a workshop checks. Both doors must be given the same ones: then they count together."""
    return Checks(
        arrival=(RateCheck(workshop.limits.connections_per_second),),
        login=(check_name, PasswordCheck(password)),
        terminal=(check_command, check_terminal),
        question=(QuestionCheck(workshop),),
        room=(RoomCheck(workshop),),
    )


def require(checks: tuple[Check, ...], guest: Guest) -> None:
    """Make the checks in their order. Raises Refused."""
    for check in checks:
        check(guest)
