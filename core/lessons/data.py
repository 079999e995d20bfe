"""The data (Part 1): the table by the page, its columns before and after scaling, and one row's way through it."""

from dataclasses import dataclass

import numpy as np
from backprop_tui.core.engine.protocol.checks import EngineRefused, check_rows
from backprop_tui.core.engine.protocol.messages import (
    Answer,
    DescribeTable,
    Failed,
    OpenTable,
    ReadRows,
    Request,
    RowsRead,
    TableDescribed,
    TableOpened,
    WireError,
)
from backprop_tui.core.model.arrays import numbers
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.sample import Scaling, read_scaling
from backprop_tui.core.table.spec import TableSpec
from backprop_tui.core.text.numerals import bracketed, brief, fixed, full, inner, plain

PAGE, MAX_PAGES, BINS = 64, 32, 16

FEW, MOST = 0.05, 0.75
"""At most this share of the rows are a few, at least this share are most of them."""


@dataclass(frozen=True)
class Row:
    """One row: features raw and scaled (features,), targets raw and transformed (targets,)."""

    number: int
    raw: Array
    x: Array
    raw_y: Array
    y: Array


@dataclass(frozen=True)
class Column:
    """One column's name, and before [0] and after [1] scaling: mean, standard deviation, ends, and a histogram."""

    name: str
    summary: Array
    counts: Array

    @property
    def dwarfed(self) -> bool:
        """Whether a few values of the file are so large that they have the upper half of its range to themselves."""
        upper = self.counts[0][len(self.counts[0]) // 2 :].sum()
        return bool(0 < upper <= FEW * self.counts[0].sum())

    @property
    def gathered(self) -> bool:
        """Whether most values, once transformed, lie in the middle half of their range."""
        quarter = len(self.counts[1]) // 4
        return bool(self.counts[1][quarter:-quarter].sum() >= MOST * self.counts[1].sum())


class DataLesson:
    """A table, the row that is chosen, and how far its transformation has been followed.

    The phases of a row: each feature minus its mean, each divided by its standard deviation, the target's logarithm.
    """

    def __init__(self, table: TableSpec) -> None:
        self.table = table
        self.scaling: Scaling | None = None
        self.columns: tuple[Column, ...] = ()
        self.row = self.done = self.first = 0
        """The chosen row, how many phases of it are shown, and the first row that is in view."""
        self.count = 1
        """How many rows are in view."""
        self._been: list[tuple[int, int]] = []
        self._pages: dict[int, RowsRead] = {}

    @property
    def phases(self) -> tuple[str, ...]:
        """The names of a row's phases, in order."""
        any_scaled = self.table.standardize or self.table.standardize_target
        scaled = ("minus the mean", "divided by the standard deviation") if any_scaled else ()
        return (*scaled, "logarithm") if self.table.log_target else scaled

    @property
    def rows(self) -> int:
        """How many rows the table has; 0 until it is open."""
        return 0 if self.scaling is None else self.scaling.rows

    def look(self, first: int, count: int) -> None:
        """Rows `first` to `first + count` are in view."""
        self.first, self.count = max(first, 0), min(max(count, 1), PAGE)

    def read(self, number: int) -> Row | None:
        """A row; None until its page has come."""
        page = self._pages.get(number // PAGE)
        if page is None or not 0 <= number < self.rows:
            return None
        return Row(number, *(part.array[number % PAGE] for part in (page.raw, page.x, page.raw_y, page.y)))

    # Moving

    def choose(self, row: int) -> None:
        """Another row. Raises ValueError if there is none."""
        if self.rows and not 0 <= row < self.rows:
            raise ValueError(f"there is no row {row}: the table has rows 0 to {self.rows - 1}")
        self._go(row, 0)

    def phase(self) -> None:
        """One phase further; after the last, the next row."""
        if self.done < len(self.phases):
            self._go(self.row, self.done + 1)
        elif self.row + 1 < self.rows:
            self._go(self.row + 1, min(1, len(self.phases)))

    def step(self) -> None:
        """The whole transformation of this row, or of the next if it is shown."""
        if self.done < len(self.phases):
            self._go(self.row, len(self.phases))
        elif self.row + 1 < self.rows:
            self._go(self.row + 1, len(self.phases))

    def back(self) -> None:
        """Back to the last place that was stopped at."""
        if self._been:
            self.row, self.done = self._been.pop()

    def again(self) -> None:
        """This row from its raw numbers."""
        self._go(self.row, 0)

    def _go(self, row: int, done: int) -> None:
        if (row, done) != (self.row, self.done):
            self._been.append((self.row, self.done))
            self.row, self.done = row, done

    # The engine

    def request(self) -> Request | None:
        """What must be asked next; None when all that is in view is there."""
        if self.scaling is None:
            return OpenTable(self.table)
        wanted = {row // PAGE for row in (self.row, self.first, min(self.first + self.count, self.rows) - 1)}
        for page in sorted(wanted - self._pages.keys()):
            rows = np.arange(page * PAGE, min((page + 1) * PAGE, self.rows), dtype="int32")
            return ReadRows(self.table, numbers(rows))
        return None if self.columns else DescribeTable(self.table, BINS)

    def accept(self, request: Request, answer: Answer) -> None:
        """Take the answer. Raises EngineRefused if it is a refusal, WireError if it does not fit the request."""
        match request, answer:
            case _, Failed():
                raise EngineRefused(answer.message)
            case OpenTable(), TableOpened():
                self.scaling = read_scaling(request, answer)
            case ReadRows(), RowsRead():
                check_rows(request, answer)
                self._take_page(request, answer)
            case DescribeTable(), TableDescribed():
                self._take_columns(answer)
            case _:
                raise WireError("the engine's answer is not one to this request")

    def _take_page(self, request: ReadRows, answer: RowsRead) -> None:
        if len(self._pages) >= MAX_PAGES:
            del self._pages[next(iter(self._pages))]
        self._pages[int(request.rows.array[0]) // PAGE] = answer

    def _take_columns(self, answer: TableDescribed) -> None:
        names = (*self.table.features, *self.table.targets)
        summary, counts = answer.summary.array, answer.counts.array
        if summary.shape != (len(names), 2, 4) or counts.shape != (len(names), 2, BINS):
            raise WireError("the engine's description does not fit the table's columns")
        self.columns = tuple(Column(name, summary[number], counts[number]) for number, name in enumerate(names))

    # In words

    def sentences(self) -> tuple[str, str]:
        """What is done to the features, and what to the target, as it is with this table."""
        return self._of_features(), self._of_target()

    def _of_features(self) -> str:
        table = self.table
        some = f"{len(table.standardize)} of the {len(table.features)} features"
        if not table.standardize:
            return "Each feature goes to the network as it stands in the table."
        who = "each feature" if len(table.standardize) == len(table.features) else some
        get = "gets" if who == "each feature" else "get" if len(table.standardize) > 1 else "gets"
        text = f"{who} {get} mean 0 and standard deviation 1"
        if table.holdout:
            # What scales them knows nothing of the rows that are held out.
            return f"Over the rows not held out {text}."
        return text[0].upper() + text[1:] + (": none outweighs another." if who == "each feature" else ".")

    def _of_target(self) -> str:
        if self.table.classes:
            made = [it for it in self.table.categories if it.name in self.table.targets]
            if len({it.column for it in made}) > 1:
                return f"Each of {', '.join(it.name for it in made)} is 1 where it is so, else 0: ŷ is its probability."
            if len(made) == 1:
                return f"The target is 1 if {made[0].column} is {made[0].value}, else 0: ŷ is the probability of that."
            return f"{made[0].column} has {len(made)} classes, one output each: 1 for the row's own, 0 for the others."
        if self.table.standardize_target:
            names, several = ", ".join(self.table.targets), len(self.table.targets) > 1
            are, their = ("are", "their") if several else ("is", "its")
            return f"{names} {are} standardized too; predictions are shown in {their} own units."
        if not self.table.log_target:
            return "The target goes to the loss as it stands in the table."
        if not self.columns:
            return "The target is a logarithm: what was a ratio becomes a difference."
        column = self.columns[len(self.table.features)]
        if column.dwarfed and column.gathered:
            return f"In {column.name} a few dwarf the rest; most logarithms lie about the middle."
        return f"The target is the logarithm of {column.name}: what was a ratio becomes a difference."

    def lines(self, precise: bool = False) -> list[str]:
        """The chosen row's way as far as it is shown: a line for each feature and one for each target.

        With four decimals, or if `precise` with all the digits that float64 has.
        """

        def write(value: float) -> str:
            return inner(value, "float64") if precise else plain(value)

        def signed(value: float) -> str:
            return full(value, "float64") if precise else fixed(value)

        row = self.read(self.row)
        if row is None or self.scaling is None:
            return []
        shown = self.phases[: self.done]
        found = []
        for name, raw, mean, std, x in zip(
            self.table.features, row.raw, self.scaling.mean, self.scaling.std, row.x, strict=True
        ):
            line = f"{name}  {brief(raw, 10)}"
            if name in self.table.standardize and "minus the mean" in shown:
                line += f" - {bracketed(write(mean))} = {signed(raw - mean)}"
            if name in self.table.standardize and "divided by the standard deviation" in shown:
                line += f"   / {write(std)} = {signed(x)}"
            found.append(line)
        for name, raw, y, mean, std in zip(
            self.table.targets, row.raw_y, row.y, self.scaling.target_mean, self.scaling.target_std, strict=True
        ):
            line = f"{name}  {brief(raw, 10)}"
            if self.table.standardize_target and "minus the mean" in shown:
                line += f" - {bracketed(write(mean))} = {signed(raw - mean)}"
            if self.table.standardize_target and "divided by the standard deviation" in shown:
                line += f"   / {write(std)} = {signed(y)}"
            found.append(line + (f"   ln {brief(raw, 10)} = {write(y)}" if "logarithm" in shown else ""))
        return found
