"""The traces of many steps: by a program that hands out each, if it rounds as the one does that makes single steps.

The compiler makes another piece of code of a loop that keeps more. As a rule it computes the same bits; that is tried,
for each program, before it is believed. If it does not, a call makes one step, as ever.
"""

import numpy as np
from backprop_tui.core.model.network import Array

from .program import Compiled, Result, joined

LEAST = 1_000
"""Fewer steps are done one by one before the other program is compiled."""

SINGLE_STEPS = 64
"""So many steps, one a call, are made for one request: a thirtieth of a second."""

TRIED, ROWS_TRIED = 48, 2**16
"""The steps over which the programs are compared, fewer of very large batches."""


def tracing(stepping: Compiled) -> Compiled:
    """What makes the traces of many steps: a program that hands out each, or the one that makes single steps itself."""
    every = Compiled(stepping.program, stepping.batch, stepping.xla, every=True)
    return every if every.capacity > 1 and rounds_alike(stepping, every) else stepping


def rounds_alike(stepping: Compiled, every: Compiled) -> bool:
    """Whether both programs compute the same bits, over random samples and from random parameters."""
    program, batch, random = stepping.program, stepping.batch, np.random.RandomState(0)
    network, steps = program.network, max(2, min(TRIED, every.capacity, ROWS_TRIED // batch))
    x = random.standard_normal((steps, batch, network.features))
    y = np.eye(max(network.outputs, 2))[random.randint(0, 2, (steps, batch))][:, :, : network.outputs]
    weight = np.ones((steps, batch))
    weight[steps // 2, batch // 2 + 1 :] = 0
    state = program.optimizer.first_state(random.uniform(-1, 1, network.width).astype(program.dtype))
    alone = one_by_one(stepping, state, x, y, weight, 0.05, None)
    together = every.run(state, x, y, weight, steps, 0.05, None)
    return _bits(alone) == _bits(together)


def one_by_one(
    stepping: Compiled, state: Array, x: Array, y: Array, weight: Array, lr: float, bound: float | None
) -> Result:
    """So many steps (n, batch, ...) with the trace of each, one a call."""
    results: list[Result] = []
    for step in range(len(x)):
        part = slice(step, step + 1)
        results.append(stepping.run(state, x[part], y[part], weight[part], 1, lr, bound))
        if bound is not None and stepping.ends(results[-1].losses[-1], bound):
            break
        state = results[-1].states[-1]
    states, losses = ([getattr(result, name) for result in results] for name in ("states", "losses"))
    traces = joined([result.traces for result in results])
    last = results[-1]
    return Result(np.concatenate(states), np.concatenate(losses), traces, last.averaged, last.samples)


def _bits(result: Result) -> list[bytes]:
    parts = (result.states, result.losses, *(result.traces[name] for name in sorted(result.traces)))
    return [np.ascontiguousarray(part).tobytes() for part in parts]
