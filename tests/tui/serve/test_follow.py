"""Follow me: what is sent of the instructor's place makes the very same screen, and leaves one's own as it was."""

import dataclasses

import numpy as np
import pytest
from actions import ACTIONS, act
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from backprop_tui.tui.serve.notes import MAX_NOTE
from backprop_tui.tui.serve.seat import snapshot
from backprop_tui.tui.stepper.view import View, view_of
from driving import Settle
from hypothesis import given, settings
from hypothesis import strategies as st
from real_terminal import RealTerminal
from served import come, line_of


def seen_by_others(session: Session, settle: Settle) -> tuple[Session, View, View]:
    """The follower's session, what its screen shows, and what the instructor's shows."""
    mine = view_of(session.timeline)
    sent = snapshot.encode(session.timeline, mine, lesson=4)
    assert sent is not None
    assert len(sent) < MAX_NOTE
    place = snapshot.decode(sent)
    theirs = settle(place.session)
    return theirs, place.view(theirs, None, False), mine


def assert_same(theirs: View, mine: View) -> None:
    """All that a pane draws from is the same, to the last bit."""
    for field in dataclasses.fields(View):
        here, there = getattr(mine, field.name), getattr(theirs, field.name)
        if field.name == "trace":
            # At the very start of a step nothing of it is shown yet; only one who has been further still has it.
            assert mine.done == 0 or (here is not None and there is not None)
            if here is not None and there is not None:
                assert here.rows == there.rows
                assert here.lr == there.lr
                assert {name: array.tobytes() for name, array in here.values.items()} == {
                    name: array.tobytes() for name, array in there.values.items()
                }
        elif field.name == "parameters":
            assert {name: array.tobytes() for name, array in here.items()} == {
                name: array.tobytes() for name, array in there.items()
            }
        elif field.name == "losses":
            assert here.tobytes() == there.tobytes()
        elif field.name == "run":
            assert there.initial is None or here.initial is not None
            for one in ("table", "network", "optimizer", "seed", "initializer", "dtype"):
                assert getattr(here, one) == getattr(there, one)
        elif field.name == "shown_settings":
            assert dataclasses.replace(here, since=0) == dataclasses.replace(there, since=0)
        elif field.name == "context":
            for one in ("optimizer", "step", "seed", "table", "typed", "changes"):
                assert getattr(here, one) == getattr(there, one)
            assert (here.before is None) == (there.before is None)
            assert here.before is None or np.array_equal(here.before, there.before, equal_nan=True)
        elif field.name in ("sample", "scaling"):
            if here is not None:
                for one in dataclasses.fields(here):
                    assert np.array_equal(getattr(here, one.name), getattr(there, one.name))
        elif field.name in ("loss_before", "loss_after"):
            assert here == there or (here != here and there != there)
        else:
            assert here == there, field.name


