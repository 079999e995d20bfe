"""Each parameter's gradient against a central finite difference, in float64.

The model is built once more in float64, with the same weights and the same seeds, so that a difference of two losses
has digits left. Dropout draws other numbers in float64: there the gradient that is compared is the tape's in float64.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from backprop_tui.core.operations.compared import Compared
from backprop_tui.core.operations.operation import Step, Values

from .keras import keras, tf
from .tracing import Snapshot, Traced

SHIFTS, COARSE = (1e-5, 1e-7), (1e-2, 1e-3)
"""How far a number is moved, in float64 and in float32. The smaller one counts where the larger crosses a corner."""

PLACES = 64
"""Of each parameter so many numbers at most are looked at, spread over it."""

MOST_DIFFERENCES = 512
"""In a model of many parameters fewer of each: about so many differences are taken in all."""

NEAR = 1e-6
"""So small an error needs no second difference."""

FLOOR = 0.01
"""An error is by the largest gradient of its parameter, but by no less than this part of the model's largest: a
gradient that is 0 by its formula is not 0 in numbers."""


def check(traced: Traced, start: Snapshot, step: Step) -> list[Compared]:
    """Each trainable parameter at a step that was made from a start. The model is left as it was."""
    floats, policy, now = keras.config.floatx(), keras.config.dtype_policy(), traced.snapshot()
    try:
        twin = _in_float64(traced.model)
        if twin is None:
            _compute_in(floats, policy)
        return list(_compared(traced, twin, start, step))
    finally:
        _compute_in(floats, policy)
        traced.restore(now)


def _compute_in(floats: str, policy: Any) -> None:
    """What Keras makes from here on, those layers too that a layer makes for itself."""
    keras.config.set_floatx(floats)
    keras.config.set_dtype_policy(policy)


class _Losses:
    """The loss of one model with one batch, from one start, as a function of its parameters."""

    def __init__(self, model: Any, start: Snapshot, x: Any, y: Any) -> None:
        self._model, self._start = model, start
        parameters = [one.value for one in model.trainable_variables]

        def loss() -> Any:
            prediction = model(x, training=True)
            return model.compute_loss(x=x, y=y, y_pred=prediction, sample_weight=None, training=True)

        def gradients() -> Any:
            with tf.GradientTape() as tape:
                found = loss()
            return [None if one is None else tf.convert_to_tensor(one) for one in tape.gradient(found, parameters)]

        self._loss = tf.function(loss, autograph=False)
        self._gradients = tf.function(gradients, autograph=False)

    def at(self, variable: Any, values: Values) -> float:
        """The loss with other values of one parameter."""
        self._begin()
        variable.assign(values)
        return float(self._loss())

    def gradients(self) -> list[Any]:
        """The tape's gradients of all parameters."""
        self._begin()
        return list(self._gradients())

    def _begin(self) -> None:
        """All variables as at the start: the seeds of random layers too."""
        for variable, value in zip(self._model.variables, self._start, strict=True):
            variable.assign(value)


def _compared(traced: Traced, twin: Any, start: Snapshot, step: Step) -> Iterator[Compared]:
    model = traced.model if twin is None else twin
    x, y = traced.rows.batch(step.number, traced.batch)
    kind = "float32" if twin is None else "float64"
    given = [tf.constant(part.astype(kind) if part.dtype.kind == "f" else part) for part in x]
    wanted = tf.constant(y.astype(kind) if y.dtype.kind == "f" else y)
    losses = _Losses(model, start[: len(model.variables)], given[0] if len(given) == 1 else given, wanted)
    found = [None if one is None else np.asarray(one) for one in losses.gradients()]
    largest = max((float(np.abs(one).max()) for one in found if one is not None and one.size), default=0.0)
    is_random = any("seed" in one.path for one in model.variables)
    for weight, variable, own in zip(traced.graph.weights, model.trainable_variables, found, strict=True):
        if own is None or not weight.gradient:
            continue
        values, gradient = step.before[weight.path], own if is_random else step.values[weight.gradient]
        rounding = float(np.abs(gradient - own).max()) / (largest or 1.0)
        places = min(values.size, PLACES, max(1, MOST_DIFFERENCES // len(found)))
        index, difference, error = _worst(losses, variable, values, own, largest, places, twin is not None)
        yield Compared(
            weight.path, places, index, float(gradient[index]), difference, error, rounding, twin is not None
        )


def _worst(
    losses: _Losses, variable: Any, values: Values, gradient: Values, largest: float, places: int, precise: bool
) -> tuple[tuple[int, ...], float, float]:
    """The place of a parameter whose gradient is furthest from its difference, that difference, and how far."""
    scale = max(float(np.abs(gradient).max()), FLOOR * largest) or 1.0
    found = []
    for place in np.unique(np.linspace(0, values.size - 1, places).astype(int)):
        index = tuple(int(axis) for axis in np.unravel_index(place, values.shape))
        own = float(gradient[index])
        difference = np.inf
        for shift in SHIFTS if precise else COARSE:
            other = _difference(losses, variable, values, index, shift)
            difference = other if not abs(difference - own) < abs(other - own) else difference
            if abs(difference - own) < NEAR * scale:
                break
        error = abs(difference - own) / scale
        found.append((index, difference, error if error == error else np.inf))
    return max(found, key=lambda one: one[2])


def _difference(losses: _Losses, variable: Any, values: Values, index: tuple[int, ...], shift: float) -> float:
    """The central difference of the loss by one number."""
    sides = []
    for sign in (1, -1):
        moved = values.astype(variable.dtype)
        moved[index] += sign * shift
        sides.append((losses.at(variable, moved), float(moved[index])))
    return (sides[0][0] - sides[1][0]) / (sides[0][1] - sides[1][1])


def _in_float64(model: Any) -> Any:
    """The same model in float64, its loss too; None if it can't be built once more."""
    _compute_in("float64", "float64")
    try:
        config = json.loads(model.to_json())
        config.pop("compile_config", None)  # may name a loss that is nobody's but this model's
        twin = keras.models.model_from_json(json.dumps(_doubled(config)))
        loss = model.loss
        if isinstance(loss, keras.losses.Loss):
            loss = keras.losses.deserialize(keras.losses.serialize(loss))
        twin.compile(optimizer="sgd", loss=loss)
    except Exception:
        return None
    same = [tuple(one.shape) for one in twin.variables] == [tuple(one.shape) for one in model.variables]
    return twin if same else None


def _doubled(config: Any) -> Any:
    """A model's description with float64 for each float32."""
    if isinstance(config, dict):
        return {name: _doubled(value) for name, value in config.items()}
    if isinstance(config, list):
        return [_doubled(value) for value in config]
    return "float64" if config == "float32" else config
