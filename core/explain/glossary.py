"""The glossary: what the words and signs of the screens mean, each in a line or two.

Activations, losses and optimizers are entries too, made of their rows in `core/model`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backprop_tui.core.model.activations import ACTIVATIONS
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.optimizers import OPTIMIZERS
from backprop_tui.core.model.values import Value


class Entry(NamedTuple):
    """A word: what it means, its formula if it has one, where one meets it, and what else it is called or written."""

    word: str
    says: str
    formula: str = ""
    met: str = ""
    also: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The word, and what else it is called."""
        return ", ".join((self.word, *self.also))


_ROWS = (
    Entry(
        "activation",
        "The output h of a unit: its pre-activation z, bent by a function. Without the bend, layers one after the "
        "other could learn no more than one layer can.",
        "h = σ(z), or tanh(z), relu(z) ...",
        "the pane Forward",
        ("h",),
    ),
    Entry(
        "accuracy",
        "The share of rows whose class is predicted: the one with the largest probability is the right one.",
        met="lesson 5, of a table with classes",
    ),
    Entry(
        "back-propagation",
        "Finding the derivative of the loss by every weight, from the loss backwards: each layer's derivatives are "
        "made of those of the layer after it, so that one pass is enough for all.",
        "∂L/∂h1 = w2ᵀ·∂L/∂z2",
        "the pane Gradients, and c in why?",
        ("backward",),
    ),
    Entry(
        "R²",
        "How much of the differences between the targets the predictions explain: 1 is all, 0 is no more than the mean "
        "of the targets would.",
        "1 - Σ(ŷ - y)² / Σ(mean of y - y)²",
        "lesson 5, fit",
    ),
    Entry(
        "RMSE",
        "The root of the mean squared error: how far the predictions are off, in the target's own unit.",
        "√(Σ(ŷ - y)² / n)",
        "lesson 5, fit",
        ("fit",),
    ),
    Entry(
        "batch",
        "The rows of the table that one step uses together. The loss is their mean, so each gradient is the mean of"
        " the rows' own.",
        met="--rows 32, --rows all; n and p in why?",
        also=("mini-batch", "samples"),
    ),
    Entry(
        "bias",
        "The number b that a unit adds to the sum of its weighted inputs. It moves the place where the unit bends.",
        "z = w·x + b",
        "b1 and b2 in Updated weights",
        ("b",),
    ),
    Entry(
        "chain rule",
        "The derivative of a function of a function is the product of their derivatives. A weight acts on the loss "
        "through z, h and ŷ: multiply the derivatives along that path, and add the paths.",
        "∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂h · ∂h/∂z · ∂z/∂w",
        "why? of a gradient; c shows the whole chain",
    ),
    Entry(
        "converge",
        "The steps become smaller and smaller, and the loss comes to rest.",
        met="a learning rate that is neither too small nor too large",
    ),
    Entry(
        "cross-entropy",
        "The loss for classes: how surprised one is by the true class, if one believes the predicted probabilities.",
        "L = -Σ y·ln ŷ",
        "the losses of classification",
        ("classes", "class", "probability", "probabilities"),
    ),
    Entry(
        "dead unit",
        "A relu unit whose z is below 0 for every row: its output and its derivative are 0, so it learns nothing "
        "more. If z is below 0 for one row only, the unit is just off for that row.",
        "relu(z) = 0 and relu′(z) = 0 where z < 0",
        "remarks below the panes",
        ("dead", "off"),
    ),
    Entry(
        "derivative",
        "How fast a result changes when one number is changed a little and all others stay. By several numbers one "
        "writes ∂ and says partial derivative.",
        "∂L/∂w ≈ (L(w + ε) - L(w - ε)) / 2ε",
        "lesson 2, and the pane Gradients",
        ("∂", "dy/dx", "slope", "tangent"),
    ),
    Entry(
        "diverge",
        "The loss grows from step to step instead of falling: the learning rate is too large, every step jumps over"
        " the valley and lands higher on its other side.",
        met="a learning rate of 2 here; - makes it smaller",
        also=("overshoot", "overflow", "crawl"),
    ),
    Entry(
        "epoch",
        "One pass over the rows that are trained on: as many steps as it takes until every row was used once.",
        met="lesson 5",
    ),
    Entry(
        "error",
        "How far the prediction is from the target.",
        "ŷ - y",
        "∂L/∂ŷ of the squared error; lesson 5",
        ("ŷ - y",),
    ),
    Entry(
        "feature",
        "A column of the table that goes into the network. Its scaled value is an input x.",
        met="the pane Data sample",
        also=("input", "column", "x"),
    ),
    Entry(
        "finite difference",
        "A derivative found by trying: move one weight up and down by a small ε, compute both losses, divide. It "
        "needs no calculus, so it checks the gradient that the tape gives.",
        "(L(w + ε) - L(w - ε)) / 2ε",
        "the last lines of why?",
        ("difference", "ε", "gradient check"),
    ),
    Entry(
        "forward pass",
        "The computation from the inputs to the loss, layer after layer: z, h, ŷ, L.",
        met="the pane Forward",
        also=("forward",),
    ),
    Entry(
        "gradient",
        "The derivatives of the loss: by each weight, and on the way back by each ŷ, h and z. A positive one says: a "
        "larger number makes the loss larger. An update moves the weights the other way.",
        "∂L/∂w",
        "the pane Gradients",
        ("∂L/∂", "g"),
    ),
    Entry(
        "gradient descent",
        "Learning by small steps against the gradient, over and over.",
        "new w = w - lr·∂L/∂w",
        "lesson 3, and every step here",
        ("descent",),
    ),
    Entry(
        "GradientTape",
        "TensorFlow's recorder: it writes down each operation of the forward pass, then plays them backwards to "
        "give exact derivatives. The gradients on the screen come from it.",
        met="tape in why?; lesson 2",
        also=("tape", "automatic differentiation", "autograd"),
    ),
    Entry(
        "held out",
        "Rows that no step uses. The loss over them tells how well the network does on rows it has not seen.",
        met="--holdout 20%; lesson 5",
        also=("rows held out", "holdout"),
    ),
    Entry(
        "initial weights",
        "Where the search starts: random numbers, made from the seed. If all were equal, all units of a layer would"
        " stay equal for ever.",
        met="r takes other ones, R the same ones",
        also=("initializer", "reinit"),
    ),
    Entry(
        "layer",
        "Units side by side that take the same inputs. Between input and last layer they are called hidden.",
        "h = σ(w·x + b)",
        "2-2-1: two inputs, two hidden units, one output",
        ("hidden",),
    ),
    Entry(
        "learning rate",
        "How far an update goes along the gradient. Too small is slow, too large jumps over the valley.",
        "new w = w - lr·∂L/∂w",
        "+ - and l change it; L and tab draw the loss over it",
        ("lr", "η", "rate"),
    ),
    Entry(
        "local minimum",
        "A place where the loss rises in every direction, although it may be lower elsewhere. The gradient is 0 there.",
        "∂L/∂w = 0",
        "lesson 3",
        ("minimum",),
    ),
    Entry(
        "logarithm",
        "ln turns factors into differences: prices of 100,000 and 1,000,000 lie as far apart as 10,000 and 100,000."
        " The house prices are learnt as logarithms.",
        "ln y; back again: e^ŷ",
        "the target of the house table",
        ("ln", "e^", "log"),
    ),
    Entry(
        "loss",
        "One number that says how wrong the prediction is. Learning means to make it smaller.",
        "L = ½(ŷ - y)², unless another loss is chosen",
        "the pane Loss",
        ("L",),
    ),
    Entry(
        "matrix product",
        "Row times column: each number of the result is a sum of products. A layer's z are the products of the rows"
        " of w with the inputs.",
        "z[i] = w[i,1]·x[1] + w[i,2]·x[2] + b[i]",
        "w1·x, the phase z1",
        ("·", "ᵀ", "w[i,j]"),
    ),
    Entry(
        "mean",
        "The sum divided by the count.",
        "μ = Σ x / n",
        "lesson 1: scaling takes it away",
        ("μ", "Σ"),
    ),
    Entry(
        "moment",
        "What an optimizer remembers of past gradients: m is their fading mean, v that of their squares. With a hat"
        " the moment is corrected for having started at 0.",
        "m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)",
        "momentum, nesterov, rmsprop, adam",
        ("m", "v", "m̂", "v̂", "β₁", "β₂"),
    ),
    Entry(
        "NaN",
        "Not a number: what is left when infinities cancel. It means that the steps were far too large.",
        "inf - inf = NaN",
        "after many steps at too large a learning rate",
        ("∞", "inf", "infinity"),
    ),
    Entry(
        "network",
        "Layers one after the other: a function of the inputs with many numbers, the weights and biases, that are "
        "learnt.",
        met="v draws it",
        also=("2-2-1",),
    ),
    Entry(
        "optimizer",
        "The rule that turns a gradient into an update.",
        "plain gradient descent: new w = w - lr·∂L/∂w",
        "--optimizer adam",
    ),
    Entry(
        "parameter",
        "A number that is learnt: a weight or a bias. All of them together are the state of the network.",
        met="the pane Updated weights",
    ),
    Entry(
        "path",
        "A way from a weight to the loss, through one unit of each layer on it. The gradient is the sum over all "
        "paths.",
        met="why? of a weight before several units",
    ),
    Entry(
        "phase",
        "A part of one step: a layer's z, its h, ŷ, the loss, then backwards, then the update.",
        met="s makes one, the last pane explains it",
    ),
    Entry(
        "pre-activation",
        "The sum of a unit's weighted inputs and its bias, before the activation bends it.",
        "z = w·x + b",
        "the pane Forward",
        ("z",),
    ),
    Entry(
        "precision",
        "How many digits a number has in the computer: about 7 in float32, 16 in float64. What lies beyond is rounded.",
        met="d shows all digits",
        also=("float32", "float64", "digit"),
    ),
    Entry(
        "prediction",
        "What the network predicts: for the houses the logarithm of the price, with the price itself beside it.",
        "ŷ = w2·h1 + b2",
        "the pane Forward",
        ("ŷ",),
    ),
    Entry(
        "row",
        "A line of the table, counted from 0: one sample, such as one house.",
        met="n, p and g choose it",
        also=("sample", "table"),
    ),
    Entry(
        "saturated",
        "A unit whose z lies so far out that its activation is flat there: its derivative is almost 0, so hardly "
        "any gradient passes through it.",
        "σ′(z) = h(1 - h) ≈ 0 where h ≈ 0 or h ≈ 1",
        "remarks below the panes",
        ("flat",),
    ),
    Entry(
        "scaled",
        "A feature minus its mean, divided by its standard deviation, so that all features are of one size and none"
        " outweighs the others by its unit alone.",
        "x = (raw - μ) / s",
        "lesson 1, and the pane Data sample",
        ("scaling", "standardize", "raw"),
    ),
    Entry(
        "seed",
        "The number from which the random initial weights are made. The same seed gives the same weights everywhere.",
        met="the second line; --seed 7",
    ),
    Entry(
        "shape",
        "Rows and columns of an array. w1 is (units, inputs).",
        "(2, 2)",
        "the line above the keys",
    ),
    Entry(
        "standard deviation",
        "How far values lie from their mean: the root of the mean of the squared distances.",
        "s = √(Σ (x - μ)² / n)",
        "lesson 1",
        ("s", "std", "√"),
    ),
    Entry(
        "step",
        "One forward pass, one backward pass, one update of all weights.",
        met="space makes one",
    ),
    Entry(
        "target",
        "What the prediction should be: the value of the table's last column, for this row.",
        "y",
        "the last line of Data sample",
        ("y",),
    ),
    Entry(
        "TensorFlow",
        "The library that computes all numbers of a step. What you see is what it computed.",
        met="a step, phase by phase",
    ),
    Entry(
        "unit",
        "One neuron: it weighs its inputs, adds a bias, and bends the sum.",
        "h = σ(w·x + b)",
        "a line of the pane Forward",
        ("units", "neuron"),
    ),
    Entry(
        "update",
        "The new weight: the old one minus the learning rate times its gradient.",
        "new w = w - lr·∂L/∂w",
        "the pane Updated weights",
        ("new w", "→"),
    ),
    Entry(
        "vanishing gradient",
        "Gradients that shrink from layer to layer on their way back, since each layer multiplies them by a "
        "derivative that is smaller than 1. The first layers then hardly learn.",
        "σ′(z) is at most 0.25",
        "networks of many layers; remarks",
        ("vanishes",),
    ),
    Entry(
        "weight",
        "The number w by which a unit multiplies one of its inputs. w1[2,1] is that of unit 2 for input 1, in layer 1.",
        "z = w·x + b",
        "the pane Updated weights",
        ("w",),
    ),
)


