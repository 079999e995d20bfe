"""Predict first: every answer and every clause of `because` is what NumPy finds by itself; the order of questions."""

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.messages import LossesFound
from backprop_tui.core.explain import CHAIN, LOCAL, context_of, effect, effect_request
from backprop_tui.core.explain.practice.practice import Kind, Practice, next_question
from backprop_tui.core.explain.practice.question import Question, Score, choice, judge
from backprop_tui.core.explain.practice.step import KINDS, StepAhead, cells_between, is_finite, other_row
from backprop_tui.core.model.network import Layer, Network
from backprop_tui.core.model.optimizers import OPTIMIZERS, Optimizer
from backprop_tui.core.model.phases import LOSS, Cell, phases
from backprop_tui.core.model.trace import Trace
from backprop_tui.core.scenario import bundled
from backprop_tui.core.session.history import Settings
from backprop_tui.core.session.run import Run
from backprop_tui.core.session.session import Session
from backprop_tui.core.table.batches import SHUFFLED, Sampling
from driving import Settle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import hidden_layers
from numpy.random import RandomState

NAMES = tuple(kind.name for kind in KINDS)
anyhow = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
SIGN_WORD = {1: "positive", -1: "negative", 0: "zero"}


def stepped(settle: Settle, run: Run, steps: int = 1) -> Session:
    """A session at the end of a step."""
    session = settle(Session(run))
    for _ in range(steps):
        session.timeline.step()
        settle(session)
    return session


def step_of(session: Session) -> Trace:
    assert session.timeline.trace is not None
    return session.timeline.trace


def ahead_of(engine: Engine, session: Session, start: int, end: int, form: str) -> StepAhead:
    """What is ahead between two places of the step in view."""
    trace, context = step_of(session), context_of(session.timeline)
    answer = engine.answer(effect_request(trace, Cell("new_" + trace.network.parameters[0].name), context))
    assert isinstance(answer, LossesFound)
    cells = cells_between(session.timeline, start, end)
    return StepAhead(trace, cells, context, effect(answer).together, form)


def aheads(engine: Engine, session: Session) -> Iterable[StepAhead]:
    """What space, s and . ask about, all through a step."""
    network = session.timeline.run.network
    loss = next(phase.end for phase in phases(network) if phase.kind == LOSS)
    yield ahead_of(engine, session, loss, session.timeline.whole, CHAIN)
    for phase in phases(network):
        yield ahead_of(engine, session, phase.start, phase.end, LOCAL)
        yield ahead_of(engine, session, phase.start, phase.start + 1, LOCAL)


def questions(ahead: StepAhead, seed: int) -> Iterable[Question]:
    for kind in KINDS:
        yield from list(kind.makes(ahead, RandomState(seed)))[:6]


# An own calculation: forwards and backwards in float64, by matrices, for the activations sigmoid, tanh and linear

FUNCTIONS = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "linear": lambda z: z}
SLOPES = {"sigmoid": lambda h: h - h * h, "tanh": lambda h: 1 - h * h, "linear": np.ones_like}


def recomputed(trace: Trace) -> dict[str, np.ndarray]:
    """Every number of a step of half the squared error, by its name in the trace, from x, y and the parameters."""
    network, found = trace.network, {"x": trace["x"].astype("float64"), "y": trace["y"].astype("float64")}
    h = found["x"].T
    below = [h]
    for place, layer in enumerate(network.layers, 1):
        w, b = (trace[f"{name}{place}"].astype("float64") for name in "wb")
        found |= {f"w{place}": w, f"b{place}": b, f"z{place}": w @ h + b}
        h = FUNCTIONS[layer.activation](found[f"z{place}"])
        found["y_pred" if place == network.depth else f"h{place}"] = h
        below.append(h)
    batch = trace.batch
    found["loss"] = np.array([[((h - found["y"].T) ** 2).sum() / 2 / batch]])
    back = (h - found["y"].T) / batch
    for place in range(network.depth, 0, -1):
        found["gy_pred" if place == network.depth else f"gh{place}"] = back
        gz = found[f"gz{place}"] = back * SLOPES[network.layers[place - 1].activation](below[place])
        found |= {f"gw{place}": gz @ below[place - 1].T, f"gb{place}": gz.sum(axis=1, keepdims=True)}
        back = found[f"w{place}"].T @ gz
    for name in [name for name in found if name[0] in "wb"]:
        found["new_" + name] = found[name] - trace.lr * found["g" + name]
    return found


