"""The sizes of terminal that every screen is pictured in: a small one, SSH's usual, a projector, a large one."""

SIZES = [(64, 20), (80, 24), (120, 40), (200, 55)]
IDS = [f"{width}x{height}" for width, height in SIZES]
