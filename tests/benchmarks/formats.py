"""A row of each format of `run`, beside a plain numpy loop that makes the same steps and writes them with csv.writer.

In this process, from a program that is compiled: what is measured is the making, the formatting and the writing. The
loop in numpy and csv is what somebody would write by hand; one compiled by numba or JAX makes its steps, where these
are installed.
"""

import csv
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from time import perf_counter
from typing import Any, TextIO

import numpy as np
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.export import FORMATS
from backprop_tui.core.export.as_csv import csv_text
from backprop_tui.core.export.as_json import json_text
from backprop_tui.core.export.steps import made, single
from backprop_tui.core.export.text import notebook_text
from backprop_tui.core.model.network import Array
from backprop_tui.core.session.drive import settle
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from measured import Row, report, wants_short

WIDTH = 9
Step = Callable[[Array], tuple[Any, Array, Array]]


def numpy_step(state: Array) -> tuple[Any, Array, Array]:
    """2-2-1 with a sigmoid: the loss, the gradient and the state after a step from a state (9,)."""
    x, y = np.array([-0.4332, -0.9825], "float32"), np.float32(12.654)
    w1, b1, w2, b2 = state[:4].reshape(2, 2), state[4:6], state[6:8], state[8]
    h = 1 / (1 + np.exp(-(w1 @ x + b1)))
    error = w2 @ h + b2 - y
    g = error * w2 * h * (1 - h)
    gradient = np.concatenate([np.outer(g, x).ravel(), g, error * h, [error]]).astype("float32")
    return np.float32(0.5) * error * error, gradient, state - np.float32(0.01) * gradient


def fast_steps() -> Iterator[tuple[str, Step]]:
    """The same step compiled, by those of numba and JAX that are installed."""
    if find_spec("numba"):
        import numba  # type: ignore[import-not-found, unused-ignore]

        @numba.njit  # type: ignore[untyped-decorator, unused-ignore]
        def compiled(state: Array) -> tuple[Any, Array, Array]:
            gradient, h = np.empty(9, np.float32), np.empty(2, np.float32)
            x0, x1, prediction = np.float32(-0.4332), np.float32(-0.9825), state[8]
            for unit in range(2):
                z = state[2 * unit] * x0 + state[2 * unit + 1] * x1 + state[4 + unit]
                h[unit] = 1 / (1 + np.exp(-z))
                prediction += state[6 + unit] * h[unit]
            error = prediction - np.float32(12.654)
            for unit in range(2):
                g = error * state[6 + unit] * h[unit] * (1 - h[unit])
                gradient[2 * unit], gradient[2 * unit + 1], gradient[4 + unit] = g * x0, g * x1, g
                gradient[6 + unit] = error * h[unit]
            gradient[8] = error
            return np.float32(0.5) * error * error, gradient, state - np.float32(0.01) * gradient

        yield "numba", compiled
    if find_spec("jax"):
        import jax  # type: ignore[import-not-found, unused-ignore]

        def loss(state: Any) -> Any:
            x = jax.numpy.array([-0.4332, -0.9825], "float32")
            h = jax.nn.sigmoid(state[:4].reshape(2, 2) @ x + state[4:6])
            return 0.5 * (state[6:8] @ h + state[8] - 12.654) ** 2

        both = jax.jit(jax.value_and_grad(loss))

        def step(state: Array) -> tuple[Any, Array, Array]:
            value, gradient = both(state)
            gradient = np.asarray(gradient)
            return np.float32(value), gradient, state - np.float32(0.01) * gradient

        yield "JAX", step


def loop(step: Step, steps: int, file: TextIO) -> float:
    """Seconds of a row of a loop that writes a row a step with csv.writer."""
    writer, state = csv.writer(file, lineterminator="\n"), np.linspace(0, 0.5, WIDTH, dtype="float32")
    step(state)
    start = perf_counter()
    for number in range(1, steps + 1):
        loss, gradient, after = step(state)
        writer.writerow([number, 0, 0.01, loss, *state, *gradient, *after])
        state = after
    return (perf_counter() - start) / steps


def written(parts: Callable[[], Iterator[str]], steps: int, file: TextIO) -> float:
    """Seconds of a row of the parts of a text."""
    start = perf_counter()
    for part in parts():
        file.write(part)
    return (perf_counter() - start) / steps


def ours(engine: Engine, steps: int, file: TextIO) -> dict[str, float]:
    """Seconds of a row of each format."""
    run, few = Run(), steps // 4
    session = Session(run)
    session.timeline.start_jump(few)
    settle(session, engine.answer)

    def recorded(name: str) -> Callable[[], Iterator[str]]:
        return lambda: FORMATS[name].write(session.timeline, engine.answer, None)

    return {
        "csv": written(lambda: csv_text(run, made(run, engine.answer, steps)), steps, file),
        "json": written(lambda: json_text(run, made(run, engine.answer, steps)), steps, file),
        "text": written(lambda: notebook_text(single(made(run, engine.answer, few))), few, file),
        "markdown": written(recorded("markdown"), few, file),
        "jupyter": written(recorded("jupyter"), few, file),
    }


def main() -> int:
    """Measure in turns and print: the best of each."""
    repeats, steps = (2, 4_000) if wants_short(__doc__) else (5, 20_000)
    engine, loops = Engine(), {"numpy": numpy_step, **dict(fast_steps())}
    found: dict[str, list[float]] = {}
    with open(os.devnull, "w") as file:
        for _ in csv_text(Run(), made(Run(), engine.answer, 4_000)):
            pass  # compiled now
        for _ in range(repeats):
            for name, seconds in ours(engine, steps, file).items():
                found.setdefault(name, []).append(seconds)
            for name, step in loops.items():
                found.setdefault(name, []).append(loop(step, steps // 4, file))
    best = {name: min(times) * 1e6 for name, times in found.items()}
    rows = [Row("a row of csv, beside numpy and csv.writer", best["csv"], best["numpy"], "µs", 1)]
    rows += [
        Row(f"a row of csv, beside {name} and csv.writer", best["csv"], best[name], "µs", 1) for name in [*loops][1:]
    ]
    # The others write more, and a person reads them: goals of their own.
    goals = {"json": 2, "text": 50, "markdown": 20, "jupyter": 3}
    rows += [Row(f"a row of {name}, beside it", best[name], best["numpy"], "µs", goal) for name, goal in goals.items()]
    return report(*rows)


if __name__ == "__main__":
    sys.exit(main())
