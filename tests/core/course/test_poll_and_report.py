"""Votes, how they spread, and what is written of them, with numbers counted by hand."""

import csv

import pytest
from backprop_tui.core.course.classroom.poll import CLOSED, Poll, closed, once_more, revealed, voted
from backprop_tui.core.course.classroom.question import OTHER, RIGHT, Question
from backprop_tui.core.course.classroom.report import COLUMNS, Person, csv_text, line, markdown
from backprop_tui.core.course.classroom.spread import blocks, commonest_mistake, spread
from backprop_tui.core.course.classroom.tasks import Outcome, Tasks, told
from backprop_tui.core.explain.mistakes import Mistake
from backprop_tui.core.text.spreadsheet import safe_cell

CHOICE = Question("Up | *down*?", ("up", "down", "=stay"), 2, ("because <of> it",))
NUMBER = Question("What is 2?", (), 2.0, (), (Mistake("half of it", 1.0), Mistake("twice it", 4.0)))

BEN = Tasks("A step", 3, {0: Outcome("done", 1, 0, 30.0), 1: Outcome("told", 3, 2, 60.0)})
FOUR = [Person(label, 60.0) for label in "abcd"]


def poll_of(question: Question, *rounds: dict[str, float]) -> Poll:
    poll = Poll(1, question)
    for number, answers in enumerate(rounds):
        if number:
            poll = once_more(closed(poll))
        for label, answer in answers.items():
            poll = voted(poll, number + 1, label, answer, 2.0)
    return poll


def test_each_has_one_vote_which_may_be_changed_until_it_closes() -> None:
    poll = voted(poll_of(CHOICE, {"anna": 1, "ben": 2}), 1, "anna", 2, 9.5)
    assert {label: vote.answer for label, vote in poll.votes.items()} == {"anna": 2, "ben": 2}
    assert poll.vote_of("anna").seconds == 9.5
    for late in (closed(poll), revealed(poll)):
        with pytest.raises(ValueError, match="closed"):
            voted(late, 1, "carl", 1, 0.0)
    for nonsense in (0, 4, 1.5, float("nan")):
        with pytest.raises(ValueError, match="no answer"):
            voted(poll, 1, "carl", nonsense, 0.0)


def test_a_second_vote_begins_empty_and_one_for_the_first_comes_too_late() -> None:
    poll = once_more(closed(poll_of(CHOICE, {"anna": 1, "ben": 2})))
    assert (poll.round, poll.votes) == (2, {})
    with pytest.raises(ValueError, match="closed"):
        voted(poll, 1, "anna", 2, 0.0)
    poll = voted(poll, 2, "anna", 2, 1.0)
    assert (poll.is_right("anna"), poll.is_right("ben"), poll.is_right("carl")) == (True, True, None)
    assert poll.last_vote_of("ben").answer == 2, "the first vote holds for who has not voted again"
    poll = closed(poll)
    assert poll.stage == CLOSED
    for over in (poll, revealed(poll)):
        with pytest.raises(ValueError, match="no further"):
            once_more(over)


def test_choices_spread_in_their_order_both_votes_side_by_side() -> None:
    first = {"a": 1, "b": 1, "c": 1, "d": 2}
    bars = spread(poll_of(CHOICE, first, {"a": 2, "b": 1}))
    assert [(bar.name, bar.number, bar.counts, bar.shares, bar.is_right) for bar in bars] == [
        ("up", 1, (3, 1), (0.75, 0.5), False),
        ("down", 2, (1, 1), (0.25, 0.5), True),
        ("=stay", 3, (0, 0), (0.0, 0.0), False),
    ]
    assert commonest_mistake(poll_of(CHOICE, first)) == ("up", 3)
    assert spread(Poll(1, CHOICE))[0].shares == (0.0,), "nobody has voted"


def test_numbers_spread_by_what_was_done_wrong() -> None:
    poll = poll_of(NUMBER, {"a": 2.0, "b": 4.0, "c": 4.01, "d": 1.0, "e": 77.0})
    assert [(bar.name, bar.counts, bar.is_right) for bar in spread(poll)] == [
        (RIGHT, (1,), True),
        ("twice it", (2,), False),
        ("half of it", (1,), False),
        (OTHER, (1,), False),
    ]
    assert commonest_mistake(poll) == ("twice it", 2)
    assert commonest_mistake(poll_of(NUMBER, {"a": 2.0, "e": 77.0})) is None


def test_bars_are_as_long_as_their_share() -> None:
    assert [blocks(share, 4) for share in (0, 0.25, 0.5, 1)] == ["    ", "█   ", "██  ", "████"]
    assert blocks(0.625, 2) == "█▎"
    assert blocks(2.0, 3) == "███"


