"""Models that come along, and need no download: a small convolution, a head of attention, the notebook's network.

Each returns a compiled model and its rows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from backprop_tui.core.model.initializers import initial_parameters
from backprop_tui.core.model.network import Network
from backprop_tui.core.table.spec import TableSpec

from .keras import keras

Made = tuple[Any, Any, Any]


class Example(NamedTuple):
    """What it shows, how many rows a step has, and what makes the model with its x and y."""

    title: str
    batch: int
    make: Callable[[], Made]


def digits() -> Made:
    """A convolution of 4 kernels over scikit-learn's digits, 8x8 pixels from 0 to 1."""
    from sklearn.datasets import load_digits

    found = load_digits()
    layers = keras.layers
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits",
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model, (found.images[..., None] / 16).astype("float32"), found.target.astype("int64")


SENTENCE = ["the", "cat", "sat", "on", "the", "mat", "and", "the", "dog", "sat", "on", "the", "rug"]
WORDS = sorted(set(SENTENCE))
CONTEXT = 4


def attention() -> Made:
    """One head of attention over four words of a toy sentence, to say the next word."""
    numbers = [WORDS.index(word) for word in SENTENCE]
    x = np.array([numbers[at : at + CONTEXT] for at in range(len(numbers) - CONTEXT)], "int32")
    y = np.array(numbers[CONTEXT:], "int64")
    layers = keras.layers
    keras.utils.set_random_seed(0)
    words = keras.Input((CONTEXT,), dtype="int32", name="words")
    vectors = layers.Embedding(len(WORDS), 4, name="embedding")(words)
    query, key, value = (layers.Dense(4, use_bias=False, name=name)(vectors) for name in ("query", "key", "value"))
    seen = layers.Attention(use_scale=False, name="attention")([query, value, key])
    normal = layers.LayerNormalization(name="norm")(layers.Add(name="residual")([vectors, seen]))
    last = layers.Dense(len(WORDS), activation="softmax", name="next_word")(layers.Flatten(name="flatten")(normal))
    model = keras.Model(words, last, name="attention")
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    return model, x, y


def notebook() -> Made:
    """The main screen's own network: 2-2-1, sigmoid, half squared error, its weights of seed 0, house by house.

    Keras's kernels are (inputs, units), this program's weights (units, inputs): they are turned.
    """
    from ..table import open_table

    network, table, layers = Network(), open_table(TableSpec()), keras.layers
    model = keras.Sequential(
        [layers.Input((2,)), layers.Dense(2, activation="sigmoid", name="hidden"), layers.Dense(1, name="output")],
        name="notebook",
    )
    start = network.split(initial_parameters(network, 0))
    model.set_weights([start["w1"].T, start["b1"][:, 0], start["w2"].T, start["b2"][:, 0]])
    model.compile(keras.optimizers.SGD(NOTEBOOK_LR), half_squared)
    return model, table.x.astype("float32"), table.y.astype("float32")


NOTEBOOK_LR = 0.2
"""The learning rate that the notebook starts with."""


def half_squared(y: Any, y_pred: Any) -> Any:
    """½(y - ŷ)² of each sample."""
    return keras.ops.sum(0.5 * keras.ops.square(y - y_pred), axis=-1)


EXAMPLES = {
    "digits": Example("a small convolution over scikit-learn's digits", 8, digits),
    "attention": Example("one head of attention over a toy sentence", 2, attention),
    "notebook": Example("the main screen's 2-2-1, built in Keras", 1, notebook),
}
"""By the name that is typed."""
