"""The line above the keys: a notice, a jump's progress, or the number under the cursor with all its digits."""

from collections.abc import Sequence

from backprop_tui.core.explain import cell_name
from backprop_tui.core.explain.remarks import known
from backprop_tui.core.model.phases import UPDATE, Cell, shape
from backprop_tui.core.session.jump import Jump
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import fixed, full, ordinal
from backprop_tui.tui.stepper.view import View
from backprop_tui.tui.widgets.keys import Key
from backprop_tui.tui.widgets.line import Line, Span, clipped, fitting


def line(view: View, notice: str, jump: Jump | None, pointing: bool, tip: str, width: int, published: str = "") -> Line:
    """The most urgent of them; `pointing` says that the cursor has been moved since the last step.

    `published` is what a source states about what was computed last, or about the number under the cursor.
    """
    if notice:
        return (Span(clipped(notice, width), "key"),)
    if jump is not None and jump.left:
        return _progress(jump, width)
    if published:
        text = f"{known_by(view, view.cursor)}   {published}" if pointing and view.cursor is not None else published
        return (Span(clipped(text, width), "label"),)
    if not pointing and (remark := _remark(view)) is not None:
        return (Span(clipped(remark, width), "label"),)
    if view.cursor is not None:
        return (Span(clipped(named(view, view.cursor), width)),)
    if jump is not None and jump.ended:
        return (Span(clipped(f"jump ended after {jump.done:,} steps: {jump.ended}", width), "key"),)
    if view.every > 1:
        words = f"memory: the weights of every {ordinal(view.every)} step are kept, the others computed again on sight"
        return (Span(clipped(words, width), "dim"),)
    return (Span(clipped(fitting(width, tip, tip.rpartition(";")[0] or tip), width), "dim"),)


def tip(steps: int, keys: Sequence[Key]) -> str:
    """What to try next, by how many steps have been made; nothing is said of a key that a scenario hides."""
    written = {key.written for key in keys}
    return next((text for text, needed in TIPS[min(steps, len(TIPS) - 1) :] if written.issuperset(needed)), "")


TIPS = (
    ("New here? T begins a course of an hour; space makes a step, enter says why", ("T", "space", "enter")),
    ("enter says why the newest number is so; the arrow keys point at another one", ("enter", "arrow keys")),
    ("i says what the number under the cursor is; and what each word and sign means", ("i",)),
    ("s makes one phase of a step, . one number; b takes it back", ("s", ".", "b")),
    ("t asks you before it shows; = changes the number under the cursor", ("t", "=")),
    ("v draws the network, L the loss; j jumps ahead, to a step or a loss", ("v", "L", "j")),
    ("arrow keys point at a number, tab goes from pane to pane; ? lists all keys", ("arrow keys", "tab", "?")),
)
"""A line each, and the keys that it names. What follows a semicolon is left out if it does not fit. The last stays."""


def named(view: View, cell: Cell) -> str:
    """A number's name, its value's shape, and all its digits."""
    rows, columns = shape(view.network, cell.name)
    column = f"   {called(view, cell)}" if cell.name in ("x", "y") else ""
    return f"{known_by(view, cell)}{column}   shape ({rows}, {columns})"


def known_by(view: View, cell: Cell) -> str:
    """A number's name and all its digits; of a gradient what the row of a batch that is shown adds to it."""
    value = view.value(cell)
    number = "not computed yet" if value is None else full(value, view.dtype(cell.name))
    told = f"{cell_name(view.network, cell)} = {number}"
    part = view.part(cell)
    if part is None or view.trace is None or view.place is None:
        return told
    gives = full(part, view.dtype(cell.name)) if view.precise else fixed(part)
    return f"{told}, of which row {view.trace.rows[view.place]} gives {gives}"


def called(view: View, cell: Cell) -> str:
    """A number's name for people: an input or a target by its column."""
    table = view.run.table
    if cell.name in ("x", "y"):
        return escape_controls((table.features if cell.name == "x" else table.targets)[cell.column])
    return cell_name(view.network, cell)


def _progress(jump: Jump, width: int) -> Line:
    bar = 20
    full_blocks = round(bar * jump.done / jump.total)
    until = f" {jump.waits_for}" if jump.waits_for else ""
    text = f" {jump.done:,} of {jump.total:,} steps{until}   esc cancels"
    return (Span("█" * full_blocks + "░" * (bar - full_blocks), "positive"), Span(clipped(text, width - bar)))


def _remark(view: View) -> str | None:
    """What a teacher would say to what was just computed: to the phase, or to the whole step."""
    if view.trace is None or view.phase is None:
        return None
    found = known(view.remarks, view.network, view.done)
    here = [remark for remark in found if view.phase.kind == UPDATE or remark.after in view.phase.names]
    return here[0].text if here else None
