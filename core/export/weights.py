"""The present weights of a network, as a file of numpy's or of Keras's."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from backprop_tui.core.model.losses import BINARY_CROSS_ENTROPY, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.model.weights import H5_READER

ENDINGS = (".npz", ".keras")
TIMEOUT = 120
"""Seconds in which Keras must have written a file."""

KERAS_NAMES = {
    MEAN_SQUARED: "mean_squared_error",
    BINARY_CROSS_ENTROPY: "binary_crossentropy",
    SOFTMAX_CROSS_ENTROPY: "categorical_crossentropy",
}
"""The losses that Keras has too. The half squared error is none of them: such a file names no loss."""


def write_weights(network: Network, parameters: Array, path: Path) -> str:
    """Write a file that is not there yet; what to say of it. Raises OSError, and ValueError if Keras can't.

    `.npz` holds w1 (units, inputs), b1 (units, 1) ..., `.keras` a Sequential whose kernels are (inputs, units).
    """
    buffer = BytesIO()
    np.savez(buffer, **network.split(parameters[: network.width]))  # type: ignore[arg-type]
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
