"""The one TensorFlow program: a loop over training steps that records every state and hands out the last trace.

A single step is the loop with n = 1, a jump is the same compiled loop with a larger n, and a past step is
n = 1 from its recorded state: so all of them agree bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from backprop_tui.core.engine.protocol.limits import TRACE_ROWS, capacity, traced
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.trace import activations
from backprop_tui.core.model.values import parse

from .step import by_inputs, gradients, updated
from .tensorflow import tf

Tensor = Any

BLOCK = 4096
"""A batch of more rows is worked through in blocks of so many: what is computed in between stays in the processor's
cache, and the memory that it takes does not grow with the batch.
"""


@dataclass(frozen=True)
class Samples:
    """The samples of several steps, ready for the program, and what of them a trace shows (n, rows, columns)."""

    tensor: Tensor
    shown: Array


@dataclass(frozen=True)
class Result:
    """What a call returns: states (n, state_width), losses (n,), traces, and whether these are averaged.

    The traces are those of the last k steps: by name (k, rows, columns), a batch that is smaller filled up. `samples`
    is how many samples the last step has.
    """

    states: Array
    losses: Array
    traces: dict[str, Array]
    averaged: bool
    samples: int = 1

    @property
    def trace(self) -> dict[str, Array]:
        """The last step's, without what fills up its batch."""
        return {name: of_samples(name, value[-1], self.samples) for name, value in self.traces.items()}


