"""What is on the main screen: a step in its panes, a cursor over its numbers, and the keys that only look."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, cast

import numpy as np
from backprop_tui.core.lessons import names
from backprop_tui.core.model.phases import Cell, cells, phases
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.position import Position
from backprop_tui.core.session.session import Session
from backprop_tui.tui.widgets import footer, layout, lesson_bar
from backprop_tui.tui.widgets.key_screen import KeyScreen
from backprop_tui.tui.widgets.keys import Key, KeysShown
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.messages import WhyOpened
from backprop_tui.tui.widgets.pane import FRAME_OF_TITLE, Pane
from backprop_tui.tui.widgets.prompt import Prompt
from backprop_tui.tui.widgets.runner import Asker
from textual.app import ComposeResult
from textual.geometry import Offset

from .cursor import neighbor, places, seen_at
from .keys import MAIN
from .panes import forward, gradients, header, loss, network, sample, status, step, updated
from .view import View, shown_one_by_one, view_of

if TYPE_CHECKING:
    from backprop_tui.core.scenario import Scenario

NUMBER_PANES = ("#sample", "#forward", "#gradients", "#updated")
FRAMED_PANES = (*NUMBER_PANES, "#loss")
PINNED, MOST_PINNED = frozenset({"y", "y_pred", "loss"}), 4
"""The numbers whose lines stay in sight whatever scrolls, and how many lines at most."""

MARGINS = 2
"""The columns beside the lines of a pane: a blank on each side."""

TAB_NAMES = ("data", "forward", "gradients", "weights", "loss")
"""What the framed panes are called if one is seen at a time."""


class StepView(KeyScreen):
    """Shows one step of a session. Its keys change nothing of the session, only what is looked at."""

    def __init__(self, session: Session, engine: Asker) -> None:
        self.session = session
        hidden = self.scenario.show.hide_keys if self.scenario else ()
        super().__init__(KeysShown(MAIN, hidden), session, engine)
        self.cursor: Cell | None = None
        """The number that is pointed at."""
        self.stand_in: Callable[[], None] | None = None
        """Another screen on the same session, which is drawn instead while it lies over this one."""
        self._engine = engine
        self._pointing = False
        """Whether the cursor has been moved since the last step."""
        self._single = False
        """Whether the last move was by a single number."""
        self.precise = False
        """Whether numbers are written with all their digits."""
        self.place: int | None = None
        """The row of a batch that is shown, by its place; None for all of them together."""
        self._followed: Position | None = None
        self._tab_rows: str | None = None
        """The heights of what is seen if one pane is seen at a time."""
        self._asked = 0
        """How many lines a question takes."""
        self._published = ""
        """What the example's source states about what was computed last, or about the number under the cursor."""

    @property
    def scenario(self) -> "Scenario | None":
        """What the run in view was opened from."""
        return cast("Scenario | None", self.session.timeline.opened_from)

    # What is on it

    def compose(self) -> ComposeResult:
        """The panes, in reading order."""
        self._classify(*self.app.size)  # before there are panes that another shape would style anew
        yield Pane(id="header")
        yield Pane("Data sample", id="sample", classes="framed active")
        yield Pane("Forward", id="forward", classes="framed")
        yield Pane("Network", id="network", classes="framed")
        yield Pane("Gradients  ∂L/∂", id="gradients", classes="framed")
        yield Pane("Updated weights", id="updated", classes="framed")
        yield Pane("Loss", id="loss", classes="framed")
        yield Pane("This step", id="step", classes="framed")
        yield Pane(id="status")
        yield Prompt(self.take_line, self.close_prompt)
        yield Pane(id="footer")
        yield Pane(id="too-small")

    def on_mount(self) -> None:
        """Hide what the scenario hides."""
        self.hide_panes()

    def hide_panes(self) -> None:
        """Hide the panes that the scenario hides: their places stay empty, the others stay where they are."""
        hidden = self.scenario.show.hide_panes if self.scenario else ()
        framed = [self.pane(name) for name in FRAMED_PANES]
        for pane in framed:
            pane.visible = pane.id not in hidden
        if not any(pane.visible and pane.has_class("active") for pane in framed):
            self.turn_to_next(framed)

    # Drawing

    def _classify(self, width: int, height: int) -> str:
        """One of the four layouts; which one."""
        kind = layout.kind(width, height)
        every = (layout.TOO_SMALL, layout.TABS, layout.PANES, layout.WIDE)
        self.update_classes({name: kind == name for name in every} | {"low": height < layout.LOW})
        return kind

    def take_shape(self) -> None:
        """Another layout for the present size."""
        before = self.styles.grid_rows
        kind = self._classify(*self.size)
        if kind in (layout.PANES, layout.WIDE):
            view = self.view()
            most = max((phase.end - phase.start for phase in phases(view.network)), default=1)
            wanted = len(forward.lines(view, 38)), gradients.height(view, 38), min(most + 1, 12)
            keys = layout.footer_lines(*self.size)
            heights = layout.rows(self.size.height - layout.AROUND - keys, *wanted)
            heights = layout.with_step(heights, self._asked)
            self.styles.grid_rows = f"2 {heights.top} {heights.middle} {heights.loss} {heights.step} 1 {keys}"
        else:
            self.styles.grid_rows = self._tab_rows = self._rows_of_tabs(kind)
        if self.styles.grid_rows != before:
            self.draw_again()

    def _rows_of_tabs(self, kind: str) -> str | None:
        """The heights if one pane is seen at a time: what the longest of numbers leaves is the step's."""
        if kind != layout.TABS or self.has_class("low"):
            return None
        view, width = self.view(), self.size.width - MARGINS
        longest = max(len(module.lines(view, width)) for module in (sample, forward, gradients, updated))
        return f"2 1fr {layout.step_below(self.size.height, longest)} 1 1"

    def _width_of(self, pane: Pane) -> int:
        """The columns of a pane; where one is seen at a time those that it has when it comes to the front."""
        return self.size.width - MARGINS if self.has_class(layout.TABS) else pane.content_size.width

    def view(self) -> View:
        """What is to be shown now."""
        return view_of(
            self.session.timeline, cursor=self.cursor, precise=self.precise, single=self._single, place=self.place
        )

    def draw(self) -> None:
        """Show what is so now, here or on the screen that stands in for this one."""
        if self.stand_in is not None:
            self.stand_in()
        else:
            super().draw()

    def paint(self) -> None:
        """Hand every pane its lines."""
        width = self.size.width
        if self.has_class(layout.TOO_SMALL):
            self.pane("#too-small").show(_too_small(width, self.size.height))
            return
        view = self.view()
        self.pane("#header").show(self._top(view, width))
        for pane, module in zip(map(self.pane, NUMBER_PANES), (sample, forward, gradients, updated), strict=True):
            lines = module.lines(view, self._width_of(pane))
            pane.show(lines, _pinned(lines))
        self._scroll_to_newest(view)
        self._paint_pictures(view)
        self._published = ""
        self._paint_step(view)
        self._entitle(view)
        tip = status.tip(max(len(view.losses), int(self.tasks is not None)), self.keys.keys)
        said = status.line(
            view, self.notice or self.waiting(), self.session.timeline.jump, self._pointing, tip, width, self._published
        )
        self.pane("#status").show([said])
        keys = footer.lines(width, self._of_use(view), layout.footer_lines(*self.size))
        self.pane("#footer").show([(Span(clipped(self.label, width), "key"),)] if self.label else keys)
        self._move_terminal_cursor(view)

    def _of_use(self, view: View) -> tuple[Key, ...]:
        """The keys without those that would do nothing now."""
        idle = {"batch_row": view.count == 1, "cancel": not self.is_busy}
        return tuple(key for key in self.keys.keys if not idle.get(key.action, False))

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that esc ends."""
        return self.session.timeline.jump is not None and bool(self.session.timeline.jump.left)

    def _move_terminal_cursor(self, view: View) -> None:
        """Put the terminal's own cursor, though it is hidden, where the program's is: screen readers follow it."""
        cell = self.cursor or view.newest
        at = None if cell is None else seen_at(filter(_is_seen, map(self.pane, NUMBER_PANES)), cell)
        if at is not None and self.is_current:
            self.app.cursor_position = Offset(*at)

    def _top(self, view: View, width: int) -> list[Line]:
        """The bar of lessons and the run; in a low terminal the run alone."""
        run = header.line(view, self.activity(), width)
        return [run] if self.has_class("low") else [lesson_bar.line(names.MAIN, width), run]

    def _entitle(self, view: View) -> None:
        """The title of each pane; if one is seen at a time, the names of all, its own in capitals."""
        titles: tuple[str, ...] = (
            f"Data sample  {view.rows}".rstrip(),
            f"Forward  {view.rows}".rstrip(),
            gradients.title(view, self.pane("#gradients").outer_size.width - FRAME_OF_TITLE),
            updated.title(view),
            loss.title(view),
        )
        panes = [*map(self.pane, FRAMED_PANES)]
        if self.has_class(layout.TABS):
            at = next((place for place, pane in enumerate(panes) if pane.has_class("active")), 0)
            seen = [place for place, pane in enumerate(panes) if pane.visible]
            names_of = [TAB_NAMES[place].upper() if place == at else TAB_NAMES[place] for place in seen]
            titles = (("  " if self.size.width >= 50 else " ").join(names_of),) * len(panes)
        for pane, title in zip(panes, titles, strict=True):
            pane.entitle(title)

    def _paint_pictures(self, view: View) -> None:
        """The network, if there is room for it, and the losses."""
        pane = self.pane("#network")
        width, height = pane.content_size
        if self.has_class(layout.WIDE):
            pane.show(network.lines(view, width, height))
            pane.entitle(network.title(view, width))
        pane = self.pane("#loss")
        pane.show(loss.lines(view, self._width_of(pane), max(pane.content_size.height, 1)))

    def _paint_step(self, view: View) -> None:
        """The arithmetic of the phase, or the question about the step."""
        pane = self.pane("#step")
        asked = self.question(pane.content_size.width or self.size.width)
        self._make_room(len(asked or self._task_lines(self.size.width)), len(asked or ()))
        if asked:
            pane.show(asked)
            pane.entitle("Predict first")
            return
        width, height = pane.content_size
        text = self.scenario.show.texts.get(names.MAIN.name, "") if self.scenario else ""
        task = self._task_lines(width or self.size.width)
        left = height - len(task) - bool(task)
        told = self._told(view, width, left, text) if width and (left > 1 or not task) else []
        pane.show([*task, (), *told] if task and told else task or told)
        pane.entitle(self.tasks.title(width) if self.tasks is not None and task else step.title(view))

    def _task_lines(self, width: int) -> list[Line]:
        """The lines of the course's task, if one is shown; below a line that names it where the pane has no title."""
        if self.tasks is None or not (lines := self.tasks.lines(width)):
            return []
        return [(Span(self.tasks.title(width), "title"),), *lines] if self.has_class(layout.TABS) else lines

    def _told(self, view: View, width: int, height: int, text: str) -> list[Line]:
        """The arithmetic; below it, as far as there is room, what the example's source states of the same numbers."""
        scenario = self.scenario
        if scenario is None or not scenario.expectations:
            return step.lines(view, width, height, text)
        from backprop_tui.core.scenario.stated import stated as stated_of

        from .panes import stated

        every = stated_of(scenario, self.session.timeline)
        here = stated.of_phase(every, view)
        if self._pointing:
            self._published = stated.beside([one for one in every if one.cell == self.cursor])
        else:
            self._published = stated.short(here, view, self.size.width)
        below = stated.lines(here, view, max(width, 20))
        room = height - len(below)
        if room < 2:  # what stands in the line above the keys must do
            return step.lines(view, width, height, text)
        return step.lines(view, width, room, text)[:room] + below

    def _make_room(self, lines: int, asked: int) -> None:
        """A question is seen whole; if one pane is seen at a time, below it; so is a task. Else the step has room."""
        if asked != self._asked:
            self._asked = asked
            self.take_shape()
        if self.has_class(layout.TABS):
            self.set_class(lines > 0, "asking")
            before = self.styles.grid_rows
            self.styles.grid_rows = f"{1 if self.has_class('low') else 2} 1fr {lines} 1 1" if lines else self._tab_rows
            if self.styles.grid_rows != before:
                self.draw_again()

    def _scroll_to_newest(self, view: View) -> None:
        """If a pane can't show all its lines, scroll to what was computed last, once."""
        if self._followed == (here := self.session.timeline.position) or view.phase is None:
            return
        self._followed = here
        panes = [*map(self.pane, NUMBER_PANES)]
        if self.has_class(layout.TABS) and (newest := view.newest) is not None:
            reached = next((pane for pane in panes if pane.visible and newest in cells_of(pane)), None)
            if reached is not None:
                self.turn_to(reached)
        for pane in panes:
            if pane.virtual_size.height > pane.size.height:
                fresh = next((cell for cell in cells(view.network, view.phase) if pane.reveal(cell)), None)
                if fresh is None and view.done <= view.phase.end - view.phase.start:
                    pane.scroll_to(y=0, animate=False)

    def activity(self) -> str:
        """What goes on, at the right of the first line."""
        return "loading TensorFlow …" if self.is_loading else ""

    def question(self, width: int) -> list[Line] | None:
        """What is asked about the step, or said of the answer, instead of the arithmetic."""
        return None

    def waiting(self) -> str:
        """What is said of keys that come before TensorFlow."""
        count = self.runner.waiting if self.is_loading else 0
        return f"{count} {'key waits' if count == 1 else 'keys wait'} until TensorFlow is loaded" if count else ""

    def help_words(self) -> Sequence[str]:
        """What the example says of itself, and how a step goes."""
        from backprop_tui.tui.widgets.help import about

        return about(self.scenario)

    def word(self) -> str:
        """What the number under the cursor is, or the one that was computed last; else what is on the screen."""
        from backprop_tui.core.explain.glossary import entry_of

        cell = self.cursor or self.view().newest
        return entry_of(parse(cell.name)).word if cell is not None else "network"

    # Keys that look

    def action_precision(self) -> None:
        """Write all digits, or four."""
        self.precise = not self.precise
        self.take_shape()
        self.draw()

    def action_batch_row(self) -> None:
        """The next row of the batch in view, and after the last one what all of them give together."""
        self.in_turn(self._next_row)

    def _next_row(self) -> None:
        trace = self.session.timeline.trace
        count = shown_one_by_one(trace)
        if trace is None:
            self.say("m is for a step's rows: make a step first, with space")
            return
        if not count:
            several = len(trace.rows) > 1
            self.say(
                "only the means of so large a batch are kept" if several else "m is for a batch: this step has one row"
            )
            return
        following = 0 if self.place is None else self.place + 1
        self.place = following if following < count else None
        self.take_shape()
        self.draw()

    def action_next_pane(self) -> None:
        """Bring the next pane to the front, or the cursor into it if all of them are seen."""
        tabs = self.has_class(layout.TABS)
        pane = self.turn_to_next([self.pane(name) for name in (FRAMED_PANES if tabs else NUMBER_PANES)])
        if not tabs and pane is not None and (found := places([pane])):
            self.point_at(found[0].cell)
        self.draw()

    def action_cursor(self, direction: str) -> None:
        """Point at the nearest number up, down, left or right."""
        place = neighbor(places(filter(_is_seen, map(self.pane, NUMBER_PANES))), self.cursor, direction)
        if place is not None:
            self.point_at(place.cell)
            place.pane.reveal(place.cell)
        self.draw()

    def point_at(self, cell: Cell | None) -> None:
        """Put the cursor on a number."""
        self.cursor, self._pointing = cell, True

    def on_pane_pointed(self, event: Pane.Pointed) -> None:
        """The mouse points at a number."""
        self.point_at(event.cell)
        self.draw()

    def in_turn(self, look: Callable[[], None]) -> None:
        """Look at once, or if keys wait that were typed before, when they are done and this screen is still on top."""
        if not (self.is_loading or self.runner.waiting or self.runner.busy) or self.session.timeline.jumping:
            look()
        else:
            self.runner.act(lambda: None, lambda: look() if self.is_current else None)
            self.draw()

    def action_why(self) -> None:
        """Explain the number under the cursor, or the one that was computed last."""
        self.in_turn(self._explain)

    def _explain(self) -> None:
        view = self.view()
        cell = self.cursor or view.newest
        if view.trace is None or cell is None:
            self.say("enter explains a number: make a step first, with space")
            return
        if view.value(cell) is None:
            self.say("that number is not computed yet")
            return
        from .overlays.why import WhyScreen

        self.app.push_screen(WhyScreen(view, view.of_row(cell), self._engine))
        self.tell(WhyOpened(cell))

    def action_copy_number(self) -> None:
        """Copy the number under the cursor, or the one that was computed last, in full, as Python reads it."""
        view = self.view()
        cell = self.cursor or view.newest
        value = view.value(cell) if cell is not None else None
        if cell is None or value is None:
            self.say("Y copies a number: point at one that is computed")
            return
        text = str(np.dtype(view.dtype(cell.name)).type(value))
        self.app.copy_to_clipboard(text)
        self.say(f"copied, where the terminal lets a program do so: {text}")

    def action_picture(self) -> None:
        """Show the network as a picture over the whole screen."""
        from .overlays.picture import NetworkScreen

        self.app.push_screen(NetworkScreen(self.view()))

    def action_loss_picture(self) -> None:
        """Show the loss as a picture, in which one travels in time."""
        from .overlays.curves import CurvesScreen

        self.app.push_screen(CurvesScreen(self.session, self.runner, self._engine), lambda _: self.draw())


def cells_of(pane: Pane) -> set[Cell | None]:
    """The numbers that a pane shows."""
    return {span.cell for line in pane.lines for span in line}


def _pinned(lines: Sequence[Line]) -> int:
    """How many lines at the end stay in sight: those of nothing but y, ŷ and the loss."""
    names = ({span.cell.name for span in line if span.cell is not None} for line in reversed(lines))
    alone = takewhile(lambda found: found and found <= PINNED, names)
    return min(sum(1 for _ in alone), MOST_PINNED)


def _is_seen(pane: Pane) -> bool:
    return bool(pane.display and pane.visible)


def _too_small(width: int, height: int) -> list[Line]:
    """A sentence in words that fit any width."""
    columns, rows = layout.SMALLEST
    text = f"This terminal has {width}x{height}. backprop-tui needs at least {columns}x{rows}; q quits."
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [(Span(part),) for part in [*lines, line]]
