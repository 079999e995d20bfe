"""Predict first: before a step's gradients are shown, a question; then the answer, the verdict and the score."""

from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.messages import LossesFound, WireError
from backprop_tui.core.explain import context_of, effect, effect_request
from backprop_tui.core.explain.mistakes import diagnosis
from backprop_tui.core.explain.quiz import LEVELS, OFF, Question, Score, judge, question
from backprop_tui.core.model.phases import LOSS, Cell, phases
from backprop_tui.core.session.session import Session
from backprop_tui.tui.widgets.line import Line, Span, length_of
from backprop_tui.tui.widgets.runner import Asker


class Predictor:
    """The mode's state: its level, the question that is open, the verdict on the last one, the score."""

    def __init__(self, session: Session, engine: Asker) -> None:
        self._session, self._engine = session, engine
        self.level = OFF
        self.score = Score()
        self.open: Question | None = None
        self.verdict: tuple[str, str] | None = None

    @property
    def on(self) -> bool:
        """Whether questions are asked."""
        return self.level != OFF

    def next_level(self) -> str:
        """Off, questions to choose from, numbers to compute, off ...; says which it is now."""
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
        self.open = self.verdict = None
        return {
            LEVELS[0]: "predict first is off",
            LEVELS[1]: "predict first: space asks and skips, a digit answers; t again: numbers to compute",
            LEVELS[2]: "predict first: compute the number, = types it, space skips; t again ends it",
        }[self.level]

    def pauses(self) -> bool:
        """Whether the next step is to stop at its loss for a question, instead of being made whole."""
        at = self._session.timeline.position
        return (
            self.on and self.open is None and (at.done == self._session.timeline.whole or at.done < self._loss_known())
        )

    def to_loss(self) -> None:
        """Make the next step up to its loss."""
        while True:
            self._session.timeline.phase()
            if self._session.timeline.position.done >= self._loss_known():
                return

    async def ask(self) -> None:
        """Open a question about the step that stands at its loss, if there is something to predict."""
        trace = self._session.timeline.trace
        self.verdict = None
        if trace is None:
            return
        cell = Cell("new_" + trace.network.parameters[0].name)
        try:
            answer = await self._engine.ask(effect_request(trace, cell, context_of(self._session.timeline)))
        except (EngineLost, WireError):
            return
        if isinstance(answer, LossesFound):
            number = self._session.timeline.steps + 7919 * self._session.timeline.run.seed
            self.open = question(trace, effect(answer).together, self.level, number)

    def answer(self, prediction: float) -> bool:
        """Take an answer to the open question. False if it is none of the choices."""
        asked = self.open
        if asked is None or (asked.choices and not 1 <= prediction <= len(asked.choices)):
            return False
        right, words = judge(asked, prediction)
        self.score = self.score.with_answer(right)
        self.verdict, self.open = (words, asked.because if right else self._what_was_done(asked, prediction)), None
        return True

    def _what_was_done(self, asked: Question, typed: float) -> str:
        """What gives the wrong number that was typed, if that is known; else how one could have known."""
        timeline = self._session.timeline
        if asked.choices or timeline.trace is None:
            return asked.because
        mistake = diagnosis(timeline.trace, asked.cell, context_of(timeline), typed)
        return f"That is {mistake.says}; {asked.because}" if mistake is not None else asked.because

    def skip(self) -> None:
        """Leave the question open no longer, without counting it."""
        self.open = self.verdict = None

    def lines(self, width: int) -> list[Line] | None:
        """What the step pane shows instead of the formula; None if there is nothing to ask or to say."""
        if self.open is not None:
            choices = [Span(f"{place} {choice}", "key") for place, choice in enumerate(self.open.choices, 1)]
            question = [*_words(self.open.text, "title"), Span("  space skips", "dim")]
            return [*_flowing(question, 1, width), *_flowing(choices or [Span("= and the number", "key")], 3, width)]
        if self.verdict is not None:
            said, because = self.verdict
            return [*_flowing(_words(said, "title"), 1, width), *_flowing(_words(because), 1, width)]
        return None

    def _loss_known(self) -> int:
        return next(phase.end for phase in phases(self._session.timeline.run.network) if phase.kind == LOSS)


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
