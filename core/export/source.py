"""The Python of the exported notebook, cell by cell: plain TensorFlow, in the teaching notebook's names and shapes.

Names from outside stand in comments only, on one line.
"""

from itertools import groupby

import numpy as np
from backprop_tui.core.model.network import Array, Network
from backprop_tui.core.session.history import Change, Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.sample import Scaling
from backprop_tui.core.text.escape import escape_controls

from .values import shortest

IMPORTS = """\
import numpy as np
import tensorflow as tf"""


def literal(array: Array) -> str:
    """An array as nested lists of Python numbers, each the shortest that reads back the same."""
    if array.ndim:
        return f"[{', '.join(literal(part) for part in array)}]"
    text = shortest(array[()])
    return text if np.isfinite(array) else f"float('{text}')"


def rows(run: Run, order: list[int], raw: Array, raw_y: Array, scaling: Scaling) -> str:
    """The raw rows, how they are scaled, and `sample(rows)`, which gives x and y."""
    table = run.table
    names = f"{', '.join(map(escape_controls, table.features))}; {', '.join(map(escape_controls, table.targets))}"
    lines = [f"# row: {names}", "table = {"]
    lines += [f"    {row}: ({literal(x)}, {literal(y)})," for row, x, y in zip(order, raw, raw_y, strict=True)]
    lines += ["}", f"mean = np.array({literal(scaling.mean)})", f"std = np.array({literal(scaling.std)})"]
    y = "np.log([table[row][1] for row in rows])" if table.log_target else "np.array([table[row][1] for row in rows])"
    if table.standardize_target:
        lines.append(f"target_mean = np.array({literal(scaling.target_mean)})")
        lines.append(f"target_std = np.array({literal(scaling.target_std)})")
        y = f"({y} - target_mean) / target_std"
    lines += ["", ""]
    lines += [
        "def sample(rows):",
        "    x = (np.array([table[row][0] for row in rows]) - mean) / std",
        f"    y = {y}",
        f"    return tf.constant(x, tf.{run.dtype}), tf.constant(y, tf.{run.dtype})",
    ]
    return "\n".join(lines)


def network(run: Run) -> str:
    """The initial parameters and the forward propagation."""
    net, state = run.network, run.first_state()
    lines = [
        f"{name} = tf.Variable({literal(value)}, dtype=tf.{run.dtype})"
        for name, value in net.split(state[: net.width]).items()
    ]
    lines += ["", "", "def forward_prop(x):", "    h0 = tf.transpose(x)"]
    for number in range(1, net.depth + 1):
        activation = net.activation(number).tensorflow.format(z=f"z{number}")
        lines += [
            f"    z{number} = tf.matmul(w{number}, h{number - 1})" + f" + b{number}" * net.layers[number - 1].bias,
            f"    h{number} = {activation}",
        ]
    lines.append(f"    return z{net.depth}, h{net.depth}")
    return "\n".join(lines)


def step(run: Run) -> str:
    """The loss and `train_one_step(x, y, lr)`, with what the optimizer remembers."""
    net, optimizer = run.network, run.optimizer
    learned = [parameter for parameter in net.parameters if not net.is_frozen(parameter.name)]
    state = run.first_state()
    lines = [f"parameters = [{', '.join(p.name for p in learned)}]"]
    for number, letter in enumerate(optimizer.moments, 1):
        kept = net.split(state[number * net.width : (number + 1) * net.width])
        values = ", ".join(f"tf.constant({literal(kept[p.name])}, tf.{run.dtype})" for p in learned)
        lines.append(f"{letter} = [{values}]")
    if optimizer.rule.counts:
        lines.append(f"t = {int(state[-1])}")
    lines += [
        "",
        "",
        "def loss_of(x, y):",
        "    y_true = tf.transpose(y)",
        "    z, y_pred = forward_prop(x)",
        f"    return tf.reduce_{net.reduction}({net.loss_row.tensorflow}{_over_outputs(net)}){_penalty(net)}",
        "",
        "",
        "def train_one_step(x, y, lr):",
    ]
    if optimizer.rule.counts:
        lines += ["    global t", "    t += 1"]
    lines += [
        "    with tf.GradientTape() as tape:",
        "        loss = loss_of(x, y)",
        "    gradients = tape.gradient(loss, parameters)",
        "    for i, (w, g) in enumerate(zip(parameters, gradients)):",
    ]
    rule = optimizer.rule.tensorflow.format(**optimizer.constants)
    masks = _single_masks(run, [p.name for p in learned])
    if masks:
        lines.append("        before = tf.identity(w)")
    lines += [f"        {line}" for line in rule.splitlines()]
    if masks:
        lines.append("        w.assign(tf.where(learns[i], w, before))")
        lines[1:1] = ["# Single numbers that no update changes.", f"learns = [{', '.join(masks)}]"]
    lines += ["    return float(loss)", "", "", "losses = []"]
    return "\n".join(lines)


