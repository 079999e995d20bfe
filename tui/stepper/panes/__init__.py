"""The panes of the main screen: pure functions of what is in view."""
