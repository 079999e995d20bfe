"""A pane draws again only what changed, and no other layout comes of a line that is longer than the one before."""

from backprop_tui.core.engine.compute.engine import Engine
from backprop_tui.tui.widgets.pane import Pane
from driven_screen import driven
from rich.color import Color

KEYS = ("space", "s", "full_stop", "down", "right", "d", "d", "tab", "space", "b", "plus", "space")


async def test_rows_that_are_kept_are_those_that_would_be_drawn(engine: Engine) -> None:
    async with driven(engine) as shown:
        for key in KEYS:
            await shown.press(key)
            kept = shown.text
            for pane in shown.screen.query(Pane):
                pane.notify_style_update()  # forgets its rows
            assert shown.text == kept, key


async def test_a_step_needs_no_other_layout(engine: Engine) -> None:
    async with driven(engine) as shown:
        await shown.press("space", "space")
        layouts: list[object] = []
        shown.screen.screen_layout_refresh_signal.subscribe(shown.screen, layouts.append)
        lengths = set()
        for _ in range(12):
            await shown.press("space")
            lengths.add(shown.pane("step").virtual_size.width)
        assert len(lengths) > 1, "the arithmetic was not always as long"
        assert not layouts


async def test_another_frame_is_seen_at_once(engine: Engine) -> None:
    """The frame is kept as well: what says which pane is active is drawn anew."""

    def color(pane: Pane) -> Color | None:
        style = [*pane.render_lines(pane.outer_size.region)[0]][-1].style
        return style.color if style is not None else None

    async with driven(engine) as shown:
        panes = shown.pane("sample"), shown.pane("forward")
        active, other = map(color, panes)
        assert active != other
        await shown.press("tab")
        assert [*map(color, panes)] == [other, active]
