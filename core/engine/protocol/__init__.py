"""What is said between the screen and the engine: the messages, their checks, their limits."""
