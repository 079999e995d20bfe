"""What the benchmarks share: the table that they print, and the programs that they compare with."""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from command import PROGRAM as PROGRAM

LABEL_APP = """
from textual.app import App
from textual.widgets import Label
class LabelApp(App):
    BINDINGS = [("q", "quit")]
    def compose(self):
        yield Label("all is shown")
    count = 0
    def on_key(self, event):
        self.count += 1
        self.query_one(Label).update(f"step {self.count} ")
LabelApp().run()
"""
"""The least that a Textual program can do: it shows a label, and changes it at a key."""

IMPORTS = """
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
import tensorflow as tf
"""

NOTEBOOK = (
    IMPORTS
    + """
from backprop_tui.data import HOUSE_TABLE
table = pd.read_csv(HOUSE_TABLE)
features = StandardScaler().fit_transform(table[["bedrooms", "sqft_living"]]).astype("float32")
targets = np.log(table["price"].to_numpy()).astype("float32")
x, y = tf.constant(features[:1]), tf.constant(targets[0])
w1, b1 = tf.Variable(tf.random.uniform((2, 2))), tf.Variable(tf.random.uniform((2, 1)))
w2, b2 = tf.Variable(tf.random.uniform((1, 2))), tf.Variable(tf.random.uniform((1, 1)))
variables = [w1, b1, w2, b2]
def step():
    with tf.GradientTape() as tape:
        h1 = tf.sigmoid(w1 @ tf.transpose(x) + b1)
        loss = 0.5 * (y - (w2 @ h1 + b2)) ** 2
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(0.2 * gradient)
    return loss
"""
)
"""The notebook's set-up and its eager step, in the fewest lines."""


@dataclass(frozen=True)
class Row:
    """A measurement: ours, what it is compared with, and the goal for their quotient, or for ours if nothing is."""

    what: str
    ours: float
    baseline: float | None
    unit: str
    goal: float
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours by the baseline; the other way round if more is better."""
        if self.baseline is None:
            return self.ours
        return self.baseline / self.ours if self.at_least else self.ours / self.baseline

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


ROWS_VARIABLE = "BACKPROP_TUI_BENCHMARK_ROWS"
"""The file that the rows are added to as well, a JSON object a line, if this is set: for `all.py`."""


def report(*rows: Row) -> int:
    """Print the table; the exit code."""
    if path := os.environ.get(ROWS_VARIABLE):
        with open(path, "a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({**asdict(row), "ratio": row.ratio, "is_met": row.is_met}) + "\n")
    print(f"{'':44}{'ours':>12}{'baseline':>12}{'ratio':>10}  goal")
    for row in rows:
        baseline = f"{row.baseline:12.4g}" if row.baseline is not None else " " * 12
        ratio = f"{row.ratio:10.4g}" if row.baseline is not None else " " * 10
        goal = f"{'≥' if row.at_least else '≤'} {row.goal:g}" + ("" if row.baseline is not None else f" {row.unit}")
        missed = "" if row.is_met else "   MISSED"
        print(f"{f'{row.what}, {row.unit}':44}{row.ours:12.4g}{baseline}{ratio}  {goal}{missed}")
    return 0 if all(row.is_met for row in rows) else 1


def wants_short(description: str | None) -> bool:
    """Whether the short form is asked for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer repetitions, for every push")
    return bool(parser.parse_args().short)