def by_symbol(trace: Trace, found: dict[str, np.ndarray]) -> dict[str, float]:
    """The same numbers by what the screen calls them: an own spelling of the names."""
    said = {}
    for name, values in found.items():
        base = name.removeprefix("new_").removeprefix("g")
        for (row, column), value in np.ndenumerate(values):
            row_wise = base in ("x", "y")
            unit, sample = (column, row) if row_wise else (row, column)
            size = values.shape[1] if row_wise else values.shape[0]
            text = base.replace("y_pred", "ŷ")
            if base[0] == "w":
                both, across = f"[{row + 1},{column + 1}]", f"[{column + 1}]" if values.shape[1] > 1 else ""
                place = both if size > 1 else across
            else:
                place = f"[{unit + 1}]" if size > 1 and base != "loss" else ""
            if trace.batch > 1 and base[0] not in "wbl":
                place += "⁽" + str(sample + 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) + "⁾"
            prefix = "new " if name.startswith("new_") else "∂L/∂" if name.startswith("g") else ""
            said[prefix + text + place] = float(value)
    return said


def evaluated(text: str, numbers: dict[str, float]) -> float:
    """A formula as the screen writes it, with these numbers put in."""
    for name in sorted(numbers, key=len, reverse=True):
        text = text.replace(name, f" ({numbers[name]!r}) ")
    text = text.replace("·", "*").replace("²", "**2").replace("½", "0.5")
    text = re.sub(r"\)\s*\(", ")*(", text)
    return float(eval(text, {"__builtins__": {}}))


def sign_of(value: float) -> str:
    return SIGN_WORD[int(np.sign(value))]


def check_clause(clause: str, numbers: dict[str, float]) -> bool:
    """Whether a clause is true of the numbers. False if it says nothing that can be checked."""
    text = re.sub(r"^(so|but|and) ", "", clause)
    if re.fullmatch(r"of \d+ terms none is (positive|negative)", text):
        return False
    if found := re.fullmatch(r"(.+) is (positive|negative|zero)", text):
        assert sign_of(evaluated(found[1], numbers)) == found[2], clause
    elif found := re.fullmatch(r"(ŷ\S*) is (above|below|exactly) (y\S*)", text):
        off = numbers[found[1]] - numbers[found[3]]
        assert {"above": 1, "below": -1, "exactly": 0}[found[2]] == np.sign(off), clause
    elif found := re.fullmatch(r"(?:and )?(?:the update goes against it): (\S+) goes (up|down)", text):
        gradient = numbers["∂L/∂" + found[1]]
        assert (gradient < 0) == (found[2] == "up"), clause
        assert (numbers["new " + found[1]] > numbers[found[1]]) == (found[2] == "up")
    elif found := re.fullmatch(r"(.+?) [=≈] .*?(?:[=≈] )?([+-]?[\d.]+(?:e-?\d+)?)", text):
        if found[1] in numbers:
            assert numbers[found[1]] == pytest.approx(float(found[2]), rel=2e-3, abs=2e-4), clause
    else:
        return False
    return True


def check_sum(question: Question, numbers: dict[str, float]) -> None:
    """The terms above zero and those below come to the number together."""
    parts = re.search(r"those above zero come to (\S+), those below to ([^,\s]+)", question.reason)
    subject = re.search(r"so (\S+) is (positive|negative|zero)", question.reason)
    if parts and subject:
        above, below = float(parts[1]), float(parts[2])
        assert below < 0 < above
        assert above + below == pytest.approx(numbers[subject[1]], rel=1e-2, abs=2e-4), question


