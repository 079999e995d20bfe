"""What a person types into the prompt line, understood or refused with a sentence."""

from math import floor, log10

from backprop_tui.core.table.batches import rule_of as rows
from backprop_tui.core.text.entered import number, whole

__all__ = ["next_lr", "number", "rows", "whole"]


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
