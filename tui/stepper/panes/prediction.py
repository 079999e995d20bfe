"""The prediction as a picture: a curve over one feature, or a map over two, with the rows of the table upon it."""

from itertools import groupby

from backprop_tui.core.explain.names import cell_name
from backprop_tui.core.model.activations import SOFTMAX
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.plane import Plane
from backprop_tui.core.session.prediction import HELD_OUT, ROW, Picture, class_names, letter
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.units import in_units
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief
from backprop_tui.tui.widgets import plot
from backprop_tui.tui.widgets.axis import LABEL, Axis
from backprop_tui.tui.widgets.line import Line, Span, clipped
from backprop_tui.tui.widgets.plot import Mark, Series

DIGITS = "0123456789"
NO_NUMBER = "?"
GROUNDS = " ░▒▓:+=%#~"
"""What fills the region of a class, in their order."""

NAME = 14
"""So many columns of a class's or a feature's name are written below a picture."""


def lines(picture: Picture, width: int, height: int, name: str = "", *, with_rows: bool = True) -> list[Line]:
    """The picture in exactly `width` columns and `height` lines; `name` is what the height of a curve is."""
    role = "dim" if picture.up is None else "title"
    points = picture.points if with_rows else ()
    marks = [Mark(point.x, point.y, point.sign, role, beneath=True) for point in points]
    marks.append(Mark(picture.here.x, picture.here.y, picture.here.sign, on_axis=True, kept=True))
    across = Axis(picture.across.low, picture.across.high, _short(picture.across.feature))
    if picture.up is None:
        curves = [Series(picture.x, picture.values, "positive")]
        return plot.lines(curves, marks, width, height, across, plot.upright(curves, marks, name))
    up = Axis(picture.up.low, picture.up.high, _short(picture.up.feature))
    return plot.lines([], marks, width, height, across, up, ground(picture))


def ground(picture: Picture) -> list[Line]:
    """What fills a map: the digit of the band, or the pattern of the class's region."""
    return [
        tuple(_filled(band, len(list(same)), picture.classes) for band, same in groupby(row))
        for row in picture.bands.tolist()
    ]


def _filled(band: int, count: int, classes: bool) -> Span:
    if band < 0:
        return Span(NO_NUMBER * count, "alarm")
    if classes:
        return Span(GROUNDS[band % len(GROUNDS)] * count, ("", "positive", "negative")[band % 3])
    return Span(DIGITS[band] * count, "negative" if band < len(DIGITS) / 2 else "positive")


def title(timeline: Timeline, picture: Picture, plane: Plane) -> list[str]:
    """What is drawn over what, at which step, and how it was computed; from the longest to the shortest."""
    features = [side.feature for side in (picture.across, picture.up) if side is not None]
    found = f"{drawn(timeline, plane)} over {' and '.join(map(_name, features))}   step {timeline.step_number:,}"
    return [f"{found}   by numpy, float64", f"{found}   by numpy", found]


def called(timeline: Timeline, plane: Plane) -> str:
    """The number that is drawn: `h1[2]`, `ŷ`, `ŷ[1]`."""
    cell = Cell(f"h{plane.layer}" if plane.layer else "y_pred", plane.unit or 0)
    return cell_name(timeline.run.network, cell)


def drawn(timeline: Timeline, plane: Plane) -> str:
    """What is drawn: `what h1[2] has learnt`, `ŷ`, `ŷ[1] setosa`, `likeliest class`."""
    if plane.layer:
        return f"what {called(timeline, plane)} has learnt"
    if plane.unit is None:
        return "likeliest class"
    found, names = called(timeline, plane), class_names(timeline.run, plane)
    if not names:
        return found
    several = timeline.run.network.layers[-1].activation == SOFTMAX
    return f"{found} {_name(names[plane.unit if several else -1])}"


def signs(timeline: Timeline, picture: Picture, plane: Plane) -> list[str]:
    """What the signs mean, from the longest to the shortest."""
    names = [_name(name) for name in class_names(timeline.run, plane)]
    holdout = bool(timeline.run.table.holdout)
    if picture.classes:
        parts = [f"{GROUNDS[place % len(GROUNDS)]} {letter(place)} {name}" for place, name in enumerate(names)]
    else:
        parts = [f"{letter(place)} {name}" for place, name in enumerate(names)] or [f"{ROW} row"]
    if holdout:
        parts.append("small letters: held out" if names else f"{HELD_OUT} held out")
    rows = "  ".join(parts)
    if picture.up is None or picture.classes:
        return [f"{rows}  ◆ in view", rows]
    low, high = (_amount(timeline, plane, value) for value in (picture.low, picture.high))
    return [
        f"digits: 0 from {low} to 9 at {high}   {rows}  ◆ in view",
        f"0: {low}  9: {high}  {rows}  ◆",
        f"0: {brief(picture.low, 3)}  9: {brief(picture.high, 3)}  {rows}",
    ]


def here(timeline: Timeline, picture: Picture, plane: Plane) -> list[str]:
    """The row in view, and where the features stay that are not drawn; from the longest to the shortest."""
    row = timeline.sample.row if timeline.sample is not None else timeline.settings.sampling.row
    changed = " as changed" if timeline.shown_settings.x is not None else ""
    if plane.unit is None:
        names = [_name(name) for name in class_names(timeline.run, plane)]
        words = f"{names[picture.likeliest]} by {brief(picture.value, 3)}, is {names[picture.true]}"
    elif plane.layer:
        words = f"{called(timeline, plane)} {brief(picture.value, 4)}"
    else:
        target = _amount(timeline, plane, float(picture.target[plane.unit]))
        words = f"ŷ {_amount(timeline, plane, picture.value)}, y {target}"
    found = f"row {row:,}{changed} ◆: {words}"
    if not picture.held:
        return [found]
    at = "the rows' mean" if plane.at_mean else "the row's value"
    values = ", ".join(f"{_name(name)} {brief(value, 4)}" for name, value in picture.held)
    return [f"{found}   others at {at}: {values}", f"{found}   others at {at}", found]


def _amount(timeline: Timeline, plane: Plane, value: float) -> str:
    """A number, and what it is in the target's own unit if that is another."""
    table, scaling, written = timeline.run.table, timeline.scaling, brief(value, 4)
    if plane.layer or table.transform == "none" or table.classes or scaling is None:
        return written
    unit = plane.unit or 0
    mean, std = float(scaling.target_mean[unit]), float(scaling.target_std[unit])
    return f"{written} ≈ {escape_controls(in_units(value, table, unit, mean, std))}"


def _name(name: str) -> str:
    return clipped(escape_controls(name), NAME).rstrip()


def _short(feature: str) -> str:
    return clipped(escape_controls(feature), LABEL).rstrip()
