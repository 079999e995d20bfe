"""The screen's side of the engine: a child of its own, a socket that many share, and who keeps it alive."""
