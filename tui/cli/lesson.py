"""`backprop-tui run --lesson autograd` and `descent`: what the notebook's Parts 2 and 3 print, without a screen."""

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .options import UsageError

if TYPE_CHECKING:
    from backprop_tui.core.lessons.descent import DescentLesson

STEPS = {"autograd": 1, "descent": 10, "training": 1}
"""How many steps the notebook makes in each."""


def text(options: argparse.Namespace) -> Iterator[str]:
    """The steps in the format that was asked for. `text`: x after each, in autograd dy/dx before it."""
    from backprop_tui.core.lessons.descent import DescentLesson
    from backprop_tui.core.lessons.function import NOTEBOOK_FORMULA, NOTEBOOK_LR, NOTEBOOK_X, number_text
    from backprop_tui.core.model.formula import FormulaError

    try:
        lesson = DescentLesson(
            NOTEBOOK_FORMULA if options.formula is None else options.formula,
            NOTEBOOK_X if options.x is None else options.x,
            NOTEBOOK_LR if options.lr is None else options.lr,
        )
        if options.steps:
            _make(lesson, options.steps)
    except ValueError as error:
        raise UsageError(f"--formula: {error}" if isinstance(error, FormulaError) else str(error)) from None
    names = ("step", "x", "y", "dy/dx", "new x")
    rows = [
        (str(number), *(number_text(value) for value in (x, y, derivative, after)))
        for number, (x, (y, derivative, after, _)) in enumerate(zip(lesson.xs, lesson.steps, strict=False), 1)
    ]
    if options.format == "json":
        # NaN and infinity are no numbers of JSON: they are written as null.
        objects = [dict(zip(names, map(_number, row), strict=True)) for row in rows]
        yield json.dumps({"formula": lesson.formula.text, "lr": lesson.lr, "steps": objects}, indent=1) + "\n"
    elif options.format == "csv":
        yield ",".join(names) + "\n"
        for row in rows:
            yield ",".join(row) + "\n"
    else:
        for row in rows:
            yield "".join(f"{value}\n" for value in (row[3:] if options.lesson == "autograd" else row[4:]))


def _make(lesson: "DescentLesson", steps: int) -> None:
    from backprop_tui.core.engine.compute.engine import Engine

    engine = Engine()
    lesson.start_jump(steps)
    while lesson.jumping and (request := lesson.request()) is not None:
        lesson.accept(request, engine.answer(request))


def _number(text: str) -> int | float | None:
    value = int(text) if text.isdigit() else float(text)
    return value if abs(value) < float("inf") else None
