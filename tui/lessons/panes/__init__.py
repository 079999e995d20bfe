"""The panes of the lessons."""
