"""A model operation by operation: against Keras's own `train_on_batch`, finite differences, and the rules."""

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from backprop_tui.core.operations.along import Along, Left
from backprop_tui.core.operations.operation import FORWARD, GRADIENT, UPDATE, Graph, Operation, Step
from backprop_tui.core.operations.table import RULES, made
from backprop_tui.core.operations.written import is_assigned, is_source, step_text
from kinds import KINDS, OPTIMIZERS, filled

pytestmark = [pytest.mark.slow, pytest.mark.one_worker]

PLACES = 7
"""So many numbers of each output are made again by its rule."""

RANDOM = {"StatelessRandomUniformV2", "StatelessRandomGetKeyCounter"}
"""Nothing says how a random number is made."""


def traced(model: Any, batch: int = 3, seed: int = 0) -> Any:
    from backprop_tui.core.engine.compute.graph.opening import Opened
    from backprop_tui.core.engine.compute.graph.rows import rows_of
    from backprop_tui.core.engine.compute.graph.tracing import Traced

    return Traced(model, rows_of(Opened("a test's", model), None, None, seed), batch)


def compiled(kind: str, optimizer: str = "sgd", a: int = 2, b: int = 2, seed: int = 1) -> Any:
    from backprop_tui.core.engine.compute.graph.keras import keras

    keras.utils.set_random_seed(seed)
    model = KINDS[kind](keras, a, b)
    filled(model, seed)
    model.compile(OPTIMIZERS[optimizer](keras), "mse")
    return model


def assert_as_keras(kind: str, optimizer: str, a: int, b: int, batch: int = 3) -> None:
    """Three steps: each loss and all variables after it are those of `train_on_batch` on a model like it."""
    ours = traced(compiled(kind, optimizer, a, b), batch)
    theirs = compiled(kind, optimizer, a, b)
    moved = ours.snapshot()
    for number in (1, 2, 3):
        x, y = ours.rows.batch(number, batch)
        step = ours.run(number)
        assert step.loss == pytest.approx(float(theirs.train_on_batch(x[0], y, return_dict=True)["loss"]), rel=1e-6)
        theirs.reset_metrics()
        assert len(ours.model.variables) == len(theirs.variables)
        for mine, other in zip(ours.model.variables, theirs.variables, strict=True):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5, atol=1e-6, err_msg=mine.path)
    changed = [not np.array_equal(*pair) for pair in zip(moved, ours.snapshot(), strict=True)]
    assert any(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_kerass_own_for_each_kind_of_layer(kind: str) -> None:
    assert_as_keras(kind, "momentum", 2, 2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_is_kerass_own_for_each_optimizer(optimizer: str) -> None:
    assert_as_keras("dense", optimizer, 3, 2)


def assert_updates(graph: Graph, step: Step) -> None:
    """Each parameter has a row that makes its new value of its old one, and links lead from there to its gradient."""
    for weight in graph.weights:
        rows = [one for one in graph.shown if one.part == UPDATE and one.variable == weight.path and is_assigned(one)]
        first, last = rows[0], rows[-1]
        np.testing.assert_array_equal(step.values[last.outputs[0].name], step.after[weight.path])
        np.testing.assert_array_equal(step.values[first.inputs[0]], step.before[weight.path])
        summed = graph.makers[weight.gradient]  # a gradient of rows is given to the optimizer row by row
        wanted = summed.inputs[0] if summed.type == "UnsortedSegmentSum" else weight.gradient
        assert wanted in behind(graph, last)


def behind(graph: Graph, operation: Operation) -> set[str]:
    """The tensors that an operation's output is made of, by links."""
    found, left = set[str](), list(operation.inputs)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph.makers[name].inputs if name in graph.makers else ()
    return found


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "clipped"])
@pytest.mark.parametrize("kind", ["dense", "embedding", "batch_normalization"])
def test_the_updates_own_operations(kind: str, optimizer: str) -> None:
    """Each has a rule, the rules make TensorFlow's numbers, and the last rows are the weights of `train_on_batch`."""
    from backprop_tui.core.engine.compute.graph.keras import keras

    both = []
    for _ in range(2):
        model = compiled(kind, "sgd")
        made = OPTIMIZERS[optimizer](keras) if optimizer in OPTIMIZERS else keras.optimizers.Adam(0.01, clipnorm=0.1)
        model.compile(made, "mse")
        both.append(model)
    ours, theirs = traced(both[0]), both[1]
    for number in (1, 2, 3):
        x, y = ours.rows.batch(number, 3)
        step = ours.run(number)
        theirs.train_on_batch(x[0], y)
        assert_updates(ours.graph, step)
        changed = {one.variable: one for one in ours.graph.operations if is_assigned(one)}
        for variables in ("variables", "optimizer.variables"):
            pairs = zip(*(attrgetter(variables)(model) for model in (ours.model, theirs)), strict=True)
            for mine, other in pairs:
                if mine.path in changed:
                    got = step.values[changed[mine.path].outputs[0].name]
                    np.testing.assert_allclose(got, other.numpy(), rtol=1e-5, atol=1e-6, err_msg=mine.path)
        assert {one.path for one in ours.model.optimizer.variables if one.path not in changed} <= {
            one.path for one in ours.model.optimizer.variables if one.path.endswith("learning_rate")
        }
    assert_rules(ours.graph, step)
    missing = {one.type for one in ours.graph.shown if one.part == UPDATE and one.type not in RULES}
    assert missing <= ({"StatelessIf"} if (kind, optimizer) == ("embedding", "rmsprop") else set())
    layers = {one.layer for one in ours.graph.shown if one.part == UPDATE and is_assigned(one)}
    assert layers == {one.layer for one in ours.graph.shown if one.part == FORWARD and one.variable in weights(ours)}


