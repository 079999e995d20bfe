"""How much one request may ask of the engine: what keeps a jump cancellable and an engine fair."""

from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer

STEPS_A_CALL = 4096
"""One call of the compiled program records so many steps at most: a single step makes room for as many."""

STEPS_A_REQUEST = 2**16
"""A request is answered by several calls, one after the other."""

MAX_NUMBERS = 2**20
"""No request records or reads more numbers than this (4 MB in float32)."""

MAX_ROWS = 2**18
"""Nor works through more rows than this over all its steps, unless a single batch is larger."""

TRACED_NUMBERS = 2**18
"""No answer holds more numbers than this if it holds the trace of every step."""

TRACE_ROWS = 64
"""A larger batch's trace is handed out as means over the batch."""


OPERATIONS_A_REQUEST = 40
"""A descent along a function goes through so many operations on the tape a request: some hundredths of a second, after
which it is another's turn.
"""


def descent_steps(operations: int) -> int:
    """How many steps of a descent one request asks for at most, along a function of so many operations."""
    return max(1, OPERATIONS_A_REQUEST // (operations + 1))


def capacity(network: Network, optimizer: Optimizer, batch: int) -> int:
    """How many steps of a batch size one call of the program can record: a part of the compiled program."""
    widest = max(optimizer.state_width(network), batch * (network.features + network.outputs))
    return max(1, min(STEPS_A_CALL, MAX_NUMBERS // widest))


def chunk(network: Network, optimizer: Optimizer, batch: int) -> int:
    """How many steps one request asks for at most."""
    widest = max(optimizer.state_width(network), batch * (network.features + network.outputs))
    return max(1, min(STEPS_A_REQUEST, MAX_NUMBERS // widest, MAX_ROWS // batch))


def traced(network: Network, optimizer: Optimizer, batch: int) -> int:
    """How many steps one request asks for at most if it is to be told the trace of each."""
    rows = batch if batch <= TRACE_ROWS else 1
    units = sum(layer.units for layer in network.layers)
    samples = rows * (network.features + network.outputs + 4 * units)
    parameters = (3 + 2 * len(optimizer.moments)) * network.width
    most = TRACED_NUMBERS // (samples + parameters + 1)
    return max(1, min(capacity(network, optimizer, batch), chunk(network, optimizer, batch), most))
