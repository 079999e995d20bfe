"""What is said of a tensor that is too large to be read: its shape, least, largest, mean, zeros, not finite."""

from dataclasses import dataclass

import numpy as np

from .operation import Graph, Operation, Step, Values


@dataclass(frozen=True)
class Summary:
    """Of all numbers of a tensor. `least`, `largest` and `mean` are of the finite ones; NaN if there are none."""

    shape: tuple[int, ...]
    dtype: str
    least: float
    largest: float
    mean: float
    zeros: int
    not_finite: int

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape, dtype=np.int64))


def summary(values: Values) -> Summary:
    """What is said of an array of numbers or of truth values (0 and 1)."""
    if values.dtype.kind not in "biuf":
        return Summary(values.shape, str(values.dtype), np.nan, np.nan, np.nan, 0, 0)
    wide = values.astype("float64", copy=False)
    finite = wide[np.isfinite(wide)]
    least, largest, mean = (finite.min(), finite.max(), finite.mean()) if finite.size else (np.nan, np.nan, np.nan)
    return Summary(
        values.shape,
        str(values.dtype),
        float(least),
        float(largest),
        float(mean),
        int(wide.size - np.count_nonzero(wide)),
        int(wide.size - finite.size),
    )


def first_not_finite(graph: Graph, step: Step, behind: int = 0) -> Operation | None:
    """The first operation that is shown, behind so many, whose outputs hold NaN or infinity; None if none does."""
    for operation in graph.shown[behind:]:
        for tensor in operation.outputs:
            values = step.values.get(tensor.name)
            if values is not None and values.dtype.kind == "f" and not np.isfinite(values).all():
                return operation
    return None
