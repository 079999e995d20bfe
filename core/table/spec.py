"""Which table a run reads."""

import msgspec
from backprop_tui.core.model.arrays import Numbers


class TableSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which table: a CSV file (the bundled house table when `path` is empty), its columns, their transforms.

    `standardize` names the features that are scaled to mean 0 and standard deviation 1; `log_target` takes the natural
    logarithm of the target. `holdout` is the share of rows, drawn by `holdout_seed`, that no step uses and
    that do not count in what scales the features. `x` (rows, features) and `y` (rows, targets) are the table itself,
    raw, if it is written in a scenario and in no file.
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
