"""Whether a run comes out as its sources say: every expectation of a scenario against the engine's numbers."""

from dataclasses import dataclass, replace

import numpy as np
from backprop_tui.core.engine.protocol.checks import read_steps
from backprop_tui.core.engine.protocol.limits import TRACE_ROWS
from backprop_tui.core.engine.protocol.messages import RunSteps, TableRows
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.drive import Ask, settle
from backprop_tui.core.session.session import Session
from backprop_tui.core.session.timeline import Timeline

from . import Expectation, Scenario


@dataclass(frozen=True)
class Compared:
    """One number of an expectation: stated, computed (None if the run never came to it), and whether they agree.

    `published` is the number of a source that is known to be wrong. `problem` says why a number does not
    agree, if the two numbers do not show it.
    """

    expectation: Expectation
    name: str
    stated: float
    computed: float | None
    ok: bool
    published: float | None = None
    problem: str = ""


def check(scenario: Scenario, ask: Ask) -> list[Compared]:
    """Every number that is stated, in the file's order. Raises EngineRefused if the run can't be made at all."""
    session = Session(scenario.run)
    settle(session, ask)
    expectations, compared = scenario.expectations, dict[int, list[Compared]]()
    for place, expected in sorted(enumerate(expectations), key=lambda pair: pair[1].step):
        compared[place] = _compare(expected, _computed(session, expected, ask))
    return [number for place in range(len(expectations)) for number in compared[place]]


def compare(expected: Expectation, found: Array) -> list[Compared]:
    """The numbers of an expectation against all numbers of its value, as a step computed them."""
    return _compare(expected, _picked(found, expected, expected.index))


def _computed(session: Session, expected: Expectation, ask: Ask) -> Array | str:
    """What the run has for the numbers that are stated, in their shape, or why it has none."""
    timeline, step = session.timeline, expected.step
    if step > timeline.steps and not (timeline.jump and timeline.jump.ended):
        timeline.start_jump(step - timeline.steps)
        settle(session, ask)
    if timeline.steps < step:
        return f"the run ends at step {timeline.steps}: {timeline.jump.ended if timeline.jump else ''}"
    if step == 0:
        return _picked(_initial(timeline)[expected.name], expected, expected.index)
    trace, value = timeline.trace, parse(expected.name)
    assert trace is not None, "a settled session has the trace of its step"
    if trace.averaged and value.per_sample:
        return _of_rows(timeline, trace, expected, ask)
    after = replace(value, updated=True).name
    return _picked(trace.values.get(after, trace.values[expected.name]), expected, expected.index)


def _of_rows(timeline: Timeline, trace: Trace, expected: Expectation, ask: Ask) -> Array | str:
    """Of a batch so large that its trace holds means: from steps over a few of its rows each."""
    value, batch, index = parse(expected.name), len(trace.rows), expected.index
    places = range(batch)
    if index is not None:
        place = index[0 if value.is_row else 1] - 1
        if place >= batch:
            return f"the batch has {batch} rows"
        places, index = range(place, place + 1), (1, index[1]) if value.is_row else (index[0], 1)
    state, parts = timeline.history.state(timeline.position.entry), []
    assert state is not None, "the state that is looked at is at hand"
    for first in places[::TRACE_ROWS]:
        few = np.array([trace.rows[place] for place in places if first <= place < first + TRACE_ROWS], "int32")
        rows = TableRows(timeline.run.table, numbers(few[None]))
        request = RunSteps(timeline.run.program, numbers(state), rows, trace.lr)
        part = read_steps(request, ask(request)).trace[expected.name]
        # A gradient's share of the mean over these rows, as one of the mean over the batch.
        is_share = value.gradient and not timeline.run.network.sums_rows
        parts.append(part * (len(few) / batch) if is_share else part)
    return _picked(np.concatenate(parts, axis=0 if value.is_row else 1), expected, index)


def _picked(found: Array, expected: Expectation, index: tuple[int, int] | None) -> Array | str:
    """The number at an index, from 1, or all where none is given; a sentence if that is not what is stated."""
    rows, columns = found.shape
    if index is not None and index[0] <= rows and index[1] <= columns:
        return np.asarray(found[index[0] - 1 : index[0], index[1] - 1 : index[1]], "float64")
    if index is None and found.shape == np.shape(expected.value):
        return np.asarray(found, "float64")
    return f"{expected.name} has {rows} rows of {columns} here"


def _initial(timeline: Timeline) -> dict[str, Array]:
    run = timeline.run
    state, width = timeline.history.states[0], run.network.width
    values = run.network.split(state[:width])
    for place, letter in enumerate(run.optimizer.moments, 1):
        moments = run.network.split(state[place * width : (place + 1) * width])
        values |= {f"{letter}_{name}": value for name, value in moments.items()}
    return values


def _compare(expected: Expectation, found: Array | str) -> list[Compared]:
    stated = np.array(expected.value)
    published = None if expected.published is None else np.array(expected.published)
    problem, computed = (found, None) if isinstance(found, str) else ("", found)
    compared = []
    for place in np.ndindex(*stated.shape):
        number = None if computed is None else float(computed[place])
        ok = number is not None and bool(abs(number - stated[place]) <= expected.tolerance)
        wrong = None if published is None else float(published[place])
        why = problem
        if ok and wrong is not None and published is not None and _agree(published, stated, expected.tolerance):
            ok, why = False, "the published number is right: state it as value"
        name = _name(expected, place, stated.size)
        compared.append(Compared(expected, name, float(stated[place]), number, ok, wrong, why))
    return compared


def _agree(published: Array, correct: Array, tolerance: float) -> bool:
    return published.shape == correct.shape and bool((np.abs(published - correct) <= tolerance).all())


def _name(expected: Expectation, place: tuple[int, ...], size: int) -> str:
    """`loss`, or `gw2[1,2]` for one number of several."""
    row, column = expected.index or (place[0] + 1, place[1] + 1)
    return f"{expected.name}[{row},{column}]" if expected.index or size > 1 else expected.name
