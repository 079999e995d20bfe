"""A step as text: operation by operation, with what goes in, the rule, what comes out, and one number put in."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import bracketed, brief, fixed, plain

from .operation import PARTS, UPDATE, Graph, Operation, Step, Values
from .rule import Index, Made, Part
from .summary import summary
from .table import made, rule, symbols

READABLE = 16
"""A tensor of no more numbers is written out; of a larger one stands what its numbers are like."""

MOST_TERMS = 6
"""So many terms of a sum are written, then how many more there are."""


def step_text(graph: Graph, step: Step, title: str) -> Iterator[str]:
    """The lines of a step."""
    yield f"step {step.number}: {title}, loss {plain(step.loss)}, learning rate {brief(step.lr)}"
    for part in PARTS:
        if part == UPDATE and not graph.has_update:
            continue
        yield ""
        yield part
        layer = None
        for operation in graph.shown:
            if operation.part != part:
                continue
            if operation.layer != layer:
                layer = operation.layer
                yield f"  {escape_controls(layer)}" if layer else "  no layer"
            yield from (f"    {line}" for line in operation_text(graph, step, operation))
    yield ""
    yield "weights" if graph.has_update else "weights (the update's own operations are too many to show)"
    for weight in graph.weights:
        before, after = step.before[weight.path], step.after[weight.path]
        yield f"  {escape_controls(weight.path)} {shape_text(before.shape)}"
        if weight.gradient:
            yield f"    gradient {values_text(step.values[weight.gradient])}"
        yield f"    before   {values_text(before)}"
        yield f"    after    {values_text(after)}"


def operation_text(graph: Graph, step: Step, operation: Operation) -> Iterator[str]:
    """An operation: its name and rule, its inputs, its outputs, how the first number was made."""
    yield heading(graph, operation)
    inputs = step.inputs(operation)
    letters = input_letters(operation)
    for letter, name, values in zip(letters, operation.inputs, inputs, strict=True):
        if not is_source(operation):
            yield f"  {letter} = {source_text(graph, name, values)}"
    for number, tensor in enumerate(operation.outputs):
        if tensor.name not in step.values:
            continue
        values = step.values[tensor.name]
        of = graph.gradients.get(tensor.name)
        means = f" = ∂L/∂{escape_controls(of.path)}" if of else ""
        yield f"  {output_letter(operation, number)}{means} {shape_text(values.shape)} {values_text(values)}"
        if number == 0 and values.size:
            index = (0,) * values.ndim
            if (found := made(operation, inputs, number, index)) is not None and found.pattern != "{0}":
                yield f"  {made_text(found, output_letter(operation, number), index)}"


def heading(graph: Graph, operation: Operation) -> str:
    """`#4 MatMul   y = a @ b`, and whose gradient it is."""
    text = f"#{numbering(graph)[operation.name]} {operation.type}"
    if operation.variable:
        text += f"   {variable_text(graph, operation)}"
        text += f"   {symbols(operation)}" if is_assigned(operation) else ""
    elif operation.type == "Placeholder":
        text += "   the rows of this step"
    else:
        text += f"   {escape_controls(symbols(operation)) or 'no rule is known here'}"
    if operation.of in numbering(graph):
        text += f"   (of #{numbering(graph)[operation.of]})"
    return text


def numbering(graph: Graph) -> Mapping[str, int]:
    """The number, from 1, of each operation that is shown, by its name."""
    return graph.numbers


def source_text(graph: Graph, name: str, values: Values) -> str:
    """Where an input comes from, in a few words, with its shape."""
    maker = graph.makers.get(name)
    number = numbering(graph).get(maker.name) if maker else None
    if maker is None or number is None:
        return values_text(values)
    what = escape_controls(maker.variable) if maker.variable else maker.type
    what = f"the new {what}" if is_assigned(maker) else what
    return f"#{number} {what} {shape_text(values.shape)}"


def input_letters(operation: Operation) -> list[str]:
    """A letter for each input: the rule's, or x₁, x₂ ..."""
    row = rule(operation)
    letters = list(row.inputs) if row is not None else []
    if len(letters) == len(operation.inputs):
        return letters
    return letters_of(len(operation.inputs))


