"""Where the values of the forward pass come from: x, y, the parameters, z, h, ŷ and the loss."""

from math import isfinite

import numpy as np
from backprop_tui.core.model.activations import SOFTMAX
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.table.units import currency
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import brief, compact, plain, read_number

from .context import Context
from .loss_factors import output_factors
from .penalty import beside, loss_parts, of_loss
from .terms import (
    CHAIN,
    LOCAL,
    Explanation,
    Factor,
    Term,
    exact_prediction,
    explanation,
    factor,
    input_cell,
    name_of,
    number,
    output_constants,
    samples,
)
from .written import terms_of


def input_value(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A feature: the table's number, less the column's mean, over its standard deviation."""
    column = _column(context.table.features, cell.column, "feature")
    title = f"{column} of {_row(trace, cell.row)}"
    sample, scaling = context.sample, context.scaling
    value = number(trace["x"], cell)
    if context.typed and not (sample is not None and np.isclose(sample.x[cell.column], value, rtol=1e-6, atol=0)):
        return explanation(trace, cell, title, notes=("typed by hand",))
    if scaling is None or context.table.features[cell.column] not in context.table.standardize:
        return explanation(trace, cell, title, notes=("as it is in the table, not scaled",))
    mean, std = float(scaling.mean[cell.column]), float(scaling.std[cell.column])
    which = "the rows not held out" if context.table.holdout else f"all {scaling.rows:,} rows"
    notes = [f"standardized: mean and standard deviation are those of {which}"]
    if sample is not None and not trace.averaged and sample.row == _table_row(trace, cell.row):
        raw = float(sample.raw[cell.column])
    else:
        # With the digits that float32 has: what lies beyond is rounding.
        raw = float(f"{value * std + mean:.7g}")
        notes.append(f"{column} here is computed back from x")
    over = Factor("std", std, divides=True)
    working = ("(", _as_in_table(raw), " - ", mean, ")")
    difference = Factor(f"({column} - mean)", raw - mean, working=working, rule=lambda printed: raw - printed)
    return explanation(trace, cell, title + ", scaled", [Term((difference, over))], notes=tuple(notes))


def target_value(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A target: the table's number, or its natural logarithm."""
    column = _column(context.table.targets, cell.column, "target")
    title = f"{column} of {_row(trace, cell.row)}"
    sample, value = context.sample, number(trace["y"], cell)
    if context.typed and not (sample is not None and np.isclose(sample.y[cell.column], value, rtol=1e-6, atol=0)):
        return explanation(trace, cell, title, notes=("typed by hand",))
    if context.table.standardize_target and context.scaling is not None:
        return _scaled_target(trace, cell, context, column, title)
    if not context.table.log_target:
        category = context.table.category(context.table.targets[cell.column])
        made = "as it is in the table"
        if category is not None:
            column, text = escape_controls(category.column), escape_controls(category.value)
            made = f"1 if {column} is {text}, else 0"
        return explanation(trace, cell, title, notes=(made,))
    if trace.averaged or sample is None or sample.row != _table_row(trace, cell.row):
        raw = float(np.exp(value))
        notes: tuple[str, ...] = (f"{column} here is computed back from y",)
    else:
        raw, notes = float(sample.raw_y[cell.column]), ()
    terms = [Term((Factor(column, raw, literal=_as_in_table(raw)),))]
    return explanation(trace, cell, f"the natural logarithm of {title}", terms, function="ln", notes=notes)


def _scaled_target(trace: Trace, cell: Cell, context: Context, column: str, title: str) -> Explanation:
    """A target less its mean, over its standard deviation."""
    sample, scaling = context.sample, context.scaling
    assert scaling is not None, "the caller has looked"
    mean, std = float(scaling.target_mean[cell.column]), float(scaling.target_std[cell.column])
    notes: tuple[str, ...] = ()
    if sample is not None and not trace.averaged and sample.row == _table_row(trace, cell.row):
        raw = float(sample.raw_y[cell.column])
    else:
        raw, notes = number(trace["y"], cell) * std + mean, (f"{column} here is computed back from y",)
    working = ("(", _as_in_table(raw), " - ", mean, ")")
    difference = Factor(f"({column} - mean)", raw - mean, working=working, rule=lambda printed: raw - printed)
    terms = [Term((difference, Factor("std", std, divides=True)))]
    return explanation(trace, cell, title + ", scaled", terms, notes=notes)


def parameter_value(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A parameter before the update: drawn, typed, or left by the update of the step before."""
    title = parameter_title(trace, cell)
    typed = [change for change in context.changes if change.cell == cell]
    if typed:
        return explanation(trace, cell, title, notes=(f"typed by hand; it was {plain(typed[-1].old)}",))
    if context.before is None:
        drawn = (
            "given at the start" if context.seed is None else f"drawn by seed {context.seed} ({context.initializer})"
        )
        return explanation(trace, cell, title, notes=(drawn,))
    parameter = trace.network.parameter(cell.name)
    old = float(context.before[parameter.offset + cell.row * parameter.shape[1] + cell.column])
    before = Factor(f"{name_of(trace, cell)} before step {context.step - 1}", old)
    change = Factor("its update", number(trace[cell.name], cell) - old)
    return explanation(trace, cell, title, [Term((before,)), Term((change,))])


def moment_value(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """A moment before the update: 0 at the start, else kept from the step before."""
    note = "0 before the first step" if context.step == 1 else f"kept from step {context.step - 1}"
    return explanation(trace, cell, f"the optimizer's moment of {parse(cell.name).base.name}", notes=(note,))


def pre_activation_value(trace: Trace, cell: Cell) -> Explanation:
    """z of a unit: the weighted sum of what enters its layer, and its bias."""
    layer = parse(cell.name).layer
    terms = _sum_terms(trace, layer, cell.row, cell.column)
    return explanation(trace, cell, f"the pre-activation of {_unit(cell, layer)}", terms)


def output_value(trace: Trace, cell: Cell, form: str) -> Explanation:
    """h of a unit, or ŷ: its activation at z. In the form `chain` the sum is put in for z."""
    network = trace.network
    layer = parse(cell.name).layer_in(network)
    row = network.activation(layer)
    title = "the prediction" if cell.name == "y_pred" else f"the activation of {_unit(cell, layer)}"
    if not row.elementwise:
        terms = [Term((factor(trace, f"z{layer}", unit, cell.column),)) for unit in range(network.outputs)]
        return explanation(trace, cell, title, terms, function=row.name, pick=cell.row)
    function = row.name if row.symbol else ""
    if form == CHAIN or (not function and cell.name == "y_pred"):
        terms, form = _sum_terms(trace, layer, cell.row, cell.column), CHAIN if function else LOCAL
    else:
        terms = [Term((factor(trace, f"z{layer}", cell.row, cell.column),))]
    notes = (f"{row.applied('z')} = {row.formula}",) if function else ()
    return explanation(trace, cell, title, terms, function=function, form=form, notes=notes)


def loss_value(trace: Trace, cell: Cell, context: Context) -> Explanation:
    """The loss: what each sample and output adds to it, and how far off that is in the target's own units."""
    network, row = trace.network, trace.network.loss_row
    places = [(sample, output) for sample in samples(trace) for output in range(network.outputs)]
    with np.errstate(all="ignore"):
        terms = [it for sample, output in places for it in terms_of(row.terms, output_factors(trace, output, sample))]
    title = f"the loss: {row.title}"
    if network.over != row.over_outputs and network.outputs > 1:
        title += f", the {network.over} over the outputs"
    if len(samples(trace)) > 1:
        title += f", the {network.reduction} over the batch"
    common, terms = beside(output_constants(trace), terms, of_loss(trace))
    notes = (*_with_penalty(trace), *_in_units(trace, context))
    return explanation(trace, cell, title, terms, common=common, notes=notes)


def parameter_title(trace: Trace, cell: Cell) -> str:
    """What a parameter does, in words."""
    value = parse(cell.name)
    layer, unit = value.layer, _unit(cell, value.layer)
    if value.of == "b":
        return f"the bias of {unit}"
    return f"the weight of {name_of(trace, input_cell(layer, cell.column, 0)).split('⁽')[0]} in {unit}"


def _sum_terms(trace: Trace, layer: int, unit: int, sample: int) -> list[Term]:
    weights = trace[f"w{layer}"]
    terms = []
    for place in range(weights.shape[1]):
        entering = input_cell(layer, place, sample)
        pair = (factor(trace, f"w{layer}", unit, place), factor(trace, entering.name, *entering.place))
        terms.append(Term(pair))
    return [*terms, Term((factor(trace, f"b{layer}", unit),))] if trace.network.layers[layer - 1].bias else terms


def _with_penalty(trace: Trace) -> tuple[str, ...]:
    """What of the loss is the data's and what the penalty's, if there is one."""
    parts = loss_parts(trace)
    if parts is None:
        return ()
    return (f"of the data {brief(parts[0])}, and the penalty {brief(parts[1])}: l2 times all squared weights",)


def _in_units(trace: Trace, context: Context) -> tuple[str, ...]:
    """How far off the predictions are, in words and in the target's own units."""
    network = trace.network
    if trace.averaged or not network.loss_row.compares:
        return ()
    if network.loss_row.classes:
        return _probabilities(trace, context)
    notes = []
    chosen = [(sample, output) for sample in samples(trace) for output in range(network.outputs)][:3]
    for sample, output in chosen:
        prediction, target = float(trace["y_pred"][output, sample]), float(trace["y"][sample, output])
        name = factor(trace, "y_pred", output, sample).symbol
        if context.table.log_target:
            with np.errstate(over="ignore"):
                prediction, target = float(np.exp(prediction)), float(np.exp(target))
            name = f"e^{name}"
        elif context.table.standardize_target and context.scaling is not None:
            mean, std = float(context.scaling.target_mean[output]), float(context.scaling.target_std[output])
            prediction, target = prediction * std + mean, target * std + mean
            name = f"{name}·std + mean"
        column = _column(context.table.targets, output, "target")
        sign = currency(context.table, output)
        off = prediction - target
        way = "exactly right" if off == 0 else f"{sign}{compact(abs(off))} too {'low' if off < 0 else 'high'}"
        if not isfinite(off):
            way = "too far off for a number"
        notes.append(f"{name} = {sign}{compact(prediction)}, {column} {sign}{compact(target)}: {way}")
    return tuple(notes)


def _probabilities(trace: Trace, context: Context) -> tuple[str, ...]:
    notes = []
    for sample in list(samples(trace))[:3]:
        target = trace["y"][sample]
        for output in range(trace.network.outputs):
            if trace.network.loss_row.last != SOFTMAX and target[output] in (0, 1):
                chance = exact_prediction(trace, output, sample)[0 if target[output] == 1 else 1]
                notes.append(f"the right answer is {target[output]:.0f}; it gets the probability {plain(chance)}")
            elif trace.network.loss_row.last == SOFTMAX and target[output] == 1:
                chance = exact_prediction(trace, output, sample)[0]
                name = f", {_column(context.table.targets, output, 'class')}" if context.table.classes else ""
                notes.append(f"the right class is {output + 1}{name}; it gets the probability {plain(chance)}")
    return tuple(notes[:3])


def _as_in_table(raw: float) -> str:
    """A number of the table as short as it can be without being rounded: `313,000`, `2.11`, `0.123456`."""
    return text if isfinite(raw) and read_number(text := compact(raw)) == raw else brief(raw, 12)


def _column(names: tuple[str, ...], place: int, otherwise: str) -> str:
    name = escape_controls(names[place]) if place < len(names) else f"{otherwise} {place + 1}"
    return name if len(name) <= 24 else name[:23] + "…"


def _table_row(trace: Trace, sample: int) -> int | None:
    return trace.rows[sample] if sample < len(trace.rows) else None


def _row(trace: Trace, sample: int) -> str:
    if trace.averaged:
        return f"all {len(trace.rows):,} rows of the batch, their mean"
    row = _table_row(trace, sample)
    return "a row that fills up the batch and does not count" if row is None else f"row {row}"


def _unit(cell: Cell, layer: int) -> str:
    return f"unit {cell.row + 1} of layer {layer}"
