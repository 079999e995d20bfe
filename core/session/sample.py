"""What is known of the table: its scaling, and the row in view."""

from dataclasses import dataclass

from backprop_tui.core.engine.protocol.checks import check_rows, check_table
from backprop_tui.core.engine.protocol.messages import OpenTable, ReadRows, RowsRead, TableOpened
from backprop_tui.core.model.network import Array


@dataclass(frozen=True)
class Scaling:
    """The table's size, the mean and standard deviation (features,) that scaled it, and a digest of all its numbers.

    `target_mean` and `target_std` (targets,) are what scaled its targets; `notes` say how it was read.
    """

    rows: int
    mean: Array
    std: Array
    digest: bytes
    target_mean: Array
    target_std: Array
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """One row of the table: features raw and scaled (features,), targets raw and transformed (targets,)."""

    row: int
    raw: Array
    x: Array
    raw_y: Array
    y: Array


def read_scaling(request: OpenTable, answer: TableOpened) -> Scaling:
    """From the table that was opened. Raises WireError if it is not the one that was asked for."""
    check_table(request, answer)
    parts = (answer.target_mean, answer.target_std)
    mean, std = (part.array for part in parts)
    return Scaling(answer.rows, answer.mean.array, answer.std.array, answer.digest, mean, std, answer.notes)


def read_sample(request: ReadRows, answer: RowsRead) -> Sample:
    """The first of the rows that were read. Raises WireError if they are not those that were asked for."""
    check_rows(request, answer)
    parts = (answer.raw, answer.x, answer.raw_y, answer.y)
    return Sample(int(request.rows.array[0]), *(part.array[0] for part in parts))
