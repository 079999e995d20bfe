"""A screen that can step by itself: the keys of autoplay."""

from .autoplay import Autoplay
from .key_screen import KeyScreen


class PlayingScreen(KeyScreen):
    """Has an `autoplay`, which it makes itself."""

    autoplay: Autoplay

    def action_autoplay(self) -> None:
        """Let it step by itself, or not."""
        if self.autoplay.running:
            self.autoplay.stop()
        else:
            self.autoplay.start()
        self.draw()

    def action_faster(self) -> None:
        """Make autoplay faster."""
        self._change_speed(1)

    def action_slower(self) -> None:
        """Make autoplay slower."""
        self._change_speed(-1)

    def _change_speed(self, by: int) -> None:
        self.autoplay.change(by)
        self.say(f"autoplay makes {self.autoplay.per_second:g} steps a second; a starts and stops it")
