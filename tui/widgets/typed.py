"""What a person types into the prompt line, understood or refused with a sentence."""

from math import floor, isfinite, log10

from backprop_tui.core.model.limits import step_count
from backprop_tui.core.table.batches import RULES, SHUFFLED
from backprop_tui.core.text.escape import with_hyphens

MAX_BATCH = 1_000_000
MAX_UNTIL = 1_000_000
"""A jump to a loss gives up after so many steps."""


def number(text: str) -> float:
    """A finite number. Raises ValueError."""
    try:
        value = float(with_hyphens(text))
    except ValueError:
        raise ValueError(f"'{_short(text)}' is not a number; type one like 0.05 or 1e-3") from None
    if not isfinite(value):
        raise ValueError(f"'{_short(text)}' is not a finite number")
    return value


def whole(text: str) -> int:
    """A whole number from 0 on. Raises ValueError."""
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise ValueError(f"'{_short(text)}' is not a whole number; type one like 12")
    return int(digits)


def jump(text: str) -> tuple[int, float | None]:
    """`500`, `<0.01` or `500 <0.01`: how many steps at most, and the loss to stop below. Raises ValueError."""
    steps_text, sign, bound_text = text.partition("<")
    steps = whole(steps_text.strip()) if steps_text.strip() else MAX_UNTIL if sign else 0
    return step_count(steps), number(bound_text.strip()) if sign else None


def step(text: str) -> int | None:
    """`to 120`: the number of the step to go to, ahead or back; None if something else is typed. Raises ValueError."""
    word, _, target = text.partition(" ")
    if word.lower() != "to":
        return None
    found = whole(target.strip())
    return step_count(found) if found else 0


def rows(text: str) -> tuple[str, int]:
    """`this`, `next`, `shuffled`, `all`, or a number for shuffled mini-batches: the rule and the batch. ValueError."""
    if text.isdigit() and 1 <= whole(text) <= MAX_BATCH:
        return SHUFFLED, whole(text)
    found = [rule for rule in RULES if rule.split()[0].startswith(text.lower())]
    if len(found) != 1:
        raise ValueError(f"type this, next, shuffled, all, or a number of rows, 1 to {MAX_BATCH:,}")
    return found[0], 1


def next_lr(lr: float, by: int) -> float:
    """The next learning rate of the row ... 0.1, 0.2, 0.5, 1, 2 ... up (1) or down (-1)."""
    if lr <= 0:
        return 1e-6 if by > 0 else 0.0
    exponent = floor(log10(lr) + 1e-9)
    ladder = [base * 10.0**power for power in range(exponent - 1, exponent + 3) for base in (1, 2, 5)]
    ladder = [float(f"{step:.0e}") for step in ladder]
    if by > 0:
        return next(step for step in ladder if step > lr * (1 + 1e-6))
    return next(step for step in reversed(ladder) if step < lr * (1 - 1e-6))


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"
