"""The list of operations: in their order, under the part of the step and the layer that each belongs to."""

from backprop_tui.core.operations.written import short_name
from backprop_tui.core.session.model import ModelSession
from backprop_tui.core.text.escape import escape_controls
from backprop_tui.tui.widgets.line import Line, Span, clipped


def lines(session: ModelSession, width: int, height: int) -> list[Line]:
    """As many of them as fit around the one in view; those to come are dim."""
    if not session.operations:
        return [(Span("loading TensorFlow and the model …", "pending"),)]
    found: list[Line] = []
    chosen, before = 0, ("", "")
    for place, one in enumerate(session.operations):
        if one.part != before[0]:
            found.append((Span(one.part, "title"),))
        if (one.part, one.layer) != before and one.layer:
            found.append((Span(clipped(f" {escape_controls(one.layer)}", width).rstrip(), "label"),))
        before = (one.part, one.layer)
        is_done = place < session.at.done
        role = "cursor" if is_done and place == session.looking else "" if is_done else "pending"
        if role == "cursor":
            chosen = len(found)
        found.append((Span(clipped(f"  {place + 1:>3} {short_name(one)}", width).rstrip(), role),))
    first = min(max(chosen - height // 2, 0), max(len(found) - height, 0))
    return found[first : first + height]
