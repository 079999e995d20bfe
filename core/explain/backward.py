"""Where the gradients come from: by the gradient computed just before, or by the chain rule from the loss back."""

from dataclasses import replace
from itertools import product
from math import prod

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse

from .gradient_check import sizes
from .loss_factors import output_factors
from .terms import (
    CHAIN,
    LOCAL,
    Explanation,
    Factor,
    Term,
    couples,
    derivative,
    error,
    explanation,
    factor,
    input_cell,
    loss_constants,
    mean_over_batch,
    name_of,
    pre_activation,
    samples,
)
from .written import terms_of

MAX_PATHS = 12
"""The chain rule is written out from the loss if it has no more paths than this, else from a layer on the way."""


def gradient(trace: Trace, cell: Cell, form: str) -> Explanation:
    """A gradient, in the form `local` or `chain`."""
    network, value = trace.network, parse(cell.name).base
    if value.of == "y_pred":
        return _by_prediction(trace, cell)
    if value.of == "z" and value.layer == network.depth and (couples(trace) or network.ends_linear):
        return _by_last_pre_activation(trace, cell)
    title = f"the gradient of the loss by {name_of(trace, Cell(value.name, *cell.place))}"
    if form == CHAIN:
        return _chain(trace, cell, title)
    ways = {"w": _by_weight, "b": _by_weight, "z": _by_pre_activation, "h": _by_output}
    terms = ways[value.of](trace, cell, value.layer)
    note = _derivative_note(terms)
    return explanation(trace, cell, title, terms, notes=note)


def _by_prediction(trace: Trace, cell: Cell) -> Explanation:
    """∂L/∂ŷ: the derivative of the loss."""
    output, sample = cell.row, cell.column
    terms = terms_of(trace.network.loss_row.slope, output_factors(trace, output, sample))
    title = "the derivative of the loss at the prediction"
    if trace.network.loss_row.from_z:
        notes = ("the tape takes ŷ and 1 - ŷ each from z: neither is rounded to 0 when the other is near 1",)
        return explanation(trace, cell, title, terms, common=mean_over_batch(trace), notes=notes)
    return explanation(trace, cell, title, terms, common=loss_constants(trace))


_LINEAR_LAST = "the last layer has no activation: its z is ŷ"


def _by_last_pre_activation(trace: Trace, cell: Cell) -> Explanation:
    """∂L/∂z of the last layer if it is ŷ - y at once: it is linear, or its derivative cancels against the loss's."""
    network, output, sample = trace.network, cell.row, cell.column
    prediction, target = factor(trace, "y_pred", output, sample), factor(trace, "y", sample, output)
    title = f"the gradient of the loss by {name_of(trace, Cell(parse(cell.name).base.name, *cell.place))}"
    note = network.loss_row.cancels or _LINEAR_LAST
    terms = [Term((prediction,)), Term((target,), -1)]
    return explanation(trace, cell, title, terms, common=loss_constants(trace), notes=(note,))


def _by_weight(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂w = ∂L/∂z times what the weight multiplies; ∂L/∂b = ∂L/∂z. Summed over the samples of the batch."""
    terms = []
    for sample in samples(trace):
        back = factor(trace, "g" + pre_activation(trace, layer), cell.row, sample)
        terms.append(Term((back, *_entering(trace, cell, layer, sample))))
    return terms


def _by_pre_activation(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂z = ∂L/∂h times the derivative of the activation."""
    name = "gy_pred" if layer == trace.network.depth else f"gh{layer}"
    return [Term((factor(trace, name, *cell.place), *_derivatives(trace, layer, *cell.place)))]


def _by_output(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂h: what comes back along the weights of the next layer, from each of its units."""
    back = "g" + pre_activation(trace, layer + 1)
    return [
        Term((factor(trace, back, unit, cell.column), factor(trace, f"w{layer + 1}", unit, cell.row)))
        for unit in range(trace.network.layers[layer].units)
    ]


def _chain(trace: Trace, cell: Cell, title: str) -> Explanation:
    """The sum over all paths from the loss back to a parameter, a z or an h: a product along each."""
    network, value = trace.network, parse(cell.name)
    layer, is_h = value.layer, value.of == "h"
    chosen = list(samples(trace)) if value.is_parameter else [cell.column]
    # An h is reached from the next layer's units; everything else through its own unit.
    nearest = layer + 1 if is_h else layer
    furthest = _reach(trace, nearest, len(chosen), network.layers[layer].units if is_h else 1)
    if furthest is None:
        found = gradient(trace, cell, LOCAL)
        return explanation(trace, cell, title, found.terms, notes=found.notes)
    whole = furthest == network.depth
    constants = loss_constants(trace) if whole else ()
    roundings = np.zeros(0) if whole else sizes(trace, furthest)
    terms = []
    for sample in chosen:
        first = range(network.layers[layer].units) if is_h else [cell.row]
        between = [range(network.layers[number - 1].units) for number in range(nearest + 1, furthest + 1)]
        for units in product(first, *between):
            # units[0] is in the layer `nearest`, the last one in `furthest`: walk from the loss to the cell.
            path = _start(trace, furthest, units[-1], sample, roundings)
            for number in range(furthest, nearest, -1):
                to, at = units[number - nearest], units[number - nearest - 1]
                path.append(factor(trace, f"w{number}", to, at))
                path += _derivatives(trace, number - 1, at, sample)
            if is_h:
                path.append(factor(trace, f"w{nearest}", units[0], cell.row))
            path += _entering(trace, cell, layer, sample)
            terms.append(Term(tuple(path)))
    notes = _derivative_note(terms)
    if not whole:
        notes += (f"too many paths to write out: it starts at the gradients of layer {furthest}",)
    return explanation(trace, cell, title, terms, common=constants, form=CHAIN, notes=notes)


def _reach(trace: Trace, nearest: int, count: int, first: int) -> int | None:
    """The layer nearest to the loss back from which all paths can be written out; None if not even one layer can."""
    network = trace.network
    for furthest in range(network.depth, nearest - 1, -1):
        between = prod(network.layers[number - 1].units for number in range(nearest + 1, furthest + 1))
        if count * first * between <= MAX_PATHS:
            return furthest
    return None


def _start(trace: Trace, layer: int, unit: int, sample: int, roundings: Array) -> list[Factor]:
    """∂L/∂z of a unit, to begin a path with: in the last layer written out, else as the trace has it."""
    if layer < trace.network.depth:
        return [replace(factor(trace, f"gz{layer}", unit, sample), size=float(roundings[unit, sample]))]
    if couples(trace):
        return [error(trace, unit, sample, f"gz{layer}")]
    return [error(trace, unit, sample, "gy_pred"), *_derivatives(trace, layer, unit, sample)]


def _entering(trace: Trace, cell: Cell, layer: int, sample: int) -> list[Factor]:
    """What a weight multiplies; nothing for a bias, a z or an h."""
    if parse(cell.name).of != "w":
        return []
    entering = input_cell(layer, cell.column, sample)
    return [factor(trace, entering.name, *entering.place)]


def _derivatives(trace: Trace, layer: int, unit: int, sample: int) -> list[Factor]:
    found = derivative(trace, layer, unit, sample)
    return [] if found is None else [found]


def _derivative_note(terms: list[Term]) -> tuple[str, ...]:
    """Says what the derivatives in a product are, once each."""
    notes = (f"{factor.symbol} is {factor.note}" for term in terms[:1] for factor in term.factors if factor.note)
    return tuple(dict.fromkeys(notes))[:3]
