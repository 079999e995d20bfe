"""The keys that move: steps and phases, back and forth in time, jumps, autoplay, and the questions before a step."""

from collections.abc import Callable

from backprop_tui.tui.widgets import typed
from textual import work

from .base import Shown

AT_START = "this is the very start: there is nothing to go back to"


class Moving(Shown):
    """Moves the session."""

    def action_step(self) -> None:
        """space."""
        if self.predictor.pauses():
            self._act(self.predictor.to_loss, self._ask_first, keep=True)
        else:
            self._act(self.session.step)

    def action_phase(self) -> None:
        """s."""
        self._act(self.session.phase)

    def action_number(self) -> None:
        """The smallest step."""
        self._act(self.session.number, single=True)

    def action_back(self) -> None:
        """b."""
        self.autoplay.stop()
        self._travel(self.session.back, AT_START)

    def action_back_phase(self) -> None:
        """[."""
        self._travel(self.session.back_phase, AT_START)

    def action_forward_phase(self) -> None:
        """]."""
        self._travel(self.session.forward_phase, "this is the newest place: s goes on")

    def _travel(self, move: Callable[[], None], at_end: str) -> None:
        """Move in time; say so where there is nothing further."""

        def travel() -> None:
            here = self.session.position
            move()
            if self.session.position == here:
                raise ValueError(at_end)

        self._act(travel)

    def action_first(self) -> None:
        """home."""
        self._act(self.session.first)

    def action_last(self) -> None:
        """end."""
        self._act(self.session.last)

    def action_reinit(self) -> None:
        """r."""
        self.autoplay.stop()
        self._act(self.session.reinit)

    def action_restart(self) -> None:
        """R."""
        self.autoplay.stop()
        self._act(self.session.restart)

    def action_jump(self) -> None:
        """j."""

        def jump(text: str) -> None:
            steps, bound = typed.jump(text)
            self._act(lambda: self.session.start_jump(steps, bound))

        self.ask("jump: a number of steps (500), or a loss to stop below (<0.01), or both", jump)

    def action_cancel(self) -> None:
        """esc."""
        if self._asking is not None:
            self._close_prompt()
        self.autoplay.stop()
        self.session.cancel()
        self.draw()

    # Keys: autoplay

    def action_autoplay(self) -> None:
        """a."""
        if self.autoplay.running:
            self.autoplay.stop()
        else:
            self.autoplay.start()
        self.draw()

    def action_faster(self) -> None:
        """>."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """<."""
        self._change_speed(-1)

    def _change_speed(self, by: int) -> None:
        self.autoplay.change(by)
        self.say(f"autoplay makes {self.autoplay.per_second:g} steps a second; a starts and stops it")

    # Keys: predict first

    def action_predict(self) -> None:
        """t."""
        self.autoplay.stop()
        self.say(self.predictor.next_level())

    def _ask_first(self) -> None:
        self._open_question()

    @work
    async def _open_question(self) -> None:
        await self.predictor.ask()
        if self.predictor.open is None:  # nothing to predict: the step is made
            self._act(self.session.step)
        self.draw()

    def action_lesson(self, number: int) -> None:
        """1 to 5: a lesson, or an answer where a question is open."""
        if self.predictor.open is not None:
            self.action_digit(number)
        else:
            self.app.lessons.show(number)  # type: ignore[attr-defined]

    def action_digit(self, digit: int) -> None:
        """1 to 9: an answer."""
        asked = self.predictor.open
        if asked is not None and asked.choices:
            self._answer(digit)

    def _answer(self, guess: float) -> None:
        asked = self.predictor.open
        if asked is not None and self.predictor.answer(guess):
            self._cursor = asked.cell
            self._act(self.session.step, keep=True)
