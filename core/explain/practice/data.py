"""Questions about the scaling of a row (lesson 1): above or below zero, which is furthest from it, the number."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from backprop_tui.core.lessons.data import DataLesson, Row
from backprop_tui.core.session.sample import Scaling
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import bracketed, brief, fixed, plain
from numpy.random import RandomState

from .practice import Kind
from .question import Question, choice

SIDES = ("above 0", "below 0", "0")
WIDE = 24
"""Columns of a column's name."""

MEAN, DEVIATION, LOGARITHM = "minus the mean", "divided by the standard deviation", "logarithm"


@dataclass(frozen=True)
class RowAhead:
    """A row whose next phases are not shown yet, and what it is scaled by."""

    row: Row
    phases: tuple[str, ...]
    table: TableSpec
    scaling: Scaling

    def scaled(self) -> Iterator[tuple[str, float, float, float, float]]:
        """Each number that is scaled: its column's name, raw, the mean, the standard deviation, and scaled."""
        table, row, scaling = self.table, self.row, self.scaling
        every = [*zip(table.features, row.raw, scaling.mean, scaling.std, row.x, strict=True)]
        chosen = [one for one in every if one[0] in table.standardize]
        if table.standardize_target:
            chosen += zip(table.targets, row.raw_y, scaling.target_mean, scaling.target_std, row.y, strict=True)
        for name, *numbers in chosen:
            raw, mean, std, scaled = map(float, numbers)
            yield _short(name), raw, mean, std, scaled


def row_ahead(lesson: DataLesson, whole: bool) -> RowAhead | None:
    """What a key does next to a row, a phase or the `whole` rest; None if the row is not read yet."""
    at, done = lesson.row, lesson.done
    if done >= len(lesson.phases):
        at, done = at + 1, 0
    row = lesson.read(at)
    if row is None or lesson.scaling is None:
        return None
    phases = lesson.phases[done:] if whole else lesson.phases[done : done + 1]
    return RowAhead(row, phases, lesson.table, lesson.scaling)


def _short(name: str) -> str:
    safe = escape_controls(name)
    return safe if len(safe) <= WIDE else safe[: WIDE - 1] + "…"


def _sides(ahead: RowAhead, random: RandomState) -> Iterator[Question]:
    """Will a scaled number be above or below 0?"""
    if not {MEAN, DEVIATION} & set(ahead.phases):
        return
    for name, raw, mean, _, _ in _shuffled(ahead, random):
        place = 0 if raw > mean else 1 if raw < mean else 2
        where = ("above", "below", "exactly")[place]
        text = f"row {ahead.row.number:,}: {name} = {brief(raw, 10)}, the mean {plain(mean)}. Scaled, is it ...?"
        because = (f"{brief(raw, 10)} is {where} the mean {plain(mean)}", "and the mean comes out as 0")
        yield choice("sign", text, SIDES, SIDES[place], *because)


def _furthest(ahead: RowAhead, random: RandomState) -> Iterator[Question]:
    """Which column is the furthest from 0, once it is scaled?"""
    some = _shuffled(ahead, random)[:9]
    if DEVIATION not in ahead.phases or len(some) < 2:
        return
    sizes = [abs(scaled) for *_, scaled in some]
    first, second = np.argsort(-np.array(sizes), kind="stable")[:2]
    names = tuple(name for name, *_ in some)
    if sizes[first] > sizes[second] * (1 + 1e-5) and len(set(names)) == len(names):
        because = [_worked(*some[int(at)]) for at in (first, second)]
        text = f"row {ahead.row.number:,}: which is the furthest from 0, once scaled?"
        yield choice("most", text, names, names[first], *because)


def _worked(name: str, raw: float, mean: float, std: float, scaled: float) -> str:
    return f"{name}: ({brief(raw, 10)} - {bracketed(plain(mean))})/{plain(std)} = {fixed(scaled)}"


def _numbers(ahead: RowAhead, random: RandomState) -> Iterator[Question]:
    """Compute a scaled number, or the target's logarithm."""
    if ahead.phases[:1] == (MEAN,) and len(ahead.phases) == 1:
        for name, raw, mean, _, _ in _shuffled(ahead, random):
            text = f"Compute {name} minus its mean: {brief(raw, 10)} - {bracketed(plain(mean))}"
            because = (f"{brief(raw, 10)} - {bracketed(plain(mean))} = {fixed(raw - mean)}",)
            yield Question("product", text, (), raw - mean, because)
    elif DEVIATION in ahead.phases:
        for name, raw, mean, std, scaled in _shuffled(ahead, random):
            text = f"Compute {name} scaled: ({brief(raw, 10)} - {bracketed(plain(mean))})/{plain(std)}"
            yield Question("product", text, (), scaled, (_worked(name, raw, mean, std, scaled),))
    if LOGARITHM in ahead.phases:
        for name, raw, y in zip(ahead.table.targets, ahead.row.raw_y, ahead.row.y, strict=True):
            told = f"ln {brief(float(raw), 10)} = {plain(float(y))}"
            text = f"Compute the natural logarithm of {_short(name)} = {brief(float(raw), 10)}"
            yield Question("product", text, (), float(y), (told,))


def _shuffled(ahead: RowAhead, random: RandomState) -> list[tuple[str, float, float, float, float]]:
    found = [one for one in ahead.scaled() if np.isfinite(one[1:]).all()]
    return [found[place] for place in random.permutation(len(found))]


KINDS: tuple[Kind[RowAhead], ...] = (Kind("sign", _sides), Kind("most", _furthest), Kind("product", _numbers))
"""From easy to hard."""
