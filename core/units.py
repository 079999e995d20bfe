"""A prediction in the units of the target: back from the logarithm."""

from math import exp, inf

from .messages import TableSpec


def original(value: float, table: TableSpec) -> float:
    """The target's own value: e to the power of the logarithm where one was taken."""
    if not table.log_target:
        return value
    try:
        return exp(value)
    except OverflowError:
        return inf


def in_units(value: float, table: TableSpec) -> str:
    """The same, written: in dollars for the house table."""
    amount = original(value, table)
    dollars = "$" if not table.path else ""
    if amount != amount or amount == inf:
        return "NaN" if amount != amount else f"{dollars}∞"
    if abs(amount) >= 1e7 or 0 < abs(amount) < 1e-3:
        return f"{dollars}{amount:.2e}"
    return f"{dollars}{amount:,.0f}" if abs(amount) >= 100 else f"{dollars}{amount:.2f}"
