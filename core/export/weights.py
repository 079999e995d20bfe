"""The present weights of a network, as a file of numpy's, of safetensors' or of Keras's."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.weights import H5_READER

ENDINGS = (".npz", ".safetensors", ".keras")
TIMEOUT = 120
"""Seconds in which Keras must have written a file."""

KERAS_NAMES = {
    MEAN_SQUARED: "mean_squared_error",
    BINARY_CROSS_ENTROPY: "binary_crossentropy",
    SOFTMAX_CROSS_ENTROPY: "categorical_crossentropy",
}
"""The losses that Keras has too. The half squared error is none of them: such a file names no loss."""


SAFE = {"float32": "F32", "float64": "F64"}


def safetensors(arrays: Mapping[str, Array]) -> bytes:
    """Arrays by name in the format of safetensors: 8 bytes of length, a JSON object with types, shapes and places, in
    a multiple of 8 bytes, then the numbers, little-endian, in C order.
    """
    head, parts, begin = dict[str, Any](), [], 0
    for name, values in arrays.items():
        content = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        head[name] = {
            "dtype": SAFE[values.dtype.name],
            "shape": list(values.shape),
            "data_offsets": [begin, begin + len(content)],
        }
        parts.append(content)
        begin += len(content)
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def pytorch_names(network: Network, parameters: Array) -> dict[str, Array]:
    """The weights (units, inputs) and biases (units,) of each layer, under the names of PyTorch's `Sequential`."""
    found = _with_biases(network, parameters)
    names: dict[str, Array] = {}
    for layer in range(network.depth):
        names[f"{2 * layer}.weight"] = found[f"w{layer + 1}"]
        names[f"{2 * layer}.bias"] = found[f"b{layer + 1}"].reshape(-1)
    return names


def _with_biases(network: Network, parameters: Array) -> dict[str, Array]:
    """All matrices by name. Readers of such files expect a bias beside each weight: where there is none it is 0."""
    found = network.filled(network.split(parameters[: network.width]))
    return {name: value.astype(parameters.dtype) for name, value in found.items()}


def write_weights(network: Network, parameters: Array, path: Path) -> str:
    """Write a file that is not there yet; what to say of it. Raises OSError, and ValueError if Keras can't.

    `.npz` holds w1 (units, inputs), b1 (units, 1) ..., `.safetensors` what PyTorch's `Sequential` of linear layers
    with an activation behind each calls 0.weight (units, inputs), 0.bias (units,), 2.weight ..., and `.keras` a
    Sequential whose kernels are (inputs, units).
    """
    if path.suffix == ".safetensors":
        with path.open("xb") as file:
            file.write(safetensors(pytorch_names(network, parameters)))
        return "the weights as PyTorch names them: 0.weight (units, inputs), 0.bias (units,), 2.weight ..."
    buffer = BytesIO()
    np.savez(buffer, **_with_biases(network, parameters))  # type: ignore[arg-type]
    if path.suffix == ".npz":
        with path.open("xb") as file:
            file.write(buffer.getvalue())
        return "the weights: w1 (units, inputs), b1 (units, 1) ..."
    path.open("xb").close()  # the name is ours
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial.keras")
    names = [layer.activation for layer in network.layers]
    command = [sys.executable, "-m", H5_READER, "write", str(partial), KERAS_NAMES.get(network.loss, ""), *names]
    try:
        done = subprocess.run(command, input=buffer.getvalue(), capture_output=True, timeout=TIMEOUT, check=False)
        if done.returncode:
            raise ValueError(f"Keras can't write it: {done.stderr.decode('utf-8', 'replace').strip().splitlines()[-1]}")
        partial.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        partial.unlink(missing_ok=True)
    return "a Keras model: its kernels are (inputs, units), turned"