def _of_activations() -> Iterator[Entry]:
    for row in ACTIVATIONS.values():
        derivative = row.cases or row.derivative_text("z", "h") or "1"
        derivative = derivative if row.elementwise else "one for each pair of units"
        written = row.symbol or row.name
        formula = f"{written}(z) = {row.formula};  derivative: {derivative}"
        also = (row.symbol,) if row.symbol not in ("", row.name) else ()
        yield Entry(row.name, "An activation: what a unit makes of its z.", formula, row.source, (*also, f"{written}′"))


def _of_losses() -> Iterator[Entry]:
    for row in LOSSES.values():
        formula = f"L = {row.formula(1)};  ∂L/∂ŷ = {row.derivative(1)}"
        yield Entry(row.title, f"A loss, for targets that are {row.accepted}.", formula, row.source, (row.name,))


def _of_optimizers() -> Iterator[Entry]:
    for row in OPTIMIZERS.values():
        yield Entry(row.name, f"An optimizer; {row.remembers}.", row.formula, row.source, row.constants)


ENTRIES = tuple(sorted((*_ROWS, *_of_activations(), *_of_losses(), *_of_optimizers()), key=lambda it: it.word.lower()))
"""All entries, in the order of the alphabet."""

BY_WORD = {entry.word: entry for entry in ENTRIES}

_KINDS = {
    "x": "feature",
    "y": "target",
    "z": "pre-activation",
    "h": "activation",
    "y_pred": "prediction",
    "loss": "loss",
    "w": "weight",
    "b": "bias",
}


def entry_of(value: Value) -> Entry:
    """What a number of a step is."""
    if value.is_base:
        return BY_WORD[_KINDS[value.of]]
    return BY_WORD["gradient" if value.gradient else "moment" if value.moment else "update"]


def beginning_with(letters: str, after: int) -> int | None:
    """The place of the next entry after a place, around the end, whose word begins so; None if there is none."""
    places = [*range(after + 1, len(ENTRIES)), *range(after + 1)]
    return next((place for place in places if ENTRIES[place].word.lower().startswith(letters.lower())), None)
