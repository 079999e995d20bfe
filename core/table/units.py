"""A prediction in the units of the target: back from the logarithm, or from its scaling."""

from math import exp, inf

from .spec import TableSpec


def original(value: float, table: TableSpec, mean: float = 0.0, std: float = 1.0) -> float:
    """The target's own value: e to the power of the logarithm if one was taken, else what `mean` and `std` scaled."""
    if not table.log_target:
        return value * std + mean if table.standardize_target else value
    try:
        return exp(value)
    except OverflowError:
        return inf


def currency(table: TableSpec, output: int = 0) -> str:
    """What is written before an amount of one of the targets: `$` for the price of the house table."""
    return "$" if table.is_house and table.targets[output : output + 1] == ("price",) else ""


def in_units(value: float, table: TableSpec, output: int = 0, mean: float = 0.0, std: float = 1.0) -> str:
    """The same, written: in dollars for the house table."""
    amount, dollars = original(value, table, mean, std), currency(table, output)
    if amount != amount or amount == inf:
        return "NaN" if amount != amount else f"{dollars}∞"
    if abs(amount) >= 1e7 or 0 < abs(amount) < 1e-3:
        return f"{dollars}{amount:.2e}"
    return f"{dollars}{amount:,.0f}" if abs(amount) >= 100 else f"{dollars}{amount:.2f}"
