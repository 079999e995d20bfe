"""Weights of a network of dense layers from a file: numpy's, Keras's or safetensors'. Nothing of it is run as code.

Here a layer's weights are (units, inputs). Keras's kernels are (inputs, units), and are turned; PyTorch's are as here.
"""

import json
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from .activations import ACTIVATIONS
from .keras_optimizer import optimizer_of
from .limits import MAX_PARAMETERS
from .losses import BINARY_CROSS_ENTROPY, HALF_SQUARED, MEAN_SQUARED, SOFTMAX_CROSS_ENTROPY
from .network import Array, Layer, Network
from .optimizers import Optimizer

ENDINGS = (".npz", ".safetensors", ".keras", ".h5")
MOST_BYTES = 2**26
"""A larger file is refused: a network of the main screen has far fewer numbers."""

H5_READER = "backprop_tui.core.engine.compute.weights"
"""The module that reads HDF5, in a process of its own: its library is not loaded where the screen is."""


class WeightsError(ValueError):
    """The file can't be used: one line that says why and how to mend it."""


@dataclass(frozen=True)
class Weights:
    """The layers of a file: weights (units, inputs) and biases (units, 1) of each, as they are here.

    `activations`, `loss`, `optimizer` and `lr` are those that the file names; None if it names none. `said` tells how
    it was read.
    """

    matrices: tuple[tuple[Array, Array], ...]
    activations: tuple[str, ...] | None
    loss: str | None
    said: str
    optimizer: Optimizer | None = None
    lr: float | None = None

    def network(self, base: Network) -> Network:
        """The network of these layers: what the file does not name is as in `base`. Raises ValueError."""
        units = [len(weights) for weights, _ in self.matrices]
        if self.activations is not None:
            names = list(self.activations)
        else:
            hidden = base.layers[0].activation if base.depth > 1 else "sigmoid"
            names = [hidden] * (len(units) - 1) + [base.layers[-1].activation]
        layers = tuple(Layer(count, name) for count, name in zip(units, names, strict=True))
        return replace(
            base, features=self.matrices[0][0].shape[1], layers=layers, loss=self.loss or base.loss, frozen=()
        )

    def row(self, network: Network) -> Array:
        """All of them in one flat row (width,), float32, in the network's order."""
        found = {}
        for number, (weights, biases) in enumerate(self.matrices, 1):
            found[f"w{number}"], found[f"b{number}"] = weights, biases
        return network.join(found)


def read_weights(path: Path) -> Weights:
    """The layers of a file, by the ending of its name. Raises WeightsError."""
    ending = path.suffix
    if ending not in ENDINGS:
        raise WeightsError(f"{path}: weights are read from files that end in {' '.join(ENDINGS)}")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"{path}: is larger than {MOST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror or error}") from None
    try:
        match ending:
            case ".npz":
                return _from_named(_npz(content), path)
            case ".safetensors":
                return _from_named(_safetensors(content), path)
            case ".keras":
                return _keras(content, path)
            case _:
                return _paired(_h5(content), path, None, None, turned=True)
    except WeightsError:
        raise
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile, struct.error, RecursionError) as error:
        words = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise WeightsError(f"{path}: is no {ending} file that can be read: {words}") from None


# The kinds of files