class Compiled:
    """The program for one network, update rule, precision and batch size. Compiled at the first call.

    With XLA if the platform has it; `xla` says whether it does. With `every` it hands out the trace of every step, not
    of the last alone, and goes on after a loss that is not finite unless there is a bound. That is another program: it
    may round otherwise.
    """

    def __init__(self, program: Program, batch: int, xla: bool = True, every: bool = False) -> None:
        self.program, self.batch, self.every = program, batch, every
        limit = traced if every else capacity
        self.capacity = limit(program.network, program.optimizer, batch)
        self.averaged = batch > TRACE_ROWS
        self.rows = batch if batch <= BLOCK else -(-batch // BLOCK) * BLOCK
        """The rows that a step works through: a large batch is filled up to whole blocks."""
        self.xla = xla
        self._layout = _layout(program.network, 1 if self.averaged else batch)
        self._size = sum(prod(shape) for shape in self._layout.values()) + program.network.width
        self._function = self._build()

    def run(self, state: Array, x: Array, y: Array, weight: Array, n: int, lr: float, bound: float | None) -> Result:
        """Up to n steps from a state row, over x (n, batch, features), y (n, batch, outputs), weight (n, batch)."""
        return self.run_calls(lambda steps: self.pack(x[steps], y[steps], weight[steps]), state, n, lr, bound)

    def run_calls(
        self, pack: Callable[[slice], Samples], state: Array, n: int, lr: float, bound: float | None
    ) -> Result:
        """Up to n steps from a state row, in as many calls as they need; `pack` hands over the samples of each."""
        results: list[Result] = []
        for first in range(0, max(n, 1), self.capacity):
            steps = min(self.capacity, n - first)
            results.append(self.run_on(pack(slice(first, first + steps)), state, steps, lr, bound))
            if not steps or self.ends(results[-1].losses[-1], bound):
                break
            state = results[-1].states[-1]
        states, losses = ([getattr(result, name) for result in results] for name in ("states", "losses"))
        if len(results) == 1:
            return results[0]
        all_of = replace(results[-1], states=np.concatenate(states), losses=np.concatenate(losses))
        if not self.every:
            return all_of
        return replace(all_of, traces=joined([result.traces for result in results]))

    def ends(self, loss: Any, bound: float | None) -> bool:
        """Whether no step comes after one with this loss, as the loop has it."""
        if self.every and bound is None:
            return False
        with np.errstate(over="ignore"):  # a bound above the largest float32 is infinite, as in the loop
            return not (abs(loss) < np.inf and (bound is None or loss >= loss.dtype.type(bound)))

    def pack(self, x: Array, y: Array, weight: Array) -> Samples:
        """The samples of up to `capacity` steps, as one array: each argument costs a tenth of a short call.

        It is filled up: the compiled shapes do not depend on how many steps there are.
        """
        n, features = len(x), self.program.network.features
        if n > self.capacity:
            raise ValueError(f"one call runs 0 to {self.capacity} steps, not {n}")
        samples = np.zeros((self.capacity, *self._sample_shape), self.program.dtype)
        filled = samples[:n, : self.batch]
        with np.errstate(over="ignore"):
            filled[:, :, :features], filled[:, :, features:-1], filled[:, :, -1] = x, y, weight
        shown = filled
        if self.averaged:
            shown = filled[:, None, :, -1] @ filled / filled[:, :, -1].sum(axis=1)[:, None, None]
        return Samples(tf.constant(samples), shown)

    def run_on(self, samples: Samples, state: Array, n: int, lr: float, bound: float | None) -> Result:
        """Up to n steps from a state row over samples that are packed."""
        if not 0 <= n <= self.capacity:
            raise ValueError(f"one call runs 0 to {self.capacity} steps, not {n}")
        dtype = self.program.dtype
        with np.errstate(over="ignore"):
            start = np.array([*state, lr, self._bound(bound), 0], dtype)
        start[-2] = min(start[-2], np.finfo(dtype).max)
        arguments = [tf.constant(start), samples.tensor, tf.constant(n, tf.int32)]
        done, record, *computed = (tensor.numpy() for tensor in self._call(arguments))
        states, found = record[:done, :-1], record[:done, -1]
        if not done:
            return Result(states, found, {}, self.averaged)
        before = np.concatenate([start[None, :-3], states[:-1]])
        shown = samples.shown[:done]
        kept = slice(None) if self.every else slice(done - 1, done)
        last = computed[-1][:done] if self.every else computed[0][None]
        traces = self._traces(before[kept], states[kept], shown[kept], last)
        count = 1 if self.averaged else int(shown[-1, :, -1].sum())
        return Result(states, found, traces, self.averaged, count)

    def _bound(self, bound: float | None) -> float:
        """Below which loss the loop ends. Where no loss ends it, not even one that is not finite, it is no number."""
        if bound is None:
            # A loss that is the output may go to -∞, which is not finite either.
            return np.nan if self.every else -float(np.finfo(self.program.dtype).max)
        return bound

    def _traces(self, before: Array, after: Array, samples: Array, computed: Array) -> dict[str, Array]:
        """All of k steps by name, from the states before and after each, its samples, and what it computed."""
        network, width = self.program.network, self.program.network.width

        def split(rows: Array, prefix: str = "") -> dict[str, Array]:
            return {prefix + p.name: rows[:, p.span].reshape(-1, *p.shape) for p in network.parameters}

        traces = {"x": samples[:, :, : network.features], "y": samples[:, :, network.features : -1], **split(before)}
        start = 0
        for name, shape in self._layout.items():
            traces[name] = computed[:, start : start + prod(shape)].reshape(-1, *shape)
            start += prod(shape)
        traces |= split(computed[:, start : self._size], "g") | split(after, "new_")
        traces["gx"] = computed[:, self._size :].reshape(len(computed), -1, network.features)
        for number, letter in enumerate(self.program.optimizer.moments, 1):
            for prefix, states in ((f"{letter}_", before), (f"new_{letter}_", after)):
                traces |= split(states[:, number * width : (number + 1) * width], prefix)
        return traces

    def _call(self, arguments: list[Tensor]) -> Any:
        if not self.xla:
            return self._function(*arguments)
        try:
            return self._function(*arguments)
        except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError, tf.errors.NotFoundError):
            # This platform's TensorFlow has no XLA: the same program without it, from here on.
            self.xla = False
            self._function = self._build()
            return self._function(*arguments)

    @property
    def _sample_shape(self) -> tuple[int, int]:
        """A step's samples: per row its features, its targets, its weight."""
        return self.rows, self.program.network.features + self.program.network.outputs + 1

    def _sample(self, samples: Tensor, i: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x, y and weight of step i. Written as exact slices: XLA makes one piece of a loop that reads little."""
        features, outputs = self.program.network.features, self.program.network.outputs
        x = tf.slice(samples, [i, 0, 0], [1, self.rows, features])
        y = tf.slice(samples, [i, 0, features], [1, self.rows, outputs])
        weight = tf.slice(samples, [i, 0, features + outputs], [1, self.rows, 1])
        return x[0], y[0], weight[0, :, 0]

    def _step(
        self, state: Tensor, x: Tensor, y: Tensor, weight: Tensor, lr: Tensor, zero: Tensor, i: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Step i: the state after it, and what it computed as one flat row in the order of the layout."""
        network, width = self.program.network, self.program.network.width
        parameters, moments = state[:width], state[width:]
        total = tf.reduce_sum(weight)
        if self.rows > BLOCK:
            flat = self._in_blocks(parameters, x, y, weight, total)
        else:
            flat = self._computed(parameters, x, y, weight, total)
        # The minimum is 0, which the compiler does not know: the update is made with the very numbers that are shown,
        # not with the same formulas once more, which may round otherwise.
        gradient = tf.slice(flat, [self._size - width + tf.minimum(i, 0)], [width])
        after = tf.concat(updated(self.program.optimizer, parameters, moments, gradient, lr, zero), 0)
        if network.frozen:
            after = tf.where(_learns(self.program), after, state)
        return after, flat

    def _computed(
        self, parameters: Tensor, x: Tensor, y: Tensor, weight: Tensor, total: Tensor, first: Tensor = True
    ) -> Tensor:
        """What a step computes over these samples as one flat row: in the order of the layout, then the gradient."""
        network = self.program.network
        computed, gradient = gradients(network, parameters, x, y, weight, total, first)
        if self.averaged:
            computed = {name: _over_batch(name, value, weight, total) for name, value in computed.items()}
        flat = tf.concat([*(tf.reshape(computed[name], [-1]) for name in self._layout), gradient], 0)
        return tf.reshape(flat, (self._size,))

    def _in_blocks(self, parameters: Tensor, x: Tensor, y: Tensor, weight: Tensor, total: Tensor) -> Tensor:
        """The same over a large batch: its blocks' rows add up."""
        blocks = self.rows // BLOCK
        xs, ys, weights = (tf.reshape(part, (blocks, BLOCK, *part.shape[1:])) for part in (x, y, weight))

        def add(block: Tensor, flat: Tensor) -> tuple[Tensor, Tensor]:
            part = self._computed(parameters, xs[block], ys[block], weights[block], total, tf.equal(block, 0))
            return block + 1, flat + part

        none = tf.zeros((self._size,), self.program.dtype)
        return tf.while_loop(lambda block, _: block < blocks, add, (tf.constant(0), none))[1]

    def _with_inputs(self, before: Tensor, computed: Tensor) -> Tensor:
        """What k steps computed (k, size), and after it their ∂L/∂x, of the states (k, state_width) before them."""
        w1, layout = self.program.network.parameters[0], list(self._layout)
        start = sum(prod(self._layout[name]) for name in layout[: layout.index("gz1")])
        size = prod(self._layout["gz1"])
        gz1 = tf.reshape(computed[:, start : start + size], (-1, *self._layout["gz1"]))
        found = by_inputs(tf.reshape(before[:, w1.span], (-1, *w1.shape)), gz1)
        return tf.concat([computed, tf.reshape(found, (computed.shape[0], -1))], 1)

    def _build(self) -> Callable[..., Any]:
        network, dtype = self.program.network, self.program.dtype
        state_width = self.program.optimizer.state_width(network)

        def run(start: Tensor, samples: Tensor, n: Tensor) -> tuple[Tensor, ...]:
            first, lr, bound, zero = start[:state_width], *(start[state_width + place] for place in range(3))

            def more(i: Tensor, _state: Tensor, computed: Tensor, *_: Tensor) -> Tensor:
                # A loss below the bound or not finite ends the loop.
                loss = computed[0]
                goes_on = tf.logical_and(loss >= bound, loss < np.inf)
                return tf.logical_and(i < n, tf.logical_or(goes_on, bound != bound) if self.every else goes_on)

            def body(i: Tensor, state: Tensor, _: Tensor, record: Tensor, *traces: Tensor) -> tuple[Tensor, ...]:
                state, computed = self._step(state, *self._sample(samples, i), lr, zero, i)
                row = tf.concat([state, computed[:1]], 0)
                traces = tuple(tf.tensor_scatter_nd_update(kept, [[i]], computed[None]) for kept in traces)
                return i + 1, state, computed, tf.tensor_scatter_nd_update(record, [[i]], row[None]), *traces

            record = tf.zeros((self.capacity, state_width + 1), dtype)
            # The first step always runs, without a condition of its own: the compiler would make it another piece of
            # code, with other roundings.
            computed = tf.fill((self._size,), bound)
            traces = [tf.zeros((self.capacity, self._size), dtype)] if self.every else []
            i, _, computed, record, *traces = tf.while_loop(
                more, body, (tf.constant(0), first, computed, record, *traces)
            )
            # Outside of the loop, which stays as fast as it is: x is asked for in the steps that are shown.
            if self.every:
                before = tf.concat([first[None], record[:-1, :-1]], 0)
                return i, record, computed, self._with_inputs(before, traces[0])
            before = tf.where(i > 1, record[tf.maximum(i - 2, 0), :-1], first)
            # Two of them: so it is the product of several matrices here as well, and rounds as there.
            return i, record, self._with_inputs(tf.stack([before, first]), tf.stack([computed, computed]))[0]

        return tf.function(run, jit_compile=self.xla, autograph=False).get_concrete_function(  # type: ignore[no-any-return]
            tf.TensorSpec((state_width + 3,), dtype),
            tf.TensorSpec((self.capacity, *self._sample_shape), dtype),
            tf.TensorSpec((), tf.int32),
        )


def of_samples(name: str, value: Array, samples: int) -> Array:
    """A value of a batch (..., rows, columns) without what fills it up after so many samples."""
    named = parse(name)
    if not named.per_sample:
        return value
    return value[..., :samples, :] if named.is_row else value[..., :samples]


def joined(traces: list[dict[str, Array]]) -> dict[str, Array]:
    """The traces of steps after steps as those of all."""
    return {name: np.concatenate([part[name] for part in traces]) for name in traces[0]}


def _learns(program: Program) -> Array:
    """Which numbers of a state (state_width,) an update changes: not the frozen parameters, nor their moments."""
    network, optimizer = program.network, program.optimizer
    learns = ~network.fixed
    counted = np.ones(optimizer.state_width(network) - (1 + len(optimizer.moments)) * network.width, bool)
    return np.concatenate([np.tile(learns, 1 + len(optimizer.moments)), counted])


def _layout(network: Network, columns: int) -> dict[str, tuple[int, int]]:
    """The shape of each value that a step computes, and of its gradient, by name; the loss first."""
    layout = {"loss": (1, 1)}
    for layer, names in zip(network.layers, activations(network), strict=True):
        for name in names:
            layout[name] = layout["g" + name] = (layer.units, columns)
    return layout


def _over_batch(name: str, value: Tensor, weight: Tensor, total: Tensor) -> Tensor:
    """A value of a large batch: what has a number per sample is averaged; gradients of such are summed.

    If the loss is a mean over the batch, the sum is the average of the samples' own gradients.
    """
    named = parse(name)
    if not named.per_sample:
        return value
    if named.gradient:
        return tf.reduce_sum(value, axis=1, keepdims=True)
    return tf.reduce_sum(value * weight, axis=1, keepdims=True) / total
