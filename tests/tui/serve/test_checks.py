"""Each check of who comes in, alone; and what the checks count with."""

from collections import Counter
from types import SimpleNamespace

import pytest
from backprop_tui.tui.serve import limits, rates
from backprop_tui.tui.serve.door.checks import (
    Guest,
    PasswordCheck,
    QuestionCheck,
    RateCheck,
    Refused,
    RoomCheck,
    WrongPassword,
    check_name,
    check_terminal,
    require,
)
from backprop_tui.tui.serve.door.traffic import Traffic
from backprop_tui.tui.serve.door.waiting import Waiting
from backprop_tui.tui.serve.limits import Limits
from backprop_tui.tui.serve.rates import FairRate, Rate, group_of


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rates, "time", clock)
    return clock


def test_checks_are_made_in_their_order_and_the_first_that_fails_is_told() -> None:
    with pytest.raises(Refused, match="choose a name"):
        require((check_name, check_terminal), Guest("", name="a/b"))
    with pytest.raises(Refused, match="a terminal is needed"):
        require((check_name, check_terminal), Guest("", name="anna"))
    require((check_name, check_terminal), Guest("", name="anna", term="xterm"))


def test_a_name_is_one_name_however_it_is_written() -> None:
    guest = Guest("", name="Anna")
    check_name(guest)
    assert guest.name == "anna"


def test_a_rate_has_bursts_and_an_end(clock) -> None:
    rate = Rate(2, 16)
    assert [rate.take() for _ in range(17)] == [True] * 16 + [False]
    clock.now += 1
    assert [rate.take() for _ in range(3)] == [True, True, False]
    clock.now += 100
    assert rate.is_rested


def test_one_address_does_not_take_the_rate_from_the_others(clock) -> None:
    rate = FairRate(30, 240)
    passed = Counter()
    for tenth in range(600):  # a minute
        clock.now += 0.1
        for _ in range(20):
            passed["flood"] += rate.take("flood")
        if tenth % 10 == 0:
            passed["class"] += rate.take("class")
    assert passed["class"] == 60
    assert passed["flood"] < 2 * 30 * 60 + 2 * 240


def test_all_addresses_together_have_a_bound(clock) -> None:
    rate = FairRate(30, 240)
    passed = 0
    for number in range(60_000):  # each from another address
        clock.now += 0.001
        passed += rate.take(f"{number}")
    assert passed < 2 * 30 * 60 + 2 * 240 + 10


def test_what_counts_as_one_address() -> None:
    assert group_of("192.0.2.1") == group_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert group_of("2001:db8:1:2:3::4") == group_of("2001:db8:1:2::9%eth0")
    assert group_of("2001:db8:1:2::1") != group_of("2001:db8:1:3::1")
    assert group_of("local") == "local"


def test_a_flood_is_turned_away(clock) -> None:
    check = RateCheck(2)
    for _ in range(20):  # a burst, and its share of ten seconds
        check(Guest("192.0.2.1"))
    with pytest.raises(Refused):
        check(Guest("192.0.2.1"))
    clock.now += 1
    check(Guest("192.0.2.2"))


def test_passwords_of_one_connection(clock) -> None:
    check = PasswordCheck("right")
    guest = Guest("192.0.2.1", password="wrong")
    for _ in range(limits.MAX_WRONG):
        with pytest.raises(WrongPassword):
            check(guest)
    guest.password = "right"  # which is not looked at any more
    with pytest.raises(Refused, match="too many"):
        check(guest)
    check(Guest("192.0.2.1", password="right"))
    PasswordCheck(None)(Guest("192.0.2.1"))


def test_passwords_of_one_address(clock) -> None:
    check = PasswordCheck("right")
    for _ in range(limits.WRONG_OF_ADDRESS):
        with pytest.raises(WrongPassword):
            check(Guest("192.0.2.1", password="wrong"))
    with pytest.raises(Refused, match="from your address"):
        check(Guest("192.0.2.1", password="right"))
    check(Guest("192.0.2.2", password="right"))
    clock.now += 2 / limits.WRONG_OF_ADDRESS_A_SECOND
    check(Guest("192.0.2.1", password="right"))


def test_passwords_in_all(clock) -> None:
    check = PasswordCheck("right")
    check(Guest("192.0.2.1", password="right"))
    for number in range(limits.WRONG_IN_ALL):
        with pytest.raises(WrongPassword):
            check(Guest(f"198.51.100.{number}", password="wrong"))
    with pytest.raises(Refused, match="come in"):
        check(Guest("192.0.2.2", password="right"))
    check(Guest("192.0.2.1", password="right"))  # who has been here is not kept out by strangers
    clock.now += 1 / limits.WRONG_IN_ALL_A_SECOND
    check(Guest("192.0.2.2", password="right"))


def test_the_room_is_full_in_all_or_for_an_address() -> None:
    there = SimpleNamespace(closing=False, limits=Limits(2, 1), sessions={}, addresses=Counter())
    check = RoomCheck(there)
    check(Guest("192.0.2.1"))
    there.sessions["anna"], there.addresses["192.0.2.1"] = None, 1
    with pytest.raises(Refused, match="your address has 1 sessions"):
        check(Guest("192.0.2.1"))
    check(Guest("192.0.2.2"))
    there.sessions["bea"] = None
    with pytest.raises(Refused, match="full: 2 are here"):
        check(Guest("192.0.2.2"))
    there.closing = True
    with pytest.raises(Refused, match="closing"):
        check(Guest("192.0.2.2"))


def test_people_who_are_asked_are_bounded_too() -> None:
    there = SimpleNamespace(limits=Limits(2, 1), asked=Counter())
    check = QuestionCheck(there)
    check(Guest("192.0.2.1"))
    there.asked["192.0.2.1"] = 1
    with pytest.raises(Refused):
        check(Guest("192.0.2.1"))
    check(Guest("192.0.2.2"))
    there.asked["192.0.2.2"] = 1
    with pytest.raises(Refused):
        check(Guest("192.0.2.3"))


def test_who_has_the_most_goes_first_and_of_these_the_oldest() -> None:
    waiting: Waiting[str] = Waiting(4)
    assert waiting.add("person", "192.0.2.1") is None
    for number in range(3):
        assert waiting.add(f"flood {number}", "192.0.2.9") is None
    for number in range(3, 20):
        assert waiting.add(f"flood {number}", "192.0.2.9") == f"flood {number - 3}"
    assert waiting.add("another", "192.0.2.2") == "flood 17"
    waiting.remove("person")
    assert waiting.add("late", "192.0.2.1") is None


def test_traffic_before_and_after_the_login_and_unread(clock) -> None:
    traffic = Traffic()
    assert traffic.takes(limits.TRAFFIC_OUTSIDE)
    assert not traffic.takes(1)
    traffic.let_in()
    assert traffic.takes(limits.TRAFFIC)
    assert not traffic.takes(1)
    clock.now += 1_000
    traffic.hold(True)
    assert traffic.takes(limits.TRAFFIC_UNREAD)
    assert not traffic.takes(1)
    traffic.hold(False)
    assert traffic.takes(1)
