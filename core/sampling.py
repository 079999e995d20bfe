"""Which rows of the table a step uses."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .network import Array

THIS_ROW, NEXT_ROW, SHUFFLED, ALL_ROWS = "this row", "next row", "shuffled", "all rows"
RULES = (THIS_ROW, NEXT_ROW, SHUFFLED, ALL_ROWS)


@dataclass(frozen=True)
class Sampling:
    """The rule, and how many rows a step takes where the rule is `shuffled`.

    `this row` is the notebook's loop; `next row` walks down the table from `row`; `shuffled` takes
    mini-batches of `batch` from an order drawn anew for each epoch; `all rows` is one batch of the table.
    """

    rule: str = THIS_ROW
    row: int = 0
    batch: int = 1

    def draws_per_epoch(self, table_rows: int) -> int:
        """How many steps one pass takes. With `this row` a step is an epoch: all that it learns from is one row."""
        if self.rule in (THIS_ROW, ALL_ROWS):
            return 1
        return -(-table_rows // self.batch_size(table_rows))

    def batch_size(self, table_rows: int) -> int:
        """How many rows a full batch has."""
        return {SHUFFLED: min(self.batch, table_rows), ALL_ROWS: table_rows}.get(self.rule, 1)

    def rows(self, seed: int, table_rows: int, draw: int, draws: int = 1) -> Array:
        """The rows (draws, batch) of so many draws, the first of which has the number `draw`, from 0.

        Where an epoch's last batch is smaller, it is filled up with −1.
        """
        if self.rule == THIS_ROW:
            return np.full((draws, 1), self.row, "int32")
        if self.rule == NEXT_ROW:
            return ((self.row + draw + np.arange(draws, dtype="int32")) % table_rows)[:, None]
        if self.rule == ALL_ROWS:
            return np.broadcast_to(np.arange(table_rows, dtype="int32"), (draws, table_rows))
        per_epoch = self.draws_per_epoch(table_rows)
        first, last = draw // per_epoch, (draw + draws - 1) // per_epoch
        orders = [self._batches(_order(seed, epoch, table_rows)) for epoch in range(first, last + 1)]
        start = draw - first * per_epoch
        return np.concatenate(orders)[start : start + draws]

    def _batches(self, order: Array) -> Array:
        size = self.batch_size(len(order))
        filled = np.full(-(-len(order) // size) * size, -1, "int32")
        filled[: len(order)] = order
        return filled.reshape(-1, size)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, table_rows: int) -> Array:
    """The shuffled order of one epoch: the same for a seed on every machine (RandomState, NEP 19)."""
    return np.random.RandomState((seed + 1_000_003 * (epoch + 1)) % 2**32).permutation(table_rows)