def weights(ours: Any) -> set[str]:
    return {weight.path for weight in ours.graph.weights}


def test_an_update_of_too_many_numbers_is_left_out() -> None:
    """Adam's own operations for four million weights: the step is made all the same, and this is said."""
    from backprop_tui.core.engine.compute.graph.keras import keras

    model = keras.Sequential([keras.layers.Input((2000,)), keras.layers.Dense(2000)])
    model.compile("adam", "mse")
    ours = traced(model, 1)
    step = ours.run(1)
    assert not ours.graph.has_update
    assert [path for path in step.before if not np.array_equal(step.before[path], step.after[path])]
    assert "weights (the update's own operations are too many to show)" in step_text(ours.graph, step, "large")


@pytest.mark.parametrize(
    "schedule", ["CosineDecay", "ExponentialDecay", "PiecewiseConstantDecay", "PolynomialDecay", "InverseTimeDecay"]
)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_schedule_is_followed_as_keras_does(optimizer: str, schedule: str) -> None:
    """Five steps: losses and weights are those of `train_on_batch`, and the rate is the schedule's at each step."""
    from backprop_tui.core.engine.compute.graph.changing import learning_rate
    from backprop_tui.core.engine.compute.graph.keras import keras

    told = {
        "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 4, "alpha": 0.1},
        "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5},
        "PiecewiseConstantDecay": {"boundaries": [1, 3], "values": [0.1, 0.03, 0.01]},
        "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 4},
        "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.7},
    }
    both = []
    for _ in range(2):
        model = compiled("dense", "sgd")
        followed = getattr(keras.optimizers.schedules, schedule)(**told[schedule])
        model.compile(getattr(keras.optimizers, optimizer)(followed), "mse")
        both.append(model)
    ours, theirs = traced(both[0]), both[1]
    assert learning_rate(ours.model) is None
    rates = []
    for number in range(1, 6):
        x, y = ours.rows.batch(number, 3)
        step = ours.run(number)
        assert step.lr == pytest.approx(float(followed(number - 1)))
        rates.append(step.lr)
        theirs.reset_metrics()
        assert step.loss == pytest.approx(float(theirs.train_on_batch(x[0], y, return_dict=True)["loss"]), rel=1e-5)
        for mine, other in zip(ours.model.variables, theirs.variables, strict=True):
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5, atol=1e-6, err_msg=mine.path)
    assert len(set(rates)) > 2
    assert_updates(ours.graph, step)
    assert_rules(ours.graph, step)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_and_rules(kind: str) -> None:
    """Over random shapes: gradients are finite differences in float64, and rules make the numbers of TensorFlow."""
    from backprop_tui.core.engine.compute.graph.checking import check

    random = np.random.RandomState(sum(map(ord, kind)))
    a, b, batch = (int(random.randint(1, 4)) for _ in range(3))
    ours = traced(compiled(kind, "sgd", a, b), batch + 1)
    start = ours.snapshot()
    step = ours.run(1)
    compared = check(ours, start, step)
    assert {one.path for one in compared} == {one.path for one in ours.model.trainable_variables}
    assert all(one.precise for one in compared)
    assert not [one for one in compared if not one.agrees]
    assert_rules(ours.graph, step)
    assert_along(ours, step)


def assert_along(ours: Any, step: Step) -> None:
    """Every gradient that goes back through an operation is what that operation alone, in float64, says of it."""
    from backprop_tui.core.engine.compute.graph.directions import along

    found = along(ours, step)
    assert {one.maker for one in found} & set(range(1, len(ours.graph.shown) + 1))
    compared = [one for one in found if isinstance(one, Along)]
    assert not [one.text for one in compared if not one.agrees]
    assert len(compared) == sum(len(taken(ours, one)) > 0 for one in ours.adjoints)
    assert {one.types for one in found if isinstance(one, Left)} <= {("StopGradient",)}