def check(question: Question, numbers: dict[str, float], trace: Trace) -> None:
    """The stated answer is the one that the numbers give."""
    said = question.choices[int(question.answer) - 1] if question.choices else ""
    text = question.text
    if found := re.fullmatch(r"Is (\S+) positive or negative\?", text):
        assert sign_of(numbers[found[1]]) == said, question
    elif found := re.fullmatch(r"Will (\S+) = \S+ go up or down\?", text):
        change = numbers["new " + found[1]] - numbers[found[1]]
        assert {"up": 1, "down": -1, "stay": 0}[said] == np.sign(change), question
    elif text.startswith("Which of these"):
        sizes = {name: abs(numbers[name]) for name in question.choices}
        assert sizes[said] >= max(sizes.values()) * (1 - 1e-4), question
    elif text.startswith("In which of these"):
        moves = {name: trace.lr * np.abs(recomputed(trace)["g" + name]).max() for name in question.choices}
        assert moves[said] >= max(moves.values()) * (1 - 1e-4), question
    elif found := re.fullmatch(r"(\S+) = (.+): what stands at \?", text):
        if "…" not in text:
            products = {one: evaluated(found[2].replace("?", f"({one})"), numbers) for one in question.choices}
            assert products[said] == pytest.approx(numbers[found[1]], rel=1e-3, abs=1e-5), question
            true = products.pop(said)
            if abs(true) > 1e-4:
                assert all(abs(other - true) > 1e-4 * abs(true) or len(products) == 0 for other in products.values())
    elif found := re.match(r"Compute (new \S+|\S+)", text):
        name = found[1].rstrip(",")
        assert question.answer == pytest.approx(numbers[name], rel=2e-3, abs=1e-5), question
    else:
        assert text.startswith("What is left of the loss"), text
        after = loss_with(trace, recomputed(trace))
        share = after / numbers["loss"]
        low, high = {1: (1, np.inf), 2: (0.5, 1), 3: (0.1, 0.5), 4: (0, 0.1)}[int(question.answer)]
        assert low * (1 - 1e-3) <= share <= high * (1 + 1e-3), question


def loss_with(trace: Trace, found: dict[str, np.ndarray]) -> float:
    """The loss with the updated parameters."""
    h = found["x"].T
    for place, layer in enumerate(trace.network.layers, 1):
        h = FUNCTIONS[layer.activation](found[f"new_w{place}"] @ h + found[f"new_b{place}"])
    return float(((h - found["y"].T) ** 2).sum() / 2 / trace.batch)


@pytest.mark.slow
@anyhow
@given(
    seed=st.integers(0, 2**20),
    shape=st.sampled_from([((2,), "sigmoid", 1), ((), "sigmoid", 1), ((3, 2), "tanh", 1), ((1, 2), "sigmoid", 3)]),
    lr=st.floats(0.001, 0.5),
)
def test_every_answer_and_every_reason_is_true(
    engine: Engine, settle: Settle, seed: int, shape: tuple[tuple[int, ...], str, int], lr: float
) -> None:
    sizes, activation, rows = shape
    sampling = Sampling(SHUFFLED, 0, rows) if rows > 1 else Sampling(row=seed % 400)
    network = Network(2, hidden_layers(list(sizes), activation))
    run = Run(network=network, seed=seed, settings=Settings(lr=lr, sampling=sampling), dtype="float64")
    session = stepped(settle, run)
    trace = step_of(session)
    numbers = by_symbol(trace, recomputed(trace))
    asked = checked = 0
    for ahead in aheads(engine, session):
        for question in questions(ahead, seed):
            check(question, numbers, trace)
            check_sum(question, numbers)
            asked += 1
            checked += sum(check_clause(clause, numbers) for clause in question.because) > 0
    assert asked > 20
    assert checked > 0.7 * asked


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "softmax_cross_entropy", "mean_squared_error"])
def test_the_signs_are_those_of_the_tape_for_every_loss(engine: Engine, settle: Settle, loss: str) -> None:
    name = {"binary_cross_entropy": "xor-training", "softmax_cross_entropy": "cs231n-g-eoj"}.get(loss)
    run = bundled(name).run if name else Run(network=replace(Run().network, loss=loss))
    session = stepped(settle, run, 2)
    trace = step_of(session)
    signs = 0
    for ahead in aheads(engine, session):
        for question in (one for kind in KINDS[:1] for one in kind.makes(ahead, RandomState(1))):
            assert question.cell is not None
            gradient = float(trace[question.cell.name][question.cell.place])
            expected = sign_of(gradient)
            if question.choices[0] == "up":
                expected = {"positive": "down", "negative": "up", "zero": "stay"}[expected]
            said = question.choices[int(question.answer) - 1]
            assert said == expected or "remembers" in question.reason
            assert question.because[-1].endswith((f"is {said}", f"goes {said}", "stays"))
            signs += 1
    assert signs > 5


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_way_holds_for_every_optimizer(engine: Engine, settle: Settle, optimizer: str) -> None:
    """Also where the optimizer's memory takes a parameter the other way than its gradient."""
    session = stepped(settle, Run(optimizer=Optimizer(optimizer), settings=Settings(lr=0.5)), 8)
    trace, against = step_of(session), 0
    whole = session.timeline.whole
    ahead = ahead_of(engine, session, whole - 9, whole, LOCAL)
    for question in KINDS[0].makes(ahead, RandomState(0)):
        assert question.cell is not None
        of = question.cell.name[1:]
        moved = float(trace["new_" + of][question.cell.place]) - float(trace[of][question.cell.place])
        assert question.answer == (1 if moved > 0 else 2 if moved < 0 else 3)
        other_way = moved * float(trace[question.cell.name][question.cell.place]) > 0
        assert other_way == ("remembers" in question.reason)
        against += other_way
    if optimizer in ("sgd", "rmsprop"):
        assert against == 0, "it remembers no direction"


