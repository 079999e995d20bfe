"""Whether steps alone and steps in pieces are the same bits, for random programs by number.

`python tests/support/same_bits.py 2000` tries so many; the number of one that differs is printed.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
from backprop_tui.core.engine.compute.program import Compiled
from backprop_tui.core.engine.protocol.messages import Program
from backprop_tui.core.model.activations import hidden_activations
from backprop_tui.core.model.losses import LOSSES
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from networks import PENALTIES, REDUCTIONS, batch

PIECES = (1, 7, 17)
STEPS = sum(PIECES)
PROGRAMS_A_PROCESS = 100
"""TensorFlow gives the memory of no compiled program back."""


def random_program(number: int) -> tuple[Program, int]:
    """The program of a number, and its batch size: all activations, losses, optimizers, and both precisions."""
    random = np.random.RandomState(number)
    hidden = [
        Layer(int(random.randint(1, 9)), str(random.choice(hidden_activations()))) for _ in range(random.choice(4))
    ]
    loss = str(random.choice(list(LOSSES)))
    last = LOSSES[loss].last
    outputs = int(random.randint(2 if last == "softmax" else 1, 4))
    layers = (*hidden, Layer(outputs, last or str(random.choice(hidden_activations()))))
    network = Network(int(random.randint(1, 5)), layers, loss)
    optimizer = Optimizer(str(random.choice(list(OPTIMIZERS))))
    dtype = "float64" if random.randint(2) else "float32"
    size = int(random.choice([1, 1, 2, 5, 32]))
    over, reduction = str(random.choice(["", *REDUCTIONS])), str(random.choice(REDUCTIONS))
    network = replace(network, l2=float(random.choice(PENALTIES)), over_outputs=over, reduction=reduction)
    return Program(network, optimizer, dtype), size  # type: ignore[arg-type]


def is_same(number: int) -> bool:
    """Whether 25 single steps, one jump of 25, and 1 + 7 + 17 give the same states, losses and last trace."""
    program, size = random_program(number)
    random = np.random.RandomState(number)
    network, rows = program.network, 40
    data = batch(network, rows, number)
    order = [
        np.zeros((STEPS, size), int),  # this row
        np.arange(STEPS * size).reshape(STEPS, size) % rows,  # next rows
        random.randint(0, rows, (STEPS, size)),  # shuffled
    ][random.randint(3)]
    weight = np.ones((STEPS, size))
    weight[STEPS // 2, size // 2 + 1 :] = 0  # a smaller last batch of an epoch
    x, y, compiled = data.x[order], data.y[order], Compiled(program, size)
    first = program.optimizer.first_state(data.parameters.astype(program.dtype))

    def made(*pieces: int) -> list[bytes]:
        """The bits of the states, the losses and the last trace, up to a loss that is not finite."""
        state, states, losses, place = first, [], [], 0
        for steps in pieces:
            part = slice(place, place + steps)
            result = compiled.run(state, x[part], y[part], weight[part], steps, 0.05, None)
            states.append(result.states)
            losses.append(result.losses)
            state, place = result.states[-1], place + steps
            if not np.isfinite(result.losses[-1]):
                break
        trace = (result.trace[name] for name in sorted(result.trace))
        return [
            np.ascontiguousarray(part).tobytes() for part in (np.concatenate(states), np.concatenate(losses), *trace)
        ]

    return made(*[1] * STEPS) == made(STEPS) == made(*PIECES)


def main() -> int:
    """Try the numbers, each hundred in a process of its own, and print those that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many programs to try")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    given = parser.parse_args()
    numbers, kinds = range(given.first, given.first + given.count), Counter[str]()
    differing = 0
    with get_context("spawn").Pool(1, maxtasksperchild=PROGRAMS_A_PROCESS) as pool:
        for number, same in zip(numbers, pool.imap(is_same, numbers), strict=True):
            program, size = random_program(number)
            kinds[f"{program.optimizer.name} {program.dtype}"] += 1
            if not same:
                differing += 1
                print(number, program, size, flush=True)
            if number % PROGRAMS_A_PROCESS == PROGRAMS_A_PROCESS - 1:
                print(f"{number + 1 - given.first} tried, {differing} differ", flush=True)
    print(f"{given.count - differing} of {given.count} are the same:", dict(sorted(kinds.items())))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
