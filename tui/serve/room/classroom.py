"""What the instructor asks everybody: who has answered what, and the report on it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from backprop_tui.core.course import Course
from backprop_tui.core.course.classroom import poll as polls
from backprop_tui.core.course.classroom.poll import REVEALED, Poll
from backprop_tui.core.course.classroom.question import Kind, Question, verdict
from backprop_tui.core.course.classroom.report import Person, csv_text, markdown
from backprop_tui.core.course.classroom.tasks import Tasks, told
from backprop_tui.core.storage.folder import keep_earlier
from backprop_tui.core.storage.store import StoreError
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.files import reason, replace_file
from backprop_tui.tui.serve.limits import REPORTS
from backprop_tui.tui.serve.notes import Answered, ClassQuestion, Pose, Posed, Progressed

from .session_process import SessionProcess

PATIENCE = 20.0
"""Seconds that the session which shows its screen has to make a question."""

CATCH_UP = 0.5
"""Seconds until a session that does not take the question now is sent it once more."""

TOGETHER = 0.1
"""Seconds of votes that are shown together."""


class Classroom:
    """The questions of a workshop. `say` takes a line for the instructor; `changed` is called when votes have come.

    `course` is the one that people can open in it, if that is known.
    """

    def __init__(
        self,
        sessions: Callable[[], Collection[SessionProcess]],
        say: Callable[[str], None],
        course: Course | None = None,
    ) -> None:
        self.course = course
        self.polls: tuple[Poll, ...] = ()
        """All questions so far, the present one last."""
        self.guide: SessionProcess | None = None
        """The session that shows its screen: questions are about its step, and it does not answer them."""
        self.changed: Callable[[], None] = lambda: None
        self._sessions, self._say = sessions, say
        self._opened = 0.0
        self.last_task: int | None = None
        """The task of the course that was asked last, by its number from 0."""
        self._working = False
        """Whether one is being worked out."""
        self._posing: SessionProcess | None = None
        self._late: asyncio.TimerHandle | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._behind: set[SessionProcess] = set()
        self._came: dict[str, float] = {}
        self._was_here: dict[str, float] = {}
        self._tasks: dict[str, Tasks] = {}
        """What was told of the course, by label; it stays when a session is lost."""
        self._written = False

    # Asking

    @property
    def poll(self) -> Poll | None:
        """The question that was asked last."""
        return self.polls[-1] if self.polls else None

    @property
    def voters(self) -> int:
        """How many are here who may answer."""
        return sum(session is not self.guide for session in self._sessions())

    def pose(self, kind: Kind, cell: str) -> None:
        """Ask about the step that is shown, once its session has made the question. Raises ValueError if none can."""
        if self.guide is None:
            raise ValueError("the question is about the step that is shown: choose yourself with ↑ ↓, press f, then a")
        if self._posing is not None or self._working:
            raise ValueError("the question is being made")
        if not self.guide.tell(Pose(kind, cell)):
            raise ValueError(f"{self.guide.label}'s session takes no question now; try again")
        self._posing = self.guide
        self._say(f"{self.guide.label}'s session makes the question ...")
        self._late = asyncio.get_running_loop().call_later(PATIENCE, self._give_up)

    def begin_task(self, number: int) -> str:
        """A task of the course is to be worked out: the course by its name. Raises ValueError if it can't be now."""
        if self._posing is not None or self._working:
            raise ValueError("the question is being made")
        if self.course is None:
            raise ValueError("this workshop has no course")
        self._working = True
        self._say(f"task {number + 1} of the course is worked out ...")
        return self.course.origin

    async def pose_task(self, number: int, work_out: Awaitable[Posed]) -> None:
        """Ask a task of the course once it is worked out; the next one that is asked is the one after it."""
        try:
            found = await work_out
        finally:
            self._working = False
        if found.question is None:
            self._say(escape_controls(found.why_not)[:300])
        else:
            self.last_task = number
            self.ask(found.question)

    def _give_up(self) -> None:
        if self._posing is not None:
            self._say(f"{self._posing.label}'s session has made no question; try again")
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        self._posing = None
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def posed(self, session: SessionProcess, note: Posed) -> None:
        """A session has made the question that was wanted of it, or says why it can't."""
        if session is not self._posing:
            return
        self._wait_no_more()
        if note.question is None:
            self._say(escape_controls(note.why_not)[:300])
        else:
            self.ask(note.question)

    def ask(self, question: Question) -> None:
        """Ask everybody; the question before it is done with."""
        if self.poll is not None and self.poll.stage != REVEALED:
            self.polls = (*self.polls[:-1], polls.revealed(self.poll))
        self._opened = time.monotonic()
        self.polls = (*self.polls, Poll(len(self.polls) + 1, question))
        self._show_all("everybody is asked; a closes the vote")

    def close(self) -> None:
        """Take no more votes."""
        self._change(polls.closed, "the vote is closed: a lets all vote once more, r shows the truth")

    def ask_once_more(self) -> None:
        """A second vote. Raises ValueError if there was one."""
        self._opened = time.monotonic()
        self._change(polls.once_more, "everybody votes once more; a closes the vote")

    def reveal(self) -> None:
        """Show everybody the truth. Raises ValueError if there is nothing to reveal."""
        if self.poll is None or self.poll.stage == REVEALED:
            raise ValueError("there is no question whose truth is to be shown: a asks one")
        self._change(polls.revealed, "everybody sees the truth; a asks another question")

    def _change(self, change: Callable[[Poll], Poll], said: str) -> None:
        if self.poll is not None:
            self.polls = (*self.polls[:-1], change(self.poll))
            self._show_all(said)

    # Answers

    def answer(self, session: SessionProcess, note: Answered) -> None:
        """Count somebody's answer; one that can't be counted changes nothing, and its session hears how it stands."""
        poll = self.poll
        if poll is not None and note.number == poll.number and session is not self.guide:
            try:
                taken = polls.voted(poll, note.round, session.label, note.answer, time.monotonic() - self._opened)
                self.polls = (*self.polls[:-1], taken)
            except ValueError:
                pass
        self._show(session)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TOGETHER, self._tell_changed)

    def _tell_changed(self) -> None:
        self._telling = None
        self.changed()

    # What sessions see

    def _show_all(self, said: str) -> None:
        for session in self._sessions():
            self._show(session)
        self._say(said)
        self.changed()

    def _show(self, session: SessionProcess) -> None:
        """Send a session the question as it stands; if it does not take it now, once more when it has had time."""
        if session not in self._behind and not session.tell(self._seen_by(session)):
            self._behind.add(session)
            asyncio.get_running_loop().call_later(CATCH_UP, self._try_again, session)

    def _try_again(self, session: SessionProcess) -> None:
        self._behind.discard(session)
        if session in self._sessions():
            self._show(session)

    def _seen_by(self, session: SessionProcess) -> ClassQuestion:
        poll = self.poll
        if poll is None:
            return ClassQuestion(0)
        question, vote = poll.question, poll.vote_of(session.label)
        return ClassQuestion(
            number=poll.number,
            round=poll.round,
            stage=poll.stage,
            text=question.text,
            choices=question.choices,
            may_answer=session is not self.guide,
            answer=None if vote is None else vote.answer,
            told=_told(poll, session.label) if poll.stage == REVEALED else (),
        )

    def guide_is(self, guide: SessionProcess | None) -> None:
        """Another session shows its screen: it does not answer, and the one before it may."""
        before, self.guide = self.guide, guide
        if self.poll is not None:
            for session in {before, guide} & set(self._sessions()):
                if session is not None:
                    self._show(session)

    # Who is here

    def settle_in(self, session: SessionProcess) -> None:
        """Somebody has come: they see the question; its truth, if it is out, only if they were asked."""
        session.answered, session.posed, session.progressed = self.answer, self.posed, self.progressed
        self._came[session.label] = time.monotonic()
        poll = self.poll
        if poll is not None and (poll.stage != REVEALED or poll.last_vote_of(session.label) is not None):
            self._show(session)

    def leave(self, session: SessionProcess) -> None:
        """Somebody has gone; what they have answered stays counted."""
        came = self._came.pop(session.label, None)
        if came is not None:
            self._was_here[session.label] = self._was_here.get(session.label, 0.0) + time.monotonic() - came
        if session is self._posing:
            self._give_up()

    def progressed(self, session: SessionProcess, note: Progressed) -> None:
        """Somebody has done something of a course."""
        now = Tasks(note.course, note.of, note.outcomes)
        self._tasks[session.label] = told(self._tasks.get(session.label), now)

    # The report

    @property
    def has_anything(self) -> bool:
        """Whether there is something to report: a question, or a task that was done."""
        return bool(self.polls or self._tasks)

    def people(self) -> list[Person]:
        """Everybody who was here, and how long."""
        now, found = time.monotonic(), dict(self._was_here)
        for label, came in dict(self._came).items():
            found[label] = found.get(label, 0.0) + now - came
        return [Person(label, seconds, self._tasks.get(label)) for label, seconds in found.items()]

    def write(self, folder: Path) -> str:
        """Write the report into a folder, readable by its owner alone; what to say of that.

        A report of an earlier workshop is kept beside it, as `report.csv~1`. It waits for the disk. Raises ValueError
        if it can't be written.
        """
        people = self.people()
        course = {self.course.title: [task.text for task in self.course.tasks]} if self.course is not None else {}
        texts = csv_text(people, self.polls), markdown(people, self.polls, course)
        for name, parts in zip(REPORTS, texts, strict=True):
            path = folder / name
            try:
                if not self._written:
                    keep_earlier(path)
                replace_file(path, (part.encode() for part in parts), 0o600)
            except (OSError, StoreError, ValueError) as error:
                raise ValueError(f"{name} can't be written: {reason(error)}") from None
        self._written = True
        return f"the report is in {folder}: {' and '.join(REPORTS)}"


def _told(poll: Poll, label: str) -> tuple[str, ...]:
    """What somebody is told when the truth is out."""
    question, vote = poll.question, poll.last_vote_of(label)
    truth = (f"The answer: {question.truth}.",) if question.truth else ("Nobody has said which answer is right.",)
    yours = verdict(question, vote.answer) if vote is not None else ""
    return (*truth, *question.because, *((yours,) if yours else ()))
