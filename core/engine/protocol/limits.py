"""How much one request may ask of the engine: what keeps a jump cancellable and an engine fair."""

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer

STEPS_A_REQUEST = 4096
MAX_NUMBERS = 2**20
"""No request records or reads more numbers than this (4 MB in float32)."""

MAX_ROWS = 2**18
"""Nor works through more rows than this over all its steps, unless a single batch is larger."""

TRACE_ROWS = 64
"""A larger batch's trace is handed out as means over the batch."""


def capacity(network: Network, optimizer: Optimizer, batch: int) -> int:
    """How many steps of a batch size one call of the program can record: a part of the compiled program."""
    widest = max(optimizer.state_width(network), batch * (network.features + network.outputs))
    return max(1, min(STEPS_A_REQUEST, MAX_NUMBERS // widest))


def chunk(network: Network, optimizer: Optimizer, batch: int) -> int:
    """How many steps one request of a jump asks for."""
    return min(capacity(network, optimizer, batch), max(1, MAX_ROWS // batch))
