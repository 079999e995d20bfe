"""A small model of each kind of layer, by name, with the sizes that a test draws."""

from collections.abc import Callable
from typing import Any

import numpy as np

Kind = Callable[[Any, int, int], Any]
"""Keras's layers, and two sizes from 1: a model that is not compiled."""


def dense(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((a,)), layers.Dense(b, activation="sigmoid"), layers.Dense(b + 1, activation="tanh")]
    )


def activations(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    names = ("elu", "selu", "softplus", "gelu", "silu", "exponential", "softsign", "leaky_relu", "relu6", "softmax")
    return keras.Sequential([layers.Input((a,)), *(layers.Dense(b + 1, activation=name) for name in names)])


def convolution(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((a + 3, b + 4, a)),
            layers.Conv2D(2 * b, (2, 3), activation="relu"),
            layers.Conv2D(3, 2, strides=2, padding="same"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


def dilated(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((6, 7, 2)),
            layers.Conv2D(2 * b, (2, 3), dilation_rate=2, padding="same"),
            layers.GlobalAveragePooling2D(),
        ]
    )


def max_pooling(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((a + 4, b + 4, 2)),
            layers.Conv2D(b, 2),
            layers.MaxPooling2D(2, strides=1 + a % 2, padding="same"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def average_pooling(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((a + 4, b + 4, 2)),
            layers.Conv2D(b, 2),
            layers.AveragePooling2D(2, strides=1 + a % 2, padding="same"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def embedding(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((a + 1,), dtype="int32"),
            layers.Embedding(b + 2, 3),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2),
        ]
    )


def layer_normalization(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((a,)), layers.Dense(b + 2), layers.LayerNormalization(), layers.Dense(1)])


def batch_normalization(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((a,)), layers.Dense(b + 2), layers.BatchNormalization(), layers.Dense(1)])


def dropout(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((a,)), layers.Dense(b + 3), layers.Dropout(0.4, seed=3), layers.Dense(2)])


def attention(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    x = keras.Input((a + 1, 4))
    y = layers.MultiHeadAttention(b, 3)(x, x)
    return keras.Model(x, layers.Dense(2)(layers.Flatten()(layers.Add()([x, y]))))


def recurrent(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((a + 1, 2)), layers.SimpleRNN(b + 1, unroll=True), layers.Dense(1)])


def branches(keras: Any, a: int, b: int) -> Any:
    layers = keras.layers
    x = keras.Input((a + 1,))
    left, right = layers.Dense(b + 1, activation="relu")(x), layers.Dense(b + 1, activation="sigmoid")(x)
    joined = layers.Concatenate()([layers.Multiply()([left, right]), layers.Subtract()([left, right])])
    return keras.Model(x, layers.Dense(1, activity_regularizer="l2", kernel_regularizer="l2")(joined))


KINDS: dict[str, Kind] = {
    function.__name__: function
    for function in (
        dense,
        activations,
        convolution,
        dilated,
        max_pooling,
        average_pooling,
        embedding,
        layer_normalization,
        batch_normalization,
        dropout,
        attention,
        recurrent,
        branches,
    )
}

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda keras: keras.optimizers.SGD(0.05),
    "momentum": lambda keras: keras.optimizers.SGD(0.05, momentum=0.9),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.01),
    "adam": lambda keras: keras.optimizers.Adam(0.01),
    "adamw": lambda keras: keras.optimizers.AdamW(0.01, weight_decay=0.1),
}


def filled(model: Any, seed: int) -> None:
    """Weights other than those that a layer begins with: none is 0, and no two are alike."""
    random = np.random.RandomState(seed)
    for one in model.trainable_variables:
        one.assign(random.uniform(0.2, 1.0, one.shape) * random.choice([-1, 1], one.shape))
