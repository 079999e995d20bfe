"""Keras's files of weights, in a process of their own: `read` HDF5 to numpy's format, `write` a `.keras` file.

What comes in on standard input is data, never code: HDF5, or numpy's format without pickles.
"""

import re
import sys
from io import BytesIO

import numpy as np

LEAKY, SLOPE = "leaky_relu", 0.01
"""Keras's activation of that name has another slope, 0.2; its layer can be told this one."""


def main() -> None:
    """Do what the first argument says."""
    match sys.argv[1:]:
        case ["read"]:
            _read()
        case ["write", path, loss, *activations]:
            _write(path, loss, activations)


def _read() -> None:
    """The arrays of every layer, in the order of the layers."""
    import h5py

    with h5py.File(BytesIO(sys.stdin.buffer.read()), "r") as file:
        groups: dict[str, dict[int, np.ndarray]] = {}

        def visit(name: str, item: object) -> None:
            layer, _, number = name.rpartition("/vars/")
            if isinstance(item, h5py.Dataset) and number.isdigit() and not name.startswith("optimizer"):
                groups.setdefault(layer, {})[int(number)] = item[()]

        file.visititems(visit)
    names = sorted(groups, key=lambda name: [int(part) if part.isdigit() else -1 for part in re.split(r"(\d+)", name)])
    arrays = [groups[name][number] for name in names for number in sorted(groups[name])]
    np.savez(sys.stdout.buffer, *arrays)


def _write(path: str, loss: str, activations: list[str]) -> None:
    """A Sequential of Dense layers, with the weights that come in, in this program's shapes: w1 (units, inputs)."""
    from .graph.keras import keras

    with np.load(BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as given:
        found = {name: given[name] for name in given.files}
    layers = [keras.layers.Input((found["w1"].shape[1],))]
    for number, activation in enumerate(activations, 1):
        leaks = activation == LEAKY
        shown = "linear" if leaks else activation
        layers.append(keras.layers.Dense(len(found[f"w{number}"]), activation=shown, name=f"layer_{number}"))
        if leaks:
            layers.append(keras.layers.LeakyReLU(negative_slope=SLOPE, name=f"leaky_{number}"))
    model = keras.Sequential(layers)
    turned = [(found[f"w{number}"].T, found[f"b{number}"][:, 0]) for number in range(1, len(activations) + 1)]
    model.set_weights([part for pair in turned for part in pair])
    if loss:
        model.compile(optimizer="sgd", loss=loss)
    model.save(path)


if __name__ == "__main__":
    main()
