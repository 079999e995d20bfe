"""What the sources of a scenario state about the step in view, beside what was computed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backprop_tui.core.model import phases
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.model.values import parse
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.text.numerals import brief, shortest

from .check import Compared, compare
from .facts import Expectation, Scenario

LEAST_DIGITS = 4
"""A computed number has as many digits as the source's, and so many at least."""


@dataclass(frozen=True)
class Stated:
    """A number of the step in view that a source states: which it is, and how both compare."""

    cell: Cell
    compared: Compared

    @property
    def source(self) -> str:
        """The number in the source."""
        found = self.compared
        return shortest(found.stated if found.published is None else found.published)

    @property
    def computed(self) -> str:
        """The number that was computed, with as many digits as are stated."""
        digits = max(_digits(shortest(self.compared.stated)), _digits(self.source), LEAST_DIGITS)
        assert self.compared.computed is not None, "only what is computed is compared"
        return brief(self.compared.computed, digits)

    @property
    def verdict(self) -> str:
        """`agrees`, what the erratum says, or that the two differ."""
        if not self.compared.ok:
            return "they differ"
        return self.compared.expectation.because if self.compared.published is not None else "agrees"


def stated(scenario: Scenario | None, timeline: Timeline) -> list[Stated]:
    """The numbers of the step in view that are stated and computed so far.

    None if the run is no longer the scenario's: a number, a rate or a row was changed.
    """
    trace, network = timeline.trace, timeline.run.network
    if scenario is None or trace is None or trace.averaged or timeline.run != scenario.run or _changed(timeline):
        return []
    found = []
    for expected in scenario.expectations:
        name = _computed_name(expected, timeline)
        if expected.step != timeline.step_number or name not in trace.values:
            continue
        done = phases.numbers_done(network, name, timeline.position.done)
        for cell, number in zip(_cells(expected, name), compare(expected, trace.values[name]), strict=True):
            _, columns = phases.shape(network, name)
            within = min(cell.column, columns - 1)
            # What stands in a row of x, y or ∂L/∂x is of one sample.
            if (0 if parse(name).is_row else cell.row * columns) + within < done:
                found.append(Stated(cell, number))
    return found


def errata(expectations: Sequence[Expectation]) -> list[Expectation]:
    """Those of which the source is known to be wrong."""
    return [expected for expected in expectations if expected.published is not None]


def _changed(timeline: Timeline) -> bool:
    """Whether the steps up to the one in view are not those of the run as it began."""
    history = timeline.history
    made = [settings for start, settings in history.stretches if start <= timeline.position.entry]
    return bool(history.changes) or any(settings != timeline.run.settings for settings in made)


def _computed_name(expected: Expectation, timeline: Timeline) -> str:
    """A parameter, and a moment, is stated as it is after the update."""
    value = parse(expected.name)
    names = {parameter.name for parameter in timeline.run.network.parameters}
    return replace(value, updated=True).name if value.moment or expected.name in names else expected.name


def _cells(expected: Expectation, name: str) -> list[Cell]:
    if expected.index is not None:
        return [Cell(name, expected.index[0] - 1, expected.index[1] - 1)]
    return [Cell(name, row, column) for row, numbers in enumerate(expected.value) for column in range(len(numbers))]


def _digits(text: str) -> int:
    """How many significant digits a number is written with."""
    mantissa = text.lstrip("-").partition("e")[0].replace(".", "")
    return len(mantissa.lstrip("0"))