def test_a_row_a_person_with_what_they_answered_last() -> None:
    polls = [poll_of(CHOICE, {"anna": 1, "ben": 3}, {"anna": 2}), poll_of(NUMBER, {"ben": -4.0})]
    people = [Person("carl", 61), Person("ben", 90.0, BEN), Person("anna", 600)]
    rows = list(csv.DictReader("".join(csv_text(people, polls)).splitlines()))
    assert [row["name"] for row in rows] == ["anna", "ben", "carl"]
    anna, ben, carl = rows
    assert (anna["questions"], anna["right"], anna["seconds_to_answer"], anna["minutes_here"]) == (
        "1",
        "1",
        "2.0",
        "10.0",
    )
    assert (ben["questions"], ben["right"], ben["tasks_done"], ben["tries"], ben["hints"]) == ("2", "0", "1", "4", "2")
    assert ben["minutes_at_tasks"] == "1.5"
    assert (carl["questions"], carl["seconds_to_answer"], carl["tasks_done"]) == ("0", "", "")
    assert list(anna)[: len(COLUMNS)] == list(COLUMNS)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'])
def test_no_cell_is_run_as_a_formula(text: str) -> None:
    """What OWASP's page on CSV injection lists."""
    assert safe_cell(text).startswith("'")
    person, asked = Person(text, 1.0), Question("What?", (text, "other"), 1)
    for row in csv.reader("".join(csv_text([person], [poll_of(asked, {text: 1})])).splitlines()):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert next(csv.reader([line(["a", text])]))[1].startswith("'")
    assert safe_cell("anna-1") == "anna-1"


def test_a_part_a_question_as_markdown_that_shows_just_its_text() -> None:
    text = "".join(markdown(FOUR, [poll_of(CHOICE, {"a": 1, "b": 1, "c": 2, "d": 1}, {"a": 2, "b": 1})]))
    assert "4 people, 1 question" in text
    assert r"## 1. Up \| \*down\*?" in text
    assert "| up | 3 | 75 % | 1 | 50 % |" in text
    assert "| down **right** | 1 | 25 % | 1 | 50 % |" in text
    assert "Answered: 4, then 2." in text
    assert r"Right: down. because \<of\> it" in text
    assert "Commonest mistake: up (3 times in the first vote)." in text
    alone = "".join(markdown(FOUR[:1], [poll_of(NUMBER, {"a": 4.0})]))
    assert "| twice it | 1 | 100 % |" in alone
    assert "1 time in the first vote" in alone


# The tasks of the course


def test_what_is_told_bit_by_bit_is_put_together_and_the_furthest_stays() -> None:
    tasks = told(None, Tasks("A step", 3, {0: Outcome("done", 1, 0, 30.0), 7: Outcome("done"), -1: Outcome("done")}))
    assert tasks.outcomes == {0: Outcome("done", 1, 0, 30.0)}, "the course has no other of these tasks"
    tasks = told(tasks, Tasks("A step", 3, {1: Outcome("open", 1, 1, 5.0)}))
    # Who comes back from what was saved a little earlier.
    tasks = told(tasks, Tasks("A step", 3, {0: Outcome("open", 0, 1, 0.0), 1: Outcome("open")}))
    assert tasks.outcomes == {0: Outcome("done", 1, 0, 30.0), 1: Outcome("open", 1, 1, 5.0)}
    assert (tasks.done, tasks.tries, tasks.hints, tasks.seconds) == (1, 2, 1, 35.0)
    assert told(tasks, Tasks("Another", 2, {1: Outcome("open", 1)})).outcomes == {1: Outcome("open", 1)}


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), 1e9])
def test_seconds_are_some(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds are"):
        Outcome("done", 1, 0, seconds)


def test_a_row_a_task_with_how_many_did_it_and_how_long_it_took() -> None:
    """Of three people: done by two in 30 and 90 s with 1 and 2 tries, told to one after 3 tries and 40 s."""
    carl = Tasks("A step", 3, {0: Outcome("done", 2, 1, 90.0), 1: Outcome("open", 1, 1, 9.0)})
    dora = Tasks("A step", 3, {0: Outcome("told", 3, 1, 40.0)})
    people = [Person(name, 60.0, tasks) for name, tasks in (("ben", BEN), ("carl", carl), ("dora", dora), ("e", None))]
    text = "".join(markdown(people, [], {"A step": ["What | is *w1*?", "=1+1", "never seen"]}))
    assert "4 people, 0 questions" in text
    assert "## The course: A step" in text
    assert "3 people began it, 0 did all of its 3 tasks." in text
    assert r"| 1 | 2 | 1 | 0 | 2.0 | 40 s | What \| is \*w1\*? |" in text
    assert "| 2 | 0 | 1 | 1 | 3.0 | 60 s | =1+1 |" in text
    assert "never seen" not in text, "nobody has come so far"
    assert "| 1 | 2 | 1 | 0 | 2.0 | 40 s |  |" in "".join(markdown(people, [])), "another course's texts are not known"