def _single_masks(run: Run, learned: list[str]) -> list[str]:
    """For each parameter which of its numbers learn, as Python; empty if no single one is frozen."""
    masks = run.network.split(~run.network.fixed)
    if all(masks[name].all() for name in learned):
        return []
    return [str(masks[name].tolist()) for name in learned]


def _over_outputs(net: Network) -> str:
    """` / 3` or ` * 3`, if not the loss's own sum or mean over the outputs is wanted."""
    scale = net.loss_row.scale(net.outputs, net.over)
    return "" if scale == 1 else f" {'/' if scale < 1 else '*'} {net.outputs}"


def _penalty(net: Network) -> str:
    """` + 0.01 * (tf.reduce_sum(w1**2) + tf.reduce_sum(w2**2))`, if the loss has such a one."""
    squares = " + ".join(f"tf.reduce_sum({kernel.name}**2)" for kernel in net.kernels)
    return f" + {net.l2!r} * ({squares})" if net.l2 else ""


def steps(run: Run, settings: Settings, used: list[list[int] | None], table: list[int]) -> str:
    """A loop over steps of the same settings, by the rows that each uses; None is a sample typed by hand."""
    call = f"losses.append(train_one_step({{}}, lr={settings.lr!r}))"
    if used[0] is None:
        x, y = (f"tf.constant([{list(typed or ())}], tf.{run.dtype})" for typed in (settings.x, settings.y))
        return f"x, y = {x}, {y}\nfor _ in range({len(used)}):\n    {call.format('x, y')}"
    return f"for rows in {_batches(used, table)}:\n    {call.format('*sample(rows)')}"


def _batches(used: list[list[int] | None], table: list[int]) -> str:
    """The rows of each step: `[[0]] * 12`, `[[0], [1], [2]]`, `[list(table)] * 5`."""
    groups = [(rows, len(list(same))) for rows, same in groupby(used)]
    if len(groups) > 1 and all(count == 1 for _, count in groups):
        return str(used)
    written = [("list(table)" if rows == table else str(rows), count) for rows, count in groups]
    return " + ".join(f"[{rows}] * {count}" for rows, count in written)


def change(made: Change) -> str:
    """A parameter's number that was typed by hand."""
    cell = made.cell
    value = literal(np.asarray(made.new))
    return f"{cell.name}[{cell.row}, {cell.column}].assign({value})"


def end(run: Run, state: Array) -> str:
    """The losses, the parameters, and a check that they are the run's own."""
    lines = ["print('losses', losses[:3], '...', losses[-3:])", "expected = ["]
    lines += [
        f"    ({name}, {literal(value)})," for name, value in run.network.split(state[: run.network.width]).items()
    ]
    lines += ["]", "for parameter, value in expected:", "    print(parameter.numpy())"]
    if np.isfinite(state).all():
        # Else the run blew up, and which numbers are infinite and which NaN hangs on the order of the operations.
        lines.append("    np.testing.assert_allclose(parameter.numpy(), value, rtol=1e-4, atol=1e-5)")
    return "\n".join(lines)
