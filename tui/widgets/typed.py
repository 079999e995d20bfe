"""What a person types into the prompt line, understood or refused with a sentence."""

from math import floor, log10

from backprop_tui.core.table.batches import RULES, SHUFFLED
from backprop_tui.core.text.entered import number, whole

__all__ = ["next_lr", "number", "rows", "whole"]

MAX_BATCH = 1_000_000


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
