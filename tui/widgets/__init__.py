"""What every screen is made of: lines, panes, a canvas, prompts, keys, help."""
