"""Traces of random networks, for what is explained of them."""

from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import Inline, Program, RunSteps, StepsRun
from backprop_tui.core.explain import Context
from backprop_tui.core.model.arrays import arrays, numbers
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.model.trace import Trace
from networks import batch


def traced(
    engine: Engine, network: Network, seed: int, size: int, dtype: str, optimizer: Optimizer, scale: float = 1.0
) -> tuple[Trace, Context]:
    """The trace of the second of two steps: moments are not 0 any more."""
    data = batch(network, size, seed)
    state = optimizer.first_state((data.parameters * scale).astype(dtype))
    samples = Inline(numbers(data.x), numbers(data.y), 2)
    answer = engine.answer(RunSteps(Program(network, optimizer, dtype), numbers(state), samples, 0.05))  # type: ignore[arg-type]
    assert isinstance(answer, StepsRun), answer
    return Trace(network, 0.05, tuple(range(size)), arrays(answer.trace)), Context(optimizer, step=2)
