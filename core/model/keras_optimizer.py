"""The optimizer that a `.keras` file names, where it is one of those that are the same here."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .limits import learning_rate
from .optimizers import Optimizer

SAME = {"SGD": "sgd", "RMSprop": "rmsprop", "Adam": "adam"}
"""By Keras's class. SGD with momentum is `momentum` here, or `nesterov`."""

OTHERS = (
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "amsgrad",
    "centered",
)
"""What an optimizer may be told there, and can't be here."""


class Found(NamedTuple):
    """The optimizer and its learning rate, None if they are not the same here, and then why."""

    optimizer: Optimizer | None = None
    lr: float | None = None
    why: str = ""


def optimizer_of(compiled: Mapping[str, Any] | None) -> Found:
    """Of what a model was compiled with. Nothing found is no error: the weights are good without it."""
    given = (compiled or {}).get("optimizer")
    if given is None:
        return Found()
    if isinstance(given, str):
        return Found(why=f"its optimizer {given[:40]} is not taken: the file does not say its constants")
    name, told = str(given.get("class_name"))[:40], given.get("config") or {}
    other = next((one for one in OTHERS if told.get(one)), "")
    if name == "RMSprop" and told.get("momentum"):
        other = "momentum"
    if name not in SAME or other:
        return Found(why=f"its optimizer {name}{f' with {other}' if other else ''} is none of those here")
    own = SAME[name]
    if name == "SGD" and told.get("momentum"):
        own = "nesterov" if told.get("nesterov") else "momentum"
    names = ("momentum", "rho", "beta_1", "beta_2", "epsilon")
    constants = {
        one: float(told[one]) for one in names if told.get(one) is not None and one in Optimizer(own).constants
    }
    optimizer, rate = Optimizer(own, **constants), told.get("learning_rate")
    if isinstance(rate, dict):
        return Found(
            optimizer, None, f"its learning rate follows {str(rate.get('class_name'))[:40]}, which is not here"
        )
    try:
        lr = learning_rate(float(str(np.float32(rate))))
    except (TypeError, ValueError):
        return Found(optimizer, None, "its learning rate is none that can be taken")
    return Found(optimizer, lr)