def _npz(content: bytes) -> dict[str, Array]:
    with np.load(BytesIO(content), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


_SAFE = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def _safetensors(content: bytes) -> dict[str, Array]:
    """The format is a length, a JSON object of names with types, shapes and places, and the bytes."""
    (length,) = struct.unpack("<Q", content[:8])
    head = json.loads(content[8 : 8 + length].decode("utf-8"))
    body, found = content[8 + length :], {}
    for name, entry in head.items():
        if name != "__metadata__":
            if entry["dtype"] not in _SAFE:
                raise ValueError(f"'{name[:40]}' is of type {str(entry['dtype'])[:10]}")
            begin, end = entry["data_offsets"]
            found[name] = np.frombuffer(body[begin:end], _SAFE[entry["dtype"]]).reshape(entry["shape"])
    return found


def _keras(content: bytes, path: Path) -> Weights:
    with zipfile.ZipFile(BytesIO(content)) as file:
        for name in ("config.json", "model.weights.h5"):
            if file.getinfo(name).file_size > MOST_BYTES:
                raise ValueError(f"{name} is too large")
        config = json.loads(file.read("config.json"))
        weights = file.read("model.weights.h5")
    layers = _with_leaks([one for one in config["config"]["layers"] if one["class_name"] != "InputLayer"])
    other = next((one["class_name"] for one in layers if one["class_name"] != "Dense"), None)
    if config["class_name"] not in ("Sequential", "Functional") or other is not None:
        what = other or config["class_name"]
        raise WeightsError(f"{path}: has {str(what)[:40]}, not dense layers alone: backprop-tui model opens it")
    names = tuple(_activation(one["config"]["activation"], path) for one in layers)
    compiled = config.get("compile_config")
    found, told = _paired(_h5(weights), path, names, _loss(compiled, path), turned=True), optimizer_of(compiled)
    said = f"{found.said}; {told.why}" if told.why else found.said
    return replace(found, optimizer=told.optimizer, lr=told.lr, said=said)


SLOPE = 0.01
"""Of leaky_relu here. Keras's activation of that name has 0.2; its layer LeakyReLU says its own."""


def _with_leaks(layers: list[Any]) -> list[Any]:
    """The layers, each LeakyReLU of this program's slope made the activation of the linear layer before it."""
    found: list[Any] = []
    for one in layers:
        given = one["config"]
        if one["class_name"] == "LeakyReLU" and found and found[-1]["config"].get("activation") == "linear":
            if abs(given["negative_slope"] - SLOPE) < 1e-9:
                found[-1]["config"]["activation"] = ("leaky_relu",)
                continue
        elif given.get("activation") == "leaky_relu":
            raise ValueError(f"its leaky_relu has the slope 0.2, here it is {SLOPE}")
        found.append(one)
    return found


def _activation(given: Any, path: Path) -> str:
    name = given[0] if isinstance(given, tuple) else given if isinstance(given, str) else str(given)[:40]
    if name not in ACTIVATIONS:
        raise WeightsError(f"{path}: has the activation {name[:40]}; here there are {', '.join(ACTIVATIONS)}")
    return name


KERAS_LOSSES = {
    "mse": MEAN_SQUARED,
    "mean_squared_error": MEAN_SQUARED,
    "binary_crossentropy": BINARY_CROSS_ENTROPY,
    "categorical_crossentropy": SOFTMAX_CROSS_ENTROPY,
    "sparse_categorical_crossentropy": SOFTMAX_CROSS_ENTROPY,
}
"""Keras's names of the losses that are the same here."""


def _loss(compiled: Any, path: Path) -> str | None:
    given = (compiled or {}).get("loss")
    if isinstance(given, dict):
        given = given.get("config", {}).get("name") if isinstance(given.get("config"), dict) else given.get("config")
    if given is None or given == HALF_SQUARED:
        return given
    if given not in KERAS_LOSSES:
        raise WeightsError(f"{path}: has the loss {str(given)[:40]}, which is none of {', '.join(KERAS_LOSSES)}")
    return KERAS_LOSSES[given]


def _h5(content: bytes) -> list[Array]:
    """The arrays of an HDF5 file of Keras, layer after layer, by a process that has the library."""
    done = subprocess.run(
        [sys.executable, "-m", H5_READER, "read"], input=content, capture_output=True, timeout=120, check=False
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ValueError(lines[-1] if lines else "it can't be read")
    found = _npz(done.stdout)
    return [found[f"arr_{number}"] for number in range(len(found))]


# Names and shapes


def _from_named(found: Mapping[str, Array], path: Path) -> Weights:
    """By names: w1, b1 ... as here; `...kernel` as in Keras, `...weight` as in PyTorch; else by order and shapes."""
    if set(found) >= {"w1", "b1"}:
        depth = len(found) // 2
        names = [name for number in range(1, depth + 1) for name in (f"w{number}", f"b{number}")]
        if set(names) != set(found):
            raise WeightsError(f"{path}: needs w1, b1, w2, b2 ... and nothing else")
        return _paired([found[name] for name in names], path, None, None, turned=False)
    names = sorted(found, key=_natural)
    kinds = {"kernel": True, "weight": False}
    turned = next((kind for word, kind in kinds.items() if any(name.endswith(word) for name in names)), None)
    if turned is not None:  # bias comes before kernel and weight in the alphabet
        stems = dict.fromkeys(
            name.rpartition("bias" if name.endswith("bias") else word)[0]
            for name in names
            for word in kinds
            if name.endswith(("bias", word))
        )
        word = "kernel" if turned else "weight"
        names = [f"{stem}{part}" for stem in stems for part in (word, "bias")]
        if set(names) != set(found):
            raise WeightsError(f"{path}: needs a {word} and a bias for each layer, and nothing else")
    return _paired([found[name] for name in names], path, None, None, turned)


def _natural(name: str) -> list[tuple[int, str]]:
    """`dense_10` comes after `dense_9`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def _paired(
    found: Sequence[Array], path: Path, names: tuple[str, ...] | None, loss: str | None, turned: bool | None
) -> Weights:
    """Weights and biases in turns. `turned`: whether the weights are (inputs, units); None: as the shapes say."""
    if not found or len(found) % 2:
        raise WeightsError(f"{path}: holds {len(found)} arrays; each layer needs its weights and its biases")
    if sum(part.size for part in found) > MAX_PARAMETERS:
        raise WeightsError(f"{path}: has more than {MAX_PARAMETERS:,} numbers; `backprop-tui model` may open it")
    matrices, before, was_turned = [], None, False
    for number, (weights, biases) in enumerate(zip(found[::2], found[1::2], strict=True), 1):
        if weights.ndim != 2 or weights.dtype.kind != "f" or biases.dtype.kind != "f":
            raise WeightsError(f"{path}: layer {number} has {weights.ndim} axes, not weights of numbers in two")
        turns = weights.shape[1] == biases.size if turned is None else turned
        weights = weights.T if turns else weights
        was_turned = was_turned or turns
        if biases.size != len(weights) or before not in (None, weights.shape[1]):
            shapes = f"weights {'x'.join(map(str, weights.shape))} (units x inputs), {biases.size} biases"
            raise WeightsError(f"{path}: layer {number} does not fit: {shapes}, {before or 'any'} inputs come in")
        before = len(weights)
        matrices.append((weights.astype("float32"), biases.astype("float32").reshape(-1, 1)))
    sizes = "-".join(str(size) for size in (matrices[0][0].shape[1], *(len(weights) for weights, _ in matrices)))
    how = (
        "its kernels are (inputs, units), and were turned" if was_turned else "its weights are (units, inputs), as here"
    )
    return Weights(tuple(matrices), names, loss, f"{path}: {sizes}; {how}")
