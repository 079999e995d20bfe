"""The facts that are not on the screen yet: a step or a descent is made in advance, on a copy, by the same engine."""

from collections.abc import Callable

from backprop_tui.core.engine.protocol.messages import Answer, Request
from backprop_tui.core.lessons.autograd import AutogradLesson
from backprop_tui.core.lessons.data import DataLesson
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.lessons.names import Lesson
from backprop_tui.core.session.session import Session

from .conditions import Chosen, Condition, Typed
from .facts import Facts, of_autograd, of_data, of_descent, of_step

MOST_AHEAD = 500
"""A descent is followed for so many steps to see when it arrives."""


class StepAhead:
    """A step of a session by its number, whole, whether it is made already or not."""

    def __init__(self, lesson: Lesson, session: Session, step: int | None) -> None:
        self._lesson, self._session = lesson, session.copy()
        timeline = self._session.timeline
        timeline.cancel()  # the jump of the one that it is a copy of
        self._step = step or max(timeline.step_number, 1)
        made = timeline.history.steps(timeline.history.entries)
        if self._step == timeline.step_number:
            timeline.step() if timeline.position.done < timeline.whole else None
        elif self._step <= made:
            timeline.go_to(self._step)
        else:
            timeline.last()

    def request(self) -> Request | None:
        """What must be asked next; None when the step is there."""
        if (request := self._session.request()) is not None:
            return request
        if self._session.timeline.steps >= self._step:
            return None
        self._session.timeline.step()
        return self._session.request()

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        self._session.accept(request, answer)

    def facts(self) -> Facts:
        """The facts of that step."""
        return of_step(self._lesson, self._session)


class DescentAhead:
    """A descent from its start, as far as it arrives."""

    def __init__(self, lesson: DescentLesson) -> None:
        self._lesson = DescentLesson(lesson.formula.text, lesson.start, lesson.lr)
        self._lesson.start_jump(MOST_AHEAD)
        self.request, self.accept = self._lesson.request, self._lesson.accept

    def facts(self) -> Facts:
        """Where each step leads."""
        return of_descent(self._lesson)


class AsItIs:
    """Facts that need no engine."""

    def __init__(self, facts: Callable[[], Facts]) -> None:
        self.facts = facts

    def request(self) -> Request | None:
        """Nothing."""
        return None

    def accept(self, request: Request, answer: Answer) -> None:
        """Nothing was asked."""


Ahead = StepAhead | DescentAhead | AsItIs


def ahead(
    condition: Condition,
    lesson: Lesson,
    session: Session,
    function: AutogradLesson | DescentLesson | None = None,
    table: DataLesson | None = None,
) -> Ahead:
    """What finds the facts that an answer is judged by: of the session, or of the lesson that the task is in."""
    if table is not None:
        return AsItIs(lambda: of_data(table))
    if isinstance(function, AutogradLesson):
        return AsItIs(lambda: of_autograd(function))
    if isinstance(function, DescentLesson):
        near = isinstance(condition, Typed) and condition.near is not None
        return DescentAhead(function) if near else AsItIs(lambda: of_descent(function))
    return StepAhead(lesson, session, condition.step if isinstance(condition, Typed | Chosen) else None)
