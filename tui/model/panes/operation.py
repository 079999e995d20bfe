"""The operation in view: its rule, what goes in, what comes out, and how the number under the cursor is made."""

from collections.abc import Iterator
from textwrap import wrap

from backprop_tui.core.operations.operation import Operation, Values
from backprop_tui.core.operations.picture import SHADES, picture
from backprop_tui.core.operations.slices import window
from backprop_tui.core.operations.summary import summary
from backprop_tui.core.operations.table import rule, symbols
from backprop_tui.core.operations.written import (
    input_letters,
    is_source,
    made_text,
    number_text,
    numbering,
    output_letter,
    shape_text,
    source_text,
    summary_text,
    values_text,
    variable_text,
)
from backprop_tui.core.session.model import NOTHING, ModelSession
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import plain
from backprop_tui.tui.widgets.line import Line, Span, clipped

MADE_LINES = 3
"""So many lines the number under the cursor may take."""


def title(session: ModelSession) -> str:
    """Which operation it is, and of which layer."""
    one = session.in_view
    if one is None:
        return "Operation"
    layer = f" of {escape_controls(one.layer)}" if one.layer else ""
    return f"{session.looking + 1}: {one.type}{layer}"


def lines(session: ModelSession, width: int, height: int, digits: int) -> list[Line]:
    """All of it, as far as there is room."""
    one = session.in_view
    if one is None:
        return _at_start(session, width)
    found: list[Line] = [(Span(clipped(text, width).rstrip(), role),) for text, role in _about(session, one)]
    output = session.output
    if output is None:
        return [*found, (Span("computing …", "pending"),)]
    letter = output_letter(one, 0)
    found.append((Span(f"{letter} {shape_text(output.shape)} {output.dtype}", "label"),))
    if output.size > 1:
        found += [(Span(part, "dim"),) for part in wrap(summary_text(output), max(width, 10))]
    if output.size:
        found += [(Span(text, "key"),) for text in _made(session, one, output, width, digits)]
        draw = _image if session.shows_image else _numbers
        found += draw(session, output, width, max(height - len(found) - 1, 1), digits)
    return found


def _at_start(session: ModelSession, width: int) -> list[Line]:
    described = session.described
    if described is None:
        return []
    words = (
        f"{len(described.graph.shown)} operations make a step of this model: forward, the loss, then its gradients, "
        "and the update. s makes the first of them, S those of a layer, space the whole step."
    )
    return [(Span(part),) for part in wrap(words, max(width, 10))]


def _about(session: ModelSession, one: Operation) -> Iterator[tuple[str, str]]:
    assert session.described is not None
    graph = session.described.graph
    row = rule(one)
    if is_source(one):
        yield f"{variable_text(graph, one)}, before this step", "title"
    elif one.type == "Placeholder":
        yield "the rows of this step", "title"
    elif row is None:
        yield "no rule of this operation is known here; its numbers are TensorFlow's", "alarm"
    else:
        yield escape_controls(symbols(one)), "title"
        yield (f"w is {variable_text(graph, one)}; {row.words}" if one.variable else row.words), "dim"
    if (number := numbering(graph).get(one.of)) is not None:
        yield f"belongs to operation {number}, {graph.shown[number - 1].type}", "dim"
    for tensor in one.outputs:
        if (weight := graph.gradients.get(tensor.name)) is not None:
            yield f"this is ∂L/∂{escape_controls(weight.path)}", "fresh"
    if is_source(one):
        return
    for letter, name in zip(input_letters(one), one.inputs, strict=True):
        values = session.values.get(name, NOTHING)
        source = source_text(graph, name, values)
        yield f"{letter} = {source}  {values_text(values) if source.startswith('#') else ''}", ""


def _made(session: ModelSession, one: Operation, output: Values, width: int, digits: int) -> list[str]:
    """How the number under the cursor is made, or what it is."""
    letter, made = output_letter(one, 0), session.made
    if made is not None:
        text = made_text(made, letter, session.cursor, digits)
    else:
        place = f"[{','.join(map(str, session.cursor))}]" if session.cursor else ""
        text = f"{letter}{place} = {number_text(output[session.cursor], digits)}"
    parts = wrap(text, max(width, 10))
    return parts if len(parts) <= MADE_LINES else [*parts[: MADE_LINES - 1], clipped(parts[-1], width).rstrip()]


def _numbers(session: ModelSession, output: Values, width: int, height: int, digits: int) -> list[Line]:
    """The slice around the cursor."""
    wide = digits + 7
    seen = window(output, session.cursor, height, max(width // wide, 1))
    found: list[Line] = []
    if session.has_image and height > 2:
        found.append((Span("an image: p draws it", "dim"),))
    if seen.slices > 1:
        leading = ",".join(map(str, session.cursor[:-2]))
        found.append((Span(f"slice [{leading}], {seen.slice + 1} of {seen.slices:,}   < >", "dim"),))
    row, column = (0, session.cursor[0] if session.cursor else 0) if output.ndim < 2 else session.cursor[-2:]
    for y, numbers in enumerate(seen.numbers, seen.row):
        spans = []
        for x, value in enumerate(numbers, seen.column):
            text = number_text(value, digits)
            role = "cursor" if (y, x) == (row, column) else "negative" if text.startswith("-") else "positive"
            spans += [Span(" " * max(wide - len(text), 1)), Span(text, role)]
        found.append(tuple(spans))
    return found[:height]


def _image(session: ModelSession, output: Values, width: int, height: int, digits: int) -> list[Line]:
    """The image around the cursor, in shades."""
    seen = picture(output, session.cursor, height - 1, width)
    ends = f"'{SHADES[0]}' {plain(seen.least, digits)} to '{SHADES[-1]}' {plain(seen.largest, digits)}"
    many = f"image {seen.image + 1} of {seen.images:,}  < >   " if seen.images > 1 else ""
    mean = f"   means of {seen.side}x{seen.side} pixels" if seen.side > 1 else ""
    found: list[Line] = [(Span(clipped(f"{many}{ends}{mean}", width).rstrip(), "dim"),)]
    for number, line in enumerate(seen.lines):
        if number == seen.row:
            at = 2 * seen.column
            found.append((Span(line[:at]), Span(line[at : at + 2], "cursor"), Span(line[at + 2 :])))
        else:
            found.append((Span(line),))
    return found[:height]


def not_finite(session: ModelSession) -> bool:
    """Whether the output in view holds what is no number."""
    output = session.output
    return output is not None and summary(output).not_finite > 0
