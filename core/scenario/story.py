"""What an example says of itself when it is opened: its story, what to look for, its source, and the errata."""

from backprop_tui.core.text.escape import escape_controls
from backprop_tui.core.text.numerals import shortest

from .facts import Expectation, Matrix, Scenario
from .stated import errata


def story(scenario: Scenario) -> tuple[str, ...]:
    """Paragraphs, without control characters."""
    parts = [*scenario.notes.strip().split("\n\n")]
    if scenario.look:
        parts.append(f"Look for: {scenario.look}")
    if scenario.source:
        parts.append(f"Source: {scenario.source}")
    parts.append(scenario.note)
    parts += [_slip(expected) for expected in errata(scenario.expectations)]
    return tuple(escape_controls(" ".join(part.split())) for part in parts if part.strip())


def _slip(expected: Expectation) -> str:
    assert expected.published is not None, "an erratum has what was published"
    index = f"[{expected.index[0]},{expected.index[1]}]" if expected.index else ""
    both = f"{_numbers(expected.published)} is published, {_numbers(expected.value)} is right"
    return f"Erratum, step {expected.step:,}, {expected.name}{index}: {both}: {expected.because}."


def _numbers(value: Matrix) -> str:
    return ", ".join(shortest(number) for row in value for number in row)
