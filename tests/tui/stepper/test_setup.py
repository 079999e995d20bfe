"""The page that sets up a run, and the tables that come along, by keys in the real app."""

from pathlib import Path

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.model.optimizers import CONSTANTS, Optimizer
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.setup import CHOICES, changed, choices_of, next_option, setup_of
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.core.table.built_in import BUILT_IN
from backprop_tui.tui.app import StepperApp
from backprop_tui.tui.serve.seat.session_app import SessionApp
from backprop_tui.tui.stepper.overlays.setup import SetupScreen
from backprop_tui.tui.stepper.screen import StepperScreen
from backprop_tui.tui.widgets.pane import Pane

from tests.support.driven_screen import Driven, driven, text_of

BY_NAME = {choice.name: choice for choice in CHOICES}


async def fill(shown: Driven, label: str, text: str) -> None:
    """Go to a line of the page and type what it is to say."""
    labels = page(shown).splitlines()
    place = next(place for place, line in enumerate(labels) if line.startswith(label + " "))
    await shown.press("home", *["down"] * place, "enter")
    await shown.type(text)


async def begin(shown: Driven) -> None:
    """`r`, and until the page is gone."""
    await shown.press("r")
    for _ in range(20):
        if isinstance(shown.app.screen, StepperScreen):
            break
        await shown.settle()
    await shown.settle()


def said(shown: Driven) -> str:
    """The lines below the page's frame."""
    return " ".join(text_of(line) for line in shown.app.screen.query_one("#setup-says", Pane).lines)


def page(shown: Driven) -> str:
    """The page's lines, also those scrolled away, with single blanks and no mark."""
    lines = shown.app.screen.query_one("#setup", Pane).lines
    return "\n".join(" ".join(text_of(line).split()).removeprefix("> ") for line in lines)


async def test_it_says_what_the_run_in_view_has(engine: Engine) -> None:
    """Every line, at 80x24."""
    async with driven(engine) as shown:
        await shown.press("plus", "N")
        assert isinstance(shown.app.screen, SetupScreen)
        for line in ("table houses", "features bedrooms,sqft_living", "target price", "target's scale log"):
            assert line in page(shown)
        for line in ("hidden layers 2", "learning rate 0.5", "rows held out 0%", "precision float32"):
            assert line in page(shown)
        assert "  precision  " in shown.text, "all lines are in sight"
        assert "houses, xor, moons" in said(shown)


@pytest.mark.slow
async def test_xor_is_learnt_to_the_last_row_by_keys_alone(engine: Engine) -> None:
    """Set up on the page, trained with a jump; lesson 5 says that no row is wrong; `b` leads to the houses again."""
    async with driven(engine) as shown:
        await shown.press("space", "N")
        for label, text in (("table", "xor"), ("hidden layers", "4"), ("activation", "tanh"), ("optimizer", "adam")):
            await fill(shown, label, text)
        for label, text in (("learning rate", "0.05"), ("initializer", "glorot"), ("rows of a step", "20")):
            await fill(shown, label, text)
        assert "loss binary_cross_entropy *" in page(shown)
        await begin(shown)
        run = shown.session.timeline.run
        assert (run.table.built_in, run.network.name, run.network.layers[-1].activation) == (
            "xor",
            "2-4-1 tanh sigmoid",
            "sigmoid",
        )
        assert "either=yes" in shown.text
        assert "run 2: b leads back" in shown.text
        await shown.press("j")
        await shown.type("400")
        await shown.press("5")
        await shown.settle()
        for _ in range(50):
            await shown.pilot.pause(0.05)
            if "accuracy" in shown.text:
                break
        assert "accuracy 100.0%" in shown.text, shown.text
        await shown.press("4", "home", "b")
        assert shown.session.run_number == 1
        assert shown.session.timeline.run.table.is_house
        assert shown.session.timeline.steps == 1, "as it was left"