@pytest.mark.slow
@given(st.lists(ACTIONS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_whatever_the_instructor_does_the_others_see_it_bit_for_bit(settle: Settle, walk) -> None:
    session = settle(Session(Run()))
    for name, arguments in walk:
        try:
            act(session, name, *arguments)
        except ValueError:
            continue
        settle(session)
        _, theirs, mine = seen_by_others(session, settle)
        assert_same(theirs, mine)


@pytest.mark.slow
def test_mini_batches_and_moments(settle: Settle) -> None:
    sampling = Settings(lr=0.01, sampling=Sampling(SHUFFLED, batch=32))
    session = settle(Session(Run(optimizer=Optimizer("adam"), settings=sampling)))
    session.timeline.start_jump(40)
    settle(session)
    session.back_phase()
    settle(session)
    theirs, shown, mine = seen_by_others(session, settle)
    assert_same(shown, mine)
    assert len(shown.trace.rows) == 32
    theirs.timeline.step()
    session.timeline.step()
    assert settle(theirs).timeline.trace["new_w1"].tobytes() == settle(session).timeline.trace["new_w1"].tobytes()


def test_of_a_long_history_the_newest_losses_are_exact_and_the_message_stays_small(settle: Settle) -> None:
    session = settle(Session(Run(settings=Settings(lr=0.001))))
    session.timeline.start_jump(123_457)
    settle(session)
    sent = snapshot.encode(session.timeline, view_of(session.timeline), lesson=4)
    assert len(sent) < 10_000
    followed = snapshot.decode(sent)
    losses, mine = followed.view(settle(followed.session), None, False).losses, session.timeline.losses
    assert len(losses) == len(mine) == 123_457
    assert losses[-400:].tobytes() == mine[-400:].tobytes()
    # Before those, each is the true loss of at most a thousandth of the way earlier.
    places = np.arange(len(mine))
    assert all(np.any(mine[max(0, at - 124) : at + 1] == losses[at]) for at in places[::97])


def wait_for_the_same(one: RealTerminal, other: RealTerminal) -> None:
    """Until both screens show the same numbers."""
    one.wait_until(lambda: (other.read(), panes(one) == panes(other))[1], 40, f"the same as\n{other.text}")


def panes(terminal: RealTerminal) -> list[str]:
    """All between the first two lines and the last two."""
    return [line.rstrip() for line in terminal.screen.display[2:-2]]


@pytest.mark.serve
@pytest.mark.needs("ssh")
def test_two_attendees_follow_and_return_to_their_own(dashboard) -> None:
    with come(dashboard, "anna") as anna, come(dashboard, "ben") as ben, come(dashboard, "prof") as prof:
        anna.press("nn  ")
        anna.wait_for("step 2")
        ben.press("r s")
        ben.wait_for("step 2")
        while anna.read(0.5):
            pass
        before = panes(anna)
        anna.press("f")
        anna.wait_for("nobody shows their screen now")
        anna.press("d")
        anna.press("d")

        dashboard.wait_until(lambda: line_of(dashboard, "prof") != "", 40)
        dashboard.press("\x1b[B" * 3)
        dashboard.press("f")
        dashboard.wait_for("f on everybody's screen shows what prof does", 40)
        assert "prof ▸" in line_of(dashboard, "prof")
        anna.wait_for("prof shows their screen: f follows", 40)
        prof.press("   sss")
        prof.wait_for("ŷ   phase 3 of 10")

        anna.press("f")
        anna.wait_for("following prof")
        ben.press("f")
        ben.wait_for("following prof")
        wait_for_the_same(anna, prof)
        assert "step 4" in anna.screen.display[1], "the one that is being made"

        prof.press(" j2000\r")
        prof.wait_for("step 2,004")
        prof.press("\x1b[C")
        for one in (anna, ben):
            one.wait_for("step 2,004")
            wait_for_the_same(one, prof)

        # Looking is one's own affair; nothing else does anything.
        anna.press(" s r jb+n=1wetR")
        anna.press("d")
        prof.press("d")
        anna.wait_until(lambda: anna.screen.display[4] != before[2], 40, "all digits")
        # With all digits the lower panes scroll, and where one has scrolled to is one's own affair.
        anna.wait_until(
            lambda: (prof.read(), panes(anna)[:6] == panes(prof)[:6])[1], 40, "the same sample and activations"
        )
        anna.press("\r")
        anna.wait_for("Why?")
        anna.press("\x1b")
        anna.wait_until(lambda: "Why?" not in anna.text, 40)
        for one in (anna, prof):
            one.press("d")
        wait_for_the_same(anna, prof)
        assert "step 2,004" in anna.screen.display[1]

        with come(dashboard, "late") as late:
            late.press("f")
            late.wait_for("step 2,004")
            late.press("q")
            assert late.wait_for_end() == 0

        # A pause holds what is one's own; the instructor goes on, and can be followed.
        dashboard.press("p")
        dashboard.wait_for("paused", 40)
        prof.press(" ")
        anna.wait_for("step 2,005")
        wait_for_the_same(anna, prof)
        anna.press("f")
        anna.wait_for("look up, or press f to follow prof", 40)
        anna.press(" f")
        anna.wait_for("following prof", 40)
        anna.press("f")
        anna.wait_for("look up", 40)
        dashboard.press("p")
        anna.wait_until(lambda: panes(anna) == before, 40, "one's own, as it was")
        assert "step 2" in anna.screen.display[1]
        anna.press(" ")
        anna.wait_for("step 3")
        anna.press("1f")
        anna.wait_for("following prof")
        prof.press("2")
        anna.wait_for("the instructor is in lesson 2, autograd")
        anna.press("f")
        anna.wait_for("1 DATA")

        prof.press("q")
        prof.wait_for_end()
        ben.wait_for("this has ended: f leaves", 40)
        ben.press("\x1b")
        ben.wait_until(lambda: "seed 1" in ben.screen.display[1] and "step 2" in ben.screen.display[1], 40, "ben's own")
        for one in (anna, ben):
            one.press("q")
            assert one.wait_for_end() == 0
