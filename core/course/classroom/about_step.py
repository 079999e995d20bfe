"""Questions about the step that an instructor shows. Their truth comes from the step's trace, and from the engine."""

import re
from math import isfinite

from backprop_tui.core.explain import Context, Effect, cell_name, explain, sentence
from backprop_tui.core.explain.meaning import meaning
from backprop_tui.core.explain.mistakes import mistakes
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import Value, parse
from backprop_tui.core.text.numerals import brief, fixed, plain

from .question import MOST_MISTAKES, Question

SAME = 1e-6
"""Losses that differ by less than this share are the same."""

_NAMED = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<first>\d{1,5})(,(?P<second>\d{1,5}))?\])?")
_SPELLED = (("∂", "d"), ("dL/d", "g"), ("ŷ", "y_pred"), ("yhat", "y_pred"), ("new", "new_"), ("new__", "new_"))


def loss_question(trace: Trace, found: Effect) -> Question:
    """Will the loss of this step's rows be smaller or larger after its update? Raises ValueError if it has no loss."""
    before, after = found.before, found.together
    if not (isfinite(before) and isfinite(after)):
        raise ValueError("the loss of this step is not a finite number: nothing can be predicted")
    answer = 3 if abs(after - before) <= SAME * abs(before) else 1 if after < before else 2
    text = f"The loss of this step is {plain(before)}. What will it be after the update?"
    because = f"With lr {brief(trace.lr)} the update takes it from {plain(before)} to {plain(after)}."
    return Question(text, ("smaller", "larger", "the same"), answer, (because,))


def sign_question(trace: Trace, cell: Cell) -> Question:
    """Which sign has a gradient? `cell` is the gradient, or what it is of. Raises ValueError if there is none."""
    of = parse(cell.name).base
    gradient = Cell(Value(of.of, of.layer, gradient=True).name, *cell.place)
    if gradient.name not in trace.values:
        raise ValueError(f"{cell_name(trace.network, cell, trace.batch)} has no gradient: ask about a weight or a bias")
    value, name = _value(trace, gradient), cell_name(trace.network, gradient, trace.batch)
    answer = 1 if value > 0 else 2 if value < 0 else 3
    because = (f"{name} = {fixed(value)}", meaning(trace, gradient))
    return Question(f"Is {name} positive or negative?", ("positive", "negative", "zero"), answer, because)


def number_question(trace: Trace, cell: Cell, context: Context | None) -> Question:
    """What is a number of the step? Raises ValueError if the step begins with it, or it is not finite."""
    name, value = cell_name(trace.network, cell, trace.batch), _value(trace, cell)
    if explain(trace, cell, context).given:
        raise ValueError(f"{name} is not computed in this step: ask about a number that is, as ∂L/∂w1[1,1]")
    known = mistakes(trace, cell, context)[:MOST_MISTAKES]
    return Question(f"What is {name}?", (), value, sentence(trace, cell, context), known)


def named(trace: Trace, text: str) -> Cell:
    """The number of a step that a person names: `∂L/∂w1[1,1]`, `gw1[1,1]`, `dL/dw1[1,1]`, `h1[2]`, `ŷ`, `new w2[1]`.

    Of a batch it is its first row's. Raises ValueError if there is none of this name.
    """
    bare = "".join(text.split())
    for spelled, meant in _SPELLED:
        bare = bare.replace(spelled, meant)
    found = _NAMED.fullmatch(bare)
    if found is None or found["name"] not in trace.values:
        raise ValueError(f"this step has no number called {text[:30]!r}: name one as ∂L/∂w1[1,1], gw1[1,1] or h1[2]")
    name, places = found["name"], [int(place) - 1 for place in (found["first"], found["second"]) if place]
    rows, columns = parse(name).shape(trace.network)
    cell = Cell(name, *(places if len(places) == 2 else _one_place(places, rows)))
    if not (0 <= cell.row < rows and 0 <= cell.column < columns) or (not places and rows * columns > 1):
        called = cell_name(trace.network, Cell(name, rows - 1, columns - 1))
        raise ValueError(f"this step has no number called {text[:30]!r}: the last one of that name is {called}")
    return cell


def _one_place(places: list[int], rows: int) -> tuple[int, int]:
    """Row and column of the number at one place: down if there are rows, else along the one that there is."""
    place = places[0] if places else 0
    return (place, 0) if rows > 1 else (0, place)


def _value(trace: Trace, cell: Cell) -> float:
    value = float(trace[cell.name][cell.place])
    if not isfinite(value):
        name = cell_name(trace.network, cell, trace.batch)
        raise ValueError(f"{name} is not a finite number in this step: ask about another")
    return value
