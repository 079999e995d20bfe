"""A question to the class about the step that this session shows: its truth is computed here, where the step is."""

from backprop_tui.core.course.classroom import about_step
from backprop_tui.core.course.classroom.question import Question
from backprop_tui.core.engine.client.process import EngineLost
from backprop_tui.core.engine.protocol.messages import LossesFound, WireError
from backprop_tui.core.explain import context_of, effect, effect_request
from backprop_tui.core.model.phases import Cell
from backprop_tui.core.session.timeline import Timeline
from backprop_tui.tui.serve.notes import Pose, Posed
from backprop_tui.tui.widgets.runner import Asker

FIRST = Cell("gw1")
"""What is asked about if nothing is named and nothing is pointed at."""


async def posed(note: Pose, timeline: Timeline, cursor: Cell | None, engine: Asker) -> Posed:
    """The question that is wanted, or why it can't be asked."""
    try:
        return Posed(await _question(note, timeline, cursor, engine))
    except (ValueError, EngineLost, WireError) as error:
        return Posed(None, str(error)[:300])


async def _question(note: Pose, timeline: Timeline, cursor: Cell | None, engine: Asker) -> Question:
    trace, context = timeline.trace, context_of(timeline)
    if trace is None:
        raise ValueError("the step that is shown is not begun: press s or space there first")
    if note.kind == "loss":
        request = effect_request(trace, Cell(f"new_{trace.network.parameters[0].name}"), context)
        answer = await engine.ask(request)
        if not isinstance(answer, LossesFound):
            raise WireError("the engine's answer is not one to this request")
        return about_step.loss_question(trace, effect(answer))
    cell = about_step.named(trace, note.cell) if note.cell else cursor or FIRST
    if note.kind == "sign":
        return about_step.sign_question(trace, cell)
    return about_step.number_question(trace, cell, context)