@pytest.mark.slow
async def test_the_optimizer_s_constants_and_an_activation_for_each_layer(engine: Engine) -> None:
    """The lines of the optimizer that is chosen are there, and no other's; the run steps with them as Keras does."""
    async with driven(engine) as shown:
        await shown.press("N")
        for name in CONSTANTS:
            assert f"\n{name} " not in page(shown)
        await fill(shown, "optimizer", "adam")
        for line in ("beta_1 0.9", "beta_2 0.999", "epsilon 1e-07"):
            assert f"\n{line}" in page(shown)
        assert "\nmomentum " not in page(shown)
        assert "> optimizer" in shown.text, "the same line is chosen, though others came"
        await fill(shown, "beta_1", "1")
        assert "1 can't be beta_1, a number from 0 to below 1" in said(shown)
        await fill(shown, "epsilon", "-1")
        assert "-1 can't be epsilon" in said(shown)
        await fill(shown, "beta_1", "0.5")
        await fill(shown, "beta_2", "0.75")
        await fill(shown, "epsilon", "0.001")
        await fill(shown, "hidden layers", "3,2")
        await fill(shown, "activation", "tanh, relu")
        await fill(shown, "initializer", "constant")
        await fill(shown, "its constant", "0.25")
        for line in ("beta_1 0.5 *", "activation tanh,relu *", "its constant 0.25 *"):
            assert line in page(shown)
        await begin(shown)
        run = shown.session.timeline.run
        assert run.optimizer == Optimizer("adam", beta_1=0.5, beta_2=0.75, epsilon=0.001)
        assert [layer.activation for layer in run.network.layers] == ["tanh", "relu", "linear"]
        before = run.first_state()[: run.network.width]
        assert (before == np.float32(0.25)).all()
        await shown.press("space")
        history = shown.session.timeline.history
        after = history.state(history.entries)
        assert after is not None
        trace = shown.session.timeline.trace
        assert trace is not None
        import keras
        import tensorflow as tf

        adam = keras.optimizers.Adam(run.settings.lr, beta_1=0.5, beta_2=0.75, epsilon=0.001)
        gradient = run.network.join({p.name: trace[f"g{p.name}"] for p in run.network.parameters})
        theirs = tf.Variable(before)
        adam.apply_gradients([(tf.constant(gradient), theirs)])
        np.testing.assert_allclose(after[: run.network.width], theirs.numpy(), rtol=1e-6)


def test_lines_that_belong_together_stay_together() -> None:
    """Another layer has the activation of the last; with another optimizer the constants' lines are its own."""
    setup = changed(setup_of(Timeline(Run())), BY_NAME["hidden"], "3,2")
    setup = changed(setup, BY_NAME["activation"], "tanh,relu")
    for text, activations in (("4", ["tanh"]), ("4,3,2", ["tanh", "relu", "relu"]), ("none", [])):
        layers = changed(setup, BY_NAME["hidden"], text).run.network.layers
        assert [layer.activation for layer in layers[:-1]] == activations
    for name, constants in (("momentum", ["momentum"]), ("rmsprop", ["rho", "epsilon"]), ("sgd", [])):
        run = changed(setup, BY_NAME["optimizer"], name).run
        assert [choice.name for choice in choices_of(run) if choice.name in CONSTANTS] == constants
    begun = Run(network=changed(setup, BY_NAME["activation"], "tanh,relu").run.network)
    again = setup_of(Timeline(begun))
    assert BY_NAME["activation"].says(again.run) == "tanh,relu"
    assert [it.activation for it in changed(again, BY_NAME["hidden"], "5,5,5").run.network.layers] == [
        "tanh",
        "relu",
        "relu",
        "linear",
    ]


@pytest.mark.slow
async def test_iris_from_the_page_with_rows_held_out(engine: Engine) -> None:
    """Its features and classes are found out; stepped, with the classes by name."""
    async with driven(engine) as shown:
        await shown.press("N")
        await shown.press(*["right"] * (1 + list(BUILT_IN).index("iris")))
        assert "table iris *" in page(shown)
        await fill(shown, "rows held out", "20%")
        await fill(shown, "features", "petal_length,petal_width")
        await begin(shown)
        run = shown.session.timeline.run
        assert run.table.targets == ("setosa", "versicolor", "virginica")
        assert (run.network.loss, run.table.holdout) == ("softmax_cross_entropy", 0.2)
        assert shown.session.timeline.training_rows == 120
        await shown.press("space")
        assert "virginica" in shown.text
        await shown.press("1")
        await shown.settle()
        assert "petal_width" in shown.text


@pytest.mark.parametrize(
    ("label", "text", "told"),
    [
        ("table", "nowhere.csv", "nowhere.csv: no such file"),
        ("features", "bedrooms,rooms", "no column 'rooms'"),
        ("features", "price", "'price' is the target and a feature"),
        ("hidden layers", "0", "0 is not between 1 and 4096"),
        ("activation", "tan", "'tan' is none of"),
        ("learning rate", "-1", "-1 is not a learning rate"),
        ("seed", "x", "'x' is not a whole number"),
        ("rows of a step", "some", "type this, next, shuffled, all"),
        ("rows held out", "100%", "100% is not a share of the rows"),
        ("loss", "softmax_cross_entropy", "needs a last layer of 2 units"),
        ("activation", "tanh,relu", "2 activations for 1 hidden layer: give one for all, or one for each"),
    ],
)
async def test_what_can_not_be_is_told_and_changes_nothing(engine: Engine, label: str, text: str, told: str) -> None:
    """In a line below, and the next key takes it away."""
    async with driven(engine) as shown:
        await shown.press("N")
        before = page(shown)
        await fill(shown, label, text)
        if "rooms" in text:  # columns of the houses are looked up by the engine
            await shown.press("r")
            await shown.settle()
        assert told in said(shown) or told.split(",")[0] in said(shown), said(shown)
        assert isinstance(shown.app.screen, SetupScreen)
        if "rooms" not in text:
            assert page(shown) == before
        await shown.press("escape")
        assert len(shown.session.timelines) == 1


