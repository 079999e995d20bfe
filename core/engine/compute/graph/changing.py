"""What a person changes of a model that is stepped: its learning rate, and its weights, which are drawn anew."""

from typing import Any

from .keras import keras
from .opening import ModelError, first_line


def learning_rate(model: Any) -> float | None:
    """The optimizer's; None if it follows a schedule."""
    return None if schedule(model) else float(model.optimizer.learning_rate)


def schedule(model: Any) -> str:
    """The name of the schedule that the learning rate follows; empty if there is none."""
    found = getattr(model.optimizer, "_learning_rate", None)
    return type(found).__name__ if isinstance(found, keras.optimizers.schedules.LearningRateSchedule) else ""


def set_learning_rate(model: Any, rate: float) -> None:
    """Let the steps to come have another one. Raises ModelError."""
    try:
        model.optimizer.learning_rate = rate
    except Exception as error:
        raise ModelError(f"the learning rate can't be changed: {first_line(error)}") from None


def new_weights(model: Any, seed: int) -> None:
    """Draw the variables of all layers anew, by the initializers that these name, and let the optimizer begin anew.

    A variable `kernel` has its layer's `kernel_initializer`; one without such a name stays. Raises ModelError if a
    model has none.
    """
    drawn = 0
    for layer in model._flatten_layers():
        for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
            initializer = getattr(layer, f"{variable.name}_initializer", None)
            if isinstance(initializer, keras.initializers.Initializer):
                drawn += 1
                variable.assign(_with_seed(initializer, 1000 * seed + drawn)(variable.shape, variable.dtype))
    if not drawn:
        raise ModelError("no layer of this model says how its weights are drawn: let its function draw them")
    optimizer = model.optimizer
    fresh = type(optimizer).from_config(optimizer.get_config())
    fresh.build(model.trainable_variables)
    for variable, start in zip(optimizer.variables, fresh.variables, strict=True):
        variable.assign(start)


def _with_seed(initializer: Any, seed: int) -> Any:
    """The same initializer with a seed of ours, if it draws."""
    config = initializer.get_config()
    return type(initializer).from_config(config | {"seed": seed}) if "seed" in config else initializer
