"""Where a step's gradients and new parameters come from, as a part of the Markdown that a reader can unfold."""

from collections.abc import Iterator

from backprop_tui.core.explain import CHAIN, explain, lines
from backprop_tui.core.model.network import Network
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.text.escape import escape_controls

from .steps import Step

MOST_STEPS = 20
"""Only the newest steps are explained: a long run would fill thousands of pages."""

MOST_CELLS = 60
"""In a larger network the first number of each parameter stands for the others."""

WIDTH = 100


def explained(step: Step) -> Iterator[str]:
    """The lines of a folded block: the chain rule of each gradient, from the loss back, then each update."""
    network = step.trace.network
    whole = network.width <= MOST_CELLS
    yield f"\n<details>\n<summary>Where {'these' if whole else 'some of these'} numbers come from</summary>\n\n```text"
    names = [parameter.name for parameter in network.parameters]
    for name in (*(f"g{name}" for name in _from_the_loss_back(network)), *(f"new_{name}" for name in names)):
        rows, columns = step.trace[name].shape
        places = [(row, column) for row in range(rows) for column in range(columns)]
        for row, column in places if whole else places[:1]:
            yield from _of(step, Cell(name, row, column))
    yield "```\n\n</details>"


def _from_the_loss_back(network: Network) -> list[str]:
    there = {parameter.name for parameter in network.parameters}
    names = [f"{kind}{layer}" for layer in range(network.depth, 0, -1) for kind in "wb"]
    return [name for name in names if name in there]


def _of(step: Step, cell: Cell) -> Iterator[str]:
    found = explain(step.trace, cell, step.context, CHAIN)
    yield f"{found.symbol}: {found.title}"
    for line in lines(found):
        for row in line.wrapped(WIDTH - 2):
            yield "  " + escape_controls("".join(piece.text for piece in row))
    yield ""
