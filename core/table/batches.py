"""Which rows of the table a step uses."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from backprop_tui.core.model.network import Array
from backprop_tui.core.text.entered import whole

THIS_ROW, NEXT_ROW, SHUFFLED, ALL_ROWS = "this row", "next row", "shuffled", "all rows"
RULES = (THIS_ROW, NEXT_ROW, SHUFFLED, ALL_ROWS)

MAX_BATCH = 1_000_000


@dataclass(frozen=True)
class Sampling:
    """The rule, and how many rows a step takes if the rule is `shuffled`.

    `this row` is the notebook's loop; `next row` walks down the table from `row`; `shuffled` takes
    mini-batches of `batch` from an order drawn anew for each epoch; `all rows` is one batch of the table.
    """

    rule: str = THIS_ROW
    row: int = 0
    batch: int = 1

    @property
    def is_same(self) -> bool:
        """Whether each step uses the same rows."""
        return self.rule in (THIS_ROW, ALL_ROWS)

    def steps_per_epoch(self, table_rows: int) -> int:
        """How many steps one pass takes. With `this row` a step is an epoch: all that it learns from is one row."""
        if self.is_same:
            return 1
        return -(-table_rows // self.batch_size(table_rows))

    def batch_size(self, table_rows: int) -> int:
        """How many rows a full batch has."""
        return {SHUFFLED: min(self.batch, table_rows), ALL_ROWS: table_rows}.get(self.rule, 1)

    def rows(self, seed: int, table: int | Array, draw: int, draws: int = 1) -> Array:
        """The rows (draws, batch) of so many draws, the first of which has the number `draw`, from 0.

        `table` is the number of the table's rows, or the numbers of those that train, ascending. If an epoch's
        last batch is smaller, it is filled up with -1.
        """
        if self.rule == THIS_ROW:
            return np.full((draws, 1), self.row, "int32")
        size = table if isinstance(table, int) else len(table)
        if self.rule == NEXT_ROW:
            start = self.row if isinstance(table, int) else int(np.searchsorted(table, self.row))
            return _numbers(table, (start + draw + np.arange(draws)) % size)[:, None]
        if self.rule == ALL_ROWS:
            return np.broadcast_to(_numbers(table, np.arange(size)), (draws, size))
        batch, per_epoch = self.batch_size(size), self.steps_per_epoch(size)
        found, done = np.full((draws, batch), -1, "int32"), 0
        while done < draws:
            # What is left of one epoch: its order from here on.
            epoch, start = divmod(draw + done, per_epoch)
            count = min(draws - done, per_epoch - start)
            part = _order(seed, epoch, size)[start * batch : (start + count) * batch]
            found[done : done + count].reshape(-1)[: len(part)] = _numbers(table, part)
            done += count
        return found


def rule_of(text: str) -> tuple[str, int]:
    """`this`, `next`, `shuffled`, `all`, or a number for shuffled mini-batches: the rule and the batch. ValueError."""
    if text.isdigit() and 1 <= whole(text) <= MAX_BATCH:
        return SHUFFLED, whole(text)
    found = [rule for rule in RULES if rule.split()[0].startswith(text.lower())]
    if len(found) != 1:
        raise ValueError(f"type this, next, shuffled, all, or a number of rows, 1 to {MAX_BATCH:,}")
    return found[0], 1


def _numbers(table: int | Array, places: Array) -> Array:
    """The row numbers at these places among the rows that train."""
    return places.astype("int32") if isinstance(table, int) else table[places]


_random = np.random.RandomState(0)  # seeded anew for each order: making one takes 50 times as long as seeding it


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, table_rows: int) -> Array:
    """The shuffled order of one epoch: the same for a seed on every machine (RandomState, NEP 19)."""
    _random.seed((seed + 1_000_003 * (epoch + 1)) % 2**32)
    return _random.permutation(table_rows).astype("int32")


@lru_cache(maxsize=4)
def split_rows(table_rows: int, holdout: float, seed: int) -> tuple[Array, Array]:
    """The numbers of the rows that train and of those held out, both ascending: a share drawn by the seed."""
    held = round(holdout * table_rows)
    if not 0 <= holdout < 1 or held >= table_rows:
        raise ValueError(f"{holdout:.0%} of {table_rows} rows can't be held out: some must be left to train with")
    order = np.random.RandomState(seed).permutation(table_rows).astype("int32")
    training, held_out = np.sort(order[held:]), np.sort(order[:held])
    training.flags.writeable = held_out.flags.writeable = False
    return training, held_out
