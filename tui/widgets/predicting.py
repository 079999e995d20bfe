"""Predict first: before a key's numbers are shown, a question; then the answer, the verdict and the score."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.checks import EngineRefused
from backprop_tui.core.engine.protocol.messages import WireError
from backprop_tui.core.explain.practice.practice import Kind, Practice, next_question
from backprop_tui.core.explain.practice.question import Question, Score, judge
from backprop_tui.core.lessons.names import LESSONS

from . import typed
from .key_screen import KeyScreen
from .line import Line, Span, length_of
from .prompt import Prompt
from .runner import After, Runner

STEP, PHASE, NUMBER = "step", "phase", "number"
"""What a key computes: the rest of a step, of a phase, a number."""

BEGINS = "0123456789-."
"""What a typed number begins with."""

ON = "predict first: a question before each step; space skips, esc ends it, t stops"
OFF = "predict first is off"


class Practices:
    """Predict first on all screens of an app: whether it is on, and where a person stands in each lesson, by name."""

    def __init__(self) -> None:
        self.on = self.wanted = False
        """Whether questions are asked; and whether they are when all keys so far are carried out."""
        self.of: dict[str, Practice] = {}

    @property
    def score(self) -> Score:
        """Over all lessons."""
        scores = [practice.score for practice in self.of.values()]
        return Score(sum(score.right for score in scores), sum(score.asked for score in scores))

    def kept(self) -> dict[str, Any]:
        """What a saved session holds of it."""
        return {"practice": {"on": self.on, "of": msgspec.to_builtins(self.of)}}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """As it was when the session was saved; what is not as expected is left out."""
        match kept.get("practice"):
            case {"on": bool(on), "of": dict(of)}:
                self.on = self.wanted = on
                try:
                    found = msgspec.convert(of, dict[str, Practice])
                except msgspec.ValidationError:
                    return
                self.of = {lesson.name: found[lesson.name] for lesson in LESSONS if lesson.name in found}


class Predictor:
    """Predict first on one screen: the question that is open, what it is about, the verdict on the last one."""

    def __init__(self, lesson: str, shared: Practices | None = None) -> None:
        self._lesson = lesson
        self.shared = shared or Practices()
        self.open: Question | None = None
        self.move = STEP
        """What is computed once the open question is answered."""
        self.verdict: tuple[str, str] | None = None

    @property
    def on(self) -> bool:
        """Whether questions are asked."""
        return self.shared.on

    @property
    def score(self) -> Score:
        """Over all lessons."""
        return self.shared.score

    @property
    def practice(self) -> Practice:
        """Where the person stands in this lesson."""
        return self.shared.of.get(self._lesson, Practice())

    def pose(self, question: Question, move: str) -> None:
        """Open a question about what a key computes."""
        self.open, self.move, self.verdict = question, move, None
        self.shared.of[self._lesson] = self.practice.posed(question)

    def answer(self, kinds: tuple[str, ...], prediction: float, done: str = "") -> bool:
        """Take an answer to the open question. False if it is none of the choices.

        `kinds` are the lesson's, the easiest first; `done` is what gives the wrong number that was typed, if known.
        """
        asked = self.open
        if asked is None or (asked.choices and not 1 <= prediction <= len(asked.choices)):
            return False
        right, words = judge(asked, prediction)
        self.shared.of[self._lesson] = self.practice.answered(kinds, asked, right)
        because = asked.reason if right or not done else f"That is {done}; {asked.reason}"
        self.verdict, self.open = (words, because), None
        return True

    def skip(self) -> None:
        """Leave the question open no longer, without counting it."""
        self.open = self.verdict = None

    def lines(self, width: int) -> list[Line] | None:
        """What a pane shows of it; None if there is nothing to ask or to say."""
        if self.open is not None:
            choices = [Span(f"{place} {choice}", "key") for place, choice in enumerate(self.open.choices, 1)]
            answers = [
                *(choices or [Span("type the number", "key")]),
                Span("space skips", "dim"),
                Span("t ends", "dim"),
            ]
            return [*_flowing(_words(self.open.text, "title"), 1, width), *_flowing(answers, 3, width)]
        if self.verdict is not None:
            said, because = self.verdict
            return [*_flowing(_words(said, "title"), 1, width), *_flowing(_words(because), 1, width)]
        return None


class PredictingScreen(KeyScreen):
    """A screen whose keys ask before they compute, while predict first is on.

    Whether a key asks, skips, answers or opens a lesson is decided when its turn comes.
    """

    predictor: Predictor
    _poses = False

    # What an heir brings

    def before(self, move: str) -> None:
        """Go as far as a key may before the question about the rest of what it computes."""

    def make(self, move: str) -> None:
        """Compute what a key computes."""
        raise NotImplementedError

    async def look_ahead(self, move: str) -> Any:
        """What a key will compute, as the lesson's questions take it; None if there is nothing to predict."""
        raise NotImplementedError

    def kinds(self) -> tuple[Kind[Any], ...]:
        """The lesson's questions, from easy to hard."""
        raise NotImplementedError

    def seed(self) -> int:
        """What else questions are drawn by than their number."""
        return 0

    def answered(self, asked: Question) -> None:
        """A question is answered, and what it is about will be shown."""

    def what_was_done(self, asked: Question, number: float) -> str:
        """What gives a wrong number that was typed; empty if that is not known."""
        return ""

    @property
    def turns(self) -> Runner:
        """What carries out the keys that compute."""
        return self.runner

    # Asking

    def move_on(self, move: str) -> None:
        """Ask about what a key computes, and compute it; at once if nothing is asked, or a question is open."""
        self.act(lambda: self._begin(move), lambda: self._pose(move), keep=True)

    def _begin(self, move: str) -> None:
        asked = self.predictor.open
        self._poses = self.predictor.on and asked is None
        if asked is not None and asked.is_typed and move == NUMBER:
            self.type_answer(".")
            return
        self.predictor.skip()
        self.before(move) if self._poses else self.make(move)

    async def _pose(self, move: str) -> None:
        if not self._poses:
            return
        try:
            ahead = await self.look_ahead(move)
        except (EngineLost, EngineRefused, WireError, ValueError):
            ahead = None  # what is wrong is said when it is computed
        question = None
        if ahead is not None:
            question = next_question(self.predictor.practice, self.kinds(), ahead, self.seed())
        if question is not None:
            self.predictor.pose(question, move)
        else:
            self.make(move)
            await self.turns.settle()

    def act(self, action: Callable[[], None], after: After | None = None, *, keep: bool = False) -> None:
        """Carry out an action in its turn. `keep`: what predict first asks or says stays."""

        def carry_out() -> None:
            if not keep:
                self.predictor.skip()
            action()

        super().act(carry_out, after)

    # Answering

    def _comes(self) -> bool:
        """Whether a question is open, or on its way."""
        asks = self.predictor.on or self.predictor.shared.wanted
        return self.predictor.open is not None or (asks and (self.turns.busy or bool(self.turns.waiting)))

    def action_lesson(self, number: int) -> None:
        """Open another lesson; while a question is open or on its way, a digit answers it."""
        if self._comes():
            self.act(lambda: self._digit(number), keep=True)
        else:
            super().action_lesson(number)

    def _digit(self, number: int) -> None:
        if self.predictor.open is None:
            super().action_lesson(number)
        elif self.predictor.open.is_typed:
            self.type_answer(str(number))
        else:
            self._take(number)

    def begins_answer(self, character: str) -> bool:
        """Whether a key begins an answer: to predict first's question, else to the course's."""
        asked = self.predictor.open
        if asked is None:
            return super().begins_answer(character)
        return asked.is_typed and not self.is_asking and character in BEGINS

    def action_answer(self, text: str = "") -> None:
        """Answer the open question, else the task; or go on to the next."""
        if self.predictor.open is None or not text:
            super().action_answer(text)
        elif self.turns.busy or self.turns.waiting:
            self.act(lambda: self.type_answer(text), keep=True)
        else:
            self.type_answer(text)

    def type_answer(self, text: str) -> None:
        """Begin to type a number, or go on."""
        asked = self.predictor.open
        if asked is None or not asked.is_typed:
            return
        if self.is_asking:
            self.query_one(Prompt).insert_text_at_cursor(text)
        else:
            self.ask(asked.text, lambda line: self._answer(typed.number(line)), text)

    def _answer(self, number: float) -> None:
        self.act(lambda: self._take(number), keep=True)

    def _take(self, prediction: float) -> None:
        asked = self.predictor.open
        if asked is None:
            return
        done = self.what_was_done(asked, prediction) if asked.is_typed else ""
        if self.predictor.answer(tuple(kind.name for kind in self.kinds()), prediction, done):
            self.answered(asked)
            self.make(self.predictor.move)

    # Beginning and ending

    def action_predict(self) -> None:
        """Ask before each key computes, or ask no more: an open question ends at once."""
        shared = self.predictor.shared
        shared.wanted = not shared.wanted
        on = shared.wanted

        def turn() -> None:
            shared.on = on
            self.predictor.skip()
            self.notice = ON if on else OFF

        self.act(turn, keep=True)

    def action_cancel(self) -> None:
        """End what is under way: a line that is typed, else a question."""
        if not self.is_asking and self._comes():
            self.act(self.predictor.skip, keep=True)
        super().action_cancel()


def _words(text: str, role: str = "") -> list[Span]:
    return [Span(word, role) for word in text.split(" ")]


def _flowing(spans: list[Span], gap: int, width: int) -> list[Line]:
    """Spans one after the other, so many columns between them, in as many lines as they need."""
    found: list[Line] = [()]
    for span in spans:
        if found[-1] and length_of(found[-1]) + gap + len(span.text) <= width:
            found[-1] = (*found[-1], Span(" " * gap), span)
        elif found[-1]:
            found.append((Span(span.text.lstrip(), span.role),))
        else:
            found[-1] = (span,)
    return found
