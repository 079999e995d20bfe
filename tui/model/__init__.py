"""The screen of `backprop-tui model`: somebody's own model, operation by operation."""
