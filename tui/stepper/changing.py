"""The keys that change what the next step starts from: the learning rate, the row, a number typed anew."""

from backprop_tui.core.model.phases import Cell
from backprop_tui.tui.widgets import typed

from .change import changeable, effect
from .moving import Moving
from .panes import status


class Changing(Moving):
    """Changes the session's settings and numbers."""

    def action_lr_up(self) -> None:
        """+."""
        self._act(lambda: self.session.set_lr(typed.next_lr(self.session.settings.lr, 1)))

    def action_lr_down(self) -> None:
        """-."""
        self._act(lambda: self.session.set_lr(typed.next_lr(self.session.settings.lr, -1)))

    def action_lr(self) -> None:
        """l."""
        self.ask("learning rate", lambda text: self._set_lr(typed.number(text)))

    def _set_lr(self, lr: float) -> None:
        self._act(lambda: self.session.set_lr(lr))

    def action_next_row(self) -> None:
        """n."""
        self._move_row(1)

    def action_previous_row(self) -> None:
        """p."""
        self._move_row(-1)

    def _move_row(self, by: int) -> None:
        def move() -> None:
            if self.session.scaling is not None:
                self.session.set_row((self.session.settings.sampling.row + by) % self.session.scaling.rows)

        self._act(move)

    def action_row(self) -> None:
        """g."""

        def go(text: str) -> None:
            row = typed.whole(text)
            self._act(lambda: self.session.set_row(row))

        rows = f", 0 to {self.session.scaling.rows - 1}" if self.session.scaling else ""
        self.ask(f"row of the table{rows}", go)

    def action_change(self) -> None:
        """=."""
        if self.predictor.open is not None and not self.predictor.open.choices:
            self.ask(self.predictor.open.text, lambda text: self._answer(typed.number(text)))
            return
        cell = self._cursor
        if cell is None or not changeable(self.session.run.network, cell):
            self.say("= changes a weight, a bias, an input or the target: point at one first")
            return
        before = self.view()
        self.ask(f"{status.named(before, cell)}   new value:", lambda text: self._change(cell, typed.number(text)))

    def _change(self, cell: Cell, value: float) -> None:
        before = self.view()
        self._act(lambda: self.session.change(cell, value), lambda: self.say(effect(before, self.view(), cell)))