def test_a_frozen_parameter_stays(engine: Engine, settle: Settle) -> None:
    network = Network(2, (Layer(2, "sigmoid"), Layer(1, "linear")), frozen=("w1", "b1", "b2"))
    session = stepped(settle, Run(network=network))
    whole = session.timeline.whole
    found = list(KINDS[0].makes(ahead_of(engine, session, whole - 9, whole, LOCAL), RandomState(0)))
    stays = {one.cell.name for one in found if one.choices[int(one.answer) - 1] == "stay" and one.cell}
    assert stays == {"gw1", "gb1", "gb2"}
    assert all("frozen" in one.reason for one in found if one.answer == 3)


def test_rates_from_the_talk(engine: Engine, settle: Settle) -> None:
    """At row 0, seed 0, lr 0.2 lowers the loss and 2.0 raises it."""
    for lr, truth in ((0.2, "a tenth to half"), (2.0, "all or more"), (0.0, "all or more")):
        session = stepped(settle, Run(settings=Settings(lr=lr)))
        (asked,) = KINDS[5].makes(ahead_of(engine, session, 6, session.timeline.whole, CHAIN), RandomState(0))
        assert asked.choices[int(asked.answer) - 1] == truth


def test_nothing_is_asked_of_a_step_that_is_not_finite(settle: Settle) -> None:
    run = Run(network=Network(2, hidden_layers([2], "linear")), settings=Settings(lr=50))
    session = stepped(settle, run)
    assert is_finite(step_of(session))
    for _ in range(30):
        session.timeline.step()
        settle(session)
    assert not is_finite(step_of(session))


@pytest.mark.slow
def test_the_next_row_is_taken_at_the_end_of_the_newest_step_alone(settle: Settle) -> None:
    session = settle(Session(Run()))
    assert other_row(session.timeline) is None, "the first step is of the row in view"
    session.timeline.step()
    settle(session)
    assert other_row(session.timeline) == 1
    session.timeline.set_row(498)
    settle(session)
    assert other_row(session.timeline) == 0, "after the last comes the first"
    session.timeline.phase()
    settle(session)
    assert other_row(session.timeline) is None, "not in the middle of a step"
    session.timeline.first()
    assert other_row(settle(session).timeline) is None, "nothing that is recorded is lost"
    for run in (bundled("mazur-2015").run, Run(settings=Settings(sampling=Sampling(SHUFFLED, 0, 1)))):
        assert other_row(stepped(settle, run).timeline) is None


# Which question is next

KIND_NAMES = ("a", "b", "c")


def plain(kind: str, answer: str = "yes") -> Question:
    return choice(kind, f"{kind}?", ("yes", "no"), answer)


