"""CSV: a row per step, with its row of the table, learning rate, loss, parameters, gradients and new parameters.

The columns are `step,row,lr,loss`, then `w1[1,1]` ... before the update, `gw1[1,1]` ... the gradients, and
`new_w1[1,1]` ... after it, rows and columns from 1. Numbers are the shortest that read back the same, `nan` and `inf`
if they are not finite. The rows of a batch stand in one field, with spaces between; it is empty if the sample
was typed by hand, and if the batch is too large.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.run import Run
from backprop_tui.core.text.shortest import rows_of_text

from .steps import Block, Part
from .values import cell_names

_PREFIXES = ("", "g", "new_")


def csv_text(run: Run, parts: Iterable[Part]) -> Iterator[str]:
    """The header line, then the lines of each block of steps."""
    parameters = run.network.parameters
    names = [cell for prefix in _PREFIXES for p in parameters for cell in cell_names(prefix + p.name, p.shape)]
    yield ",".join(["step", "row", "lr", "loss", *(f'"{name}"' for name in names)]) + "\n"
    for part in parts:
        if isinstance(part, Block):
            yield "".join(_lines(part))


def _lines(block: Block) -> Iterator[str]:
    """A line for each step. No field but the header's has anything to be quoted."""
    # What a step starts from is what the one before it has made: it is written once.
    states = rows_of_text(np.concatenate([_flat(block, "")[:1], _flat(block, "new_")]))
    gradients, losses = rows_of_text(_flat(block, "g")), rows_of_text(block.made.losses[:, None])
    lr = str(block.lr)
    rows = [_rows(block, 0)] * len(block) if block.is_same else [_rows(block, place) for place in range(len(block))]
    lines = zip(rows, losses, states[:-1], gradients, states[1:], strict=True)
    for number, (row, loss, before, gradient, after) in enumerate(lines, block.first):
        yield f"{number},{row},{lr},{loss},{before},{gradient},{after}\n"


def _rows(block: Block, place: int) -> str:
    return " ".join(map(str, block.rows(place) or ()))


def _flat(block: Block, prefix: str) -> Array:
    """All parameters, their gradients, or what they become, of each step (n, width)."""
    values = (block.made.trace[prefix + parameter.name] for parameter in block.network.parameters)
    return np.concatenate([value.reshape(len(block), -1) for value in values], axis=1)