def taken(ours: Any, name: str) -> list[str]:
    """The operations that take a tensor and lead to the loss."""
    return [
        one.name
        for one in ours.graph.operations
        if name in one.inputs
        and one.type != "StopGradient"
        and any(tensor.name in ours.adjoints for tensor in one.outputs)
    ]


def test_a_wrong_gradient_is_found_and_named() -> None:
    """The gradient behind the sigmoid is made a tenth larger: the sigmoid's input is told, and what comes before."""
    from backprop_tui.core.engine.compute.graph.directions import along

    ours = traced(compiled("dense"))
    step = ours.run(1)
    (sigmoid,) = [one for one in ours.graph.shown if one.type in ("Sigmoid", "Tanh", "Relu")][:1]
    gradient = ours.adjoints[sigmoid.inputs[0]]
    wrong = replace(step, values={**step.values, gradient: step.values[gradient] * 1.1})
    bad = [one for one in along(ours, wrong) if not one.agrees]
    assert any(one.types == (sigmoid.type,) for one in bad)
    (told,) = along(ours, wrong, sigmoid)
    assert not told.agrees
    assert told.text.endswith("DIFFERS")


def own_layer(function: Callable[[Any], Any]) -> Any:
    """Dense, a function of somebody's own, Dense."""
    from backprop_tui.core.engine.compute.graph.keras import keras

    class Own(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return function(x)

    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential([layers.Input((3,)), layers.Dense(3), Own(), layers.Dense(2)])
    model.compile("sgd", "mse")
    return traced(model)


def custom(name: str) -> Callable[[Any], Any]:
    """A function whose gradient is written by hand."""
    from backprop_tui.core.engine.compute.graph.keras import tf

    functions: dict[str, Callable[..., Any]] = {
        "right": lambda x: (tf.square(x), lambda g: 2 * g * x),
        "wrong": lambda x: (tf.square(x), lambda g: 3 * g * x),
        "reversed": lambda x: (tf.identity(x), lambda g: -g),
        "straight": lambda x: (tf.round(x), lambda g: g),
        "of two": lambda a, b: (a * tf.sin(b), lambda g: (g * tf.sin(b), g * a * tf.cos(b))),
    }
    found = tf.custom_gradient(functions[name])
    return (lambda x: found(x, 2 * x)) if name == "of two" else found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "agrees"), [("right", True), ("of two", True), ("wrong", False), ("reversed", False)])
def test_a_gradient_that_the_models_own_code_says_is_compared_with_what_that_code_stands_for(
    name: str, agrees: bool
) -> None:
    from backprop_tui.core.engine.compute.graph.directions import along

    ours = own_layer(custom(name))
    step = ours.run(1)
    found = [one for one in along(ours, step) if isinstance(one, Along)]
    by_hand = [one for one in found if one.custom]
    assert by_hand
    assert all(one.agrees for one in by_hand) == agrees
    assert all(one.agrees for one in found if not one.custom)
    (taker,) = [one for one in ours.graph.shown if one.type == "IdentityN"]
    assert {one.text for one in by_hand} <= {one.text for one in along(ours, step, taker)}


def test_a_check_leaves_kerass_floats_as_they_were() -> None:
    from backprop_tui.core.engine.compute.graph import checking
    from backprop_tui.core.engine.compute.graph.keras import keras

    one = traced(compiled("dense"))
    start, step = one.snapshot(), one.run(1)
    before = keras.config.floatx(), keras.config.dtype_policy().name
    checking.check(one, start, step)
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == before


def test_what_has_no_finite_difference_is_named_with_its_reason() -> None:
    """A straight-through estimator, by hand and by `stop_gradient`, whole numbers, and what TensorFlow quantizes."""
    from backprop_tui.core.engine.compute.graph.directions import along
    from backprop_tui.core.engine.compute.graph.keras import tf

    reasons = {}
    for name, function in {
        "by hand": custom("straight"),
        "stopped": lambda x: x + tf.stop_gradient(tf.round(x) - x),
        "whole": lambda x: x * tf.cast(tf.argmax(x, 1), "float32")[:, None],
        "quantized": tf.quantization.fake_quant_with_min_max_args,
    }.items():
        ours = own_layer(function)
        step = ours.run(1)
        found = along(ours, step)
        assert all(one.agrees for one in found if isinstance(one, Along))
        left = [one for one in found if isinstance(one, Left)]
        reasons[name] = " ".join(one.text for one in left)
        for one in left:
            of_it = along(ours, step, ours.graph.shown[one.takers[0] - 1])
            assert [other for other in of_it if isinstance(other, Left)]
    assert "Round jumps; the model's own code lets a gradient through" in reasons["by hand"]
    assert "it stops the gradient, by intention" in reasons["stopped"]
    assert "through #7 ArgMax to #6 BiasAdd: not compared: whole numbers (int64) have no gradient" in reasons["whole"]
    assert "FakeQuantWithMinMaxArgs rounds" in reasons["quantized"]