def letters_of(count: int) -> list[str]:
    """x₁, x₂, x₃ ..."""
    digits = "₀₁₂₃₄₅₆₇₈₉"
    return ["x" + "".join(digits[int(digit)] for digit in str(number)) for number in range(1, count + 1)]


def output_letter(operation: Operation, number: int) -> str:
    """y, or the loss of a cross-entropy; a second output has a number. A weight that is changed is w."""
    if is_assigned(operation):
        return "w"
    return "y" if len(operation.outputs) == 1 else f"y{number + 1}"


def is_assigned(operation: Operation) -> bool:
    """Whether it changes a variable."""
    return bool(operation.variable) and operation.type != "ReadVariableOp"


def is_source(operation: Operation) -> bool:
    """Whether it only reads a variable, as it is before it is changed."""
    return bool(operation.variable) and operation.type == "ReadVariableOp"


def short_name(operation: Operation) -> str:
    """`kernel` for what reads a weight, `kernel ←` for what changes it, else the type."""
    name = escape_controls(operation.variable).rpartition("/")[2]
    return operation.type if not name else f"{name} ←" if is_assigned(operation) else name


def variable_text(graph: Graph, operation: Operation) -> str:
    """Whose variable it is, and which: `the weight dense/kernel`."""
    path = operation.variable
    if path in {weight.path for weight in graph.weights}:
        return f"the weight {escape_controls(path)}"
    return f"the {'optimizer' if operation.part == UPDATE else 'layer'}'s {escape_controls(path)}"


def shape_text(shape: Sequence[int | None]) -> str:
    """`2x3`; `one number` for no axes."""
    return "x".join("?" if size is None else str(size) for size in shape) if shape else "one number"


def values_text(values: Values) -> str:
    """All numbers of a small tensor, and of a large one what they are like."""
    if values.size <= READABLE:
        return nested_text(values)
    return summary_text(values)


def summary_text(values: Values) -> str:
    """`least -1.2 largest 3.4 mean 0.1, 12 zeros, 1 not finite`."""
    found = summary(values)
    text = f"least {plain(found.least)} largest {plain(found.largest)} mean {plain(found.mean)}"
    text += f", {found.zeros:,} of {found.size:,} are 0"
    return text + (f", {found.not_finite:,} not finite" if found.not_finite else "")


def nested_text(values: Values) -> str:
    """As nested lists: `[[0.1 0.2] [0.3 0.4]]`."""
    if values.ndim == 0:
        return number_text(values[()])
    return "[" + " ".join(nested_text(part) for part in values) + "]"


def number_text(value: object, digits: int = 4) -> str:
    """A number as its type has it: whole, or with decimals; a truth value is 1 or 0."""
    kind = np.asarray(value).dtype.kind
    if kind in "biu":
        return str(int(value))  # type: ignore[call-overload]
    return plain(float(value), digits) if kind == "f" else escape_controls(str(value)[:40])  # type: ignore[arg-type]


def made_text(found: Made, letter: str, index: Index, digits: int = 4) -> str:
    """`y[0,1] = 0.5·(-1.2) + 0.3·2 = -0.0123`; of a number that is moved as it is, the number alone."""
    place = f"[{','.join(map(str, index))}]" if index else ""
    put_in, result = expression(found, digits), fixed(found.value, digits).removeprefix("+")
    return f"{letter}{place} = {result}" if put_in.strip("()") == result else f"{letter}{place} = {put_in} = {result}"


def expression(found: Made, digits: int = 4) -> str:
    """The numbers put in."""
    if found.pattern:
        text = found.pattern.format(*(_put_in(one, digits) for one in found.parts))
        return text if len(text) <= 240 else text[:239] + "…"
    shown = found.terms[:MOST_TERMS]
    text = " + ".join("·".join(_put_in(one, digits) for one in term) for term in shown) or "0"
    if len(found.terms) > MOST_TERMS:
        text += f" + … ({len(found.terms) - MOST_TERMS:,} more)"
    if found.scale == 1:
        return text
    return f"({text}) / {brief(1 / found.scale)}"


def _put_in(one: Part, digits: int) -> str:
    whole = one.value == int(one.value) if np.isfinite(one.value) else False
    return bracketed(str(int(one.value)) if whole and abs(one.value) < 1e6 else plain(one.value, digits))
