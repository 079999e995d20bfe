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
from .penalty import beside, of_gradient
from .terms import (
    CHAIN,
    LOCAL,
    Explanation,
    Factor,
    Term,
    constant,
    couples,
    derivative,
    error,
    explanation,
    factor,
    input_cell,
    loss_constants,
    name_of,
    one_minus,
    output_name,
    pre_activation,
    samples,
    slope,
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
    if value.of == "z" and value.layer == network.depth and not network.activation(network.depth).elementwise:
        return _through_all_outputs(trace, cell, title, form)
    if form == CHAIN:
        return _chain(trace, cell, title)
    ways = {"w": _by_weight, "b": _by_weight, "z": _by_pre_activation, "h": _by_output, "x": _by_output}
    terms = ways[value.of](trace, cell, value.layer) + of_gradient(trace, cell)
    return explanation(trace, cell, title, terms, notes=_notes(trace, cell, terms))


def _by_prediction(trace: Trace, cell: Cell) -> Explanation:
    """∂L/∂ŷ: the derivative of the loss."""
    output, sample = cell.row, cell.column
    terms = terms_of(trace.network.loss_row.slope, output_factors(trace, output, sample))
    title = "the derivative of the loss at the prediction"
    if trace.network.loss_row.from_z:
        notes = ("the tape takes ŷ and 1 - ŷ each from z: neither is rounded to 0 when the other is near 1",)
        return explanation(trace, cell, title, terms, common=loss_constants(trace), notes=notes)
    return explanation(trace, cell, title, terms, common=loss_constants(trace))


_LINEAR_LAST = "the last layer has no activation: its z is ŷ"


def _by_last_pre_activation(trace: Trace, cell: Cell) -> Explanation:
    """∂L/∂z of the last layer if it is ∂L/∂ŷ at once: it is linear, or its derivative cancels against the loss's."""
    network, output, sample = trace.network, cell.row, cell.column
    title = f"the gradient of the loss by {name_of(trace, Cell(parse(cell.name).base.name, *cell.place))}"
    note = network.loss_row.cancels or _LINEAR_LAST
    if network.loss_row.compares:
        prediction, target = factor(trace, "y_pred", output, sample), factor(trace, "y", sample, output)
        terms = [Term((prediction,)), Term((target,), -1)]
    else:
        terms = terms_of(network.loss_row.slope, output_factors(trace, output, sample))
    return explanation(trace, cell, title, terms, common=loss_constants(trace), notes=(note,))


def _through_all_outputs(trace: Trace, cell: Cell, title: str, form: str) -> Explanation:
    """∂L/∂z of a softmax, whose z moves every ŷ: Σⱼ ∂L/∂ŷⱼ·ŷⱼ(δᵢⱼ - ŷᵢ), with all of its derivatives."""
    unit, sample = cell.place
    own = factor(trace, "y_pred", unit, sample)
    # ŷ may be near 1: how it was rounded weighs more than the digits of what is left.
    rest = replace(one_minus(own), size=1.0)
    terms = []
    for output in range(trace.network.outputs):
        through = factor(trace, "y_pred", output, sample)
        back = _at_prediction(trace, output, sample) if form == CHAIN else factor(trace, "gy_pred", output, sample)
        name = f"via {through.symbol}"
        terms.append(Term((back, through, rest), 1, name) if output == unit else Term((back, through, own), -1, name))
    constants = loss_constants(trace) if form == CHAIN else ()
    notes = (f"each ŷ hangs on {name_of(trace, Cell(f'z{trace.network.depth}', *cell.place))}: ∂ŷⱼ/∂zᵢ = ŷⱼ(δᵢⱼ - ŷᵢ)",)
    return explanation(trace, cell, title, terms, common=constants, form=form, notes=notes)


def _at_prediction(trace: Trace, output: int, sample: int) -> Factor:
    """∂L/∂ŷ without its constants: ŷ - y, or 1 if the loss is ŷ itself."""
    if trace.network.loss_row.compares:
        return error(trace, output, sample, "gy_pred")
    return replace(constant("1", 1), cells=(Cell("gy_pred", output, sample),))


def _by_weight(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂w = ∂L/∂z times what the weight multiplies; ∂L/∂b = ∂L/∂z. Summed over the samples of the batch."""
    terms = []
    for sample in samples(trace):
        back = factor(trace, "g" + pre_activation(trace, layer), cell.row, sample)
        terms.append(Term((back, *_entering(trace, cell, layer, sample)), name=_row_name(trace, sample)))
    return _largest_first(trace, terms)


def _by_pre_activation(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂z = ∂L/∂h times the derivative of the activation."""
    name = "gy_pred" if layer == trace.network.depth else f"gh{layer}"
    return [Term((factor(trace, name, *cell.place), *_derivatives(trace, layer, *cell.place)))]


def _by_output(trace: Trace, cell: Cell, layer: int) -> list[Term]:
    """∂L/∂h, and ∂L/∂x, of layer 0: what comes back along the weights of the next layer, from each of its units."""
    z, (place, sample) = pre_activation(trace, layer + 1), _place_and_sample(cell)
    terms = []
    for unit in range(trace.network.layers[layer].units):
        through = Cell(z, unit, sample)
        back, along = factor(trace, "g" + z, *through.place), _along(trace, layer + 1, unit, place, sample)
        terms.append(Term((back, along), name=f"via {name_of(trace, through)}"))
    return terms


def _place_and_sample(cell: Cell) -> tuple[int, int]:
    """The place in its layer, and the sample: an x has them the other way round."""
    return (cell.column, cell.row) if parse(cell.name).is_row else cell.place


def _chain(trace: Trace, cell: Cell, title: str) -> Explanation:
    """The sum over all paths from the loss back to a parameter, a z or an h: a product along each."""
    network, value = trace.network, parse(cell.name)
    layer, is_h = value.layer, value.of in ("h", "x")
    place, own_sample = _place_and_sample(cell)
    chosen = list(samples(trace)) if value.is_parameter else [own_sample]
    # An h, and an x, is reached from the next layer's units; everything else through its own unit.
    nearest = layer + 1 if is_h else layer
    furthest = _reach(trace, nearest, len(chosen), network.layers[layer].units if is_h else 1)
    if furthest is None:
        found = gradient(trace, cell, LOCAL)
        return explanation(trace, cell, title, found.terms, notes=found.notes)
    whole = furthest == network.depth and not _mixes(trace)
    constants = loss_constants(trace) if whole else ()
    roundings = np.zeros(0) if whole else sizes(trace, furthest)
    terms = []
    for sample in chosen:
        first = range(network.layers[layer].units) if is_h else [place]
        between = [range(network.layers[number - 1].units) for number in range(nearest + 1, furthest + 1)]
        for units in product(first, *between):
            # units[0] is in the layer `nearest`, the last one in `furthest`: walk from the loss to the cell.
            path = _start(trace, furthest, units[-1], sample, roundings)
            for number in range(furthest, nearest, -1):
                to, at = units[number - nearest], units[number - nearest - 1]
                path.append(_along(trace, number, to, at, sample))
                path += _derivatives(trace, number - 1, at, sample)
            if is_h:
                path.append(_along(trace, nearest, units[0], place, sample))
            path += _entering(trace, cell, layer, sample)
            # The cell's own unit is on every path, and so is an only unit of a layer.
            passed = [(nearest + on_way, unit) for on_way, unit in enumerate(units) if on_way or is_h]
            by = [
                name_of(trace, Cell(output_name(trace, number), unit, sample))
                for number, unit in passed
                if network.layers[number - 1].units > 1
            ]
            of_row = _row_name(trace, sample) if value.is_parameter else ""
            name = " ".join(part for part in (of_row, f"via {', '.join(by)}" if by else "") if part)
            terms.append(Term(tuple(path), name=name))
    terms = _largest_first(trace, terms) if len(chosen) > 1 else terms
    constants, terms = beside(constants, terms, of_gradient(trace, cell))
    notes = _notes(trace, cell, terms)
    if furthest == network.depth and not whole:
        notes += (f"∂L/∂z{furthest} comes through every ŷ: its own explanation has them all",)
    elif not whole:
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
    if layer < trace.network.depth or _mixes(trace):
        return [replace(factor(trace, f"gz{layer}", unit, sample), size=float(roundings[unit, sample]))]
    if couples(trace):
        return [error(trace, unit, sample, f"gz{layer}")]
    return [_at_prediction(trace, unit, sample), *_derivatives(trace, layer, unit, sample)]


def _mixes(trace: Trace) -> bool:
    """Whether each z of the last layer moves every ŷ, and the loss is not computed from z at once."""
    return not (couples(trace) or trace.network.activation(trace.network.depth).elementwise)


def _entering(trace: Trace, cell: Cell, layer: int, sample: int) -> list[Factor]:
    """What a weight multiplies; nothing for a bias, a z or an h."""
    if parse(cell.name).of != "w":
        return []
    entering, z = input_cell(layer, cell.column, sample), Cell(pre_activation(trace, layer), cell.row, sample)
    of = slope(trace, z, Cell(f"w{layer}", *cell.place))
    return [replace(factor(trace, entering.name, *entering.place), derivative=of)]


def _along(trace: Trace, layer: int, unit: int, before: int, sample: int) -> Factor:
    """The weight from a unit of the layer before to a unit: the derivative of its z by what enters."""
    entering, z = input_cell(layer, before, sample), Cell(pre_activation(trace, layer), unit, sample)
    return replace(factor(trace, f"w{layer}", unit, before), derivative=slope(trace, z, entering))


def _row_name(trace: Trace, sample: int) -> str:
    """Which row of the table a term belongs to, if there are several."""
    return f"row {trace.rows[sample]}" if len(samples(trace)) > 1 and trace.rows else ""


def _largest_first(trace: Trace, terms: list[Term]) -> list[Term]:
    """The shares of a batch's rows by their size; a single row's are left as they are."""
    several = len(samples(trace)) > 1
    return sorted(terms, key=lambda term: np.nan_to_num(-abs(term.value), nan=0.0)) if several else terms


def _derivatives(trace: Trace, layer: int, unit: int, sample: int) -> list[Factor]:
    found = derivative(trace, layer, unit, sample)
    return [] if found is None else [found]


def _notes(trace: Trace, cell: Cell, terms: list[Term]) -> tuple[str, ...]:
    """Says what the derivatives in a product are, once each, and why a bias has none of its own."""
    notes = [f"{factor.symbol} is {factor.note}" for term in terms[:1] for factor in term.factors if factor.note]
    value = parse(cell.name).base
    if value.of == "b":
        z = Cell(pre_activation(trace, value.layer), cell.row)
        notes.append(f"{slope(trace, z, Cell(value.name, *cell.place))} = 1: the bias is added as it is")
    if of_gradient(trace, cell):
        notes.insert(0, "2·l2·w is the penalty's part: it pulls each weight towards 0")
    return tuple(dict.fromkeys(notes))[:3]
