"""A long descent is asked for in short pieces: in a workshop others take their turns between them."""

import numpy as np
import pytest
from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.core.engine.protocol.limits import OPERATIONS_A_REQUEST
from backprop_tui.core.engine.protocol.messages import Descend, Descended, Failed, Request
from backprop_tui.core.lessons.descent import DescentLesson
from backprop_tui.core.session.drive import settle

LONG = "x**2" + " + sin(x)*x" * 12


@pytest.mark.slow
@pytest.mark.parametrize(("formula", "piece"), [("x**2 + 4*x", 10), (LONG, 1)])
def test_the_pieces_of_a_descent_are_its_steps_bit_for_bit(engine: Engine, formula: str, piece: int) -> None:
    asked: list[Request] = []

    def ask(request: Request):
        asked.append(request)
        return engine.answer(request)

    whole, single = DescentLesson(), DescentLesson()
    for lesson in (whole, single):
        lesson.set_formula(formula, 0.5)
        lesson.set_lr(0.01)
    whole.start_jump(25)
    settle(whole, ask)
    pieces = [request for request in asked if isinstance(request, Descend)]
    assert [request.steps for request in pieces] == [piece] * (25 // piece) + [25 % piece] * (25 % piece > 0)
    for _ in range(25):
        single.step()
        settle(single, engine.answer)
    assert whole.steps == single.steps


def test_jumps_between_heights_beyond_float32_are_told(engine: Engine) -> None:
    lesson = DescentLesson("x**4", 1e10, 5e-21)  # to and fro by 2e10
    for _ in range(3):
        lesson.step()
        settle(lesson, engine.answer)
    assert not np.isfinite([step[0] for step in lesson.steps]).any()
    assert lesson.verdict().startswith("y is beyond float32 here")


def test_more_than_a_piece_is_refused(engine: Engine) -> None:
    most = OPERATIONS_A_REQUEST // 4
    assert isinstance(engine.answer(Descend("x**2 + 4*x", 0.0, 0.1, most)), Descended)
    refusal = engine.answer(Descend("x**2 + 4*x", 0.0, 0.1, most + 1))
    assert refusal == Failed(f"a descent along this function takes 1 to {most} steps at a time, not {most + 1}")
