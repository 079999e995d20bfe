"""Whether a run comes out as its sources say: every expectation of a scenario against the engine's numbers."""

from dataclasses import dataclass, replace
from math import nan

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.drive import Ask, settle
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline

from . import Expectation, Scenario


@dataclass(frozen=True)
class Compared:
    """One number of an expectation: stated, computed (NaN if the run never came to it), and whether they agree.

    `published` is the number of a source that is known to be wrong. `problem` says why a number does not
    agree, if the two numbers do not show it.
    """

    expectation: Expectation
    name: str
    stated: float
    computed: float
    ok: bool
    published: float | None = None
    problem: str = ""


def check(scenario: Scenario, ask: Ask) -> list[Compared]:
    """Every number that is stated, in the file's order. Raises EngineRefused if the run can't be made at all."""
    session = Session(scenario.run)
    settle(session, ask)
    values = {
        step: _at_step(session, step, ask) for step in sorted({expected.step for expected in scenario.expectations})
    }
    return [number for expected in scenario.expectations for number in _compare(expected, values[expected.step])]


def _at_step(session: Session, step: int, ask: Ask) -> dict[str, Array] | str:
    """The values of a step by the names of `Expectation`, or why the run does not reach it."""
    timeline = session.timeline
    if step > timeline.steps and not (timeline.jump and timeline.jump.ended):
        timeline.start_jump(step - timeline.steps)
        settle(session, ask)
    if timeline.steps < step:
        return f"the run ends at step {timeline.steps}: {timeline.jump.ended if timeline.jump else ''}"
    if step == 0:
        return _initial(timeline)
    assert timeline.trace is not None
    values = dict(timeline.trace.values)
    after = {name: value for name, value in values.items() if parse(name).updated}
    return values | {replace(parse(name), updated=False).name: value for name, value in after.items()}


def _initial(timeline: Timeline) -> dict[str, Array]:
    run = timeline.run
    state, width = timeline.history.states[0], run.network.width
    values = run.network.split(state[:width])
    for place, letter in enumerate(run.optimizer.moments, 1):
        moments = run.network.split(state[place * width : (place + 1) * width])
        values |= {f"{letter}_{name}": value for name, value in moments.items()}
    return values


def _compare(expected: Expectation, values: dict[str, Array] | str) -> list[Compared]:
    stated = np.array(expected.value)
    published = None if expected.published is None else np.array(expected.published)
    problem, computed = "", np.full(stated.shape, nan)
    if isinstance(values, str):
        problem = values
    else:
        found = np.asarray(values[expected.name], "float64")
        row, column = expected.index or (0, 0)
        if expected.index and row <= found.shape[0] and column <= found.shape[1]:
            computed = found[row - 1 : row, column - 1 : column]
        elif not expected.index and found.shape == stated.shape:
            computed = found
        else:
            problem = f"{expected.name} has {found.shape[0]} rows of {found.shape[1]} here"
    compared = []
    for place in np.ndindex(*stated.shape):
        ok = bool(abs(computed[place] - stated[place]) <= expected.tolerance)
        wrong = None if published is None else float(published[place])
        why = problem
        if ok and wrong is not None and published is not None and _agree(published, stated, expected.tolerance):
            ok, why = False, "the published number is right: state it as value"
        name = _name(expected, place, stated.size)
        compared.append(Compared(expected, name, float(stated[place]), float(computed[place]), ok, wrong, why))
    return compared


def _agree(published: Array, correct: Array, tolerance: float) -> bool:
    return published.shape == correct.shape and bool((np.abs(published - correct) <= tolerance).all())


def _name(expected: Expectation, place: tuple[int, ...], size: int) -> str:
    """`loss`, or `gw2[1,2]` for one number of several."""
    row, column = expected.index or (place[0] + 1, place[1] + 1)
    return f"{expected.name}[{row},{column}]" if expected.index or size > 1 else expected.name
