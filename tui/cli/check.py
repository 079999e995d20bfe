"""`backprop-tui check`: whether scenarios come out as their sources say, without a screen."""

import sys
from collections.abc import Callable, Iterator
from math import floor, isfinite, log10
from pathlib import Path
from typing import TYPE_CHECKING

from .options import PROGRAM, Parser, hideable_keys, one_line
from .stderr import engine_lines_to

if TYPE_CHECKING:
    from backprop_tui.core.scenario import Scenario
    from backprop_tui.core.scenario.check import Compared
    from backprop_tui.core.session.drive import Ask

AGREE, DIFFER, BAD = 0, 1, 2

LEAST, MOST = 6, 17
"""So many significant digits of a computed number are shown; the most are all that float64 has."""

FLOAT32 = 1e-5
"""A relative difference that some steps in float32 may make by rounding."""

_DESCRIPTION = "Run what scenarios expect, and print what is stated next to what TensorFlow computes."

_EXAMPLES = f"""\
exit code: 0 if all numbers agree and all tasks can be done, 1 if not, 2 for a file that can't be used

examples:
  {PROGRAM} check                       all examples that come with the program
  {PROGRAM} check mazur-2015            one of them
  {PROGRAM} check first-hour            a course: plays it through with the right answers
  {PROGRAM} check lecture1.toml lecture2.toml
"""


def main(arguments: list[str]) -> int:
    """Check each scenario, print a table for each, and return the exit code."""
    names = parser().parse_args(arguments).scenarios
    # From here on no line of TensorFlow reaches the terminal; complaints go to the stderr that was there before.
    with engine_lines_to(None) as stderr:
        return _check_all(names, lambda message: print(one_line(message), file=stderr, flush=True))


def parser() -> Parser:
    """What may be typed after `backprop-tui check`."""
    found = Parser("check", description=_DESCRIPTION, epilog=_EXAMPLES)
    found.add_argument(
        "scenarios", metavar="SCENARIO", nargs="*", help="a file.toml, or an example's or a course's name"
    )
    return found


def _check_all(names: list[str], complain: Callable[[str], None]) -> int:
    from backprop_tui.core.course.read import bundled_names as courses
    from backprop_tui.core.course.read import is_course
    from backprop_tui.core.engine.compute.engine import Engine
    from backprop_tui.core.engine.protocol.checks import EngineRefused
    from backprop_tui.core.scenario import ScenarioError, bundled_names, open_scenario
    from backprop_tui.core.scenario.check import check

    answer, worst = Engine().answer, AGREE
    for name in names or bundled_names():
        if is_course(Path(name)) if name.endswith(".toml") else name in courses():
            worst = max(worst, check_course(name, answer, complain))
            continue
        try:
            scenario = open_scenario(name, hideable_keys(name))
            compared = check(scenario, answer)
        except (ScenarioError, EngineRefused) as error:
            complain(str(error) if isinstance(error, ScenarioError) else f"{name}: {error}")
            worst = BAD
            continue
        for line in table(name, scenario, compared):
            print(line, flush=True)
        if not all(number.ok for number in compared):
            worst = max(worst, DIFFER)
        if scenario.tasks:
            worst = max(worst, check_course(name, answer, complain))
    return worst


def check_course(name: str, answer: "Ask", complain: Callable[[str], None]) -> int:
    """Play a course through with the right answers, and say of each task whether that does it; the exit code."""
    import asyncio

    from backprop_tui.core.course import CourseError, open_course
    from backprop_tui.core.text.escape import escape_controls

    from .play import play

    try:
        course = open_course(name)
    except CourseError as error:
        complain(str(error))
        return BAD

    out = sys.stdout  # while it runs, Textual has it

    async def follow() -> int:
        done = 0
        async for played in play(course, answer):
            verdict = "ok" if not played.problem else f"CAN'T BE DONE: {played.problem}"
            print(f"  {played.number:>3}  {escape_controls(played.text)[:60]:60}  {verdict}", file=out, flush=True)
            done += not played.problem
        return done

    print(f"{escape_controls(name)}: {escape_controls(course.title)}", flush=True)
    done = asyncio.run(follow())
    print(f"  {done} of {len(course.tasks)} tasks can be done\n", flush=True)
    return AGREE if done == len(course.tasks) else DIFFER


def table(name: str, scenario: "Scenario", compared: "list[Compared]") -> Iterator[str]:
    """The lines of one scenario: a number each, then how many agree, and what a source is known to have wrong."""
    from backprop_tui.core.text.escape import escape_controls

    yield f"{escape_controls(name)}: {escape_controls(scenario.title)}"
    if not compared:
        yield "  states no numbers"
        yield ""
        return
    rows = [("step", "name", "stated", "computed", "")] + [_row(number) for number in compared]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        step, label, stated, computed, verdict = row
        line = f"  {step:>{widths[0]}}  {label:{widths[1]}}  {stated:>{widths[2]}}  {computed:>{widths[3]}}  {verdict}"
        yield line.rstrip()
    agree = sum(number.ok for number in compared)
    yield f"  {agree} of {len(compared)} numbers agree"
    for line in (*_hint(scenario, compared), *([scenario.note] if scenario.note else ()), *_known_wrong(compared)):
        yield f"  {line}"
    yield ""


def _row(number: "Compared") -> tuple[str, str, str, str, str]:
    from backprop_tui.core.text.numerals import shortest

    verdict = "ok" if number.ok else "DIFFERS" + (f": {number.problem}" if number.problem else "")
    if number.published is not None:
        verdict += f", published {shortest(number.published)}"
    return str(number.expectation.step), number.name, shortest(number.stated), _computed(number), verdict


def _computed(number: "Compared") -> str:
    """What was computed, with as many digits as the tolerance needs, and so many that a difference is seen."""
    from backprop_tui.core.text.numerals import brief, shortest

    if number.computed is None:
        return "-"
    size, tolerance = abs(number.computed), number.expectation.tolerance
    wanted = LEAST
    if isfinite(size) and size and tolerance:
        wanted = min(max(floor(log10(size)) - floor(log10(tolerance)) + 2, LEAST), MOST)
    for digits in range(wanted, MOST):
        text = brief(number.computed, digits)
        if number.ok or text != brief(number.stated, digits):
            return text
    return shortest(number.computed)


def _hint(scenario: "Scenario", compared: "list[Compared]") -> Iterator[str]:
    """A word on the precision, if numbers differ by no more than what float32 rounds."""
    near = (
        not number.ok
        and number.computed is not None
        and abs(number.computed - number.stated) <= FLOAT32 * max(abs(number.stated), abs(number.computed))
        for number in compared
    )
    if scenario.run.dtype == "float32" and any(near):
        yield 'float32 has 7 digits: a textbook\'s may need precision = "float64", above the tables or in [network]'


def _known_wrong(compared: "list[Compared]") -> Iterator[str]:
    from backprop_tui.core.text.escape import escape_controls

    for expected in dict.fromkeys(number.expectation for number in compared):
        if expected.published is not None:
            where = f"{escape_controls(expected.source)}: " if expected.source else ""
            yield f"step {expected.step}, {expected.name}: {where}{escape_controls(' '.join(expected.because.split()))}"