def assert_rules(graph: Graph, step: Step) -> None:
    """Each number that a rule makes, in float64 of what TensorFlow put in, is what TensorFlow made of it."""
    for operation in graph.shown:
        inputs = step.inputs(operation)
        for number, tensor in enumerate(operation.outputs):
            values = step.values[tensor.name]
            if operation.type not in RULES or operation.type in RANDOM or not values.size or is_source(operation):
                continue
            scale = 1 + float(np.abs(values.astype("float64")).max())
            for place in np.unique(np.linspace(0, values.size - 1, PLACES).astype(int)):
                index = tuple(int(axis) for axis in np.unravel_index(place, values.shape))
                found = made(operation, inputs, number, index)
                assert found is not None, (operation.type, dict(operation.attributes))
                assert abs(found.value - float(values[index])) < 2e-5 * scale, (operation, index, found)


def test_a_model_of_each_kind_has_no_operation_without_a_rule() -> None:
    known = {*RULES, "Placeholder"}
    missing = {
        (kind, operation.type)
        for kind in KINDS
        for operation in traced(compiled(kind)).graph.shown
        if operation.type not in known
    }
    assert not missing


def test_back_is_bit_for_bit() -> None:
    ours = traced(compiled("dropout", "adam"))
    start = ours.snapshot()
    first = [ours.run(number) for number in (1, 2, 3)]
    ours.restore(start)
    again = [ours.run(number) for number in (1, 2, 3)]
    for one, other in zip(first, again, strict=True):
        assert all(one.values[name].tobytes() == other.values[name].tobytes() for name in one.values)
        assert all(one.after[path].tobytes() == other.after[path].tobytes() for path in one.after)


def test_operations_belong_to_layers_and_gradients_to_forward_ones() -> None:
    graph = traced(compiled("dense")).graph
    found = {(one.part, one.type, one.layer.rpartition("_")[0] or one.layer) for one in graph.shown}
    assert {("forward", "Sigmoid", "dense"), ("gradient", "SigmoidGrad", "dense"), ("loss", "Mean", "")} & found
    by_name = {one.name: one for one in graph.operations}
    for one in graph.shown:
        if one.part == GRADIENT and one.type in ("SigmoidGrad", "TanhGrad", "BiasAddGrad"):
            assert by_name[one.of].type == one.type.removesuffix("Grad")
            assert by_name[one.of].layer == one.layer


def test_the_notebooks_network_has_the_main_screens_numbers(engine: Any) -> None:
    """Keras's kernels are the main screen's weights turned; gradients and new weights are those of its engine."""
    from backprop_tui.core.engine.compute.graph.opening import open_model
    from backprop_tui.core.engine.compute.graph.rows import rows_of
    from backprop_tui.core.engine.compute.graph.tracing import Traced
    from backprop_tui.core.engine.protocol.messages import Program, RunSteps, StepsRun, TableRows
    from backprop_tui.core.model.arrays import arrays, numbers
    from backprop_tui.core.model.initializers import initial_parameters
    from backprop_tui.core.model.network import Network
    from backprop_tui.core.table.spec import TableSpec

    opened, network = open_model("notebook"), Network()
    ours = Traced(opened.model, rows_of(opened, None, None, 0), 1)
    state = initial_parameters(network, 0)
    for number in (1, 2, 3):
        step = ours.run(number)
        rows = TableRows(TableSpec(), numbers(np.array([[number - 1]], "int32")), 1)
        answer = engine.answer(RunSteps(Program(network), numbers(state), rows, 0.2))
        assert isinstance(answer, StepsRun)
        state, trace = answer.states.array[-1], arrays(answer.trace)
        assert step.loss == pytest.approx(trace["loss"].item(), rel=1e-6)
        turned = [trace["w1"].T, trace["b1"][:, 0], trace["w2"].T, trace["b2"][:, 0]]
        gradients = [trace["gw1"].T, trace["gb1"][:, 0], trace["gw2"].T, trace["gb2"][:, 0]]
        for weight, before, gradient in zip(ours.graph.weights, turned, gradients, strict=True):
            np.testing.assert_allclose(step.before[weight.path], before, rtol=2e-6)
            np.testing.assert_allclose(step.values[weight.gradient], gradient, rtol=2e-5)
