"""A jump as it is typed: `500`, `to 120`, `<0.01`, `until rises`, `500 until sign w2[1]`."""

import re
from dataclasses import dataclass

from backprop_tui.core.model.limits import step_count
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.entered import number, shortened, whole

from .until import LossRises, NotANumber, SignChanges, UnitSaturated, Until

MAX_UNTIL = 1_000_000
"""A jump that waits for something gives up after so many steps, if none are typed."""

MAX_SINGLE = 10_000
"""The same if each step must be made for itself."""

PROMPT = "jump: 500, to 120, <0.01, until sign w2[1], rises, saturated or nan"
"""What may be typed, in one line."""

EXPLAINED = (
    "jump: so many steps (500); to a step, ahead or back (to 120); or to stop at something: <0.01 a loss below, "
    "until sign w2[1], until rises (the loss), until saturated (a unit), until nan; 500 until rises makes 500 at most"
)
"""The same for help and documentation."""

SIMPLE: dict[str, Until] = {"rises": LossRises(), "saturated": UnitSaturated(), "nan": NotANumber()}

_PARAMETER = re.compile(r"([wb]\d{1,2})\s*(?:\[\s*(\d{1,5})\s*(?:,\s*(\d{1,5})\s*)?\])?")


@dataclass(frozen=True)
class JumpTyped:
    """How many steps at most (None if none were typed), the loss to stop below, the condition; or the step to go to."""

    steps: int | None = None
    bound: float | None = None
    until: Until | None = None
    to: int | None = None


def parse(text: str, network: Network) -> JumpTyped:
    """What was typed for a run of this network. Raises ValueError."""
    words = text.strip().lower()
    first, _, rest = words.partition(" ")
    if first == "to":
        step = whole(rest.strip())
        return JumpTyped(to=step_count(step) if step else 0)
    steps_text, until, condition = words.partition("until")
    if not until:
        steps_text, sign, bound = words.partition("<")
        return JumpTyped(_steps(steps_text, bool(sign)), number(bound.strip()) if sign else None)
    steps, condition = _steps(steps_text, True), condition.strip()
    if condition.startswith("<"):
        return JumpTyped(steps, number(condition[1:].strip()))
    return JumpTyped(steps, until=_condition(condition, network))


def _steps(text: str, waits: bool) -> int | None:
    """The number of steps before a condition, which need not be there if there is one."""
    return step_count(whole(text.strip())) if text.strip() or not waits else None


def _condition(text: str, network: Network) -> Until:
    word, _, rest = text.partition(" ")
    if word == "sign":
        return _sign(rest.strip(), network)
    if text not in SIMPLE:
        raise ValueError(f"'{shortened(text)}' is nothing to stop at: sign w2[1], rises, saturated or nan is")
    return SIMPLE[text]


def _sign(name: str, network: Network) -> SignChanges:
    """The condition on a parameter, by its name on the screen: `w1[2,1]`, `w2[1]`, `b1[2]`, `b2`."""
    match = _PARAMETER.fullmatch(name)
    shapes = {parameter.name: parameter.shape for parameter in network.parameters}
    if match is None or match[1] not in shapes:
        known = ", ".join(shapes)
        raise ValueError(f"'{shortened(name)}' is no parameter: name one of {known} with its place, as in w2[1]")
    rows, columns = shapes[match[1]]
    places = [int(place) - 1 for place in match.groups()[1:] if place]
    if len(places) == 1:
        places = [0, *places] if rows == 1 else [*places, 0] if columns == 1 else places
    places = places or ([0, 0] if rows == columns == 1 else [])
    if len(places) != 2 or not (0 <= places[0] < rows and 0 <= places[1] < columns):
        example = f"[{rows},{columns}]" if rows > 1 < columns else f"[{max(rows, columns)}]"
        raise ValueError(f"{match[1]} has {rows} x {columns} numbers: name one of them, up to {match[1]}{example}")
    return SignChanges(Cell(match[1], *places), re.sub(r"\s", "", name))
