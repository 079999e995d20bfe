"""Each check of who comes in, alone."""

from collections import Counter
from types import SimpleNamespace

import pytest
from backprop_tui.tui.serve import limits
from backprop_tui.tui.serve.door.checks import (
    Guest,
    PasswordCheck,
    RateCheck,
    Refused,
    RoomCheck,
    WrongPassword,
    check_name,
    check_terminal,
    require,
)
from backprop_tui.tui.serve.limits import Limits


def test_checks_are_made_in_their_order_and_the_first_that_fails_is_told() -> None:
    with pytest.raises(Refused, match="choose a name"):
        require((check_name, check_terminal), Guest("", name="a/b"))
    with pytest.raises(Refused, match="a terminal is needed"):
        require((check_name, check_terminal), Guest("", name="anna"))
    require((check_name, check_terminal), Guest("", name="anna", term="xterm"))


def test_a_rate_has_bursts_and_an_end() -> None:
    check = RateCheck(2)
    for _ in range(16):
        check(Guest("192.0.2.1"))
    with pytest.raises(Refused):
        check(Guest("192.0.2.1"))


def test_passwords() -> None:
    check = PasswordCheck("right")
    guest = Guest("192.0.2.1", password="wrong")
    for _ in range(limits.MAX_FAILURES):
        with pytest.raises(WrongPassword):
            check(guest)
    guest.password = "right"
    with pytest.raises(Refused, match="too many"):
        check(guest)
    check(Guest("192.0.2.1", password="right"))
    PasswordCheck(None)(Guest("192.0.2.1"))


def test_the_room_is_full_in_all_or_for_an_address() -> None:
    workshop = SimpleNamespace(closing=False, limits=Limits(2, 1), sessions={}, addresses=Counter())
    check = RoomCheck(workshop)
    check(Guest("192.0.2.1"))
    workshop.sessions["anna"], workshop.addresses["192.0.2.1"] = None, 1
    with pytest.raises(Refused, match="your address has 1 sessions"):
        check(Guest("192.0.2.1"))
    check(Guest("192.0.2.2"))
    workshop.sessions["bea"] = None
    with pytest.raises(Refused, match="full: 2 are here"):
        check(Guest("192.0.2.2"))
    workshop.closing = True
    with pytest.raises(Refused, match="closing"):
        check(Guest("192.0.2.2"))
