"""`[[expect]]`: what a source says about one value, checked against the network that it is about."""

import re

from backprop_tui.core.model.phases import shapes
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.run import Run

from .facts import Expectation, Matrix
from .format import ExpectPart, Rows
from .places import Path
from .values import Bad, in_words, matrix

_NAME = re.compile(r"([a-z]\w*)(?:\[\s*(\d{1,6})\s*(?:,\s*(\d{1,6})\s*)?\])?")


def build_expectation(part: ExpectPart, run: Run, at: Path, tolerance: float | None = None) -> Expectation:
    """The expectation at this place of the file, whose own tolerance this is. Raises Bad."""
    tolerance = tolerance if part.tolerance is None else part.tolerance
    if tolerance is None:
        raise Bad(at, "the key tolerance is missing: here, or once for all above the first [table]")
    wrong = part.published is not None or part.correct is not None
    if wrong == (part.value is not None):
        raise Bad(at, "expected either value, or published, correct and because")
    if wrong and (part.published is None or part.correct is None or not part.because):
        raise Bad(at, "expected published, correct and because together: what stands there, what is right, and why")
    shape, index = _named(part, run, (*at, "name"))
    key = "correct" if wrong else "value"
    value = _value(part.correct if wrong else part.value, shape, (*at, key))
    published = _value(part.published, shape, (*at, "published")) if wrong else None
    name = part.name.partition("[")[0].strip()
    return Expectation(part.step, name, value, tolerance, index, part.source, published, part.because)


def _named(part: ExpectPart, run: Run, at: Path) -> tuple[tuple[int | None, int | None], tuple[int, int] | None]:
    """The shape that the value must have (None if the batch decides), and the index if one number is named."""
    match = _NAME.fullmatch(part.name.strip())
    known = {name: shape for name, shape in shapes(run.network).items() if not parse(name).updated}
    parameters = [parameter.name for parameter in run.network.parameters]
    moments = [f"{letter}_{name}" for letter in run.optimizer.moments for name in parameters]
    known |= {name: parse(name).shape(run.network) for name in moments}
    if match is None or match[1] not in known:
        raise Bad(at, f"expected {', '.join(known)}, or one number of it such as w1[1,2], got {part.name}")
    name, shape = match[1], known[match[1]]
    if part.step == 0 and name not in (*parameters, *moments):
        raise Bad((*at[:-1], "step"), f"expected 1 or more: step 0 has computed nothing, so it has no {name}")
    free = _free_axis(name)
    bounds = tuple(None if axis == free else size for axis, size in enumerate(shape))
    if match[2] is None:
        return (bounds[0], bounds[1]), None
    if match[3] is None and shape[1] != 1:
        raise Bad(at, f"expected a row and a column, as in {name}[1,2], got {part.name}")
    index = int(match[2]), int(match[3] or 1)
    for place, bound in zip(index, bounds, strict=True):
        if place < 1 or (bound is not None and place > bound):
            raise Bad(at, f"expected a number within {in_words(shape)}, counted from 1, got {part.name}")
    return (1, 1), index


def _free_axis(name: str) -> int | None:
    """The axis of a value that is as long as the batch: the first of `x` and `y`, the second of what is computed."""
    value = parse(name)
    if not value.per_sample:
        return None
    return 0 if value.is_row else 1


def _value(given: float | Rows | None, shape: tuple[int | None, int | None], at: Path) -> Matrix:
    assert given is not None
    value = matrix(given, at)
    if any(wanted not in (None, size) for size, wanted in zip(value.shape, shape, strict=True)):
        wanted = tuple(size if bound is None else bound for size, bound in zip(value.shape, shape, strict=True))
        raise Bad(at, f"expected {in_words(wanted)}, got {in_words(value.shape)}")
    return tuple(map(tuple, value.tolist()))