async def test_escape_leaves_all_as_it_was(engine: Engine) -> None:
    """Also in the middle of a line; what was changed on the page is forgotten."""
    async with driven(engine) as shown:
        await shown.press("space", "N", "enter", *"iris", "escape")
        assert isinstance(shown.app.screen, SetupScreen)
        assert "houses" in page(shown)
        await fill(shown, "seed", "7")
        assert "seed 7 *" in page(shown)
        await shown.press("q")
        assert shown.session.timeline.run == Run()
        assert shown.session.timeline.steps == 1
        await shown.press("N")
        assert "seed 0" in page(shown)


async def test_what_the_engine_refuses_is_told_on_the_page(engine: Engine) -> None:
    """A loss that is not for such a target: no run begins that could not go on."""
    async with driven(engine) as shown:
        await shown.press("N")
        await fill(shown, "loss", "binary_cross_entropy")
        await shown.press("r")
        await shown.settle()
        assert "row 0" in said(shown)
        assert isinstance(shown.app.screen, SetupScreen)
        assert len(shown.session.timelines) == 1


@pytest.mark.parametrize("size", [(40, 10), (20, 6)])
async def test_a_small_terminal(engine: Engine, size: tuple[int, int]) -> None:
    """The chosen line is always in sight, and a run can be set up."""
    async with driven(engine, size=size) as shown:
        await shown.press("N")
        for choice in choices_of(Run()):
            assert f"> {choice.label}" in shown.text
            await shown.press("down")
        await fill(shown, "table", "line")
        await begin(shown)
        assert shown.session.timeline.run.table.built_in == "line"


async def test_a_table_from_the_list(engine: Engine) -> None:
    """`o`, to the end of the list, enter."""
    async with driven(engine) as shown:
        await shown.press("o", "end")
        assert "--data line: 200 rows" in shown.text
        await shown.press("up", "enter")
        await shown.settle()
        assert shown.session.timeline.run.table.built_in == "iris"
        assert shown.session.run_number == 2


@pytest.mark.slow
async def test_the_command_palette_finds_it(engine: Engine) -> None:
    """By its name."""
    async with driven(engine, size=(100, 30)) as shown:
        await shown.press("ctrl+p", *"set up")
        await shown.pilot.pause(0.3)
        await shown.press("enter")
        await shown.pilot.pause(0.1)
        assert isinstance(shown.app.screen, SetupScreen)


# The page without a screen


def test_a_file_keeps_how_it_was_read(tmp_path: Path) -> None:
    """Another feature of a file with semicolons, that was told to be so: it is read the same way."""
    from backprop_tui.core.session.chosen import Chosen, run_with
    from backprop_tui.core.table.form import Told

    path = tmp_path / "t.csv"
    path.write_text("1;2,5;3\n2;3,5;4\n4;1,5;9\n")
    base = run_with(Chosen(data=str(path), told=Told(header=False)), Run())
    found = changed(setup_of(Timeline(base)), BY_NAME["features"], "c2")
    assert found.run.table.features == ("c2",)
    assert (found.run.table.form, found.run.table.targets) == (base.table.form, ("c3",))
    other = changed(found, BY_NAME["target"], "c1")
    assert (other.run.table.targets, other.run.table.features) == (("c1",), ("c2",))


def test_rows_of_a_scenario() -> None:
    """Its table can be left for another, and its weights for others; its columns are what they are."""
    scenario = bundled("mazur-2015")
    setup = setup_of(Timeline(scenario.run))
    assert BY_NAME["init"].says(setup.run) == "given weights"
    with pytest.raises(ValueError, match="choose another table first"):
        changed(setup, BY_NAME["features"], "x1")
    assert changed(setup, BY_NAME["seed"], "3").run.initial is None
    found = changed(setup, BY_NAME["data"], "moons")
    assert found.run.table.built_in == "moons"
    assert found.run.settings.x is None


def test_nobody_reads_the_files_of_a_workshop(tmp_path: Path) -> None:
    """A table there is one that comes along."""
    assert StepperApp.READS_FILES
    assert not SessionApp.READS_FILES
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    setup = setup_of(Timeline(Run()), files=SessionApp.READS_FILES)
    for name in (str(path), "nowhere.csv"):
        with pytest.raises(ValueError, match="no table of that name comes along"):
            changed(setup, BY_NAME["data"], name)
    assert changed(setup, BY_NAME["data"], "iris").run.table.built_in == "iris"


def test_the_options_go_round() -> None:
    """After the last comes the first; a line without a list has none."""
    assert next_option(BY_NAME["data"], Run(), 1) == "xor"
    assert next_option(BY_NAME["data"], Run(), -1) == "line"
    assert next_option(BY_NAME["seed"], Run(), 1) is None
