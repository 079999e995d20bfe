"""A jump of 100,000 recorded steps, from the request to the history in the screen's process, per step.

Beside loops in C and numpy that record the same: the state and the loss of every step. gcc compiles the C, if it is
there.
"""

import asyncio
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from backprop_tui.core.engine.client.process import EngineProcess
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.optimizers import Optimizer
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from jump import settle
from measured import Row, report, wants_short
from networks import hidden_layers

STEPS, NUMPY_STEPS = 100_000, 3_000


@dataclass(frozen=True)
class Case:
    """A network of two features with these hidden layers, and the goal: at most so many times the C loop."""

    hidden: tuple[int, ...]
    goal: float
    activation: str = "sigmoid"
    optimizer: str = "sgd"

    @property
    def sizes(self) -> tuple[int, ...]:
        """The width of each layer, the features first."""
        return 2, *self.hidden, 1

    @property
    def name(self) -> str:
        """As it stands in the table."""
        kind = [self.activation] * (self.activation != "sigmoid") + [self.optimizer] * (self.optimizer != "sgd")
        return " ".join(["-".join(map(str, self.sizes)), *kind])

    def run(self) -> Run:
        """The run that is measured."""
        network = Network(2, hidden_layers(list(self.hidden), self.activation))
        return Run(network=network, optimizer=Optimizer(self.optimizer), settings=Settings(0.01))


CASES = (
    Case((2,), 6),
    Case((3,), 8),
    Case((8,), 10),
    Case((3, 2), 10),
    Case((2,), 15, optimizer="adam"),
    Case((16, 16), 100, "relu"),
)


async def ours(case: Case, engine: EngineProcess) -> float:
    """Seconds of one jump, by its steps. Its program is compiled."""
    session = Session(case.run())
    session.timeline.step()
    await settle(session, engine)
    session.restart()
    session.timeline.start_jump(STEPS)
    start = perf_counter()
    await settle(session, engine)
    taken = perf_counter() - start
    assert session.timeline.history.entries == STEPS
    return taken / STEPS


def compiled(case: Case, folder: Path) -> Path:
    """The C loop of a network, made by gcc."""
    program = folder / case.name.replace(" ", "-")
    flags = [f"-DSIZES={','.join(map(str, case.sizes))}", f"-DLAYERS={len(case.sizes) - 1}"]
    flags += ["-DRELU"] * (case.activation == "relu") + ["-DADAM"] * (case.optimizer == "adam")
    source = Path(__file__).with_name("loop.c")
    subprocess.run(["gcc", "-O3", *flags, source, "-o", program, "-lm"], check=True)
    return program


def in_c(program: Path) -> float:
    """Seconds of a step of the C loop."""
    said = subprocess.run([program, str(STEPS)], check=True, capture_output=True, text=True).stdout
    return float(said.split()[0])


def in_numpy(case: Case) -> float:
    """Seconds of a step of a plain numpy loop that records the same."""
    layers = list(zip(case.sizes[:-1], case.sizes[1:], strict=True))
    width = sum((inputs + 1) * units for inputs, units in layers)
    x, y = np.array([-0.4, -0.98], "float32"), np.float32(12.3)
    state = np.random.RandomState(0).uniform(0, 0.5, width).astype("float32")
    first, second = np.zeros_like(state), np.zeros_like(state)
    states, losses = np.empty((NUMPY_STEPS, width * (3 if case.optimizer == "adam" else 1)), "float32"), []
    start = perf_counter()
    for number in range(1, NUMPY_STEPS + 1):
        weights, hs, place = [], [x], 0
        for depth, (inputs, units) in enumerate(layers):
            w = state[place : place + inputs * units].reshape(units, inputs)
            place += inputs * units
            z: Array = w @ hs[-1] + state[place : place + units]
            place += units
            weights.append(w)
            hidden = np.maximum(z, 0) if case.activation == "relu" else 1 / (1 + np.exp(-z))
            hs.append(hidden if depth < len(layers) - 1 else z)
        error = hs[-1] - y
        losses.append(0.5 * error[0] ** 2)
        parts: list[Array] = []
        for depth in reversed(range(len(layers))):
            parts[:0] = [np.outer(error, hs[depth]).ravel(), error]
            h = hs[depth]
            error = (weights[depth].T @ error) * ((h > 0) if case.activation == "relu" else h * (1 - h))
        gradient = np.concatenate(parts)
        if case.optimizer == "adam":
            first, second = first + 0.1 * (gradient - first), second + 0.001 * (gradient**2 - second)
            rate = 0.01 * np.sqrt(1 - 0.999**number) / (1 - 0.9**number)
            state = (state - rate * first / (np.sqrt(second) + 1e-7)).astype("float32")
            states[number - 1] = np.concatenate([state, first, second])
        else:
            state = state - np.float32(0.01) * gradient
            states[number - 1] = state
    return (perf_counter() - start) / NUMPY_STEPS


async def measured(repeats: int) -> list[Row]:
    """Each network with its loops, taken in turns: the best of each."""
    rows, engine = [], EngineProcess()
    try:
        with TemporaryDirectory() as folder:
            for case in CASES:
                program = compiled(case, Path(folder)) if shutil.which("gcc") else None
                jumps, loops, arrays = [], [], []
                for _ in range(repeats):
                    jumps.append(await ours(case, engine))
                    loops.append(in_c(program) if program else float("nan"))
                    arrays.append(in_numpy(case))
                best = min(jumps) * 1e6
                if program:
                    rows.append(Row(f"{case.name}, beside C", best, min(loops) * 1e6, "µs", case.goal))
                rows.append(Row(f"{case.name}, beside numpy", best, min(arrays) * 1e6, "µs", 1))
    finally:
        engine.close()
    return rows


def main() -> int:
    """Measure and print."""
    return report(*asyncio.run(measured(3 if wants_short(__doc__) else 15)))


if __name__ == "__main__":
    sys.exit(main())
