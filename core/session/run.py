"""What defines a run: everything that is fixed while a person steps through it."""

from dataclasses import dataclass, replace

import numpy as np
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.activations import LINEAR, SIGMOID, SOFTMAX
from backprop_tui.core.model.initializers import initial_parameters
from backprop_tui.core.model.limits import MAX_SEED
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, HALF_SQUARED, LOSSES, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array, Layer, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.table.spec import TableSpec

from .history import Settings


@dataclass(frozen=True)
class Run:
    """The table, the network, where it starts, how it is updated, and the settings of the first step.

    `initial` holds the initial parameters (network.width numbers) if they are given by name, or a whole state
    row if a run goes on with an optimizer's moments; otherwise `seed` and `initializer` make them. `x` and `y` in
    `settings` replace the table's row if samples are written by hand.
    """

    table: TableSpec = TableSpec()
    network: Network = Network()
    optimizer: Optimizer = Optimizer()
    settings: Settings = Settings()
    seed: int = 0
    initializer: str = "uniform"
    constant: float = 0.5
    initial: tuple[float, ...] | None = None
    dtype: str = "float32"

    @property
    def program(self) -> Program:
        """What the engine compiles for it."""
        return Program(self.network, self.optimizer, self.dtype)  # type: ignore[arg-type]

    def first_state(self) -> Array:
        """The state row (state_width,) that it starts from."""
        if self.initial is None:
            parameters = initial_parameters(self.network, self.seed, self.initializer, self.constant, self.dtype)
            return self.optimizer.first_state(parameters)
        given = np.array(self.initial, self.dtype)
        return self.optimizer.first_state(given) if len(given) == self.network.width else given

    def reinitialized(self, settings: Settings) -> "Run":
        """The same run from the next seed's weights, with these settings."""
        return replace(self, seed=(self.seed + 1) % (MAX_SEED + 1), initial=None, settings=replace(settings, since=0))

    def restarted(self, settings: Settings) -> "Run":
        """The same run from the same weights, with these settings."""
        since = self.settings.since if settings.sampling == self.settings.sampling else 0
        return replace(self, settings=replace(settings, since=since))

    def with_optimizer(self, name: str, settings: Settings) -> "Run":
        """The same run from the same weights by another optimizer: a state has other moments. Raises ValueError."""
        initial = self.initial and self.initial[: self.network.width]
        optimizer = replace(self.optimizer, name=name)
        return replace(self, optimizer=optimizer, initial=initial, settings=replace(settings, since=0))


def ending(table: TableSpec, loss: str | None = None) -> tuple[Layer, str]:
    """The last layer and the loss that fit a table's targets; of a loss that is given, the layer that it takes.

    Numbers take a linear layer and half squared error, two classes a sigmoid and binary cross-entropy, more of them
    softmax and its cross-entropy; several columns of two classes each a sigmoid each. Raises ValueError if there is no
    such loss.
    """
    outputs = len(table.targets)
    one_of_many = outputs > 1 and len(table.columns_of(table.targets)) == 1
    if loss is None:
        loss = HALF_SQUARED if not table.classes else SOFTMAX_CROSS_ENTROPY if one_of_many else BINARY_CROSS_ENTROPY
    if loss not in LOSSES:
        raise ValueError(f"no loss {loss!r}: {', '.join(LOSSES)}")
    natural = LINEAR if not table.classes else SOFTMAX if one_of_many else SIGMOID
    last = LOSSES[loss].last or (LINEAR if natural == SOFTMAX else natural)
    return Layer(outputs, last), loss