def play(practice: Practice, rights: Iterable[bool]) -> tuple[Practice, list[str]]:
    """The kinds that are asked while answers are right or wrong."""
    kinds = tuple(Kind[None](name, lambda ahead, random, name=name: [plain(name)]) for name in KIND_NAMES)  # type: ignore[misc]
    asked = []
    for right in rights:
        question = next_question(practice, kinds, None)
        assert question is not None
        asked.append(question.kind)
        practice = practice.posed(question).answered(KIND_NAMES, question, right)
    return practice, asked


def test_right_answers_make_it_harder() -> None:
    practice, asked = play(Practice(), [True] * 6)
    assert asked == ["a", "a", "b", "b", "c", "c"]
    assert set(play(practice, [True] * 3)[1]) == set(KIND_NAMES), "at the end each has its turn"
    assert practice.score == Score(6, 6)


@given(st.lists(st.booleans(), max_size=40))
def test_the_level_never_falls_and_rises_by_one(rights: list[bool]) -> None:
    practice = Practice()
    for right in rights:
        before = practice.level
        practice, _ = play(practice, [right])
        assert before <= practice.level <= before + right
    assert practice.score == Score(sum(rights), len(rights))


def test_a_missed_kind_comes_again_and_goes_when_it_is_known() -> None:
    practice, asked = play(Practice(), [True, True, False])
    assert asked[-1] == "b"
    assert practice.missed == ("b",)
    practice, asked = play(practice, [True, False, True, True])
    assert asked[1] == "b"
    assert asked[0] != "b"
    assert asked[3] == "b", "until it is known"
    assert practice.missed == ()


@given(st.integers(0, 1000))
def test_after_two_like_answers_another_one_is_asked_for(seed: int) -> None:
    both = [plain("a", "yes")] * 9 + [plain("a", "no")]
    kinds = (Kind[None]("a", lambda ahead, random: both),)
    practice, said = Practice(), []
    for _ in range(12):
        question = next_question(practice, kinds, None, seed)
        assert question is not None
        said.append(question.answer)
        practice = practice.posed(question)
    assert all(len(set(said[at : at + 3])) > 1 for at in range(10))


@pytest.mark.slow
def test_the_same_practice_asks_the_same(engine: Engine, settle: Settle) -> None:
    run = Run(network=Network(2, hidden_layers([3, 3], "tanh")))
    one, other = (ahead_of(engine, stepped(settle, run, 2), 10, 40, CHAIN) for _ in range(2))
    for level in range(len(NAMES)):
        for number in range(10):
            practice = Practice(level=level, number=number)
            assert next_question(practice, KINDS, one) == next_question(practice, KINDS, other)


# The verdict


@pytest.mark.parametrize(
    ("answer", "prediction", "right"),
    [
        (2.0, 2.0, True),
        (2.0, 2.099, True),
        (2.0, 2.101, False),
        (-2.0, -1.901, True),
        (-2.0, -1.899, False),
        (-2.0, 2.0, False),
        (0.0, 4.9e-4, True),
        (0.0, -5.1e-4, False),
    ],
)
def test_a_number_is_right_within_a_twentieth(answer: float, prediction: float, right: bool) -> None:
    found, words = judge(Question("product", "Compute it", (), answer, ()), prediction)
    assert found == right
    assert words.startswith("Right" if right else "Not quite")


def test_an_update_is_judged_by_its_move(engine: Engine, settle: Settle) -> None:
    session = stepped(settle, Run(seed=3))
    whole, trace = session.timeline.whole, step_of(session)
    for question in KINDS[4].makes(ahead_of(engine, session, whole - 9, whole, LOCAL), RandomState(0)):
        assert question.cell is not None
        old = float(trace[question.cell.name[1:]][question.cell.place])
        assert not judge(question, old)[0], "that it stays is no answer"
        assert judge(question, question.answer)[0]


def test_guess_truth_and_gap_are_told() -> None:
    _, words = judge(Question("product", "Compute it", (), -11.906485, ()), -12.5)
    assert words == "Right: you said -12.5000, it is -11.9065, the gap 0.5935."


def test_a_choice_is_right_or_not() -> None:
    found = choice("sign", "Up or down?", ("up", "down", "stay"), "down")
    assert judge(found, 2) == (True, "Right, down.")
    assert judge(found, 1) == (False, "No: you said up, it is down.")
