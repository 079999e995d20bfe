"""The rule of each type of operation, a row each: what it does in symbols and in words, how one number is made.

In the symbols y is the output, g the gradient that comes back, and x, w, a, b ... stand for the inputs in their order.
A type that has no row has no rule: nothing is made up for it.
"""

from collections.abc import Sequence
from math import erf, erfc

import numpy as np

from . import moving, products, reducing, windows
from .elementwise import divided, elementwise, selu, selu_grad, sigmoid, told
from .operation import Operation, Values
from .rule import Index, Made, Rule

_MOVED = "numbers are moved, none is changed"


def _not_made(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made:
    """Random numbers are made of no others."""
    raise ValueError


RULES: dict[str, Rule] = {
    # Sums of products
    "MatMul": Rule("y[i,j] = Σₖ a[i,k]·b[k,j]", "a row times a column", ("a", "b"), products.matmul),
    "BatchMatMulV2": Rule(
        "y[…,i,j] = Σₖ a[…,i,k]·b[…,k,j]", "a row times a column, for each matrix", ("a", "b"), products.batch_matmul
    ),
    "Einsum": Rule("y = Σ a·b", "summed over the letters that the output lacks", ("a", "b"), products.einsum),
    "BiasAdd": Rule("y = x + b", "the bias of its unit is added", ("x", "b"), products.bias_add),
    "BiasAddGrad": Rule("∂L/∂b = Σ g", "summed over all places that got the bias", ("g",), products.bias_add_grad),
    "AddN": Rule("y = x₁ + x₂ + …", "what comes back on several paths adds up", ("x₁", "x₂"), products.add_n),
    "Conv2D": Rule(
        "y[r,c,o] = Σ x[r+i,c+j,k]·w[i,j,k,o]", "the window at this place times the kernel", ("x", "w"), windows.conv
    ),
    "Conv2DBackpropInput": Rule(
        "∂L/∂x = Σ g[r,c,o]·w[i,j,k,o]",
        "over all windows that the place was in",
        ("shape", "w", "g"),
        windows.conv_input,
    ),
    "Conv2DBackpropFilter": Rule(
        "∂L/∂w = Σ g[r,c,o]·x[r+i,c+j,k]", "over all windows and samples", ("x", "shape", "g"), windows.conv_filter
    ),
    "DepthwiseConv2dNative": Rule(
        "y[r,c,k] = Σ x[r+i,c+j,k]·w[i,j,k]", "each channel by itself", ("x", "w"), windows.depthwise
    ),
    # Pooling
    "MaxPool": Rule("y = max x in the window", "the largest number in the window", ("x",), windows.max_pool),
    "MaxPoolGrad": Rule(
        "∂L/∂x = Σ g where x was the largest",
        "only the largest number gets the gradient",
        ("x", "y", "g"),
        windows.max_pool_grad,
    ),
    "AvgPool": Rule("y = mean x in the window", "the mean of the window", ("x",), windows.avg_pool),
    "AvgPoolGrad": Rule(
        "∂L/∂x = Σ g / n", "each place of a window gets its share", ("shape", "g"), windows.avg_pool_grad
    ),
    # Two numbers or three
    "AddV2": Rule("y = a + b", "number by number", ("a", "b"), elementwise("{0} + {1}", lambda a, b: a + b)),
    "Add": Rule("y = a + b", "number by number", ("a", "b"), elementwise("{0} + {1}", lambda a, b: a + b)),
    "Sub": Rule("y = a - b", "number by number", ("a", "b"), elementwise("{0} - {1}", lambda a, b: a - b)),
    "Mul": Rule("y = a·b", "number by number", ("a", "b"), elementwise("{0}·{1}", lambda a, b: a * b)),
    "RealDiv": Rule("y = a / b", "number by number", ("a", "b"), elementwise("{0} / {1}", lambda a, b: a / b)),
    "DivNoNan": Rule("y = a / b, 0 if b = 0", "number by number", ("a", "b"), elementwise("{0} / {1}", divided)),
    "MulNoNan": Rule(
        "y = a·b, 0 if b = 0",
        "number by number",
        ("a", "b"),
        elementwise("{0}·{1}", lambda a, b: a * b if b else 0.0),
    ),
    "Xlogy": Rule(
        "y = a·ln b, 0 if a = 0",
        "number by number",
        ("a", "b"),
        elementwise("{0}·ln {1}", lambda a, b: a * np.log(b) if a else 0.0),
    ),
    "FloorMod": Rule(
        "y = a mod b", "what is left of a division", ("a", "b"), elementwise("{0} mod {1}", lambda a, b: a % b)
    ),
    "FloorDiv": Rule(
        "y = ⌊a / b⌋", "rounded down", ("a", "b"), elementwise("⌊{0} / {1}⌋", lambda a, b: np.floor_divide(a, b))
    ),
    "Maximum": Rule("y = max(a, b)", "the larger", ("a", "b"), elementwise("max({0}, {1})", max)),
    "Minimum": Rule("y = min(a, b)", "the smaller", ("a", "b"), elementwise("min({0}, {1})", min)),
    "Pow": Rule("y = aᵇ", "number by number", ("a", "b"), elementwise("{0}^{1}", lambda a, b: a**b)),
    "SquaredDifference": Rule(
        "y = (a - b)²", "number by number", ("a", "b"), elementwise("({0} - {1})²", lambda a, b: (a - b) ** 2)
    ),
    "SelectV2": Rule(
        "y = a if c, else b",
        "chosen by a condition",
        ("c", "a", "b"),
        elementwise("{1} if {0} else {2}", lambda c, a, b: a if c else b),
    ),
    "Select": Rule(
        "y = a if c, else b",
        "chosen by a condition",
        ("c", "a", "b"),
        elementwise("{1} if {0} else {2}", lambda c, a, b: a if c else b),
    ),
    "Greater": Rule("y = a > b", "1 if so, else 0", ("a", "b"), elementwise("{0} > {1}", lambda a, b: a > b)),
    "GreaterEqual": Rule("y = a ≥ b", "1 if so, else 0", ("a", "b"), elementwise("{0} ≥ {1}", lambda a, b: a >= b)),
    "Less": Rule("y = a < b", "1 if so, else 0", ("a", "b"), elementwise("{0} < {1}", lambda a, b: a < b)),
    "LessEqual": Rule("y = a ≤ b", "1 if so, else 0", ("a", "b"), elementwise("{0} ≤ {1}", lambda a, b: a <= b)),
    "Equal": Rule("y = (a = b)", "1 if so, else 0", ("a", "b"), elementwise("{0} = {1}", lambda a, b: a == b)),
    "LogicalOr": Rule("y = a or b", "1 if one is", ("a", "b"), elementwise("{0} or {1}", lambda a, b: a or b)),
    "LogicalNot": Rule("y = not x", "1 if it is 0", ("x",), elementwise("not {0}", lambda x: not x)),
    "IsNan": Rule("y = x is no number", "1 if so, else 0", ("x",), elementwise("{0} is NaN", np.isnan)),
    "LogicalAnd": Rule("y = a and b", "1 if both", ("a", "b"), elementwise("{0} and {1}", lambda a, b: a and b)),
    # One number
    "Relu": Rule("y = max(x, 0)", "negative numbers become 0", ("x",), elementwise("max({0}, 0)", lambda x: max(x, 0))),
    "Relu6": Rule(
        "y = min(max(x, 0), 6)",
        "cut off at 0 and 6",
        ("x",),
        elementwise("min(max({0}, 0), 6)", lambda x: min(max(x, 0), 6)),
    ),
    "LeakyRelu": Rule(
        "y = x if x > 0, else α·x",
        "negative numbers are made small",
        ("x",),
        told("{0} if {0} > 0 else {told}·{0}", "alpha", lambda x, alpha: x if x > 0 else alpha * x),
    ),
    "Elu": Rule(
        "y = x if x > 0, else eˣ - 1",
        "bounded below by -1",
        ("x",),
        elementwise("{0} if {0} > 0 else e^{0} - 1", lambda x: x if x > 0 else np.expm1(x)),
    ),
    "Selu": Rule("y = λ·x if x > 0, else λα(eˣ - 1)", "scaled elu", ("x",), elementwise("selu({0})", selu)),
    "Sigmoid": Rule("y = 1 / (1 + e⁻ˣ)", "between 0 and 1", ("x",), elementwise("1 / (1 + e^-{0})", sigmoid)),
    "Tanh": Rule("y = tanh x", "between -1 and 1", ("x",), elementwise("tanh({0})", np.tanh)),
    "Softplus": Rule(
        "y = ln(1 + eˣ)", "a smooth relu", ("x",), elementwise("ln(1 + e^{0})", lambda x: np.logaddexp(0, x))
    ),
    "Softsign": Rule(
        "y = x / (1 + |x|)", "between -1 and 1", ("x",), elementwise("{0} / (1 + |{0}|)", lambda x: x / (1 + abs(x)))
    ),
    "Erf": Rule("y = erf x", "the error function", ("x",), elementwise("erf({0})", erf)),
    "Erfc": Rule("y = 1 - erf x", "by the error function", ("x",), elementwise("1 - erf({0})", erfc)),
    "Exp": Rule("y = eˣ", "number by number", ("x",), elementwise("e^{0}", np.exp)),
    "Log": Rule("y = ln x", "number by number", ("x",), elementwise("ln {0}", np.log)),
    "Log1p": Rule("y = ln(1 + x)", "number by number", ("x",), elementwise("ln(1 + {0})", np.log1p)),
    "Neg": Rule("y = -x", "number by number", ("x",), elementwise("-{0}", lambda x: -x)),
    "Abs": Rule("y = |x|", "number by number", ("x",), elementwise("|{0}|", abs)),
    "Sign": Rule("y = sign x", "-1, 0 or 1", ("x",), elementwise("sign({0})", np.sign)),
    "Square": Rule("y = x²", "number by number", ("x",), elementwise("{0}²", lambda x: x * x)),
    "Sqrt": Rule("y = √x", "number by number", ("x",), elementwise("√{0}", np.sqrt)),
    "Rsqrt": Rule("y = 1 / √x", "number by number", ("x",), elementwise("1 / √{0}", lambda x: 1 / np.sqrt(x))),
    "Reciprocal": Rule("y = 1 / x", "number by number", ("x",), elementwise("1 / {0}", lambda x: 1 / x)),
    "Inv": Rule("y = 1 / x", "number by number", ("x",), elementwise("1 / {0}", lambda x: 1 / x)),
    "Identity": Rule("y = x", "as it is", ("x",), elementwise("{0}", lambda x: x)),
    "StopGradient": Rule("y = x", "as it is; no gradient goes back", ("x",), elementwise("{0}", lambda x: x)),
    "Cast": Rule("y = x", "the same in another type", ("x",), elementwise("{0}", lambda x: x)),
    "ZerosLike": Rule("y = 0", "of the same shape", ("x",), elementwise("0", lambda x: 0.0)),
    "OnesLike": Rule("y = 1", "of the same shape", ("x",), elementwise("1", lambda x: 1.0)),
    # Their gradients
    "ReluGrad": Rule(
        "∂L/∂x = g if y > 0, else 0",
        "only what was let through comes back",
        ("g", "y"),
        elementwise("{0} if {1} > 0 else 0", lambda g, y: g if y > 0 else 0.0),
    ),
    "Relu6Grad": Rule(
        "∂L/∂x = g if 0 < y < 6, else 0",
        "only what was let through comes back",
        ("g", "y"),
        elementwise("{0} if 0 < {1} < 6 else 0", lambda g, y: g if 0 < y < 6 else 0.0),
    ),
    "LeakyReluGrad": Rule(
        "∂L/∂x = g if x > 0, else α·g",
        "made as small as the number was",
        ("g", "x"),
        told("{0} if {1} > 0 else {told}·{0}", "alpha", lambda g, x, alpha: g if x > 0 else alpha * g),
    ),
    "EluGrad": Rule(
        "∂L/∂x = g if y > 0, else g·(y + 1)",
        "the derivative of eˣ - 1 is y + 1",
        ("g", "y"),
        elementwise("{0} if {1} > 0 else {0}·({1} + 1)", lambda g, y: g if y > 0 else g * (y + 1)),
    ),
    "SeluGrad": Rule(
        "∂L/∂x = λ·g if y > 0, else g·(y + λα)",
        "from the output",
        ("g", "y"),
        elementwise("{0}·selu'({1})", selu_grad),
    ),
    "SoftsignGrad": Rule(
        "∂L/∂x = g / (1 + |x|)²",
        "number by number",
        ("g", "x"),
        elementwise("{0} / (1 + |{1}|)²", lambda g, x: g / (1 + abs(x)) ** 2),
    ),
    "SigmoidGrad": Rule(
        "∂L/∂x = g·y·(1 - y)",
        "the derivative of the sigmoid, from its output",
        ("y", "g"),
        elementwise("{1}·{0}·(1 - {0})", lambda y, g: g * y * (1 - y)),
    ),
    "TanhGrad": Rule(
        "∂L/∂x = g·(1 - y²)",
        "the derivative of tanh, from its output",
        ("y", "g"),
        elementwise("{1}·(1 - {0}²)", lambda y, g: g * (1 - y * y)),
    ),
    "SoftplusGrad": Rule(
        "∂L/∂x = g / (1 + e⁻ˣ)",
        "its derivative is the sigmoid",
        ("g", "x"),
        elementwise("{0} / (1 + e^-{1})", lambda g, x: g * sigmoid(x)),
    ),
    "SqrtGrad": Rule(
        "∂L/∂x = g / (2y)", "from the output", ("y", "g"), elementwise("{1} / (2·{0})", lambda y, g: g / (2 * y))
    ),
    "RsqrtGrad": Rule(
        "∂L/∂x = -g·y³ / 2",
        "from the output",
        ("y", "g"),
        elementwise("-{1}·{0}³ / 2", lambda y, g: -g * y**3 / 2),
    ),
    # Many numbers become one
    "Sum": Rule("y = Σ x", "over some axes", ("x", "axes"), reducing.total),
    "Mean": Rule("y = Σ x / n", "over some axes", ("x", "axes"), reducing.mean),
    "Max": Rule("y = max x", "over some axes", ("x", "axes"), reducing.largest("max", max)),
    "Min": Rule("y = min x", "over some axes", ("x", "axes"), reducing.largest("min", min)),
    "Any": Rule("y = any x", "1 if one is", ("x", "axes"), reducing.largest("any", lambda all: float(any(all)))),
    "All": Rule("y = all x", "1 if all are", ("x", "axes"), reducing.largest("all", lambda every: float(all(every)))),
    "Prod": Rule(
        "y = Π x", "over some axes", ("x", "axes"), reducing.largest("product", lambda all: float(np.prod(all)))
    ),
    "Softmax": Rule("yᵢ = e^xᵢ / Σⱼ e^xⱼ", "positive, and 1 in all", ("x",), reducing.softmax),
    "LogSoftmax": Rule("yᵢ = xᵢ - ln Σⱼ e^xⱼ", "the logarithm of softmax", ("x",), reducing.log_softmax),
    "SparseSoftmaxCrossEntropyWithLogits": Rule(
        "L = ln Σⱼ e^zⱼ - z[y]",
        "-ln of the right class's softmax; second output: softmax(z), less 1 at y",
        ("z", "y"),
        reducing.sparse_cross_entropy,
    ),
    "SoftmaxCrossEntropyWithLogits": Rule(
        "L = -Σⱼ yⱼ·ln softmax(z)ⱼ", "second output: softmax(z) - y", ("z", "y"), reducing.cross_entropy
    ),
    # Numbers that move
    "Reshape": Rule("y = x, in another shape", _MOVED, ("x", "shape"), moving.moving(moving.reshape)),
    "Squeeze": Rule("y = x, without axes of 1", _MOVED, ("x",), moving.moving(moving.reshaped)),
    "ExpandDims": Rule("y = x, with an axis of 1", _MOVED, ("x", "axis"), moving.moving(moving.reshaped)),
    "Transpose": Rule("y = xᵀ", "the axes in another order", ("x", "order"), moving.moving(moving.transpose)),
    "Fill": Rule("y = a", "one number everywhere", ("shape", "a"), moving.filled),
    "Tile": Rule("y = x, repeated", _MOVED, ("x", "times"), moving.moving(moving.tile)),
    "BroadcastTo": Rule("y = x, repeated", _MOVED, ("x", "shape"), moving.moving(moving.broadcast)),
    "Pad": Rule("y = x, with zeros around", _MOVED, ("x", "widths"), moving.moving(moving.pad)),
    "ConcatV2": Rule("y = x₁, x₂ … in a row", _MOVED, ("x₁", "x₂"), moving.moving(moving.concat)),
    "Pack": Rule("y = x₁, x₂ … stacked", _MOVED, ("x₁", "x₂"), moving.moving(moving.pack)),
    "Unpack": Rule("y₁, y₂ … = x, taken apart", _MOVED, ("x",), moving.moving(moving.unpack)),
    "Split": Rule("y₁, y₂ … = x, cut", _MOVED, ("axis", "x"), moving.moving(moving.split)),
    "ReverseV2": Rule("y = x, back to front", _MOVED, ("x", "axes"), moving.moving(moving.reverse)),
    "Slice": Rule("y = a piece of x", _MOVED, ("x", "begin", "size"), moving.moving(moving.cut)),
    "StridedSlice": Rule(
        "y = x[begin:end:step]", _MOVED, ("x", "begin", "end", "step"), moving.moving(moving.strided_slice)
    ),
    "StridedSliceGrad": Rule(
        "∂L/∂x[begin:end:step] = g, else 0",
        "the gradient goes back to where the slice was",
        ("shape", "begin", "end", "step", "g"),
        moving.moving(moving.strided_slice_grad),
    ),
    "SpaceToBatchND": Rule(
        "y = every n-th pixel of x, an image each",
        "so a dilated convolution becomes a plain one",
        ("x", "n", "padding"),
        moving.moving(moving.space_to_batch),
    ),
    "BatchToSpaceND": Rule(
        "y = the images of every n-th pixel, as one",
        "the other way round",
        ("x", "n", "crops"),
        moving.moving(moving.batch_to_space),
    ),
    "IdentityN": Rule("yₙ = xₙ", "as they are", ("x₁", "x₂"), moving.moving(moving.as_they_are)),
    "GatherV2": Rule("y = x[i]", "rows of a table, by number", ("x", "i", "axis"), moving.moving(moving.gather)),
    "StatelessRandomUniformV2": Rule(
        "y = random numbers from 0 to 1",
        "of the layer's own seed, which is saved",
        ("shape", "key", "counter", "kind"),
        _not_made,
    ),
    "StatelessRandomGetKeyCounter": Rule("y₁, y₂ = seed", "what the random numbers start from", ("seed",), _not_made),
    # What a step changes: w is what was held before
    "ReadVariableOp": Rule("y = w", "what it holds after it was changed", ("w",), elementwise("{0}", lambda w: w)),
    "AssignVariableOp": Rule("w ← x", "the new number", ("w", "x"), elementwise("{1}", lambda w, x: x)),
    "AssignAddVariableOp": Rule(
        "w ← w + u", "number by number", ("w", "u"), elementwise("{0} + {1}", lambda w, u: w + u)
    ),
    "AssignSubVariableOp": Rule(
        "w ← w - u", "number by number", ("w", "u"), elementwise("{0} - {1}", lambda w, u: w - u)
    ),
    "ResourceScatterAdd": Rule(
        "w[i] ← w[i] + Σ u of row i", "rows that were not used stay", ("w", "i", "u"), moving.scattered(1)
    ),
    "ResourceScatterSub": Rule(
        "w[i] ← w[i] - Σ u of row i", "rows that were not used stay", ("w", "i", "u"), moving.scattered(-1)
    ),
    "UnsortedSegmentSum": Rule(
        "∂L/∂x[i] = Σ g of each use of row i",
        "a row used twice gets both gradients",
        ("g", "i", "rows"),
        moving.segment_sum,
    ),
}
"""By TensorFlow's name of the type."""


def rule(operation: Operation) -> Rule | None:
    """The rule of an operation; None if its type has no row."""
    return RULES.get(operation.type)


def symbols(operation: Operation) -> str:
    """Its rule in symbols, with what this operation was told; empty if its type has no row."""
    row = rule(operation)
    if row is None:
        return ""
    match operation.type:
        case "MatMul":
            return _product(operation, "transpose_a", "transpose_b")
        case "BatchMatMulV2":
            return _product(operation, "adj_x", "adj_y")
        case "Einsum":
            return f"y = Σ, {operation.attributes['equation']}"
        case _:
            return row.symbols


def _product(operation: Operation, first: str, second: str) -> str:
    turned = ["ᵀ" if operation.attributes.get(name) else "" for name in (first, second)]
    return f"y = a{turned[0]} @ b{turned[1]}"


def made(operation: Operation, inputs: Sequence[Values], output: int, index: Index) -> Made | None:
    """How one number of an output is made of numbers of the inputs; None if that can't be said.

    It can't be if the type has no row, or is told something that the row does not know.
    """
    row = rule(operation)
    if row is None:
        return None
    try:
        return row.make(operation, inputs, output, index)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError):
        return None
