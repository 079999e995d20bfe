"""The tables that come with the program besides the houses: their names, and what is in their columns.

The numbers themselves are made in the engine, `core/engine/compute/making.py`.
"""

from dataclasses import dataclass

from .form import Form
from .sniff import Look

HOUSES = "houses"
"""What the house table is called where the others have names."""


@dataclass(frozen=True)
class BuiltIn:
    """A table: a line about it, its columns of numbers, and after these its last column, which is the target.

    With `classes` that one holds texts, these ones, in order; without, numbers.
    """

    title: str
    about: str
    rows: int
    features: tuple[str, ...]
    target: str
    classes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in order."""
        return (*self.features, self.target)


BUILT_IN = {
    "xor": BuiltIn(
        "XOR: four clouds of points",
        "is one of the two near 1, and not the other? No line parts them",
        200,
        ("x1", "x2"),
        "either",
        ("no", "yes"),
    ),
    "moons": BuiltIn(
        "Moons: two half circles in each other",
        "two classes with a bent border between them",
        300,
        ("x1", "x2"),
        "moon",
        ("lower", "upper"),
    ),
    "circles": BuiltIn(
        "Circles: one in the other",
        "two classes, one around the other",
        300,
        ("x1", "x2"),
        "circle",
        ("inner", "outer"),
    ),
    "spiral": BuiltIn(
        "Spiral: three arms",
        "three classes in arms, as in Stanford's CS231n",
        300,
        ("x1", "x2"),
        "arm",
        ("first", "second", "third"),
    ),
    "iris": BuiltIn(
        "Iris: three species of flowers",
        "lengths and widths in cm; Fisher 1936, from scikit-learn",
        150,
        ("sepal_length", "sepal_width", "petal_length", "petal_width"),
        "species",
        ("setosa", "versicolor", "virginica"),
    ),
    "line": BuiltIn(
        "Line: a line with noise", "one feature, a number as the target: what regression is", 200, ("x",), "y"
    ),
}
"""By the name that `--data` takes. A file of such a name is `./iris`."""


def look(name: str) -> Look:
    """The columns of such a table, and rows that stand for all: each class is in one of them."""
    table = BUILT_IN[name]
    numbers = ["0.5"] * len(table.features)
    return Look(Form(), list(table.columns), [[*numbers, last] for last in table.classes or ("0.5", "1.5")], True)
