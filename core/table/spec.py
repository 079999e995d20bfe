"""Which table a run reads."""

from typing import Literal

import msgspec
from backprop_tui.core.model.arrays import Numbers

from .form import Form

MISSING_RULES = ("drop", "mean", "median")
"""What becomes of a row with an empty cell: it is left out, or the cell gets what its column has elsewhere."""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature or target that is 1 where a column of texts says `value`, and 0 elsewhere."""

    name: str
    column: str
    value: str


class TableSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which table: a CSV file (the bundled house table when `path` is empty), its columns, their transforms.

    `standardize` names the features that are scaled to mean 0 and standard deviation 1; `log_target` takes the natural
    logarithm of the target, `standardize_target` scales it as the features. `holdout` is the share of rows, drawn by
    `holdout_seed`, that no step uses and
    that do not count in what scales the features. `x` (rows, features) and `y` (rows, targets) are the table itself,
    raw, if it is written in a scenario and in no file.

    `form` says how the file is written. The features and targets that are named in `categories` are made of a column of
    texts; the others are columns of numbers. `na` are words that mean an empty cell, besides the usual; `missing` is
    what becomes of the rows with one. `built_in` names one of the tables that come along besides the houses.
    """

    path: str = ""
    features: tuple[str, ...] = ("bedrooms", "sqft_living")
    targets: tuple[str, ...] = ("price",)
    standardize: tuple[str, ...] = ("bedrooms", "sqft_living")
    log_target: bool = True
    holdout: float = 0.0
    holdout_seed: int = 0
    x: Numbers | None = None
    y: Numbers | None = None
    form: Form = Form()
    categories: tuple[Category, ...] = ()
    missing: Literal["drop", "mean", "median"] = "drop"
    na: tuple[str, ...] = ()
    standardize_target: bool = False
    built_in: str = ""

    @property
    def is_house(self) -> bool:
        """Whether it is the bundled house table."""
        return not self.path and not self.built_in and self.x is None

    def category(self, name: str) -> Category | None:
        """The category of that name; None for a column of numbers."""
        return next((it for it in self.categories if it.name == name), None)

    def column_of(self, name: str) -> str:
        """The column of the file that a feature or target is made of."""
        found = self.category(name)
        return name if found is None else found.column

    def columns_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of the file that features or targets are made of, each once, in order."""
        made = {it.name: it.column for it in self.categories}
        return tuple(dict.fromkeys(made.get(name, name) for name in names))

    @property
    def transform(self) -> str:
        """What is done to the target: `log`, `standardize` or `none`."""
        return "log" if self.log_target else "standardize" if self.standardize_target else "none"

    @property
    def classes(self) -> bool:
        """Whether the target is a class: a column of texts."""
        return any(it.name in self.targets for it in self.categories)
