"""The optimizers' names and the numbers that each keeps between steps.

The update rules themselves are in `engine/step.py`. A run's *state* is one flat row: the
parameters, then as many numbers again for each of the optimizer's moments, then Adam's step count.
"""

from dataclasses import dataclass

from .network import Array, Network

OPTIMIZERS = ("sgd", "momentum", "rmsprop", "adam")
_MOMENTS = {"sgd": "", "momentum": "m", "rmsprop": "v", "adam": "mv"}


@dataclass(frozen=True)
class Optimizer:
    """How the gradient becomes the update, with Keras's default constants.

    `sgd`: w − lr·g. `momentum` (Polyak 1964): m ← momentum·m − lr·g; w + m. `rmsprop` (Hinton 2012):
    v ← rho·v + (1 − rho)·g²; w − lr·g/√(v + epsilon). `adam` (Kingma and Ba 2015): m ← m + (1 − beta_1)(g − m);
    v ← v + (1 − beta_2)(g² − v); w − lr·(√(1 − beta_2ᵗ)/(1 − beta_1ᵗ))·m/(√v + epsilon).
    """

    name: str = "sgd"
    momentum: float = 0.9
    rho: float = 0.9
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        if self.name not in OPTIMIZERS:
            raise ValueError(f"no optimizer {self.name!r}: {', '.join(OPTIMIZERS)}")

    @property
    def moments(self) -> str:
        """The moments that it keeps for every parameter: a letter each."""
        return _MOMENTS[self.name]

    def state_width(self, network: Network) -> int:
        """How many numbers a state row holds."""
        return network.width * (1 + len(self.moments)) + (self.name == "adam")

    def first_state(self, parameters: Array) -> Array:
        """The state row (state_width,) that starts from these parameters (width,): all moments 0."""
        import numpy as np

        width = len(parameters)
        extra = width * len(self.moments) + (self.name == "adam")
        return np.concatenate([parameters, np.zeros(extra, parameters.dtype)])
