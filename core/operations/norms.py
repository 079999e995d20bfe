"""How long the gradient of each layer is: what vanishes and what explodes is seen by it."""

import numpy as np

from .operation import Graph, Step


def layers(graph: Graph) -> tuple[str, ...]:
    """The layers that have trainable parameters with a gradient, by their paths, from the first."""
    return tuple(dict.fromkeys(_layer(weight.path) for weight in graph.weights if weight.gradient))


def gradient_norms(graph: Graph, step: Step) -> tuple[float, ...]:
    """Of each of these the root of the sum of the squares of its gradients, in float64."""
    squares = dict.fromkeys(layers(graph), 0.0)
    for weight in graph.weights:
        if weight.gradient:
            with np.errstate(all="ignore"):
                squares[_layer(weight.path)] += float(np.square(step.values[weight.gradient].astype("float64")).sum())
    return tuple(float(np.sqrt(one)) for one in squares.values())


def _layer(path: str) -> str:
    return path.rpartition("/")[0] or path
