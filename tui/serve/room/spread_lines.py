"""The question and how the answers spread, as lines of the instructor's screen."""

from backprop_tui.core.course.classroom.poll import CLOSED, OPEN, REVEALED, Poll
from backprop_tui.core.course.classroom.spread import Bar, blocks, percent, spread
from backprop_tui.core.explain import wrapped_words
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.widgets.line import Line, Span, clipped

NEXT = {OPEN: "a closes the vote", CLOSED: "a: a second vote   r: the answer to all", REVEALED: "a asks another"}
LONGEST_BAR, NUMBERS, SHORTEST_NAME = 24, 14, 10
"""Columns of a full bar at most, of the numbers beside it, and of an answer at least."""


def title(poll: Poll, voters: int) -> str:
    """Which question it is, how many have answered, and what may be done now."""
    vote = ", second vote" * (poll.round > 1)
    return f"Question {poll.number}{vote}: {len(poll.votes)} answered, {voters} here   {NEXT[poll.stage]}"


def lines(poll: Poll, width: int) -> list[Line]:
    """The text, a line for each bar with both votes side by side, and the truth once it is out."""
    bars = spread(poll)
    name = max(min(max(len(bar.name) for bar in bars) + 4, width - poll.round * (NUMBERS + 8)), SHORTEST_NAME)
    bar = max(min((width - name) // poll.round - NUMBERS, LONGEST_BAR), 1)
    text = wrapped_words(escape_controls(poll.question.text), width, 0)
    found: list[Line] = [(Span(row, "title"),) for row in text]
    found += [_line(one, poll, name, bar) for one in bars]
    if poll.stage == REVEALED and poll.question.truth:
        why = " ".join((f"The answer: {poll.question.truth}.", *poll.question.because))
        found += [(Span(row),) for row in wrapped_words(escape_controls(why), width, 0)]
    return found


def _line(bar: Bar, poll: Poll, name: int, width: int) -> Line:
    is_marked = poll.stage == REVEALED and bar.is_right
    head = f"{bar.number} " if bar.number else ""
    spans = [Span(clipped(head + escape_controls(bar.name), name), "title" if is_marked else "")]
    for count, share in zip(bar.counts, bar.shares, strict=True):
        spans += [Span(blocks(share, width), "key" if is_marked else ""), Span(f" {count:4} {percent(share):7}")]
    return (*spans, Span("right", "title")) if is_marked and bar.number else tuple(spans)
