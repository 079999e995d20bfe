"""The engine: what is said to it, how it is reached, and what computes."""
