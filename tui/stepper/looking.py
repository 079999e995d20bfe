"""The keys that look: the cursor, why?, the pictures, the digits, the help."""

from backprop_tui.tui.widgets import layout
from backprop_tui.tui.widgets.pane import Pane

from .base import FRAMED_PANES, NUMBER_PANES, Shown
from .cursor import neighbor, places


class Looking(Shown):
    """Changes nothing of the session."""

    def action_precision(self) -> None:
        """d."""
        self._precise = not self._precise
        self.draw()

    def action_next_pane(self) -> None:
        """tab."""
        tabs = self.has_class(layout.TABS)
        self.next_tab(FRAMED_PANES if tabs else NUMBER_PANES)
        pane = self._pane(FRAMED_PANES[self._tab])
        if not tabs and pane.visible and (found := places([pane])):
            self._cursor, self._pointing = found[0].cell, True
        self.call_after_refresh(self.draw)
        self.draw()

    def action_cursor(self, direction: str) -> None:
        """The arrow keys."""
        shown = [self._pane(name) for name in NUMBER_PANES if self._pane(name).display and self._pane(name).visible]
        place = neighbor(places(shown), self._cursor, direction)
        if place is not None:
            self._cursor, self._pointing = place.cell, True
            place.pane.reveal(place.cell)
        self.draw()

    def on_pane_pointed(self, event: Pane.Pointed) -> None:
        """The mouse points at a number."""
        self._cursor, self._pointing = event.cell, True
        self.draw()

    def action_why(self) -> None:
        """enter: the number under the cursor, or the one that was computed last."""
        view = self.view()
        cell = self._cursor or view.newest
        if view.trace is None or cell is None:
            self.say("enter explains a number: make a step first, with space")
            return
        if view.value(cell) is None:
            self.say("that number is not computed yet")
            return
        from .overlays.why import WhyScreen

        self.app.push_screen(WhyScreen(view, cell, self._engine))

    def action_picture(self) -> None:
        """v."""
        from .overlays.picture import NetworkScreen

        self.app.push_screen(NetworkScreen(self.view()))

    def action_loss_picture(self) -> None:
        """L."""
        from .overlays.curves import CurvesScreen

        def close(_: object) -> None:
            self.draw()

        self.app.push_screen(CurvesScreen(self.session, self.runner, self._engine), close)

    def action_follow(self) -> None:
        """f."""
        self.say(self.app.follow())  # type: ignore[attr-defined]

    def action_help(self) -> None:
        """?."""
        from backprop_tui.tui.widgets.help import HelpScreen, about

        self.app.push_screen(HelpScreen(self.keys.keys, about(self._scenario)))
